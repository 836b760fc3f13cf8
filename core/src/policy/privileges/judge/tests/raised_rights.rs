//! Actions that raise rights, and the resources on which they do.

use super::{ERROR, TERMS, allow, outcome, warning};
use crate::policy::privileges::{Author, Code};

#[test]
fn rights_are_raised_by_a_single_identity() {
    for (action, resource, expected) in [
        ("iam:PutRolePolicy", "arn:aws:iam::111111111111:role/delegated/me", ERROR),
        ("IAM:PUTROLEPOLICY", "ARN:AWS:IAM::111111111111:ROLE/X", ERROR),
        ("iam:Put*", "*", ERROR),
        ("*:Attach*", "arn:*", ERROR),
        ("*role*", "*", ERROR),
        ("iam:CreatePolicyVersion", "arn:aws:iam::111111111111:policy/Vendor", ERROR),
        ("iam:UpdateSAMLProvider", "arn:aws:iam::*:saml-provider/Corp", ERROR),
        ("iam:PutRolePolicy", "arn:aws:iam::111111111111:user/x", None),
        ("iam:PutRolePolicy", "arn:aws:s3:::*", None),
        ("iam:CreateRole", "*", None),
        ("iam:UpdateAccessKey", "*", None),
        ("iam:DeactivateMFADevice", "*", None),
        ("sts:AssumeRoot", "arn:aws:iam::*:root", ERROR),
        ("sts:AssumeRoleWithWebIdentity", "*", None),
        ("sts:Get*", "*", None),
        ("sso:CreateAccountAssignment", "arn:aws:sso:::permissionSet/ssoins-1/ps-1", ERROR),
        ("sso:CreateAccountAssignment", "arn:aws:sso:::instance/ssoins-1", None),
        ("sso:PutPermissionsPolicy", "*", ERROR),
        ("sso-directory:Add*", "*", ERROR),
        ("identitystore:CreateGroupMembership", "arn:aws:identitystore:::group/*", ERROR),
        ("rolesanywhere:UpdateTrustAnchor", "arn:aws:rolesanywhere:*:*:trust-anchor/1", ERROR),
        ("rolesanywhere:CreateTrustAnchor", "*", warning(Code::Exposes)),
        ("account:StartPrimaryEmailUpdate", "*", ERROR),
        ("iam:AcceptDelegationRequest", "*", ERROR),
        ("cognito-identity:SetIdentityPoolRoles", "*", ERROR),
        ("iam:UpdateOpenIDConnectProviderThumbprint", "*", warning(Code::Administrative)),
    ] {
        assert_eq!(outcome(Author::Customer, &TERMS, allow(action, resource)), expected, "{action} on {resource}");
    }
}

#[test]
fn code_of_unknown_functions_raises_rights() {
    let function = |name: &str| format!("arn:aws:lambda:us-east-1:111111111111:function:{name}");
    for (action, resource, expected) in [
        ("lambda:UpdateFunctionCode", "*".to_owned(), ERROR),
        ("lambda:UpdateFunctionCode", function("*"), ERROR),
        ("lambda:*", function("*"), ERROR),
        ("lambda:UpdateFunctionCode", function("a*"), warning(Code::ActsAsWorkload)),
        ("lambda:UpdateFunctionCode", function("app-*"), None),
        ("lambda:UpdateFunctionCode", function("app"), None),
        ("lambda:UpdateFunctionCode", function("service-provider-*"), ERROR),
        ("lambda:UpdateFunctionCode", function("service-provider-access"), ERROR),
        ("glue:UpdateDevEndpoint", "arn:aws:glue:*:*:*".to_owned(), ERROR),
        ("sagemaker:*", "arn:aws:sagemaker:*:*:notebook-instance/*".to_owned(), ERROR),
        (
            "sagemaker:CreatePresignedNotebookInstanceUrl",
            "arn:aws:sagemaker:*:*:notebook-instance/vendor".to_owned(),
            None,
        ),
    ] {
        assert_eq!(outcome(Author::Customer, &TERMS, allow(action, &resource)), expected, "{action} on {resource}");
    }
}

#[test]
fn resources_that_a_role_cannot_use_do_not_count() {
    for (action, resource, expected) in [
        ("iam:PutRolePolicy", "arn:aws:iam::*:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot", None),
        ("iam:PutRolePolicy", "arn:aws:iam::*:role/aws-service-role*", ERROR),
        ("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}", None),
        ("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:PrincipalTag/User}", ERROR),
        ("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username, 'admin'}", ERROR),
        ("iam:TagRole", "*", warning(Code::Administrative)),
        ("iam:TagRole", "arn:aws:iam::*:role/delegated/*", warning(Code::Administrative)),
        ("iam:TagRole", "arn:aws:iam::*:role/vendor-*", None),
        ("iam:UntagRole", "arn:aws:iam::*:role/d*", warning(Code::Administrative)),
        ("iam:DetachRolePolicy", "arn:aws:iam::*:role/delegated/me", ERROR),
        ("iam:DetachRolePolicy", "arn:aws:iam::*:role/vendor-*", None),
    ] {
        assert_eq!(outcome(Author::Customer, &TERMS, allow(action, resource)), expected, "{action} on {resource}");
    }
}

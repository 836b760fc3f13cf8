//! Which actions raise rights, and which do not.

use super::is_administrative;

/// Listed here, because a mistake in the catalogue would otherwise stay unnoticed.
#[test]
fn every_known_escalation_counts_on_everything() {
    let known = "
        iam:AddClientIDToOpenIDConnectProvider iam:AddUserToGroup iam:AttachGroupPolicy iam:AttachRolePolicy
        iam:AttachUserPolicy iam:CreateAccessKey iam:CreateLoginProfile iam:CreatePolicyVersion
        iam:CreateServiceSpecificCredential iam:DeleteRolePermissionsBoundary iam:DeleteRolePolicy
        iam:DeleteUserPermissionsBoundary iam:DetachRolePolicy iam:PassRole iam:PutGroupPolicy
        iam:PutRolePermissionsBoundary iam:PutRolePolicy iam:PutUserPermissionsBoundary iam:PutUserPolicy
        iam:ResetServiceSpecificCredential iam:SetDefaultPolicyVersion iam:UpdateAssumeRolePolicy
        iam:UpdateLoginProfile iam:UpdateSAMLProvider
        iam:UploadSSHPublicKey iam:UploadSigningCertificate
        glue:UpdateDevEndpoint identitystore:CreateGroupMembership
        lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration
        sagemaker:CreatePresignedNotebookInstanceUrl
        sso:AttachCustomerManagedPolicyReferenceToPermissionSet sso:AttachManagedPolicyToPermissionSet
        sso:CreateAccountAssignment sso:PutInlinePolicyToPermissionSet
        sts:AssumeRole sts:AssumeRoot
    ";
    let mut wrong = Vec::new();
    for action in known.split_whitespace() {
        let (service, name) = action.split_once(':').expect("a service and a name");
        for (action, resource, expected) in [
            (action.to_owned(), "*", true),
            (action.to_uppercase(), "arn:*", true),
            (format!("{service}:?{}", &name[1..]), "*", true),
            (action.to_owned(), "arn:aws:s3:::bucket/*", false),
        ] {
            if is_administrative(&action, resource) != expected {
                wrong.push(format!("{action} on {resource}: not {expected}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn changes_of_any_identity_are_errors() {
    let role = "arn:aws:iam::123456789012:role/delegated/Auditor";
    for action in ["iam:PutRolePolicy", "iam:*Role*", "iam:UpdateAssumeRolePolicy"] {
        assert!(is_administrative(action, role), "{action}");
    }
    assert!(is_administrative("iam:CreatePolicyVersion", "arn:aws:iam::123456789012:policy/Vendor"));
    assert!(is_administrative("iam:CreateAccessKey", "arn:aws:iam::123456789012:user/app"));
}

#[test]
fn missing_parts_of_an_arn_stand_for_everything() {
    for resource in ["arn:aws", "arn:", "arn:aws:iam", "arn:aws:iam:", "arn:aws:iam::123456789012"] {
        assert!(is_administrative("iam:PutRolePolicy", resource), "{resource}");
    }
    assert!(!is_administrative("iam:PutRolePolicy", "arn:aws:s3"));
}

#[test]
fn new_code_for_this_function_is_an_error() {
    for function in ["service-provider-access", "service-provider-*", "*-*"] {
        let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{function}");
        assert!(is_administrative("lambda:UpdateFunctionCode", &arn), "{arn}");
        assert!(is_administrative("lambda:*", &arn), "{arn}");
    }
    let other = "arn:aws:lambda:us-east-1:123456789012:function:vendor-*";
    assert!(!is_administrative("lambda:UpdateFunctionCode", other));
}

/// Usual permissions of providers, which must not be refused.
#[test]
fn usual_permissions_of_providers_are_no_error() {
    let actions = "
        iam:Get* iam:List* iam:Generate* iam:Simulate* iam:CreateServiceLinkedRole iam:UpdateAccessKey
        iam:DeactivateMFADevice sts:GetCallerIdentity sts:Get* organizations:Describe* ec2:RunInstances
        ec2:Describe* ssm:SendCommand ssm:StartSession cloudformation:CreateStack cloudformation:UpdateStack
        lambda:InvokeFunction lambda:Get* s3:GetObject s3:List* kms:Decrypt logs:FilterLogEvents
        cloudwatch:PutMetricData cloudtrail:LookupEvents config:*Describe* support:CreateCase tag:GetResources
        *:Get* *:List*
    ";
    let refused: Vec<_> = actions.split_whitespace().filter(|action| is_administrative(action, "*")).collect();
    assert_eq!(refused, Vec::<&str>::new());
}

//! The actions with which a role can hand itself rights that it was not given.
//!
//! The classic catalogue of privilege escalation (Rhino Security Labs, extended by pathfinding.cloud),
//! reduced to actions that suffice by themselves. Left out on purpose:
//! - what works only together with an action that is here, above all everything that needs
//!   `iam:PassRole`;
//! - operating machines and stacks (`ssm:SendCommand`, `ec2-instance-connect:*`, `ecs:ExecuteCommand`,
//!   `cloudformation:UpdateStack`, `codebuild:StartBuild`): it may reach a workload's role, but it is
//!   what providers are let in for, and `ec2:*` is a warning, not an error;
//! - switching credentials off or on without learning them (`iam:UpdateAccessKey`,
//!   `iam:DeactivateMFADevice`), which security services need.

/// What makes a resource count as `*`: a pattern that can match one of these.
pub(super) const IDENTITIES: [&str; 3] = ["arn:~:iam::~:user/*", "arn:~:iam::~:group/*", "arn:~:iam::~:role/*"];

/// Everything that IAM's own actions act upon.
pub(super) const ANYTHING_OF_IAM: &str = "arn:~:iam:*";

/// What reaches every Lambda function.
pub(super) const FUNCTION: &str = "arn:~:lambda:~:~:function:^";
/// The function that this program is, under its permanent name: whoever rewrites it makes any role.
pub(super) const OWN_FUNCTION: &str = "arn:~:lambda:~:~:function:service-provider-access";

const POLICY: Option<&str> = Some("arn:~:iam::~:policy/*");
const ACCOUNT_ROOT: Option<&str> = Some("arn:~:iam::~:root");
const SAML_PROVIDER: Option<&str> = Some("arn:~:iam::~:saml-provider/*");
const OIDC_PROVIDER: Option<&str> = Some("arn:~:iam::~:oidc-provider/*");
const SOME_FUNCTION: Option<&str> = Some(FUNCTION);
const DEV_ENDPOINT: Option<&str> = Some("arn:~:glue:~:~:devendpoint/^");
const NOTEBOOK: Option<&str> = Some("arn:~:sagemaker:~:~:notebook-instance/^");
const PERMISSION_SET: Option<&str> = Some("arn:~:sso:::permissionset/~/^");
const IDENTITY_CENTER_GROUP: Option<&str> = Some("arn:~:identitystore:::group/^");

pub(super) struct Escalation {
    pub(super) action: &'static str,
    /// Completes "which can …".
    pub(super) gain: &'static str,
    /// What it acts upon besides IAM identities, in the notation of `Pattern::arns`.
    pub(super) also: Option<&'static str>,
    /// Whether it is ordinary where it names one identity by its whole ARN.
    pub(super) may_name_one: bool,
}

const fn row(action: &'static str, gain: &'static str, also: Option<&'static str>) -> Escalation {
    Escalation { action, gain, also, may_name_one: false }
}

const fn unless_one(action: &'static str, gain: &'static str) -> Escalation {
    Escalation { action, gain, also: None, may_name_one: true }
}

/// The first that fits is the one that is told, so those that serve a role best come first.
#[rustfmt::skip]
pub(super) const ESCALATIONS: &[Escalation] = &[
    // Its own rights.
    row("iam:PutRolePolicy", "raise its own rights", None),
    row("iam:AttachRolePolicy", "raise its own rights", None),
    row("iam:CreatePolicyVersion", "rewrite a policy that it holds", POLICY),
    row("iam:SetDefaultPolicyVersion", "bring back a wider version of a policy that it holds", POLICY),
    row("iam:DeleteRolePolicy", "remove what denies it something", None),
    row("iam:DetachRolePolicy", "remove what denies it something", None),
    row("iam:DeleteRolePermissionsBoundary", "lift its own permissions boundary", None),
    row("iam:PutRolePermissionsBoundary", "replace its own permissions boundary", None),
    // Another role's rights.
    unless_one("iam:PassRole", "hand a role to a service and act with it"),
    row("iam:UpdateAssumeRolePolicy", "open another role to itself", None),
    unless_one("sts:AssumeRole", "take on a role that trusts this account"),
    row("sts:AssumeRoot", "act as the root user of member accounts", ACCOUNT_ROOT),
    row("iam:TagRole", "hand its own role to another stack, so that deleting this one leaves it", None),
    row("iam:UntagRole", "take the mark off its own role, so that deleting this stack leaves it", None),
    // Users and groups.
    row("iam:PutUserPolicy", "raise the rights of a user", None),
    row("iam:AttachUserPolicy", "raise the rights of a user", None),
    row("iam:PutGroupPolicy", "raise the rights of a group", None),
    row("iam:AttachGroupPolicy", "raise the rights of a group", None),
    row("iam:AddUserToGroup", "put a user into another group", None),
    row("iam:DeleteUserPermissionsBoundary", "lift the permissions boundary of a user", None),
    row("iam:PutUserPermissionsBoundary", "replace the permissions boundary of a user", None),
    row("iam:CreateAccessKey", "make itself an access key of a user", None),
    row("iam:CreateLoginProfile", "set a console password for a user", None),
    row("iam:UpdateLoginProfile", "reset the console password of a user", None),
    row("iam:CreateServiceSpecificCredential", "make itself service credentials of a user", None),
    row("iam:ResetServiceSpecificCredential", "reset the service credentials of a user", None),
    row("iam:UploadSSHPublicKey", "sign in to CodeCommit as a user", None),
    row("iam:UploadSigningCertificate", "sign requests as a user", None),
    // Sign-in from outside.
    row("iam:UpdateSAMLProvider", "sign in as anyone whom an identity provider vouches for", SAML_PROVIDER),
    row("iam:UpdateOpenIDConnectProviderThumbprint", "sign in as anyone whom an identity provider vouches for", OIDC_PROVIDER),
    row("iam:AddClientIDToOpenIDConnectProvider", "sign in with tokens made for another application", OIDC_PROVIDER),
    row("sso:AttachManagedPolicyToPermissionSet", "raise the rights of anyone who comes from IAM Identity Center", PERMISSION_SET),
    row("sso:AttachCustomerManagedPolicyReferenceToPermissionSet", "raise the rights of anyone who comes from IAM Identity Center", PERMISSION_SET),
    row("sso:PutInlinePolicyToPermissionSet", "raise the rights of anyone who comes from IAM Identity Center", PERMISSION_SET),
    row("sso:CreateAccountAssignment", "give anyone in IAM Identity Center access to an account", PERMISSION_SET),
    row("identitystore:CreateGroupMembership", "put anyone into a group of IAM Identity Center", IDENTITY_CENTER_GROUP),
    // The roles that services run under.
    row("lambda:UpdateFunctionCode", "run its own code under the role of a function", SOME_FUNCTION),
    row("lambda:UpdateFunctionConfiguration", "run its own code, as a layer, under the role of a function", SOME_FUNCTION),
    row("glue:UpdateDevEndpoint", "log in to a development endpoint and act as its role", DEV_ENDPOINT),
    row("sagemaker:CreatePresignedNotebookInstanceUrl", "open a notebook and act as its role", NOTEBOOK),
    row("codestar:CreateProjectFromTemplate", "create resources under a role of AWS CodeStar", None),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Document;
    use super::ESCALATIONS;

    fn is_administrative(action: &str, resource: &str) -> bool {
        let statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
        !Document::new(vec![statement]).administrative().is_empty()
    }

    /// Named here once more, since a slip in the table would open a door unseen.
    #[test]
    fn every_known_escalation_counts_on_everything() {
        let known = "
            iam:AddClientIDToOpenIDConnectProvider iam:AddUserToGroup iam:AttachGroupPolicy iam:AttachRolePolicy
            iam:AttachUserPolicy iam:CreateAccessKey iam:CreateLoginProfile iam:CreatePolicyVersion
            iam:CreateServiceSpecificCredential iam:DeleteRolePermissionsBoundary iam:DeleteRolePolicy
            iam:DeleteUserPermissionsBoundary iam:DetachRolePolicy iam:PassRole iam:PutGroupPolicy
            iam:PutRolePermissionsBoundary iam:PutRolePolicy iam:PutUserPermissionsBoundary iam:PutUserPolicy
            iam:ResetServiceSpecificCredential iam:SetDefaultPolicyVersion iam:UpdateAssumeRolePolicy
            iam:UpdateLoginProfile iam:UpdateOpenIDConnectProviderThumbprint iam:UpdateSAMLProvider
            iam:TagRole iam:UntagRole iam:UploadSSHPublicKey iam:UploadSigningCertificate
            codestar:CreateProjectFromTemplate glue:UpdateDevEndpoint identitystore:CreateGroupMembership
            lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration
            sagemaker:CreatePresignedNotebookInstanceUrl
            sso:AttachCustomerManagedPolicyReferenceToPermissionSet sso:AttachManagedPolicyToPermissionSet
            sso:CreateAccountAssignment sso:PutInlinePolicyToPermissionSet
            sts:AssumeRole sts:AssumeRoot
        ";
        let known: Vec<_> = known.split_whitespace().collect();
        assert_eq!(ESCALATIONS.len(), known.len(), "the table holds these and no others");
        for action in known {
            let (service, name) = action.split_once(':').expect("a service and a name");
            assert!(is_administrative(action, "*"), "{action}");
            assert!(is_administrative(&action.to_uppercase(), "arn:aws:iam::*:*"), "{action}");
            assert!(is_administrative(&format!("{service}:?{}", &name[1..]), "*"), "{action}");
            assert!(!is_administrative(action, "arn:aws:s3:::bucket/*"), "{action}");
        }
    }

    #[test]
    fn one_identity_may_be_passed_or_assumed_but_not_changed() {
        let role = "arn:aws:iam::123456789012:role/delegated/Auditor";
        for action in ["iam:PutRolePolicy", "iam:*Role*", "iam:UpdateAssumeRolePolicy", "iam:TagRole"] {
            assert!(is_administrative(action, role), "{action}");
        }
        assert!(is_administrative("iam:CreatePolicyVersion", "arn:aws:iam::123456789012:policy/Vendor"));
        assert!(is_administrative("iam:CreateAccessKey", "arn:aws:iam::123456789012:user/app"));
        for action in ["iam:PassRole", "sts:AssumeRole"] {
            assert!(!is_administrative(action, role), "{action}");
        }
    }

    #[test]
    fn missing_parts_of_an_arn_stand_for_everything() {
        for resource in ["arn:aws", "arn:", "arn:aws:iam", "arn:aws:iam:", "arn:aws:iam::123456789012"] {
            assert!(is_administrative("iam:PutRolePolicy", resource), "{resource}");
        }
        assert!(!is_administrative("iam:PutRolePolicy", "arn:aws:s3"));
    }

    #[test]
    fn this_very_function_is_not_to_be_rewritten() {
        for function in ["service-provider-access", "service-provider-*", "*-*"] {
            let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{function}");
            assert!(is_administrative("lambda:UpdateFunctionCode", &arn), "{arn}");
            assert!(is_administrative("lambda:*", &arn), "{arn}");
        }
        let other = "arn:aws:lambda:us-east-1:123456789012:function:vendor-*";
        assert!(!is_administrative("lambda:UpdateFunctionCode", other));
    }

    /// What providers are let in for, and must not be refused.
    #[test]
    fn ordinary_permissions_of_providers_pass() {
        let actions = "
            iam:Get* iam:List* iam:Generate* iam:Simulate* iam:CreateServiceLinkedRole iam:UpdateAccessKey
            iam:DeactivateMFADevice sts:GetCallerIdentity sts:Get* organizations:Describe* ec2:RunInstances
            ec2:Describe* ssm:SendCommand ssm:StartSession cloudformation:CreateStack cloudformation:UpdateStack
            lambda:InvokeFunction lambda:Get* s3:GetObject s3:List* kms:Decrypt logs:FilterLogEvents
            cloudwatch:PutMetricData cloudtrail:LookupEvents config:*Describe* support:CreateCase tag:GetResources
            *:Get* *:List*
        ";
        for action in actions.split_whitespace() {
            assert!(!is_administrative(action, "*"), "{action}");
        }
        for action in ["iam:PassRole", "sts:AssumeRole"] {
            assert!(!is_administrative(action, "arn:aws:iam::123456789012:role/vendor-instance"), "{action}");
        }
    }
}

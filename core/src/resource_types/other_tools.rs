//! Names that users know from other tools, and what replaces each here.

/// The name, and what to do instead: the end of the sentence. `_`, `-` and letter case do not matter.
pub(super) const OF_ROLES: &[(&str, &str)] = &[
    // Terraform: the AWS provider, and modules for access by a third party.
    ("external_aws_account_id", "use ExternalAwsAccountId"),
    ("external_id", "use ExternalId"),
    ("role_sts_externalid", "use ExternalId"),
    ("require_mfa", "use RequireMfa"),
    ("service_provider_requires_mfa", "use RequireMfa"),
    ("max_session_duration", "use MaxSessionDuration"),
    ("arns", "use ManagedPolicyArns"),
    ("content", "use CustomPolicy"),
    ("assume_role_policy", TRUST),
    ("inline_policy", "use CustomPolicy, or Policies for several"),
    ("policies", "use ManagedPolicyArns for ARNs, or CustomPolicy and Policies for documents"),
    ("policy_documents", "use CustomPolicy, which takes one document with all statements"),
    ("trusted_role_arns", "use AllowedPrincipalArns, and ExternalAwsAccountId for their accounts"),
    ("name", "use RoleName"),
    ("name_prefix", "use RoleName, or leave it out: then the name is derived from the stack, and unique"),
    ("boundary", "use PermissionsBoundary"),
    ("permissions_boundary", "use PermissionsBoundary"),
    ("force_detach_policies", "remove it, because a delete always detaches every policy"),
    ("purge_policies", "use PolicyOwnership (Exclusive removes policies that are not declared, Declared leaves them)"),
    // AWS::IAM::Role, and other templates for the same purpose.
    ("AssumeRolePolicyDocument", TRUST),
    ("PolicyDocument", "use CustomPolicy"),
    ("InlinePolicies", "use Policies"),
    ("TrustPolicy", TRUST),
    ("Principal", "use ExternalAwsAccountId for the account, and AllowedPrincipalArns for roles and users in it"),
    ("TrustedAccountId", "use ExternalAwsAccountId"),
];

const TRUST: &str = "use ExternalAwsAccountId, ExternalId, RequireMfa, AllowedPrincipalArns and the other conditions, from which \
                     the trust policy is written";

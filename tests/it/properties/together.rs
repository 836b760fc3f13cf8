//! All properties together: the plain role, all at once, all problems in one answer, and unknown properties.

use serde_json::json;

use super::{
    BOUNDARY, NARROW, SHARED, administrator_by_custom_policy, check_made, check_refused, made, observed, plain,
    plain_role, with_settings,
};
use crate::fixtures::{ACCOUNT, ADMINISTRATOR, AUDIT, EC2, ID, OTHER_PROVIDER, PROVIDER, allow, merged, read_bucket};
use crate::stack::Stack;
use crate::wire::iam::Policy;

#[tokio::test(start_paused = true)]
async fn with_the_required_properties_only_a_role_is_plain() {
    check_made(Stack::new(), json!({}), json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn all_properties_at_once() {
    let stack = Stack::new();
    stack.account.put_policy(Policy::named("Boundary", read_bucket()));
    let everything = json!({
        "ExternalAwsAccountId": [OTHER_PROVIDER, PROVIDER], "ExternalId": ["the-second-comes-first", ID], "RequireExternalId": true,
        "RequireMfa": true, "MfaMaxAge": 3600, "MaxSessionDuration": 3600, "CustomPolicy": read_bucket(),
        "ManagedPolicyArns": [AUDIT, EC2], "AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/ci/*"],
        "PrincipalOrgId": "o-a1b2c3d4e5", "SourceIps": ["203.0.113.0/24"], "RoleName": "Auditor", "Path": "/delegated/eu/",
        "Description": "for the auditor", "Tags": [{"Key": "team", "Value": "platform"}], "PermissionsBoundary": BOUNDARY,
        "PolicyOwnership": "Declared", "Revision": "1", "AllowAdministrativeAccess": false,
    });
    let expected = json!({
        "path": "/delegated/eu/", "description": "for the auditor", "boundary": BOUNDARY, "attached": [EC2, AUDIT],
        "inline": {"CustomPolicy": read_bucket()}, "tags": {"team": "platform"},
        "trust": {
            "Principal": {"AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"]},
            "Condition": {
                "StringEquals": {"sts:ExternalId": [ID, "the-second-comes-first"], "aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                "Bool": {"aws:MultiFactorAuthPresent": "true"},
                "NumericLessThanEquals": {"aws:MultiFactorAuthAge": "3600"},
                "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/ci/*"},
                "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
            },
        },
        "answer": {
            "ExternalId": "the-second-comes-first", "ExternalAwsAccountId": "333333333333,222222222222",
            "Warnings": [SHARED],
        },
    });
    check_made(stack, everything, expected).await;
}

#[tokio::test(start_paused = true)]
async fn a_property_that_is_removed_has_its_default_again() {
    let stack = Stack::new();
    stack.account.put_policy(Policy::named("Boundary", read_bucket()));
    let more = json!({
        "RequireMfa": true, "MfaMaxAge": 60, "MaxSessionDuration": 7200, "CustomPolicy": read_bucket(), "ManagedPolicyArns": [EC2],
        "AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/ci/*"], "PrincipalOrgId": "o-a1b2c3d4e5",
        "SourceIps": ["203.0.113.0/24"], "Description": "for the auditor", "Tags": [{"Key": "team", "Value": "platform"}],
        "PermissionsBoundary": BOUNDARY, "PolicyOwnership": "Declared",
    });
    made(&stack, &more).await;
    let answer = stack.update("Auditor", merged(plain(), &more), plain()).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    assert_eq!(observed(&stack.account.role("Auditor").unwrap(), &answer.0["Data"]), plain_role());
}

#[tokio::test(start_paused = true)]
async fn all_problems_are_reported_together() {
    let stack = with_settings(&[
        ("TRUSTED_ACCOUNT_IDS", PROVIDER),
        ("MAX_SESSION_DURATION_CAP", "7200"),
        ("ALLOWED_MANAGED_POLICY_ARNS", "arn:aws:iam::aws:policy/*"),
    ]);
    let properties = json!({
        "ExternalAwsAccountId": [ACCOUNT, OTHER_PROVIDER], "ExternalId": "s", "RequireExternalId": "no", "RequireMfa": false, "MfaMaxAge": 60,
        "MaxSessionDuration": 43200, "CustomPolicy": allow("*", "*"),
        "ManagedPolicyArns": ["arn:aws:iam::111111111111:policy/Gone", ADMINISTRATOR], "RoleName": "cdk-auditor", "Path": "/",
        "Tags": [{"Key": "aws:team", "Value": "platform"}], "PolicyOwnership": "Mine", "ExpiresAt": "2026-11-31T00:00:00Z",
        "RevokeSessions": "Always", "HomeRegion": "virginia", "managedpolicies": [],
    });
    check_refused(
        stack,
        properties,
        &[
            "ExternalAwsAccountId is 111111111111, which is this account; give the provider's account ID. [own-account]",
            "ExternalAwsAccountId is 333333333333, which the function's owner does not allow roles to trust (TrustedAccountIds: only \
             222222222222); ask the owner to add it. [not-permitted-by-owner]",
            "RequireExternalId is \"no\"; it must be true or false. [invalid-value]",
            "ExternalId is not well-formed (its value is not repeated here); it must be 2 to 1224 characters of \
             A-Za-z0-9_+=,.@:/- (it has 1). [invalid-value]",
            "MfaMaxAge has no effect without RequireMfa; set RequireMfa to true or remove MfaMaxAge. [conflicting-properties]",
            "MaxSessionDuration is 43200, more than the 7200 seconds that the function's owner allows (MaxSessionDurationCap). [not-permitted-by-owner]",
            "ExpiresAt is \"2026-11-31T00:00:00Z\"; it must be a time in UTC that exists, in a year from 1970 to 9999, written like 2027-01-31T18:00:00Z. [invalid-value]",
            "RevokeSessions is \"Always\"; it must be OnNarrowing or Never. [invalid-value]",
            "ManagedPolicyArns contains arn:aws:iam::111111111111:policy/Gone, which the function's owner does not allow \
             (AllowedManagedPolicyArns). [not-permitted-by-owner]",
            "ManagedPolicyArns contains arn:aws:iam::111111111111:policy/Gone, which does not exist; create it first or remove it. [policy-not-found]",
            "RoleName is cdk-auditor, a name that AWS, the CDK or this function reserves for its own roles; choose another. [reserved-name]",
            "HomeRegion is \"virginia\"; it must be a Region, such as eu-west-1. [invalid-value]",
            "Path is /, but the function's owner requires paths that start with /delegated/ (RolePathPrefix). [not-permitted-by-owner]",
            "Tags[0] has the Key aws:team, whose prefix is reserved; choose another. [reserved-name]",
            "PolicyOwnership is \"Mine\"; it must be Exclusive or Declared. [invalid-value]",
            "\"managedpolicies\" is not a property of this resource: use ManagedPolicyArns. [unknown-property]",
            "CustomPolicy gives administrator-equivalent access: statement 1 allows * on *. [administrative]",
            &format!(
                "ManagedPolicyArns gives administrator-equivalent access: {ADMINISTRATOR}. [administrative] {NARROW}"
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn problems_that_do_not_fit_into_an_answer_are_counted() {
    let foreign: Vec<String> = (0..100).map(|n| format!("arn:aws:iam::333333333333:role/{n:03}")).collect();
    // The trust policy is too long for IAM, too.
    let answer = Stack::new().create(merged(plain(), &json!({"AllowedPrincipalArns": foreign}))).await;
    let sentence =
        "whose account is not in ExternalAwsAccountId; add the account there, or remove the ARN. [other-account]";
    let shown = answer.reason().matches(sentence).count();
    let last = format!("arn:aws:iam::333333333333:role/{:03}, {sentence} and {} more.", shown - 1, 101 - shown);
    assert!(
        answer.reason().starts_with("There are 101 problems. (1) AllowedPrincipalArns contains arn:"),
        "{}",
        answer.reason()
    );
    assert!(shown > 10 && answer.reason().ends_with(&last), "{}", answer.reason());
    assert!(answer.0.to_string().len() <= 4_096);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_property_is_reported_with_the_nearest_known_name() {
    for (unknown, meant) in [
        ("externalId", "ExternalId"),
        ("ExternalID", "ExternalId"),
        ("ExternalAwsAccountIds", "ExternalAwsAccountId"),
        ("RequireMFA", "RequireMfa"),
        ("Require-Mfa", "RequireMfa"),
        ("MfaMaximumAge", "MfaMaxAge"),
        ("ManagedPolicies", "ManagedPolicyArns"),
        ("Rolename", "RoleName"),
        ("PermissionBoundary", "PermissionsBoundary"),
        ("AllowAdminAccess", "AllowAdministrativeAccess"),
        ("SourceIPs", "SourceIps"),
        ("Tag", "Tags"),
    ] {
        let problem = format!("\"{unknown}\" is not a property of this resource: use {meant}. [unknown-property]");
        check_refused(Stack::new(), json!({unknown: "some-value-that-is-not-repeated"}), &[problem]).await;
    }
    for unknown in ["Colour", "x"] {
        let problem = format!("\"{unknown}\" is not a property of this resource: remove it. [unknown-property]");
        check_refused(Stack::new(), json!({unknown: {}}), &[problem]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_from_another_tool_is_reported_with_what_replaces_it() {
    let trust = "use ExternalAwsAccountId, ExternalId, RequireMfa, AllowedPrincipalArns and the other conditions, from which the trust \
                 policy is written";
    for (unknown, instead) in [
        // Terraform
        ("external_aws_account_id", "use ExternalAwsAccountId"),
        ("external_id", "use ExternalId"),
        ("role_sts_externalid", "use ExternalId"),
        ("require_mfa", "use RequireMfa"),
        ("service_provider_requires_mfa", "use RequireMfa"),
        ("max_session_duration", "use MaxSessionDuration"),
        ("arns", "use ManagedPolicyArns"),
        ("content", "use CustomPolicy"),
        ("assume_role_policy", trust),
        ("inline_policy", "use CustomPolicy, or Policies for several"),
        ("policies", "use ManagedPolicyArns for ARNs, or CustomPolicy and Policies for documents"),
        ("policy_documents", "use CustomPolicy, which takes one document with all statements"),
        ("trusted_role_arns", "use AllowedPrincipalArns, and ExternalAwsAccountId for their accounts"),
        ("name", "use RoleName"),
        ("name_prefix", "use RoleName, or leave it out: then the name is derived from the stack, and unique"),
        ("boundary", "use PermissionsBoundary"),
        ("permissions_boundary", "use PermissionsBoundary"),
        ("force_detach_policies", "remove it, because a delete always detaches every policy"),
        (
            "purge_policies",
            "use PolicyOwnership (Exclusive removes policies that are not declared, Declared leaves them)",
        ),
        // AWS::IAM::Role and similar types
        ("AssumeRolePolicyDocument", trust),
        ("PolicyDocument", "use CustomPolicy"),
        ("InlinePolicies", "use Policies"),
        ("TrustPolicy", trust),
        ("Principal", "use ExternalAwsAccountId for the account, and AllowedPrincipalArns for roles and users in it"),
        ("TrustedAccountId", "use ExternalAwsAccountId"),
        // In any spelling.
        ("Assume-Role-Policy", trust),
        ("RoleStsExternalId", "use ExternalId"),
    ] {
        let problem = format!("\"{unknown}\" is not a property of this resource: {instead}. [unknown-property]");
        check_refused(Stack::new(), json!({unknown: "some-value-that-is-not-repeated"}), &[problem]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_is_validated_like_a_create() {
    let stack = Stack::new();
    made(&stack, &json!({})).await;
    let before = stack.account.role("Auditor");
    stack.account.clear_calls();
    for (difference, reason) in [
        (
            json!({"HomeRegion": "here"}),
            "HomeRegion is \"here\"; it must be a Region, such as eu-west-1. [invalid-value]",
        ),
        (
            json!({"require_mfa": true}),
            "\"require_mfa\" is not a property of this resource: use RequireMfa. [unknown-property]",
        ),
        (
            json!({"MfaMaxAge": 60}),
            "MfaMaxAge has no effect without RequireMfa; set RequireMfa to true or remove MfaMaxAge. [conflicting-properties]",
        ),
        (
            json!({"ManagedPolicyArns": "arn:aws:iam::111111111111:policy/Gone"}),
            "ManagedPolicyArns contains arn:aws:iam::111111111111:policy/Gone, which does not exist; create it first or remove it. [policy-not-found]",
        ),
        (json!({"CustomPolicy": allow("*", "*")}), &administrator_by_custom_policy("statement 1 allows * on *")),
    ] {
        let answer = stack.update("Auditor", plain(), merged(plain(), &difference)).await;
        assert_eq!((answer.reason(), answer.physical_id()), (reason, "Auditor"));
    }
    assert_eq!((stack.account.writes(), stack.account.role("Auditor")), (Vec::new(), before));
}

#[tokio::test(start_paused = true)]
async fn a_home_region_is_a_region_and_needs_a_role_name() {
    for value in ["virginia", "us-east", "us-east-1a", "US-EAST-1", "us--1", "us-east-123", "*", "us-east-１"] {
        let problem = format!("HomeRegion is \"{value}\"; it must be a Region, such as eu-west-1. [invalid-value]");
        check_refused(Stack::new(), json!({"HomeRegion": value, "RoleName": "Auditor"}), &[problem]).await;
    }
    check_refused(
        Stack::new(),
        json!({"HomeRegion": "eu-west-1", "RoleName": null}),
        &["HomeRegion needs RoleName, because a derived name differs from Region to Region; give one. [missing-property]"],
    )
    .await;
    for region in ["us-east-1", "us-gov-west-1", "ap-southeast-12", "eusc-de-east-1"] {
        assert!(delegated_role_core::identifiers::Region::parse(region).is_ok(), "{region}");
    }
}

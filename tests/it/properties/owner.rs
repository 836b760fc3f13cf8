//! The settings of the function's owner.

use serde_json::json;

use super::{
    BOUNDARY, NAME_ROLES, PASSES, administrator_by_name, check_made, check_refused, guardrails, made, merged,
    passes_roles_by_custom_policy, plain, with_settings,
};
use crate::fixtures::{
    ACCOUNT, ADMINISTRATOR, AUDIT, EC2, GUARDRAILS, ID, OTHER_PROVIDER, PROVIDER, allow, policy, read_bucket,
};
use crate::stack::Stack;
use crate::wire::iam::Policy;

#[tokio::test(start_paused = true)]
async fn owner_role_path_prefix() {
    let eu = || with_settings(&[("ROLE_PATH_PREFIX", "/partners/eu/")]);
    let mut guarded = guardrails(&[]);
    guarded["Statement"][2]["Resource"] = json!(["arn:aws:iam::111111111111:role/partners/eu/*"]);
    let inline = json!({GUARDRAILS: guarded});
    check_made(eu(), json!({}), json!({"path": "/partners/eu/", "inline": inline})).await;
    let deeper = json!({"path": "/partners/eu/acme/", "inline": inline});
    check_made(eu(), json!({"Path": "/partners/eu/acme/"}), deeper).await;
    for path in ["/delegated/", "/partners/", "/partners/eu2/", "/"] {
        let sentence = format!(
            "Path is {path}, but the function's owner requires paths that start with /partners/eu/ (RolePathPrefix). [not-permitted-by-owner]"
        );
        check_refused(eu(), json!({"Path": path}), &[sentence]).await;
    }
}

const NAME_PREFIX: &str = "must be 1 to 32 characters of A-Za-z0-9_+=,.@- that begin no name which AWS, the CDK or this function reserves \
                           (such as cdk- or service-provider-access). [invalid-setting]";

#[tokio::test(start_paused = true)]
async fn owner_role_name_prefix() {
    for (path, kept) in [("/delegated/", "role/delegated/acme-*"), ("/", "role/acme-*")] {
        let acme = || with_settings(&[("ROLE_PATH_PREFIX", path), ("ROLE_NAME_PREFIX", "acme-")]);
        let mut guarded = guardrails(&[]);
        guarded["Statement"][2]["Resource"] = json!([format!("arn:aws:iam::111111111111:{kept}")]);
        let made_so = json!({"name": "acme-x", "path": path, "inline": {GUARDRAILS: guarded}});
        check_made(acme(), json!({"RoleName": "acme-x"}), made_so.clone()).await;
        check_made(acme(), json!({"RoleName": "acme-x", "Path": path}), made_so).await;
        let (role, _) = made(&acme(), &json!({"RoleName": null})).await;
        assert!(role.name.starts_with("acme-customer-Access-") && role.path == path, "{}", role.name);
        for name in ["Auditor", "ACME-x", "acme", "x-acme-"] {
            let sentence = format!(
                "RoleName is {name}, but the function's owner requires names that begin with acme- (RoleNamePrefix). [not-permitted-by-owner]"
            );
            check_refused(acme(), json!({"RoleName": name}), &[sentence]).await;
        }
        // IAM limits the function to roles that are directly under the path.
        for other in ["/other/", "/delegated/eu/", "/delegated/acme-/"] {
            let sentence = format!(
                "Path is {other}, but the function's owner requires the path {path} (RolePathPrefix) where names have a prefix \
                 (RoleNamePrefix). [not-permitted-by-owner]"
            );
            check_refused(acme(), json!({"RoleName": "acme-x", "Path": other}), &[sentence]).await;
        }
    }
    // Tags of roles with such names, and of no others, say whose a role is.
    let acme = || with_settings(&[("ROLE_PATH_PREFIX", "/"), ("ROLE_NAME_PREFIX", "acme-")]);
    let tag = |role: &str| allow("iam:TagRole", &format!("arn:aws:iam::111111111111:role/{role}"));
    let (_, told) = made(&acme(), &json!({"RoleName": "acme-x", "CustomPolicy": tag("acme-*")})).await;
    assert_eq!(
        told["Warnings"],
        json!(
            "CustomPolicy may give administrator-equivalent access: statement 1 allows iam:TagRole on arn:aws:iam::111111111111:role/acme-*. [administrative]"
        )
    );
    let (_, told) = made(&acme(), &json!({"RoleName": "acme-x", "CustomPolicy": tag("other-*")})).await;
    assert_eq!(told["Warnings"], json!(""));
    // The function may not change its own role.
    let own = "arn:aws:iam::111111111111:role/access-FunctionRole-1";
    check_refused(
        with_settings(&[("ROLE_PATH_PREFIX", "/"), ("ROLE_NAME_PREFIX", "acc"), ("FUNCTION_ROLE_ARN", own)]),
        json!({}),
        &[format!(
            "The function's settings are wrong, so it creates and changes no role. Its owner must correct them. FUNCTION_ROLE_ARN \
             is {own}, one of the roles that the function may change (ROLE_PATH_PREFIX and ROLE_NAME_PREFIX); choose another prefix. \
             [invalid-setting]"
        )],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_role_outside_of_the_name_prefix_is_not_deleted_silently() {
    let stack = with_settings(&[]);
    let (role, _) = made(&stack, &json!({})).await;
    let stack = stack.with("ROLE_NAME_PREFIX", "acme-");
    let answer = stack.delete(&role.name, merged(plain(), &json!({}))).await;
    assert_eq!(
        answer.reason(),
        "The role Auditor was not deleted: its name does not begin with acme- (RoleNamePrefix), so the function may not change it. \
         Delete the role by hand (aws iam delete-role), then delete again. [not-permitted-by-owner]"
    );
    assert_eq!(stack.account.roles(), ["Auditor"]);
}

#[tokio::test(start_paused = true)]
async fn owner_required_permissions_boundary() {
    let required = || {
        let stack = with_settings(&[("REQUIRED_PERMISSIONS_BOUNDARY", BOUNDARY)]);
        stack.account.put_policy(Policy::named("Boundary", allow("*", "*")));
        stack
    };
    check_made(required(), json!({}), json!({"boundary": BOUNDARY})).await;
    check_made(required(), json!({"PermissionsBoundary": BOUNDARY}), json!({"boundary": BOUNDARY})).await;
    let sentence = format!(
        "PermissionsBoundary is {AUDIT}, but the function's owner requires {BOUNDARY} on every role \
         (RequiredPermissionsBoundary); remove the property. [not-permitted-by-owner]"
    );
    check_refused(required(), json!({"PermissionsBoundary": AUDIT}), &[sentence]).await;
}

#[tokio::test(start_paused = true)]
async fn owner_trusted_account_ids() {
    let refused = |account: &str, allowed: &str| {
        format!(
            "ExternalAwsAccountId is {account}, which the function's owner does not allow roles to trust (TrustedAccountIds: \
             {allowed}); ask the owner to add it. [not-permitted-by-owner]"
        )
    };
    // An empty setting and a missing one trust no account.
    for stack in [with_settings(&[("TRUSTED_ACCOUNT_IDS", "")]), Stack { settings: Vec::new(), ..Stack::new() }] {
        check_refused(stack, json!({}), &[refused(PROVIDER, "none")]).await;
    }
    let two = || with_settings(&[("TRUSTED_ACCOUNT_IDS", "222222222222, 444444444444")]);
    check_made(two(), json!({}), json!({})).await;
    let allowed = "only 222222222222, 444444444444";
    check_refused(two(), json!({"ExternalAwsAccountId": OTHER_PROVIDER}), &[refused(OTHER_PROVIDER, allowed)]).await;
    check_refused(
        two(),
        json!({"ExternalAwsAccountId": [PROVIDER, OTHER_PROVIDER]}),
        &[refused(OTHER_PROVIDER, allowed)],
    )
    .await;
    // No setting allows a role to trust its own account.
    for settings in ["*", ACCOUNT] {
        check_refused(
            with_settings(&[("TRUSTED_ACCOUNT_IDS", settings)]),
            json!({"ExternalAwsAccountId": ACCOUNT}),
            &["ExternalAwsAccountId is 111111111111, which is this account; give the provider's account ID. [own-account]"],
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn owner_allowed_managed_policy_arns() {
    let patterns = "arn:aws:iam::aws:policy/*ReadOnlyAccess, arn:aws:iam::aws:policy/AdministratorAccess";
    let some = || with_settings(&[("ALLOWED_MANAGED_POLICY_ARNS", patterns)]);
    check_made(some(), json!({"ManagedPolicyArns": EC2}), json!({"attached": [EC2]})).await;
    let sentence = |arn: &str| {
        format!(
            "ManagedPolicyArns contains {arn}, which the function's owner does not allow (AllowedManagedPolicyArns). [not-permitted-by-owner]"
        )
    };
    check_refused(some(), json!({"ManagedPolicyArns": [EC2, AUDIT]}), &[sentence(AUDIT)]).await;
    let stack = some();
    let own = stack.account.put_policy(Policy::named("MyReadOnlyAccess", read_bucket()));
    check_refused(stack, json!({"ManagedPolicyArns": own}), &[sentence(&own)]).await;
    // A policy that may be attached can still make an administrator.
    check_refused(some(), json!({"ManagedPolicyArns": ADMINISTRATOR}), &[administrator_by_name(ADMINISTRATOR)]).await;
}

#[tokio::test(start_paused = true)]
async fn owner_passable_role_arns() {
    let role = |name: &str| format!("arn:aws:iam::111111111111:role/{name}");
    let listed = format!("{}, {},{}", role("app-*"), role("cdk-deploy"), "arn:aws:iam::444444444444:role/Build");
    let some = || with_settings(&[("PASSABLE_ROLE_ARNS", &listed)]);
    for (action, resource) in [
        ("iam:PassRole", json!([role("app-1"), role("app-eu-*"), role("cdk-deploy")])),
        ("iam:PassRole", json!("arn:aws:iam::*:role/app-1")),
        ("sts:AssumeRole", json!([role("app-1"), "arn:aws:iam::444444444444:role/Build"])),
    ] {
        let custom = policy(json!({"Effect": "Allow", "Action": action, "Resource": resource}));
        check_made(some(), json!({"CustomPolicy": custom}), json!({"inline": {"CustomPolicy": custom}})).await;
    }
    // All that are not listed are named, the widest first.
    let custom = policy(json!({"Effect": "Allow", "Action": ["iam:PassRole", "sts:AssumeRole"], "Resource": [
        role("app-1"), role("other"), role("cdk-*"), "arn:aws:iam::*:role/app*",
    ]}));
    let finding = "statement 1 allows iam:PassRole, sts:AssumeRole on arn:aws:iam::*:role/app*, \
                   arn:aws:iam::111111111111:role/cdk-*, arn:aws:iam::111111111111:role/other";
    check_refused(some(), json!({"CustomPolicy": custom}), &[passes_roles_by_custom_policy(finding)]).await;
    // An AWS-managed policy that is known by its name.
    let spot = "arn:aws:iam::aws:policy/service-role/AmazonEC2SpotFleetTaggingRole";
    check_refused(
        some(),
        json!({"ManagedPolicyArns": spot}),
        &[format!("ManagedPolicyArns {PASSES}: {spot}. {NAME_ROLES} [passes-role]")],
    )
    .await;
}

/// Under the boundary that the template ships, IAM denies what the owner does not list.
#[tokio::test(start_paused = true)]
async fn aws_policies_that_pass_roles_cause_a_warning_under_the_shipped_boundary() {
    let spot = "arn:aws:iam::aws:policy/service-role/AmazonEC2SpotFleetTaggingRole";
    let required = |boundary: &str| {
        let stack = with_settings(&[("REQUIRED_PERMISSIONS_BOUNDARY", boundary)]);
        stack.account.put_policy(Policy::named(boundary.rsplit('/').next().unwrap(), allow("*", "*")));
        stack
    };
    let shipped = "arn:aws:iam::111111111111:policy/service-provider-access-boundary-us-east-1";
    check_made(
        required(shipped),
        json!({"ManagedPolicyArns": spot}),
        json!({"boundary": shipped, "attached": [spot], "answer": {"Warnings": [format!("ManagedPolicyArns {PASSES}: {spot}. [passes-role]")]}}),
    )
    .await;
    let refusal = format!("ManagedPolicyArns {PASSES}: {spot}. {NAME_ROLES} [passes-role]");
    check_refused(required(BOUNDARY), json!({"ManagedPolicyArns": spot}), &[&refusal]).await;
    // The template's own policies are still errors.
    let custom = allow("iam:PassRole", "arn:aws:iam::111111111111:role/other");
    let finding = "statement 1 allows iam:PassRole on arn:aws:iam::111111111111:role/other";
    check_refused(required(shipped), json!({"CustomPolicy": custom}), &[passes_roles_by_custom_policy(finding)]).await;
}

#[tokio::test(start_paused = true)]
async fn owner_protected_stack_names() {
    let mut guarded = guardrails(&[]);
    let stacks = guarded["Statement"][3]["Resource"].as_array_mut().unwrap();
    stacks.push(json!("arn:aws:cloudformation:*:111111111111:stack/network-*/*"));
    let names = with_settings(&[("PROTECTED_STACK_NAMES", "network-*,customer")]);
    check_made(names, json!({}), json!({"inline": {GUARDRAILS: guarded}})).await;
}

#[tokio::test(start_paused = true)]
async fn owner_max_session_duration_cap() {
    let hour = || with_settings(&[("MAX_SESSION_DURATION_CAP", "3600")]);
    check_made(hour(), json!({}), json!({})).await;
    check_made(hour(), json!({"MaxSessionDuration": 3600}), json!({})).await;
    check_refused(
        hour(),
        json!({"MaxSessionDuration": 3601}),
        &["MaxSessionDuration is 3601, more than the 3600 seconds that the function's owner allows (MaxSessionDurationCap). [not-permitted-by-owner]"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn owner_min_external_id_length() {
    let sixteen = || with_settings(&[("MIN_EXTERNAL_ID_LENGTH", "16")]);
    check_made(sixteen(), json!({}), json!({})).await;
    let fits = "sixteen--letters";
    let (_, data) = made(&sixteen(), &json!({"ExternalId": fits})).await;
    assert_eq!((&data["ExternalId"], &data["Warnings"]), (&json!(fits), &json!("")));
    let what =
        "has 15 characters; the function's owner requires 16 or more (MinExternalIdLength). [not-permitted-by-owner]";
    let short = "fifteen-letters";
    check_refused(sixteen(), json!({"ExternalId": short}), &[format!("ExternalId {what}")]).await;
    check_refused(sixteen(), json!({"ExternalId": [ID, short]}), &[format!("ExternalId (number 2) {what}")]).await;
    // A generated ID has its own length.
    let longest = with_settings(&[("MIN_EXTERNAL_ID_LENGTH", "1224")]);
    let (_, data) = made(&longest, &json!({"ExternalId": null})).await;
    assert_eq!(data["ExternalId"].as_str().map(str::len), Some(40));
}

#[tokio::test(start_paused = true)]
async fn owner_settings_that_are_invalid_permit_nothing() {
    for (variable, value, sentence) in [
        (
            "ROLE_PATH_PREFIX",
            "/",
            "must be a path of at least one segment that starts and ends in a slash, or / together with ROLE_NAME_PREFIX. [invalid-setting]",
        ),
        (
            "ROLE_PATH_PREFIX",
            "/delegated",
            "must be a path of at least one segment that starts and ends in a slash, or / together with ROLE_NAME_PREFIX. [invalid-setting]",
        ),
        ("ROLE_NAME_PREFIX", "a*", NAME_PREFIX),
        ("ROLE_NAME_PREFIX", "cdk-acme-", NAME_PREFIX),
        ("ROLE_NAME_PREFIX", "Service-", NAME_PREFIX),
        (
            "REQUIRED_PERMISSIONS_BOUNDARY",
            "Boundary",
            "must be the ARN of a managed policy, such as arn:aws:iam::aws:policy/SecurityAudit. [invalid-setting]",
        ),
        (
            "TRUSTED_ACCOUNT_IDS",
            "*,222222222222",
            "must be * alone, or a list; each an AWS account ID of 12 digits, in quotes where it starts with 0. [invalid-setting]",
        ),
        (
            "PASSABLE_ROLE_ARNS",
            "*",
            "must be a list; each the ARN of a role or a pattern of such ARNs, such as arn:aws:iam::111122223333:role/app-*. [invalid-setting]",
        ),
        (
            "PROTECTED_STACK_NAMES",
            "stack/*",
            "must be a list; each the name of a stack or a pattern of 1 to 128 characters of A-Za-z0-9-*?, such as network-*. [invalid-setting]",
        ),
        (
            "PROTECTED_STACK_NAMES",
            "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21",
            "has 21 names; give at most 20, since they take room in the inline policies of every role. [invalid-setting]",
        ),
        (
            "CODE_BUCKET_PREFIX",
            "*",
            "must be 3 to 48 characters of a-z0-9- that neither begin nor end with a dash. [invalid-setting]",
        ),
        ("PERMIT_MISSING_EXTERNAL_ID", "yes", "must be true or false. [invalid-setting]"),
        ("MIN_EXTERNAL_ID_LENGTH", "sixteen", "must be a whole number from 2 to 1224 (characters). [invalid-setting]"),
        ("MAX_SESSION_DURATION_CAP", "43201", "must be a whole number from 3600 to 43200 (seconds). [invalid-setting]"),
        ("PERMIT_ADMINISTRATIVE_ACCESS", "1", "must be true or false. [invalid-setting]"),
    ] {
        let sentence = format!(
            "The function's settings are wrong, so it creates and changes no role. Its owner must correct them. {variable} {sentence}"
        );
        check_refused(with_settings(&[(variable, value)]), json!({}), &[sentence]).await;
    }
}

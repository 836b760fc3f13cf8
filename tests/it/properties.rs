//! Every property and every setting of the owner's: what it is by default, what it makes of a role, and
//! what it refuses.
//!
//! A row says only how its role differs from the plain one, and is compared with the whole role. Every wish
//! is sent twice: with all scalars as strings, as CloudFormation does, and in their native form.

#![allow(clippy::unwrap_used, reason = "a test insists")]

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::fixtures::{ACCOUNT, ADMINISTRATOR, AUDIT, EC2, EXTERNAL_ID_TAG, ID, OTHER_PROVIDER, PROVIDER, STATE_TAG};
use crate::stack::Stack;
use crate::wire::iam::{Policy, Role};

const BOUNDARY: &str = "arn:aws:iam::111111111111:policy/Boundary";

// --- What the rows are compared with ---

/// A wish in which nothing is left to chance.
fn plain() -> Value {
    json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT})
}

/// What becomes of the plain wish.
fn plain_role() -> Value {
    json!({
        "name": "Auditor",
        "path": "/delegated/",
        "description": "",
        "session": 3600,
        "boundary": "",
        "attached": [AUDIT],
        "inline": {"ServiceProviderAccessGuardrails": guardrails(&[])},
        "tags": {
            "service-provider-access:stack-id": Stack::new().id,
            "service-provider-access:logical-id": "Access",
        },
        "trust": {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": ID}},
        },
        "told": {"ExternalId": ID, "ExternalAwsAccountId": PROVIDER, "SwitchRoleUrl": "", "Warnings": []},
    })
}

/// What every role carries, and these statements more.
fn guardrails(more: &[Value]) -> Value {
    let function = "arn:aws:lambda:*:111111111111:function:service-provider-access";
    let keep_off = |sid: &str, reads: &[&str], resources: &[&str]| json!({"Sid": sid, "Effect": "Deny", "NotAction": reads, "Resource": resources});
    let reads_roles =
        ["iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy", "sts:*"];
    let reads_stacks =
        ["cloudformation:Describe*", "cloudformation:Detect*", "cloudformation:Get*", "cloudformation:List*"];
    let mut statements = vec![
        keep_off("KeepOffTheFunction", &["lambda:Get*", "lambda:List*"], &[function, &format!("{function}:*")]),
        keep_off("KeepOffTheRoles", &reads_roles, &["arn:aws:iam::111111111111:role/delegated/*"]),
        keep_off("KeepOffTheStacks", &reads_stacks, &["arn:aws:cloudformation:*:111111111111:stack/customer/*"]),
    ];
    statements.extend_from_slice(more);
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// The statement that ends everything.
fn nothing_from(end: &str) -> Value {
    json!({
        "Sid": "NothingOnceExpired", "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": end}},
    })
}

/// The role and what the stack was told of it.
fn seen(role: &Role, told: &Value) -> Value {
    let trust = role.trust.json();
    let [statement] = trust["Statement"].as_array().unwrap().as_slice() else { panic!("one statement: {trust}") };
    assert_eq!(trust, json!({"Version": "2012-10-17", "Statement": [statement]}), "nothing beside the statement");
    let mut attached = role.attached_policies.clone();
    attached.sort();
    let inline: Map<_, _> = role.inline_policies.iter().map(|(name, policy)| (name.clone(), policy.json())).collect();
    json!({
        "name": role.name,
        "path": role.path,
        "description": role.description.clone().unwrap_or_default(),
        "session": role.max_session_duration,
        "boundary": role.permissions_boundary.clone().unwrap_or_default(),
        "attached": attached,
        "inline": inline,
        "tags": role.tags.iter().filter(|(key, _)| *key != STATE_TAG).collect::<BTreeMap<_, _>>(),
        "trust": in_order(statement.clone()),
        "told": {
            "ExternalId": told["ExternalId"],
            "ExternalAwsAccountId": told["ExternalAwsAccountId"],
            "SwitchRoleUrl": told["SwitchRoleUrl"],
            "Warnings": told["Warnings"].as_str().unwrap().lines().collect::<Vec<_>>(),
        },
    })
}

/// Lists sorted: in a trust policy their order means nothing.
fn in_order(value: Value) -> Value {
    match value {
        Value::Array(mut items) => {
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, in_order(value))).collect(),
        scalar => scalar,
    }
}

/// `base` with what `difference` says in its place; null takes a field away (RFC 7396).
fn but(base: Value, difference: &Value) -> Value {
    let Value::Object(changes) = difference else { return difference.clone() };
    let mut fields = if let Value::Object(fields) = base { fields } else { Map::new() };
    for (name, change) in changes {
        let before = fields.remove(name).unwrap_or_default();
        if !change.is_null() {
            fields.insert(name.clone(), but(before, change));
        }
    }
    Value::Object(fields)
}

// --- The checks ---

/// A wish that differs so from the plain one is fulfilled; the role and what the stack is told.
async fn made(stack: &Stack, difference: &Value) -> (Role, Value) {
    let wish = but(plain(), difference);
    let answer = stack.create(wish.clone()).await;
    assert!(answer.succeeded(), "{difference}: {}", answer.reason());
    let role = stack.account.role(answer.physical_id()).unwrap();
    let told = &answer.0["Data"];
    assert_eq!(
        (&told["RoleName"], &told["RoleArn"], &told["Arn"], &told["RoleId"], &told["MaxSessionDuration"]),
        (
            &json!(role.name),
            &json!(role.arn),
            &json!(role.arn),
            &json!(role.id),
            &json!(role.max_session_duration.to_string())
        )
    );

    // The same with native scalars is the same wish, delivered once more.
    stack.account.clear_calls();
    let again = stack.send(stack.event("Create", &json!({"ResourceProperties": wish}))).await;
    assert_eq!(again, answer, "{difference}");
    assert_eq!(stack.account.writes(), [format!("CreateRole {}", role.name)], "{difference}");
    (role, told.clone())
}

/// A wish that differs so from the plain one makes a role that differs so from the plain one.
async fn check_made(stack: Stack, difference: Value, expected: Value) {
    let (role, told) = made(&stack, &difference).await;
    let (seen, expected) = (seen(&role, &told), but(plain_role(), &expected));
    assert!(seen == expected, "{difference} made\n{seen:#}\ninstead of\n{expected:#}");
}

/// A wish that differs so from the plain one is answered with these problems and no others, and nothing is
/// written.
async fn check_refused<T: AsRef<str>>(stack: Stack, difference: Value, problems: &[T]) {
    let expected = match problems {
        [only] => only.as_ref().to_owned(),
        several => several
            .iter()
            .enumerate()
            .fold(format!("There are {} problems.", several.len()), |reason, (index, problem)| {
                format!("{reason} ({}) {}", index + 1, problem.as_ref())
            }),
    };
    let wish = but(plain(), &difference);
    let native = stack.event("Create", &json!({"ResourceProperties": wish}));
    for answer in [stack.create(wish.clone()).await, stack.send(native).await] {
        assert_eq!(answer.reason(), expected, "{difference}");
        assert!(answer.physical_id().starts_with("refused-"), "{difference}");
        assert_eq!(stack.account.writes(), Vec::<String>::new(), "{difference}");
    }
}

async fn check_good<const N: usize>(rows: [(Value, Value); N]) {
    for (difference, expected) in rows {
        check_made(Stack::new(), difference, expected).await;
    }
}

/// Values of one property, each with the sentence that goes on after its name.
async fn check_bad<const N: usize>(property: &str, rows: [(Value, &str); N]) {
    for (value, sentence) in rows {
        check_refused(Stack::new(), json!({property: value}), &[format!("{property} {sentence}")]).await;
    }
}

/// What holds for every property that has one value.
async fn check_is_one_value(property: &str) {
    let empty = "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]";
    let list = "is a list; give one value, not a list or an object. [invalid-value]";
    let object = "is an object; give one value, not a list or an object. [invalid-value]";
    check_bad(property, [(json!(""), empty), (json!([]), list), (json!({"Ref": "Other"}), object)]).await;
}

/// The owner's settings; whatever is not among them has its default.
fn owner(settings: &[(&'static str, &str)]) -> Stack {
    settings.iter().fold(Stack::new(), |stack, (variable, value)| stack.with(variable, value))
}

fn allow(action: &str, resource: &str) -> Value {
    policy(json!({"Effect": "Allow", "Action": action, "Resource": resource}))
}

fn policy(statement: impl Into<Value>) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement.into()]})
}

fn report() -> Value {
    allow("s3:GetObject", "arn:aws:s3:::reports/*")
}

/// What to do about every finding of that kind: said with the only one, or once after all.
const NARROW: &str = "Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's \
                      PermitAdministrativeAccess must both be true.";

fn narrow_it(finding: &str) -> String {
    format!("{finding}. {NARROW} [administrative]")
}

fn administrator_by_custom_policy(finding: &str) -> String {
    narrow_it(&format!("CustomPolicy gives administrator-equivalent access: {finding}"))
}

fn administrator_by(arn: &str, finding: &str) -> String {
    narrow_it(&format!("ManagedPolicyArns gives administrator-equivalent access: {arn} {finding}"))
}

fn administrator_by_name(arn: &str) -> String {
    narrow_it(&format!("ManagedPolicyArns gives administrator-equivalent access: {arn}"))
}

/// What to do about every finding that roles are passed or assumed.
const NAME_ROLES: &str = "Name each role by its whole ARN; if the provider is to pass or assume any role, \
                          AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true.";

fn passes_roles_by_custom_policy(finding: &str) -> String {
    format!("CustomPolicy passes or assumes roles: {finding}. {NAME_ROLES} [passes-role]")
}

fn own_policies(stack: &Stack, count: usize) -> Vec<String> {
    (0..count).map(|number| stack.account.put_policy(Policy::named(&format!("Own{number}"), report()))).collect()
}

// --- All of them ---

#[tokio::test(start_paused = true)]
async fn without_more_a_role_is_plain() {
    check_made(Stack::new(), json!({}), json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn everything_at_once() {
    let stack = Stack::new();
    stack.account.put_policy(Policy::named("Boundary", report()));
    let everything = json!({
        "ExternalAwsAccountId": [OTHER_PROVIDER, PROVIDER], "ExternalId": ["the-second-comes-first", ID], "RequireExternalId": true,
        "RequireMfa": true, "MfaMaxAge": 3600, "MaxSessionDuration": 3600, "CustomPolicy": report(),
        "ManagedPolicyArns": [AUDIT, EC2], "AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/ci/*"],
        "PrincipalOrgId": "o-a1b2c3d4e5", "SourceIps": ["203.0.113.0/24"], "RoleName": "Auditor", "Path": "/delegated/eu/",
        "Description": "for the auditor", "Tags": [{"Key": "team", "Value": "platform"}], "PermissionsBoundary": BOUNDARY,
        "PolicyOwnership": "Declared", "Revision": "1", "AllowAdministrativeAccess": false,
    });
    let expected = json!({
        "path": "/delegated/eu/", "description": "for the auditor", "boundary": BOUNDARY, "attached": [EC2, AUDIT],
        "inline": {"CustomPolicy": report()}, "tags": {"team": "platform"},
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
        "told": {
            "ExternalId": "the-second-comes-first", "ExternalAwsAccountId": "333333333333,222222222222",
            "Warnings": [SHARED],
        },
    });
    check_made(stack, everything, expected).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_left_out_again_has_its_default_again() {
    let stack = Stack::new();
    stack.account.put_policy(Policy::named("Boundary", report()));
    let more = json!({
        "RequireMfa": true, "MfaMaxAge": 60, "MaxSessionDuration": 7200, "CustomPolicy": report(), "ManagedPolicyArns": [EC2],
        "AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/ci/*"], "PrincipalOrgId": "o-a1b2c3d4e5",
        "SourceIps": ["203.0.113.0/24"], "Description": "for the auditor", "Tags": [{"Key": "team", "Value": "platform"}],
        "PermissionsBoundary": BOUNDARY, "PolicyOwnership": "Declared",
    });
    made(&stack, &more).await;
    let answer = stack.update("Auditor", but(plain(), &more), plain()).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    assert_eq!(seen(&stack.account.role("Auditor").unwrap(), &answer.0["Data"]), plain_role());
}

#[tokio::test(start_paused = true)]
async fn every_problem_is_told_together() {
    let stack = owner(&[
        ("TRUSTED_ACCOUNT_IDS", PROVIDER),
        ("MAX_SESSION_DURATION_CAP", "7200"),
        ("ALLOWED_MANAGED_POLICY_ARNS", "arn:aws:iam::aws:policy/*"),
    ]);
    let wish = json!({
        "ExternalAwsAccountId": [ACCOUNT, OTHER_PROVIDER], "ExternalId": "s", "RequireExternalId": "no", "RequireMfa": false, "MfaMaxAge": 60,
        "MaxSessionDuration": 43200, "CustomPolicy": allow("*", "*"),
        "ManagedPolicyArns": ["arn:aws:iam::111111111111:policy/Gone", ADMINISTRATOR], "RoleName": "cdk-auditor", "Path": "/",
        "Tags": [{"Key": "aws:team", "Value": "platform"}], "PolicyOwnership": "Mine", "ExpiresAt": "2026-11-31T00:00:00Z",
        "RevokeSessions": "Always", "HomeRegion": "virginia", "managedpolicies": [],
    });
    check_refused(
        stack,
        wish,
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
    let answer = Stack::new().create(but(plain(), &json!({"AllowedPrincipalArns": foreign}))).await;
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
async fn unknown_properties_are_answered_with_the_nearest_known_name() {
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
        check_refused(Stack::new(), json!({unknown: "some-value-that-is-not-told"}), &[problem]).await;
    }
    for unknown in ["Colour", "x"] {
        let problem = format!("\"{unknown}\" is not a property of this resource: remove it. [unknown-property]");
        check_refused(Stack::new(), json!({unknown: {}}), &[problem]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn names_of_other_tools_are_answered_with_what_replaces_them() {
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
        ("inline_policy", "use CustomPolicy"),
        ("policies", "use ManagedPolicyArns for ARNs, or CustomPolicy for a document"),
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
        // AWS::IAM::Role and its like
        ("AssumeRolePolicyDocument", trust),
        ("PolicyDocument", "use CustomPolicy"),
        ("InlinePolicies", "use CustomPolicy"),
        ("TrustPolicy", trust),
        ("Principal", "use ExternalAwsAccountId for the account, and AllowedPrincipalArns for roles and users in it"),
        ("TrustedAccountId", "use ExternalAwsAccountId"),
        // However they are written.
        ("Assume-Role-Policy", trust),
        ("RoleStsExternalId", "use ExternalId"),
    ] {
        let problem = format!("\"{unknown}\" is not a property of this resource: {instead}. [unknown-property]");
        check_refused(Stack::new(), json!({unknown: "some-value-that-is-not-told"}), &[problem]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_home_region_is_a_region_and_needs_a_name_that_all_regions_share() {
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

#[tokio::test(start_paused = true)]
async fn an_update_is_judged_as_a_create_is() {
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
        let answer = stack.update("Auditor", plain(), but(plain(), &difference)).await;
        assert_eq!((answer.reason(), answer.physical_id()), (reason, "Auditor"));
    }
    assert_eq!((stack.account.writes(), stack.account.role("Auditor")), (Vec::new(), before));
}

// --- Who may come in ---

#[tokio::test(start_paused = true)]
async fn external_aws_account_id() {
    let ten: Vec<String> = (1..=10).map(|number| format!("0000000000{number:02}")).collect();
    let roots: Vec<String> = ten.iter().map(|account| format!("arn:aws:iam::{account}:root")).collect();
    check_good([
        (json!({"ExternalAwsAccountId": 222_222_222_222_u64}), json!({})),
        (json!({"ExternalAwsAccountId": [PROVIDER]}), json!({})),
        (
            json!({"ExternalAwsAccountId": [OTHER_PROVIDER, PROVIDER]}),
            json!({
                "trust": {"Principal": {"AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"]}},
                "told": {"ExternalAwsAccountId": "333333333333,222222222222"},
            }),
        ),
        (
            json!({"ExternalAwsAccountId": ten}),
            json!({"trust": {"Principal": {"AWS": roots}}, "told": {"ExternalAwsAccountId": ten.join(",")}}),
        ),
    ])
    .await;

    // A malformed value may be the external ID in the wrong property.
    let digits = "is not well-formed (its value is not repeated here); it must be an AWS account ID of 12 digits, in quotes where it starts with 0. [invalid-value]";
    check_bad(
        "ExternalAwsAccountId",
        [
            (Value::Null, "is missing; give the provider's AWS account ID of 12 digits. [missing-property]"),
            (json!(""), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!("12345678901"), digits),
            (json!(12_345_678_901_u64), digits),
            (json!("1234567890123"), digits),
            (json!("22222222222x"), digits),
            (json!(" 222222222222"), digits),
            (json!("*"), digits),
            (json!("222222222222,333333333333"), digits),
            (json!({"Id": PROVIDER}), "is an object; give one value, not a list or an object. [invalid-value]"),
            (json!([]), "has 0 values; give 1 to 10. [invalid-value]"),
            (json!([PROVIDER, PROVIDER]), "contains the same value twice; give each value once. [repeated-value]"),
            (
                json!([PROVIDER, ""]),
                "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]",
            ),
            (
                json!((0..11).map(|n| format!("{n:012}")).collect::<Vec<_>>()),
                "has 11 values; give 1 to 10. [invalid-value]",
            ),
            (json!(ACCOUNT), "is 111111111111, which is this account; give the provider's account ID. [own-account]"),
            (
                json!([PROVIDER, ACCOUNT]),
                "is 111111111111, which is this account; give the provider's account ID. [own-account]",
            ),
        ],
    )
    .await;

    for (arn, instead) in [
        ("arn:aws:iam::222222222222:root", "give 222222222222 here"),
        ("arn:aws:iam::222222222222:role/ci/Deploy", "give 222222222222 here, and the ARN in AllowedPrincipalArns"),
        ("arn:aws:iam::222222222222:user/auditor", "give 222222222222 here, and the ARN in AllowedPrincipalArns"),
        (
            "arn:aws:sts::222222222222:assumed-role/Deploy/me",
            "give 222222222222 here, and the ARN of the role in AllowedPrincipalArns",
        ),
    ] {
        let sentence = format!(
            "ExternalAwsAccountId is not well-formed (its value is not repeated here); it must be an account ID, not an ARN: {instead}. \
             [invalid-value]"
        );
        check_refused(Stack::new(), json!({"ExternalAwsAccountId": arn}), &[&sentence]).await;
        check_refused(Stack::new(), json!({"ExternalAwsAccountId": [PROVIDER, arn]}), &[&sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn external_id() {
    let one = |id: &str| json!({"trust": {"Condition": {"StringEquals": {"sts:ExternalId": id}}}, "told": {"ExternalId": id}});
    let punctuated = "Az09_+=,.@:/-and-some-more";
    check_good([
        (json!({"ExternalId": punctuated}), one(punctuated)),
        (json!({"ExternalId": [ID]}), json!({})),
        (
            json!({"ExternalId": ["the-second-comes-first", ID]}),
            json!({
                "trust": {"Condition": {"StringEquals": {"sts:ExternalId": [ID, "the-second-comes-first"]}}},
                "told": {"ExternalId": "the-second-comes-first"},
            }),
        ),
        (json!({"RequireExternalId": true}), json!({})),
    ])
    .await;

    let hidden =
        "is not well-formed (its value is not repeated here); it must be 2 to 1224 characters of A-Za-z0-9_+=,.@:/-";
    check_bad(
        "ExternalId",
        [
            (json!(""), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!("s"), &format!("{hidden} (it has 1). [invalid-value]")),
            (json!(7), &format!("{hidden} (it has 1). [invalid-value]")),
            (json!("x".repeat(1225)), &format!("{hidden} (it has 1225). [invalid-value]")),
            (json!("a secret with spaces"), &format!("{hidden} (character 2 of 20 is none of them). [invalid-value]")),
            (json!("secret-of-acme*"), &format!("{hidden} (character 15 of 15 is none of them). [invalid-value]")),
            (
                json!("sécret-of-the-provider"),
                &format!("{hidden} (character 2 of 22 is none of them). [invalid-value]"),
            ),
            (
                json!("secret-of-the-provider\n"),
                &format!("{hidden} (character 23 of 23 is none of them). [invalid-value]"),
            ),
            (json!([]), "has 0 values; give 1 to 2. [invalid-value]"),
            (
                json!([ID, "another-of-the-provider", "a-third-of-the-provider"]),
                "has 3 values; give 1 to 2. [invalid-value]",
            ),
            (json!([ID, ID]), "contains the same value twice; give each value once. [repeated-value]"),
            (json!([ID, {}]), "is an object; give one value, not a list or an object. [invalid-value]"),
        ],
    )
    .await;
}

/// What a template's author may do with the provider's external ID by mistake.
#[tokio::test(start_paused = true)]
async fn a_misplaced_external_id_is_not_in_the_reason() {
    let random = "acme-7d1c9a3e-5b2f-4c8d";
    let long = format!("{}-{random}", "acme".repeat(30));
    for id in [ID, random, &long] {
        // Swapped with the account.
        let swapped = json!({"ExternalAwsAccountId": id, "ExternalId": PROVIDER});
        check_hidden(id, Stack::new().create(swapped).await.reason());
        for property in
            ["RequireMfa", "RequireExternalId", "MfaMaxAge", "MaxSessionDuration", "PolicyOwnership", "RevokeSessions"]
        {
            let wish = but(plain(), &json!({"ExternalId": null, property: id}));
            check_hidden(id, Stack::new().create(wish).await.reason());
        }
        // Given twice: known by its own property, hidden in the other, however it stands there.
        for wish in [
            json!({"AllowedPrincipalArns": id}),
            json!({"ManagedPolicyArns": [AUDIT, id]}),
            json!({"PermissionsBoundary": format!("arn:aws:iam::aws:policy/{id}/")}),
            json!({"AllowedPrincipalArns": format!("arn:aws:iam::222222222222:role/{id}*x")}),
            json!({"SourceIps": id}),
            json!({"PrincipalOrgId": id}),
            json!({"HomeRegion": id}),
            json!({"ExpiresAt": id}),
            json!({"Path": id}),
            json!({"Path": format!("/{id}/{id}/")}),
            json!({"Tags": [{"Key": format!("aws:{id}"), "Value": ""}]}),
            json!({id: "x"}),
            json!({"CustomPolicy": allow(id, "*")}),
            json!({"CustomPolicy": allow("s3:*", id)}),
            json!({"CustomPolicy": {id: id}}),
            json!({"CustomPolicy": allow("iam:*", &format!("arn:aws:iam::111111111111:role/{id}"))}),
        ] {
            let wish = but(plain(), &but(json!({"ExternalId": id}), &wish));
            check_hidden(id, Stack::new().create(wish).await.reason());
        }
    }
    // What looks like nothing but an external ID is hidden in properties that ask for something else.
    for property in ["AllowedPrincipalArns", "SourceIps", "PrincipalOrgId", "HomeRegion", "ExpiresAt", "Path"] {
        let wish = but(plain(), &json!({"ExternalId": null, property: random}));
        check_hidden(random, Stack::new().create(wish).await.reason());
    }
}

fn check_hidden(id: &str, reason: &str) {
    let start: String = id.chars().take(12).collect();
    assert!(!reason.contains(&start), "{id}: {reason}");
}

#[tokio::test(start_paused = true)]
async fn an_external_id_may_be_as_short_and_as_long_as_sts_takes() {
    let short = "ExternalId is shorter than 16 characters, which is easily guessed. Let the provider generate a random one, or leave \
                 ExternalId out. [weak-external-id]";
    check_made(
        Stack::new(),
        json!({"ExternalId": "ab"}),
        json!({
            "trust": {"Condition": {"StringEquals": {"sts:ExternalId": "ab"}}},
            "told": {"ExternalId": "ab", "Warnings": [short]},
        }),
    )
    .await;

    let longest = "x".repeat(1224);
    let (role, told) = made(&Stack::new(), &json!({"ExternalId": longest})).await;
    assert_eq!(role.trust.json()["Statement"][0]["Condition"], json!({"StringEquals": {"sts:ExternalId": longest}}));
    let emptied = "TerraformProvider and AwsConfigProfile left empty, because the answer to CloudFormation would have been too long. [answer-shortened]";
    for (attribute, value) in
        [("ExternalId", longest.as_str()), ("TerraformProvider", ""), ("AwsConfigProfile", ""), ("Warnings", emptied)]
    {
        assert_eq!(told[attribute], value);
    }
}

#[tokio::test(start_paused = true)]
async fn an_external_id_that_is_left_out_is_generated_and_kept() {
    let stack = Stack::new();
    let (role, told) = made(&stack, &json!({"ExternalId": null})).await;
    let id = told["ExternalId"].as_str().unwrap();
    assert!(
        id.len() >= 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
        "{} characters",
        id.len()
    );
    let expected = json!({
        "tags": {EXTERNAL_ID_TAG: id},
        "trust": {"Condition": {"StringEquals": {"sts:ExternalId": id}}},
        "told": {"ExternalId": id},
    });
    assert_eq!(seen(&role, &told), but(plain_role(), &expected));
}

/// Each of several external IDs admits each of several accounts.
const SHARED: &str = "ExternalId has 2 values and ExternalAwsAccountId has 2: each external ID admits each account. If the accounts belong to \
                      different providers, use a role for each. [shared-external-ids]";

#[tokio::test(start_paused = true)]
async fn several_external_ids_for_several_accounts_are_warned_of() {
    let two = json!(["the-second-comes-first", ID]);
    for (accounts, ids, warning) in [
        (json!([PROVIDER, OTHER_PROVIDER]), two.clone(), SHARED),
        (json!([PROVIDER, OTHER_PROVIDER]), json!(ID), ""),
        (json!(PROVIDER), two, ""),
    ] {
        let (_, told) = made(&Stack::new(), &json!({"ExternalAwsAccountId": accounts, "ExternalId": ids})).await;
        assert_eq!(told["Warnings"], warning);
    }
}

const WHOLE_ACCOUNT: &str = "RequireExternalId is false and AllowedPrincipalArns is not given: every user and role of the account that its \
                             own policies allow to call sts:AssumeRole can assume this role, for any customer of the provider. \
                             [no-external-id]";

#[tokio::test(start_paused = true)]
async fn require_external_id() {
    check_is_one_value("RequireExternalId").await;
    check_bad("RequireExternalId", [(json!("yes"), "is \"yes\"; it must be true or false. [invalid-value]")]).await;
    let permitted = || owner(&[("PERMIT_MISSING_EXTERNAL_ID", "true")]);
    check_made(
        permitted(),
        json!({"RequireExternalId": false, "ExternalId": null}),
        json!({
            "trust": {"Condition": null},
            "told": {
                "ExternalId": "",
                "SwitchRoleUrl": "https://signin.aws.amazon.com/switchrole?account=111111111111&roleName=delegated/Auditor",
                "Warnings": [WHOLE_ACCOUNT],
            },
        }),
    )
    .await;
    // Named roles and users are not the whole account.
    let only = "arn:aws:iam::222222222222:role/ci/*";
    let (_, told) =
        made(&permitted(), &json!({"RequireExternalId": false, "ExternalId": null, "AllowedPrincipalArns": [only]}))
            .await;
    assert_eq!(told["Warnings"], "");
    check_made(permitted(), json!({"RequireExternalId": true}), json!({})).await;
    check_refused(
        permitted(),
        json!({"RequireExternalId": false}),
        &["RequireExternalId is false, but ExternalId is given; remove one of them. [conflicting-properties]"],
    )
    .await;
    check_refused(
        Stack::new(),
        json!({"RequireExternalId": false, "ExternalId": null}),
        &["RequireExternalId is false, which the function's owner does not permit (PermitMissingExternalId). Without an external \
           ID, another customer of the provider could make the provider use this role. [not-permitted-by-owner]"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn require_mfa_and_its_age() {
    let mfa = json!({"trust": {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}});
    let within = |seconds: &str| {
        json!({"trust": {"Condition": {
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "NumericLessThanEquals": {"aws:MultiFactorAuthAge": seconds},
        }}})
    };
    check_good([
        (json!({"RequireMfa": false}), json!({})),
        (json!({"RequireMfa": true}), mfa),
        (json!({"RequireMfa": true, "MfaMaxAge": 1}), within("1")),
        (json!({"RequireMfa": true, "MfaMaxAge": 129_600}), within("129600")),
    ])
    .await;
    let (_, told) = made(&Stack::new(), &json!({"RequireMfa": true})).await;
    assert!(told["AwsConfigProfile"].as_str().unwrap().contains("mfa_serial"), "{}", told["AwsConfigProfile"]);

    check_is_one_value("RequireMfa").await;
    check_bad(
        "RequireMfa",
        [
            (json!("yes"), "is \"yes\"; it must be true or false. [invalid-value]"),
            (json!(1), "is \"1\"; it must be true or false. [invalid-value]"),
            (json!(" true"), "is \" true\"; it must be true or false. [invalid-value]"),
        ],
    )
    .await;
    for (bad, sentence) in [
        (
            json!(""),
            "MfaMaxAge is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]",
        ),
        (json!([60]), "MfaMaxAge is a list; give one value, not a list or an object. [invalid-value]"),
        (json!(0), "MfaMaxAge is \"0\"; it must be a whole number from 1 to 129600 (seconds). [invalid-value]"),
        (
            json!(129_601),
            "MfaMaxAge is \"129601\"; it must be a whole number from 1 to 129600 (seconds). [invalid-value]",
        ),
        (json!(-60), "MfaMaxAge is \"-60\"; it must be a whole number from 1 to 129600 (seconds). [invalid-value]"),
        (json!(1.5), "MfaMaxAge is \"1.5\"; it must be a whole number from 1 to 129600 (seconds). [invalid-value]"),
        (
            json!("1 hour"),
            "MfaMaxAge is \"1 hour\"; it must be a whole number from 1 to 129600 (seconds). [invalid-value]",
        ),
    ] {
        check_refused(Stack::new(), json!({"RequireMfa": true, "MfaMaxAge": bad}), &[sentence]).await;
    }
    for without in [json!({"MfaMaxAge": 60}), json!({"RequireMfa": false, "MfaMaxAge": 60})] {
        let sentence = "MfaMaxAge has no effect without RequireMfa; set RequireMfa to true or remove MfaMaxAge. [conflicting-properties]";
        check_refused(Stack::new(), without, &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn allowed_principal_arns() {
    let only = |arns: Value| json!({"trust": {"Condition": {"ArnLike": {"aws:PrincipalArn": arns}}}});
    let in_provider = |name: &str| format!("arn:aws:iam::222222222222:{name}");
    for name in
        ["role/Deploy", "role/ci/*", "role/ci-*", "role/*", "user/auditor", "role/aws-reserved/sso.amazonaws.com/*"]
    {
        let arn = in_provider(name);
        check_made(Stack::new(), json!({"AllowedPrincipalArns": arn}), only(json!(arn))).await;
        check_made(Stack::new(), json!({"AllowedPrincipalArns": [arn]}), only(json!(arn))).await;
    }
    let two = json!([in_provider("role/Deploy"), "arn:aws:iam::333333333333:user/auditor"]);
    let mut expected = only(two.clone());
    expected["trust"]["Principal"] =
        json!({"AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"]});
    expected["told"] = json!({"ExternalAwsAccountId": "222222222222,333333333333"});
    check_made(
        Stack::new(),
        json!({"ExternalAwsAccountId": [PROVIDER, OTHER_PROVIDER], "AllowedPrincipalArns": two}),
        expected,
    )
    .await;

    for name in ["root", "*", "role/", "role/a*b", "role/?", "group/admins", "role/*/x"] {
        let arn = in_provider(name);
        let sentence = format!(
            "AllowedPrincipalArns is \"{arn}\"; it must be the ARN of a role or user, such as \
             arn:aws:iam::111122223333:role/Deploy, with at most one *, at its end. [invalid-value]"
        );
        check_refused(Stack::new(), json!({"AllowedPrincipalArns": [arn]}), &[sentence]).await;
    }
    check_bad(
        "AllowedPrincipalArns",
        [
            (json!(""), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!([]), "has 0 values; give 1 to 100. [invalid-value]"),
            (json!([in_provider("role/a"), in_provider("role/a")]), "contains the same value twice; give each value once. [repeated-value]"),
            (
                json!("*"),
                "is \"*\"; it must be the ARN of a role or user, such as arn:aws:iam::111122223333:role/Deploy, with at most one *, \
                 at its end. [invalid-value]",
            ),
            (
                json!("arn:aws:iam::*:role/Deploy"),
                "is \"arn:aws:iam::*:role/Deploy\"; it must be the ARN of a role or user, such as \
                 arn:aws:iam::111122223333:role/Deploy, with at most one *, at its end. [invalid-value]",
            ),
            (
                json!("arn:aws:sts::222222222222:assumed-role/Deploy/me"),
                "is \"arn:aws:sts::222222222222:assumed-role/Deploy/me\"; it must be the ARN of the role itself \
                 (arn:aws:iam::ACCOUNT:role/NAME): a condition on a session's ARN never matches, since aws:PrincipalArn holds the \
                 role's. [invalid-value]",
            ),
            (
                json!("arn:aws:iam::333333333333:role/Deploy"),
                "contains arn:aws:iam::333333333333:role/Deploy, whose account is not in ExternalAwsAccountId; add the account there, or \
                 remove the ARN. [other-account]",
            ),
            (
                json!("arn:aws-cn:iam::222222222222:role/Deploy"),
                "contains arn:aws-cn:iam::222222222222:role/Deploy, which is not in this partition (aws). [other-partition]",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn principal_org_id() {
    for id in ["o-a1b2c3d4e5", "o-abcdefghijklmnopqrstuvwxyz012345"] {
        check_made(
            Stack::new(),
            json!({"PrincipalOrgId": id}),
            json!({"trust": {"Condition": {"StringEquals": {"aws:PrincipalOrgID": id}}}}),
        )
        .await;
    }
    check_is_one_value("PrincipalOrgId").await;
    let longer = format!("o-{}", "a".repeat(33));
    for bad in ["o-a1b2c3d4e", &longer, "o-A1B2C3D4E5", "ou-a1b2c3d4e5", "a1b2c3d4e5", "o-*", "*"] {
        let sentence = format!(
            "PrincipalOrgId is \"{bad}\"; it must be an organization's ID: o- followed by 10 to 32 of a-z0-9. [invalid-value]"
        );
        check_refused(Stack::new(), json!({"PrincipalOrgId": bad}), &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn source_ips() {
    let from = |ranges: Value| json!({"trust": {"Condition": {"IpAddress": {"aws:SourceIp": ranges}}}});
    check_good([
        (json!({"SourceIps": "203.0.113.0/24"}), from(json!("203.0.113.0/24"))),
        (json!({"SourceIps": ["198.51.100.7/32"]}), from(json!("198.51.100.7/32"))),
        (json!({"SourceIps": ["2001:db8::/32", "203.0.113.0/24"]}), from(json!(["2001:db8::/32", "203.0.113.0/24"]))),
    ])
    .await;
    for bad in [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.1.0/24",
        "127.0.0.1/32",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "0.0.0.0/0",
        "::/0",
        "fd00::/8",
        "0.0.0.0/1",
    ] {
        let sentence = format!(
            "SourceIps is \"{bad}\"; it must be a range of public addresses only: AWS sees the caller's public address, never a \
             private one. [invalid-value]"
        );
        check_refused(Stack::new(), json!({"SourceIps": [bad]}), &[sentence]).await;
    }
    let cidr = "it must be a range of public IP addresses in CIDR notation, such as 203.0.113.0/24. [invalid-value]";
    check_bad(
        "SourceIps",
        [
            (json!(""), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!([]), "has 0 values; give 1 to 100. [invalid-value]"),
            (json!(["203.0.113.0/24", "203.0.113.0/24"]), "contains the same value twice; give each value once. [repeated-value]"),
            (json!("office"), &format!("is \"office\"; {cidr}")),
            (json!("203.0.113.0/33"), &format!("is \"203.0.113.0/33\"; {cidr}")),
            (json!("203.0.113.0/24,198.51.100.0/24"), &format!("is \"203.0.113.0/24,198.51.100.0/24\"; {cidr}")),
            (
                json!("203.0.113.7"),
                "is \"203.0.113.7\"; it must be a range in CIDR notation: for this one address, 203.0.113.7/32. [invalid-value]",
            ),
            (
                json!("203.0.113.7/24"),
                "is \"203.0.113.7/24\"; it must be the network's first address with its length: 203.0.113.0/24. [invalid-value]",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn max_session_duration() {
    let chained = |seconds: u32| {
        format!(
            "MaxSessionDuration is {seconds} seconds, but a provider that calls from a role session (role chaining) gets one hour \
             at most. [role-chaining]"
        )
    };
    check_good([
        (json!({"MaxSessionDuration": 3600}), json!({})),
        (json!({"MaxSessionDuration": 3601}), json!({"session": 3601, "told": {"Warnings": [chained(3601)]}})),
        (json!({"MaxSessionDuration": 43_200}), json!({"session": 43_200, "told": {"Warnings": [chained(43_200)]}})),
    ])
    .await;
    check_is_one_value("MaxSessionDuration").await;
    for bad in
        [json!(3599), json!(43_201), json!(0), json!(-3600), json!(3600.5), json!("1h"), json!("+3600"), json!(" 3600")]
    {
        let given = bad.as_str().map_or_else(|| bad.to_string(), ToOwned::to_owned);
        let sentence = format!(
            "MaxSessionDuration is \"{given}\"; it must be a whole number from 3600 to 43200 (seconds). [invalid-value]"
        );
        check_refused(Stack::new(), json!({"MaxSessionDuration": bad}), &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn expires_at() {
    for end in ["2027-01-31T18:00:00Z", "2026-11-22T12:00:02Z", "2028-02-29T23:59:59Z", "9999-12-31T23:59:59Z"] {
        let expected = json!({
            "inline": {"ServiceProviderAccessGuardrails": guardrails(&[nothing_from(end)])},
            "trust": {"Condition": {"DateLessThan": {"aws:CurrentTime": end}}},
        });
        check_made(Stack::new(), json!({"ExpiresAt": end}), expected).await;
    }
    check_is_one_value("ExpiresAt").await;
    for bad in [
        "2027-01-31",
        "2027-01-31T18:00Z",
        "2027-01-31T18:00:00",
        "2027-01-31T18:00:00.000Z",
        "2027-01-31T18:00:00+00:00",
        "2027-01-31 18:00:00Z",
        "2027-02-29T00:00:00Z",
        "2027-01-31T24:00:00Z",
        "+2027-01-31T18:00:00Z",
        "-9999-01-31T18:00:00Z",
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1801411200",
        "never",
    ] {
        let sentence = format!(
            "ExpiresAt is \"{bad}\"; it must be a time in UTC that exists, in a year from 1970 to 9999, written like 2027-01-31T18:00:00Z. [invalid-value]"
        );
        check_refused(Stack::new(), json!({"ExpiresAt": bad}), &[sentence]).await;
    }
    // It is one second past noon.
    for past in ["2026-11-22T12:00:01Z", "2026-11-22T12:00:00Z", "1970-01-01T00:00:00Z"] {
        let sentence =
            format!("ExpiresAt is {past}, but it is 2026-11-22T12:00:01Z now; it must be in the future. [in-the-past]");
        check_refused(Stack::new(), json!({"ExpiresAt": past}), &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn revoke_sessions() {
    check_good([
        (json!({"RevokeSessions": "OnNarrowing"}), json!({})),
        (json!({"RevokeSessions": "Never"}), json!({})),
    ])
    .await;
    check_is_one_value("RevokeSessions").await;
    for bad in ["never", "Always", "OnNarrowing ", "true"] {
        let sentence = format!("RevokeSessions is \"{bad}\"; it must be OnNarrowing or Never. [invalid-value]");
        check_refused(Stack::new(), json!({"RevokeSessions": bad}), &[sentence]).await;
    }
}

// --- What they may do ---

#[tokio::test(start_paused = true)]
async fn custom_policy() {
    let inline = || json!({"inline": {"CustomPolicy": report()}});
    let single = json!({"Version": "2012-10-17", "Statement": {"Sid": "One", "Effect": "Allow", "Action": ["s3:Get*", "s3:List*"],
        "Resource": ["arn:aws:s3:::reports", "arn:aws:s3:::reports/*"], "Condition": {"Bool": {"aws:SecureTransport": "true"}}}});
    check_good([
        (json!({"CustomPolicy": report()}), inline()),
        (json!({"CustomPolicy": report().to_string()}), inline()),
        (json!({"CustomPolicy": format!("{:#}\n", report())}), inline()),
        (json!({"CustomPolicy": single}), json!({"inline": {"CustomPolicy": single}})),
        (
            json!({"CustomPolicy": report(), "ManagedPolicyArns": null}),
            json!({"inline": {"CustomPolicy": report()}, "attached": []}),
        ),
    ])
    .await;

    let by_iam = "would be rejected by IAM:";
    check_bad(
        "CustomPolicy",
        [
            (json!(""), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!(" \n"), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!("Allow"), "is not valid JSON: expected value (line 1, column 1). [invalid-policy]"),
            (json!("[]"), "must be a JSON object, but is a list. [invalid-policy]"),
            (json!([]), "must be a JSON object, but is a list. [invalid-policy]"),
            (json!({}), &format!("{by_iam} The policy has no Statement: add at least one statement. [invalid-policy]")),
            (json!({"Statement": []}), &format!("{by_iam} Statement is an empty list: add at least one statement. [invalid-policy]")),
            (
                json!({"Version": "2026-01-01", "Statement": report()["Statement"]}),
                &format!("{by_iam} Version is \"2026-01-01\": write \"2012-10-17\", the current policy language. [invalid-policy]"),
            ),
            (
                policy(json!({"Effect": "Allow", "Action": "s3:GetObject"})),
                &format!("{by_iam} In statement 1, Resource is missing: add it, or NotResource. [invalid-policy]"),
            ),
            (
                policy(json!({"Effect": "Allow", "Action": "GetObject", "Resource": "*"})),
                &format!(
                    "{by_iam} In statement 1, \"GetObject\" is not an action: write a service and an action name, such as \
                     s3:GetObject or s3:Get*. [invalid-policy]"
                ),
            ),
            (
                policy(json!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"})),
                &format!(
                    "{by_iam} In statement 1, Principal is given: remove it, because the policy of a role applies to that role. [invalid-policy]"
                ),
            ),
            (
                allow("s3:GetObject", "arn:aws:s3:::reports“1”"),
                &format!(
                    "{by_iam} In statement 1, Resource has the character U+201C: write a straight quotation mark (\"). [invalid-policy]"
                ),
            ),
            (
                json!("{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:Get*\", \"Resource\": \"arn:aws:s3:::a\\u2028b\"}}"),
                &format!("{by_iam} In statement 1, Resource has the character U+2028: write a space. [invalid-policy]"),
            ),
            (
                allow("s3:GetObject", "arn:aws-cn:s3:::reports/*"),
                &format!(
                    "{by_iam} In statement 1, \"arn:aws-cn:s3:::reports/*\" names the partition \"aws-cn\": write aws, the partition \
                     of this account. [invalid-policy]"
                ),
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_key_given_twice_in_a_policy_is_refused() {
    for (text, key, column) in [
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}"#,
            "Effect",
            62,
        ),
        (
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","\u0041ction":"*","Resource":"*"}]}"#,
            "Action",
            87,
        ),
        (r#"{"Version":"2012-10-17","Statement":[],"Statement":[]}"#, "Statement", 50),
    ] {
        let sentence = format!(
            "CustomPolicy has the key \"{key}\" twice in the same object (the second at line 1, column {column}): keep one. [invalid-policy]"
        );
        check_refused(Stack::new(), json!({"CustomPolicy": text}), &[sentence]).await;
    }
    // Whoever may be an administrator still may not say so twice.
    let permitted = owner(&[("PERMIT_ADMINISTRATIVE_ACCESS", "true")]);
    let twice = r#"{"Statement":[],"Statement":[]}"#;
    check_refused(
        permitted,
        json!({"CustomPolicy": twice, "AllowAdministrativeAccess": true}),
        &["CustomPolicy has the key \"Statement\" twice in the same object (the second at line 1, column 27): keep one. [invalid-policy]"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn managed_policy_arns() {
    let stack = Stack::new();
    let own = stack.account.put_policy(Policy::named("Read", report()).path("/team/"));
    check_made(stack, json!({"ManagedPolicyArns": [own, AUDIT]}), json!({"attached": [own, AUDIT]})).await;
    let nothing = "The role grants nothing: set CustomPolicy or ManagedPolicyArns. [grants-nothing]";
    check_good([
        (json!({"ManagedPolicyArns": [AUDIT]}), json!({})),
        (json!({"ManagedPolicyArns": [AUDIT, EC2]}), json!({"attached": [EC2, AUDIT]})),
        (json!({"ManagedPolicyArns": format!("{AUDIT},{EC2}")}), json!({"attached": [EC2, AUDIT]})),
        (json!({"ManagedPolicyArns": format!(" {AUDIT} , {EC2} ")}), json!({"attached": [EC2, AUDIT]})),
        (
            json!({"ManagedPolicyArns": "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"}),
            json!({"attached": ["arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"]}),
        ),
        (json!({"ManagedPolicyArns": null}), json!({"attached": [], "told": {"Warnings": [nothing]}})),
        (json!({"ManagedPolicyArns": []}), json!({"attached": [], "told": {"Warnings": [nothing]}})),
    ])
    .await;

    let empty = "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]";
    let arn = "it must be the ARN of a managed policy, such as arn:aws:iam::aws:policy/SecurityAudit. [invalid-value]";
    check_bad(
        "ManagedPolicyArns",
        [
            (json!(""), empty),
            (json!(format!("{AUDIT},")), empty),
            (json!([AUDIT, ""]), empty),
            (json!({"Arn": AUDIT}), "is an object; give one value, not a list or an object. [invalid-value]"),
            (json!([AUDIT, AUDIT]), "contains the same value twice; give each value once. [repeated-value]"),
            (json!(format!("{AUDIT},{AUDIT}")), "contains the same value twice; give each value once. [repeated-value]"),
            (json!("SecurityAudit"), &format!("is \"SecurityAudit\"; {arn}")),
            (json!("arn:aws:iam::aws:policy/*"), &format!("is \"arn:aws:iam::aws:policy/*\"; {arn}")),
            (json!("arn:aws:iam::111111111111:role/Read"), &format!("is \"arn:aws:iam::111111111111:role/Read\"; {arn}")),
            (
                json!("arn:aws:iam::333333333333:policy/Read"),
                "contains arn:aws:iam::333333333333:policy/Read of another account; only policies of this account and of AWS can be attached. [other-account]",
            ),
            (
                json!("arn:aws-cn:iam::aws:policy/SecurityAudit"),
                "contains arn:aws-cn:iam::aws:policy/SecurityAudit, which is not in this partition (aws). [other-partition]",
            ),
            (
                json!("arn:aws:iam::111111111111:policy/Gone"),
                "contains arn:aws:iam::111111111111:policy/Gone, which does not exist; create it first or remove it. [policy-not-found]",
            ),
            (
                json!(format!("{AUDIT},arn:aws:iam::111111111111:policy/Gone")),
                "contains arn:aws:iam::111111111111:policy/Gone, which does not exist; create it first or remove it. [policy-not-found]",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_accounts_own_policies_are_judged_before_the_first_write() {
    for (document, code, finding) in [
        (allow("*", "*"), "administrative", "in statement 1 allows * on *"),
        (
            policy(json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})),
            "administrative",
            "in statement 1 allows everything but iam:* on *",
        ),
        (
            allow("sts:AssumeRole", "arn:aws:iam::*:role/*"),
            "passes-role",
            "in statement 1 allows sts:AssumeRole on arn:aws:iam::*:role/*",
        ),
    ] {
        let stack = Stack::new();
        // The version in force is what counts.
        let arn = stack.account.put_policy(Policy::named("Own", report()).version(document.clone()));
        let listed = json!({"ManagedPolicyArns": format!("{AUDIT},{arn}")});
        let (refusal, amounts_to) = if code == "administrative" {
            (administrator_by(&arn, finding), "may give administrator-equivalent access")
        } else {
            let refusal =
                format!("ManagedPolicyArns passes or assumes roles: {arn} {finding}. {NAME_ROLES} [passes-role]");
            (refusal, "passes or assumes roles")
        };
        check_refused(stack.clone(), listed, &[refusal]).await;
        // Permitted by both, it is a warning.
        let permitted = stack.with("PERMIT_ADMINISTRATIVE_ACCESS", "true");
        let warning = format!("ManagedPolicyArns {amounts_to}: {arn} {finding}. [{code}]");
        check_made(
            permitted,
            json!({"ManagedPolicyArns": arn, "AllowAdministrativeAccess": true}),
            json!({"attached": [arn], "told": {"Warnings": [warning]}}),
        )
        .await;
    }
    let stack = Stack::new();
    let tamed = stack.account.put_policy(Policy::named("Tamed", allow("*", "*")).version(report()));
    check_made(stack, json!({"ManagedPolicyArns": [tamed]}), json!({"attached": [tamed]})).await;
}

// --- What makes an administrator ---

#[tokio::test(start_paused = true)]
async fn aws_policies_for_administrators_are_refused() {
    for name in ["AdministratorAccess", "administratoraccess", "PowerUserAccess", "IAMFullAccess"] {
        let arn = format!("arn:aws:iam::aws:policy/{name}");
        check_refused(Stack::new(), json!({"ManagedPolicyArns": arn}), &[administrator_by_name(&arn)]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_spelling_of_a_policy_gets_past_its_judgement() {
    let administrator = administrator_by_custom_policy;
    let passes = passes_roles_by_custom_policy;
    for (statement, finding) in [
        (json!({"Effect": "Allow", "Action": "*", "Resource": "*"}), administrator("statement 1 allows * on *")),
        (
            json!({"Effect": "Allow", "Action": "*", "Resource": "arn:*:iam:*"}),
            administrator("statement 1 allows * on arn:*:iam:*"),
        ),
        (
            json!({"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::111111111111:role/One"}),
            administrator("statement 1 allows iam:* on arn:aws:iam::111111111111:role/One"),
        ),
        (
            json!({"Effect": "Allow", "Action": "IAM:PUTROLEPOL*", "Resource": "*"}),
            administrator("statement 1 allows iam:PutRolePolicy on *"),
        ),
        (
            json!({"Effect": "Allow", "Action": "iam:PutR*Policy", "Resource": "arn:aws:iam::111111111111:role/*"}),
            administrator("statement 1 allows iam:PutRolePolicy on arn:aws:iam::111111111111:role/*"),
        ),
        (
            json!({"Effect": "Allow", "Action": ["ec2:RunInstances", "iam:?assRole"], "Resource": ["arn:aws:s3:::a", "arn:aws:iam:*"]}),
            passes("statement 1 allows iam:PassRole on arn:aws:iam:*"),
        ),
        (
            json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
                "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}}),
            passes("statement 1 allows iam:PassRole on *"),
        ),
        (
            json!({"Effect": "Allow", "Action": "sts:AssumeRole", "NotResource": "arn:aws:iam::111111111111:role/One"}),
            passes("statement 1 allows sts:AssumeRole on everything but arn:aws:iam::111111111111:role/One"),
        ),
        (
            json!({"Effect": "Allow", "NotAction": "s3:*", "Resource": "arn:aws:s3:::a"}),
            administrator("statement 1 allows everything but s3:* on arn:aws:s3:::a"),
        ),
        (
            json!({"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": "arn:aws:iam::*:user/app"}),
            administrator("statement 1 allows iam:CreateAccessKey on arn:aws:iam::*:user/app"),
        ),
        (
            json!({"Sid": "Innocent", "Effect": "Allow", "Action": "lambda:UpdateFunctionCode", "Resource": "*"}),
            administrator("statement 1 (Sid Innocent) allows lambda:UpdateFunctionCode on *"),
        ),
    ] {
        let warning = finding
            .replace(&format!(" {NARROW}"), "")
            .replace(&format!(" {NAME_ROLES}"), "")
            .replace("CustomPolicy gives", "CustomPolicy may give");
        let told = [finding];
        check_refused(Stack::new(), json!({"CustomPolicy": policy(statement.clone())}), &told).await;
        check_refused(Stack::new(), json!({"CustomPolicy": policy(statement.clone()).to_string()}), &told).await;
        // Permitted by both, it is let through as it stands, and is a warning.
        let permitted = owner(&[("PERMIT_ADMINISTRATIVE_ACCESS", "true")]);
        check_made(
            permitted,
            json!({"CustomPolicy": policy(statement.clone()), "AllowAdministrativeAccess": true}),
            json!({"inline": {"CustomPolicy": policy(statement)}, "told": {"Warnings": [warning]}}),
        )
        .await;
    }
    // What IAM refuses is judged all the same.
    let by_iam =
        |problem: &str| format!("CustomPolicy would be rejected by IAM: In statement 1, {problem} [invalid-policy]");
    let part = |arn: &str| {
        by_iam(&format!(
            "\"{arn}\" has no full service name in its third part: write one without wildcards, such as s3."
        ))
    };
    for (custom, problems, finding) in [
        (
            allow("i?m:*", "*"),
            vec![by_iam("\"i?m:*\" has a wildcard in the service: write its full name, as in s3:Get*.")],
            administrator("statement 1 allows iam:* on *"),
        ),
        (
            allow("*:*", "arn:*"),
            vec![by_iam("\"*:*\" has a wildcard in the service: write *."), part("arn:*")],
            administrator("statement 1 allows * on arn:*"),
        ),
        (
            policy(
                json!({"Effect": "Allow", "Action": ["ec2:RunInstances", "iam:?assRole"], "Resource": ["arn:aws:s3:::a", "arn:*"]}),
            ),
            vec![part("arn:*")],
            passes("statement 1 allows iam:PassRole on arn:*"),
        ),
    ] {
        let told = [problems, vec![finding]].concat();
        check_refused(Stack::new(), json!({"CustomPolicy": custom}), &told).await;
    }
    // One role by name is a warning.
    let one =
        policy(json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111111111111:role/One"}));
    let warning = "CustomPolicy passes or assumes roles: statement 1 allows iam:PassRole on arn:aws:iam::111111111111:role/One. \
                   [passes-role]";
    check_made(
        Stack::new(),
        json!({"CustomPolicy": one}),
        json!({"inline": {"CustomPolicy": one}, "told": {"Warnings": [warning]}}),
    )
    .await;
    // Reading IAM is no escalation, nor is a deny.
    for harmless in [
        json!({"Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"}),
        json!({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}),
    ] {
        let custom = policy(harmless);
        check_made(Stack::new(), json!({"CustomPolicy": custom}), json!({"inline": {"CustomPolicy": custom}})).await;
    }
}

#[tokio::test(start_paused = true)]
async fn allow_administrative_access() {
    check_is_one_value("AllowAdministrativeAccess").await;
    check_bad("AllowAdministrativeAccess", [(json!("yes"), "is \"yes\"; it must be true or false. [invalid-value]")])
        .await;
    let not_permitted = "AllowAdministrativeAccess is true, which the function's owner does not permit (PermitAdministrativeAccess). [not-permitted-by-owner]";
    check_refused(Stack::new(), json!({"AllowAdministrativeAccess": true}), &[not_permitted]).await;
    let administrator = administrator_by_name(ADMINISTRATOR);
    check_refused(
        Stack::new(),
        json!({"AllowAdministrativeAccess": true, "ManagedPolicyArns": ADMINISTRATOR}),
        &[not_permitted, &administrator],
    )
    .await;
    let permitted = || owner(&[("PERMIT_ADMINISTRATIVE_ACCESS", "true")]);
    for asked in [
        json!({"ManagedPolicyArns": ADMINISTRATOR}),
        json!({"ManagedPolicyArns": ADMINISTRATOR, "AllowAdministrativeAccess": false}),
    ] {
        check_refused(permitted(), asked, &[&administrator]).await;
    }
    check_made(
        permitted(),
        json!({"AllowAdministrativeAccess": true, "ManagedPolicyArns": ADMINISTRATOR}),
        json!({"attached": [ADMINISTRATOR], "told": {"Warnings": [format!(
            "ManagedPolicyArns may give administrator-equivalent access: {ADMINISTRATOR}. [administrative]"
        )]}}),
    )
    .await;
}

// --- What the role is ---

#[tokio::test(start_paused = true)]
async fn role_name() {
    for name in ["a", "A_+=,.@-9", &"n".repeat(53)] {
        check_made(Stack::new(), json!({"RoleName": name}), json!({"name": name})).await;
    }
    check_is_one_value("RoleName").await;
    let form = "it must be 1 to 64 characters of A-Za-z0-9_+=,.@-. [invalid-value]";
    for bad in ["a b", "a/b", "Prüfer", "a*", "a\u{660}"] {
        check_refused(Stack::new(), json!({"RoleName": bad}), &[format!("RoleName is \"{bad}\"; {form}")]).await;
    }
    // It may be an external ID in the wrong property.
    let hidden = format!("RoleName is not well-formed (its value is not repeated here); {form}");
    for bad in ["n".repeat(65), "acme:7d1c9a3e".into()] {
        check_refused(Stack::new(), json!({"RoleName": bad}), &[&hidden]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_name_that_is_left_out_is_derived() {
    let derived = async |stack: &Stack, path: &str| {
        let (role, _) = made(stack, &json!({"RoleName": null, "Path": path})).await;
        role.name
    };
    let stack = Stack::new();
    let name = derived(&stack, "/delegated/").await;
    let hash = name.strip_prefix("customer-Access-").expect("the stack's name and the logical ID");
    assert!(hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    assert_eq!(derived(&Stack::new(), "/delegated/").await, name, "the same on every retry");
    let others = [
        derived(&stack, "/delegated/eu/").await,
        derived(&Stack { logical_id: "Other".into(), ..Stack::new() }, "/delegated/").await,
        derived(&Stack { id: stack.id.replace("1111-", "0000-"), ..Stack::new() }, "/delegated/").await,
    ];
    assert!(!others.contains(&name), "{others:?}");
}

#[tokio::test(start_paused = true)]
async fn reserved_role_names() {
    for name in [
        "AWSServiceRoleForSupport",
        "AWSReservedSSO_Admin_0123456789abcdef",
        "stacksets-exec-0123456789abcdef",
        "OrganizationAccountAccessRole",
        "organizationaccountaccessrole",
        "AWSControlTowerExecution",
        "cdk-hnb659fds-deploy-role",
        "CDK-deploy",
        "service-provider-access-us-west-2",
        "Service-Provider-Access",
        "service-provider-accessible",
    ] {
        let sentence = format!(
            "RoleName is {name}, a name that AWS, the CDK or this function reserves for its own roles; choose another. [reserved-name]"
        );
        check_refused(Stack::new(), json!({"RoleName": name}), &[sentence]).await;
    }
    for name in ["OrganizationAccountAccessRole2", "my-cdk-role", "AWSControlTower"] {
        check_made(Stack::new(), json!({"RoleName": name}), json!({"name": name})).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_derived_name_is_a_reserved_one() {
    let stack = Stack::new();
    let stack = Stack { id: stack.id.replace("/customer/", "/cdk-customer/"), ..stack };
    let answer = stack.create(but(plain(), &json!({"RoleName": null}))).await;
    assert!(!answer.succeeded() || !answer.physical_id().starts_with("cdk-"), "{}", answer.physical_id());
}

#[tokio::test(start_paused = true)]
async fn whatever_its_name_a_role_that_was_made_can_be_removed() {
    let stack = Stack::new();
    let wish = but(plain(), &json!({"RoleName": "refused-0123456789abcdef"}));
    let answer = stack.create(wish.clone()).await;
    assert!(stack.delete(answer.physical_id(), wish).await.succeeded());
    assert_eq!(stack.account.roles(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn path() {
    for path in ["/delegated/", "/delegated/eu/", "/delegated/a_+=,.@-9/b/"] {
        check_made(Stack::new(), json!({"Path": path}), json!({"path": path})).await;
    }
    let longest = format!("/delegated/{}/", "p".repeat(500));
    let long =
        "Path and role name together have 519 characters; the console's role switcher accepts 64 at most. [long-name]";
    check_made(Stack::new(), json!({"Path": longest}), json!({"path": longest, "told": {"Warnings": [long]}})).await;

    check_is_one_value("Path").await;
    let form = "it must be a path of up to 512 characters that starts and ends in a slash, with segments of A-Za-z0-9_+=,.@- \
                between, such as /delegated/. [invalid-value]";
    for bad in ["delegated", "/delegated", "delegated/", "/delegated//eu/", "/delegated/e u/", "/delegated/*/"] {
        check_refused(Stack::new(), json!({"Path": bad}), &[format!("Path is \"{bad}\"; {form}")]).await;
    }
    let longer = format!("/delegated/{}/", "p".repeat(501));
    check_refused(Stack::new(), json!({"Path": longer}), &[format!("Path is \"{}…\"; {form}", &longer[..80])]).await;
    for elsewhere in ["/", "/other/", "/delegated2/", "/Delegated/"] {
        let sentence = format!(
            "Path is {elsewhere}, but the function's owner requires paths that start with /delegated/ (RolePathPrefix). [not-permitted-by-owner]"
        );
        check_refused(Stack::new(), json!({"Path": elsewhere}), &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn reserved_paths() {
    for path in
        ["/aws-service-role/", "/aws-service-role/support.amazonaws.com/", "/aws-reserved/", "/aws-reserved/sso/"]
    {
        let reserved = format!("Path is {path}, which AWS reserves for its own roles; choose another. [reserved-name]");
        let elsewhere = format!(
            "Path is {path}, but the function's owner requires paths that start with /delegated/ (RolePathPrefix). [not-permitted-by-owner]"
        );
        check_refused(Stack::new(), json!({"Path": path}), &[&reserved, &elsewhere]).await;
        // Not even the owner can have them.
        check_refused(owner(&[("ROLE_PATH_PREFIX", path)]), json!({}), &[&reserved]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn description() {
    let longest = "é".repeat(1000);
    for text in ["for the auditor", "7", &longest, "two\nlines"] {
        check_made(Stack::new(), json!({"Description": text}), json!({"description": text})).await;
    }
    check_is_one_value("Description").await;
    let form = "it must be up to 1000 characters of Latin-1 (up to U+00FF) without control characters. [invalid-value]";
    for (bad, shown) in [
        ("to → from".to_owned(), "to → from".to_owned()),
        ("bell\u{7}".to_owned(), "bell ".to_owned()),
        ("d".repeat(1001), format!("{}…", "d".repeat(80))),
    ] {
        check_refused(Stack::new(), json!({"Description": bad}), &[format!("Description is \"{shown}\"; {form}")])
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn tags() {
    let (longest_key, longest_value) = ("k".repeat(128), "v".repeat(256));
    check_good([
        (json!({"Tags": []}), json!({})),
        (
            json!({"Tags": [{"Key": "team", "Value": "platform"}, {"Key": "cost center", "Value": ""}]}),
            json!({"tags": {"team": "platform", "cost center": ""}}),
        ),
        (
            json!({"Tags": [{"Value": 7, "Key": "n"}, {"Key": "b", "Value": true}]}),
            json!({"tags": {"n": "7", "b": "true"}}),
        ),
        (
            json!({"Tags": [{"Key": longest_key, "Value": longest_value}]}),
            json!({"tags": {longest_key.as_str(): longest_value}}),
        ),
    ])
    .await;
    let exact = "[0] must be an object with Key and Value, both strings, and nothing else. [invalid-value]";
    let key = "[0] has a Key that IAM rejects; give 1 to 128 letters, digits, spaces or _.:/=+-@. [invalid-value]";
    let value = "[0] has a Value that IAM rejects; give up to 256 letters, digits, spaces or _.:/=+-@. [invalid-value]";
    let reserved =
        |key: &str| format!("[0] has the Key {key}, whose prefix is reserved; choose another. [reserved-name]");
    for (tags, told) in [
        (json!("team=platform"), " must be a list of objects with Key and Value. [invalid-value]".to_owned()),
        (json!(""), " must be a list of objects with Key and Value. [invalid-value]".into()),
        (json!({"team": "platform"}), " must be a list of objects with Key and Value. [invalid-value]".into()),
        (json!(["team"]), exact.into()),
        (json!([{"Key": "team"}]), exact.into()),
        (json!([{"Key": "team", "Value": []}]), exact.into()),
        (json!([{"Key": "team", "Value": "a", "PropagateAtLaunch": true}]), exact.into()),
        (json!([{"Key": "", "Value": "a"}]), key.into()),
        (json!([{"Key": "k".repeat(129), "Value": "a"}]), key.into()),
        (json!([{"Key": "a,b", "Value": "a"}]), key.into()),
        (json!([{"Key": "team", "Value": "v".repeat(257)}]), value.into()),
        (json!([{"Key": "team", "Value": "a;b"}]), value.into()),
        (json!([{"Key": "aws:team", "Value": "a"}]), reserved("aws:team")),
        (json!([{"Key": "AWS:team", "Value": "a"}]), reserved("AWS:team")),
        (json!([{"Key": EXTERNAL_ID_TAG, "Value": "a"}]), reserved(EXTERNAL_ID_TAG)),
        (json!([{"Key": "Service-Provider-Access:revoke", "Value": "a"}]), reserved("Service-Provider-Access:revoke")),
        (
            json!([{"Key": "team", "Value": "a"}, {"Key": "Team", "Value": "b"}]),
            "[1] repeats the Key Team; IAM ignores letter case in tag keys, give each once. [repeated-value]".into(),
        ),
    ] {
        check_refused(Stack::new(), json!({"Tags": tags}), &[format!("Tags{told}")]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn permissions_boundary() {
    for arn in [BOUNDARY, AUDIT] {
        let stack = Stack::new();
        stack.account.put_policy(Policy::named("Boundary", allow("*", "*")));
        check_made(stack, json!({"PermissionsBoundary": arn}), json!({"boundary": arn})).await;
    }
    check_is_one_value("PermissionsBoundary").await;
    check_bad(
        "PermissionsBoundary",
        [
            (
                json!("Boundary"),
                "is \"Boundary\"; it must be the ARN of a managed policy, such as arn:aws:iam::aws:policy/SecurityAudit. [invalid-value]",
            ),
            (
                json!("arn:aws:iam::333333333333:policy/Boundary"),
                "is arn:aws:iam::333333333333:policy/Boundary of another account; give a policy of this account or of AWS. [other-account]",
            ),
            (
                json!("arn:aws-cn:iam::aws:policy/SecurityAudit"),
                "is arn:aws-cn:iam::aws:policy/SecurityAudit, which is not in this partition (aws). [other-partition]",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn policy_ownership() {
    for (ownership, theirs_stay) in [(Value::Null, false), (json!("Exclusive"), false), (json!("Declared"), true)] {
        let stack = Stack::new();
        let wish = json!({"PolicyOwnership": ownership, "CustomPolicy": report()});
        made(&stack, &wish).await;
        stack.account.edit(|aws| {
            let role = aws.role_mut("Auditor");
            role.attached_policies.push(EC2.into());
            role.inline_policies.insert("Theirs".into(), report().into());
        });
        let wish = but(plain(), &wish);
        let answer = stack.update("Auditor", wish.clone(), but(wish, &json!({"Revision": "2"}))).await;
        assert!(answer.succeeded(), "{}", answer.reason());
        let expected = if theirs_stay {
            json!({"inline": {"CustomPolicy": report(), "Theirs": report()}, "attached": [EC2, AUDIT]})
        } else {
            json!({"inline": {"CustomPolicy": report()}, "told": {"Warnings": [
                format!("{EC2} was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive). [policy-removed]"),
                "Theirs was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive). [policy-removed]",
            ]}})
        };
        assert_eq!(
            seen(&stack.account.role("Auditor").unwrap(), &answer.0["Data"]),
            but(plain_role(), &expected),
            "{ownership}"
        );
    }
    check_is_one_value("PolicyOwnership").await;
    for bad in ["exclusive", "Shared", "true"] {
        let sentence = format!("PolicyOwnership is \"{bad}\"; it must be Exclusive or Declared. [invalid-value]");
        check_refused(Stack::new(), json!({"PolicyOwnership": bad}), &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn revision() {
    for value in [json!(""), json!("2"), json!(2), json!(true), json!("2026-11-22 once more")] {
        check_made(Stack::new(), json!({"Revision": value}), json!({})).await;
    }
    check_bad(
        "Revision",
        [
            (json!([]), "is a list; give a string. [invalid-value]"),
            (json!({}), "is an object; give a string. [invalid-value]"),
        ],
    )
    .await;
}

// --- IAM's limits, with the arithmetic ---

/// A policy of so many characters without white space.
fn policy_of(size: usize) -> Value {
    let shortest = allow("s3:GetObject", "arn:aws:s3:::").to_string().len();
    allow("s3:GetObject", &format!("arn:aws:s3:::{}", "b".repeat(size - shortest)))
}

#[tokio::test(start_paused = true)]
async fn inline_policies_have_10240_characters_at_most_and_two_are_our_own() {
    let ours = guardrails(&[]).to_string().len();
    let revocation = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-11-22T12:00:00.000Z"}}}]}"#.len();
    let left = 10_240 - ours - revocation;
    let fits = policy_of(left);
    let inline = json!({"inline": {"CustomPolicy": fits}});
    check_made(Stack::new(), json!({"CustomPolicy": fits}), inline.clone()).await;
    check_made(Stack::new(), json!({"CustomPolicy": format!("{fits:#}")}), inline).await;
    let sentence = |size: usize, left: usize, ours: usize| {
        format!(
            "CustomPolicy has {size} characters without white space, {} more than the {left} that are left for it: IAM allows \
             10240 for all inline policies of a role, ServiceProviderAccessGuardrails needs {ours} of them, and \
             AWSRevokeOlderSessions may need {revocation}. Move statements to a managed policy and add it to \
             ManagedPolicyArns. [quota-exceeded]",
            size - left
        )
    };
    for size in [left + 1, 10_240, 12_000] {
        let told = [sentence(size, left, ours)];
        check_refused(Stack::new(), json!({"CustomPolicy": policy_of(size)}), &told).await;
    }
    // An end of the access takes its place, too.
    let end = guardrails(&[nothing_from("2027-01-31T18:00:00Z")]).to_string().len() - ours;
    let told = [sentence(left, left - end, ours + end)];
    let wish = json!({"CustomPolicy": policy_of(left), "ExpiresAt": "2027-01-31T18:00:00Z"});
    check_refused(Stack::new(), wish, &told).await;
    // A policy that is never written takes none.
    let left = 10_240 - ours;
    let fits = policy_of(left);
    let never = json!({"CustomPolicy": fits, "RevokeSessions": "Never"});
    let stack = Stack::new();
    check_made(stack.clone(), never.clone(), json!({"inline": {"CustomPolicy": fits}})).await;
    // So an update that narrows the trust has room, too.
    let (before, after) = (but(plain(), &never), but(plain(), &but(never, &json!({"RequireMfa": true}))));
    let answer = stack.update("Auditor", before, after).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    // And one that writes the guardrails again, for another end.
    let until =
        |time: &str| json!({"CustomPolicy": policy_of(left - end), "RevokeSessions": "Never", "ExpiresAt": time});
    let [before, after] = ["2027-01-31T18:00:00Z", "2027-02-28T18:00:00Z"].map(|time| but(plain(), &until(time)));
    let stack = Stack::new();
    assert!(stack.create(before.clone()).await.succeeded());
    let answer = stack.update("Auditor", before, after).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    let told = [format!(
        "CustomPolicy has {} characters without white space, 1 more than the {left} that are left for it: IAM allows 10240 for all \
         inline policies of a role, ServiceProviderAccessGuardrails needs {ours} of them. Move statements to a managed policy and \
         add it to ManagedPolicyArns. [quota-exceeded]",
        left + 1
    )];
    let wish = json!({"CustomPolicy": policy_of(left + 1), "RevokeSessions": "Never"});
    check_refused(Stack::new(), wish, &told).await;
}

#[tokio::test(start_paused = true)]
async fn a_role_has_as_many_managed_policies_as_the_accounts_quota() {
    for (quota, fits) in [(10, 10), (20, 20), (25, 25)] {
        let stack = Stack::new();
        stack.account.edit(|aws| aws.quotas.attached_policies_per_role = quota);
        let mut arns = own_policies(&stack, fits + 1);
        let sentence = format!(
            "ManagedPolicyArns contains {} policies, 1 more than the {quota} that IAM allows on a role in this account; combine \
             some, or raise the quota. [quota-exceeded]",
            fits + 1
        );
        check_refused(stack.clone(), json!({"ManagedPolicyArns": arns}), &[&sentence]).await;
        check_refused(stack.clone(), json!({"ManagedPolicyArns": arns.join(",")}), &[&sentence]).await;
        arns.pop();
        let difference = json!({"ManagedPolicyArns": arns});
        arns.sort();
        check_made(stack, difference, json!({"attached": arns})).await;
    }
}

/// The size of the trust in a role that differs so from the plain one.
fn trust_size(difference: &Value) -> usize {
    policy(but(plain_role(), difference)["trust"].clone()).to_string().len()
}

#[tokio::test(start_paused = true)]
async fn a_trust_policy_is_as_long_as_the_accounts_quota() {
    let ids = |length: usize| [format!("A{}", "x".repeat(length - 1)), format!("B{}", "x".repeat(length - 1))];
    let trust = |length| json!({"trust": {"Condition": {"StringEquals": {"sts:ExternalId": ids(length)}}}});
    let sentence = |size: usize, quota: usize| {
        format!(
            "ExternalAwsAccountId, ExternalId, AllowedPrincipalArns and SourceIps together make a trust policy of {size} \
             characters, {} more than the {quota} that IAM allows in this account; shorten one of them, or raise the quota. [quota-exceeded]",
            size - quota
        )
    };
    // The longest pair that fits.
    let longest = (1..1224).take_while(|length| trust_size(&trust(*length)) <= 2_048).last().unwrap();
    let (role, told) = made(&Stack::new(), &json!({"ExternalId": ids(longest)})).await;
    assert_eq!(role.trust.json()["Statement"][0]["Condition"], trust(longest)["trust"]["Condition"]);
    assert_eq!(told["ExternalId"], json!(ids(longest)[0]));

    let size = trust_size(&trust(longest + 1));
    check_refused(Stack::new(), json!({"ExternalId": ids(longest + 1)}), &[sentence(size, 2_048)]).await;

    let raised = Stack::new();
    raised.account.edit(|aws| aws.quotas.trust_size = 2_600);
    let (role, _) = made(&raised, &json!({"ExternalId": ids(1_150)})).await;
    assert_eq!(role.trust.json()["Statement"][0]["Condition"], trust(1_150)["trust"]["Condition"]);
    let (size, raised) = (trust_size(&trust(1_224)), Stack::new());
    raised.account.edit(|aws| aws.quotas.trust_size = 2_600);
    check_refused(raised, json!({"ExternalId": ids(1_224)}), &[sentence(size, 2_600)]).await;
}

#[tokio::test(start_paused = true)]
async fn a_raised_quota_counts_whatever_makes_the_trust_long() {
    let stack = Stack::new();
    stack.account.edit(|aws| aws.quotas.trust_size = 8_192);
    let accounts: Vec<String> = (1..=10).map(|number| format!("2222222222{number:02}")).collect();
    let ranges: Vec<String> = (100..195).map(|number| format!("8.8.{number}.0/24")).collect();
    let long = json!({
        "ExternalAwsAccountId": accounts, "SourceIps": ranges, "RequireMfa": true, "MfaMaxAge": 3600,
        "PrincipalOrgId": "o-a1b2c3d4e5",
    });
    let (role, _) = made(&stack, &long).await;
    assert!(role.trust.size() > 2_048, "{} characters are no proof", role.trust.size());
}

#[tokio::test(start_paused = true)]
async fn a_role_has_45_tags_of_the_templates_at_most() {
    let some =
        |count: usize| -> Vec<Value> { (0..count).map(|n| json!({"Key": format!("k{n}"), "Value": "v"})).collect() };
    let all: Map<String, Value> = (0..45).map(|n| (format!("k{n}"), json!("v"))).collect();
    check_made(Stack::new(), json!({"Tags": some(45)}), json!({"tags": all})).await;
    check_refused(
        Stack::new(),
        json!({"Tags": some(46)}),
        &["Tags has 46 tags; IAM allows 50 on a role, and this resource needs 5 of them, so give at most 45. [quota-exceeded]"],
    )
    .await;
}

// --- What is told, though it is allowed ---

#[tokio::test(start_paused = true)]
async fn an_external_id_that_is_easily_guessed_is_warned_of() {
    let advice = "Let the provider generate a random one, or leave ExternalId out. [weak-external-id]";
    for (id, why) in [
        ("fifteen-letters", "is shorter than 16 characters, which is easily guessed"),
        ("222222222222", "looks like an account ID, which is no secret and easily guessed"),
        ("arn:aws:iam::222222222222:role/Deploy", "is an ARN, which others can know or guess"),
        ("somebody.else@example.com", "looks like an e-mail address, which others know"),
        ("1234567890123456", "is made of digits only, which is easily guessed"),
        ("1.234567890123456E15", "looks like a number that YAML reformatted: put it in quotes in the template"),
        ("1.2345678901234567e+22", "looks like a number that YAML reformatted: put it in quotes in the template"),
        ("1234567890123456.0", "looks like a number that YAML reformatted: put it in quotes in the template"),
    ] {
        let trust = |ids: Value| json!({"Condition": {"StringEquals": {"sts:ExternalId": ids}}});
        check_made(
            Stack::new(),
            json!({"ExternalId": id}),
            json!({"trust": trust(json!(id)), "told": {"ExternalId": id, "Warnings": [format!("ExternalId {why}. {advice}")]}}),
        )
        .await;
        check_made(
            Stack::new(),
            json!({"ExternalId": [ID, id]}),
            json!({
                "trust": trust(in_order(json!([ID, id]))),
                "told": {"Warnings": [format!("ExternalId (number 2) {why}. {advice}")]},
            }),
        )
        .await;
    }
    let sixteen = "sixteen--letters";
    check_made(
        Stack::new(),
        json!({"ExternalId": sixteen}),
        json!({"trust": {"Condition": {"StringEquals": {"sts:ExternalId": sixteen}}}, "told": {"ExternalId": sixteen}}),
    )
    .await;
}

/// A name that the catalogue does not know is read. IAM says whether it exists, before anything is written.
#[tokio::test(start_paused = true)]
async fn an_aws_policy_of_an_unknown_name_is_read_first() {
    let arn = "arn:aws:iam::aws:policy/SecurityAudti";
    let missing = format!(
        "ManagedPolicyArns contains {arn}, which does not exist; create it first or remove it. [policy-not-found]"
    );
    check_refused(Stack::new(), json!({"ManagedPolicyArns": arn}), &[missing]).await;
    // A name that it knows costs no call.
    let stack = Stack::new();
    made(&stack, &json!({})).await;
    assert!(!stack.account.calls().iter().any(|call| call.contains("GetPolicy")), "{:?}", stack.account.calls());
}

#[tokio::test(start_paused = true)]
async fn broad_policies_are_warned_of() {
    let read_only = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let read_all = format!("ManagedPolicyArns reads data or obtains credentials: {read_only}. [reads-data]");
    check_made(
        Stack::new(),
        json!({"ManagedPolicyArns": [read_only]}),
        json!({"attached": [read_only], "told": {"Warnings": [read_all]}}),
    )
    .await;
    for (action, resource) in [("ce:*", "*"), ("pricing:*", "arn:*")] {
        let custom = allow(action, resource);
        let broad = format!("statement 1 allows {action} on {resource}. [broad]");
        // IAM accepts only the first of them.
        if resource == "*" {
            let warning = format!("CustomPolicy is broad: {broad}");
            check_made(
                Stack::new(),
                json!({"CustomPolicy": custom}),
                json!({"inline": {"CustomPolicy": custom}, "told": {"Warnings": [warning]}}),
            )
            .await;
        }
        let stack = Stack::new();
        let own = stack.account.put_policy(Policy::named("Own", custom));
        check_made(
            stack,
            json!({"ManagedPolicyArns": own}),
            json!({"attached": [own], "told": {"Warnings": [format!("ManagedPolicyArns is broad: {own} in {broad}")]}}),
        )
        .await;
    }
    let bucket = allow("s3:*", "arn:aws:s3:::reports/*");
    check_made(Stack::new(), json!({"CustomPolicy": bucket}), json!({"inline": {"CustomPolicy": bucket}})).await;
}

const GRANTS_NOTHING: &str = "The role grants nothing: set CustomPolicy or ManagedPolicyArns. [grants-nothing]";

#[tokio::test(start_paused = true)]
async fn a_role_that_grants_nothing_is_warned_of() {
    let deny = policy(json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}));
    check_good([
        (json!({"ManagedPolicyArns": null}), json!({"attached": [], "told": {"Warnings": [GRANTS_NOTHING]}})),
        (
            json!({"ManagedPolicyArns": null, "CustomPolicy": deny}),
            json!({"attached": [], "inline": {"CustomPolicy": deny}, "told": {"Warnings": [GRANTS_NOTHING]}}),
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_role_whose_managed_policies_only_deny_grants_nothing() {
    let stack = Stack::new();
    let deny = policy(json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}));
    let own = stack.account.put_policy(Policy::named("NoBuckets", deny));
    check_made(
        stack,
        json!({"ManagedPolicyArns": own}),
        json!({"attached": [own], "told": {"Warnings": [GRANTS_NOTHING]}}),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_name_too_long_for_the_console_is_warned_of() {
    // The prefix alone has 11 characters.
    let (fits, long) = ("n".repeat(53), "n".repeat(54));
    let warning =
        "Path and role name together have 65 characters; the console's role switcher accepts 64 at most. [long-name]";
    check_good([
        (json!({"RoleName": fits}), json!({"name": fits})),
        (json!({"RoleName": long}), json!({"name": long, "told": {"Warnings": [warning]}})),
    ])
    .await;
}

// --- What the function's owner decides ---

#[tokio::test(start_paused = true)]
async fn owner_role_path_prefix() {
    let eu = || owner(&[("ROLE_PATH_PREFIX", "/partners/eu/")]);
    let mut guarded = guardrails(&[]);
    guarded["Statement"][1]["Resource"] = json!(["arn:aws:iam::111111111111:role/partners/eu/*"]);
    let inline = json!({"ServiceProviderAccessGuardrails": guarded});
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

#[tokio::test(start_paused = true)]
async fn owner_required_permissions_boundary() {
    let required = || {
        let stack = owner(&[("REQUIRED_PERMISSIONS_BOUNDARY", BOUNDARY)]);
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
    // Set to nothing and not set at all are the same: nobody.
    for nobody in [owner(&[("TRUSTED_ACCOUNT_IDS", "")]), Stack { settings: Vec::new(), ..Stack::new() }] {
        check_refused(nobody, json!({}), &[refused(PROVIDER, "none")]).await;
    }
    let two = || owner(&[("TRUSTED_ACCOUNT_IDS", "222222222222, 444444444444")]);
    check_made(two(), json!({}), json!({})).await;
    let allowed = "only 222222222222, 444444444444";
    check_refused(two(), json!({"ExternalAwsAccountId": OTHER_PROVIDER}), &[refused(OTHER_PROVIDER, allowed)]).await;
    check_refused(
        two(),
        json!({"ExternalAwsAccountId": [PROVIDER, OTHER_PROVIDER]}),
        &[refused(OTHER_PROVIDER, allowed)],
    )
    .await;
    // Not even the owner lets a role trust its own account.
    for settings in ["*", ACCOUNT] {
        check_refused(
            owner(&[("TRUSTED_ACCOUNT_IDS", settings)]),
            json!({"ExternalAwsAccountId": ACCOUNT}),
            &["ExternalAwsAccountId is 111111111111, which is this account; give the provider's account ID. [own-account]"],
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn owner_allowed_managed_policy_arns() {
    let patterns = "arn:aws:iam::aws:policy/*ReadOnlyAccess, arn:aws:iam::aws:policy/AdministratorAccess";
    let some = || owner(&[("ALLOWED_MANAGED_POLICY_ARNS", patterns)]);
    check_made(some(), json!({"ManagedPolicyArns": EC2}), json!({"attached": [EC2]})).await;
    let sentence = |arn: &str| {
        format!(
            "ManagedPolicyArns contains {arn}, which the function's owner does not allow (AllowedManagedPolicyArns). [not-permitted-by-owner]"
        )
    };
    check_refused(some(), json!({"ManagedPolicyArns": [EC2, AUDIT]}), &[sentence(AUDIT)]).await;
    let stack = some();
    let own = stack.account.put_policy(Policy::named("MyReadOnlyAccess", report()));
    check_refused(stack, json!({"ManagedPolicyArns": own}), &[sentence(&own)]).await;
    // To be attachable is not to be harmless.
    check_refused(some(), json!({"ManagedPolicyArns": ADMINISTRATOR}), &[administrator_by_name(ADMINISTRATOR)]).await;
}

#[tokio::test(start_paused = true)]
async fn owner_max_session_duration_cap() {
    let hour = || owner(&[("MAX_SESSION_DURATION_CAP", "3600")]);
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
    let sixteen = || owner(&[("MIN_EXTERNAL_ID_LENGTH", "16")]);
    check_made(sixteen(), json!({}), json!({})).await;
    let fits = "sixteen--letters";
    let (_, told) = made(&sixteen(), &json!({"ExternalId": fits})).await;
    assert_eq!((&told["ExternalId"], &told["Warnings"]), (&json!(fits), &json!("")));
    let what =
        "has 15 characters; the function's owner requires 16 or more (MinExternalIdLength). [not-permitted-by-owner]";
    let short = "fifteen-letters";
    check_refused(sixteen(), json!({"ExternalId": short}), &[format!("ExternalId {what}")]).await;
    check_refused(sixteen(), json!({"ExternalId": [ID, short]}), &[format!("ExternalId (number 2) {what}")]).await;
    // A generated one has its own length.
    let longest = owner(&[("MIN_EXTERNAL_ID_LENGTH", "1224")]);
    let (_, told) = made(&longest, &json!({"ExternalId": null})).await;
    assert_eq!(told["ExternalId"].as_str().map(str::len), Some(40));
}

#[tokio::test(start_paused = true)]
async fn owner_settings_that_are_wrong_permit_nothing() {
    for (variable, value, sentence) in [
        (
            "ROLE_PATH_PREFIX",
            "/",
            "must be a path of at least one segment that starts and ends in a slash. [invalid-setting]",
        ),
        (
            "ROLE_PATH_PREFIX",
            "/delegated",
            "must be a path of at least one segment that starts and ends in a slash. [invalid-setting]",
        ),
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
        ("PERMIT_MISSING_EXTERNAL_ID", "yes", "must be true or false. [invalid-setting]"),
        ("MIN_EXTERNAL_ID_LENGTH", "sixteen", "must be a whole number from 2 to 1224 (characters). [invalid-setting]"),
        ("MAX_SESSION_DURATION_CAP", "43201", "must be a whole number from 3600 to 43200 (seconds). [invalid-setting]"),
        ("PERMIT_ADMINISTRATIVE_ACCESS", "1", "must be true or false. [invalid-setting]"),
    ] {
        let sentence = format!(
            "The function's own settings are wrong, so it creates and changes no role; its owner must correct them. {variable} {sentence}"
        );
        check_refused(owner(&[(variable, value)]), json!({}), &[sentence]).await;
    }
}

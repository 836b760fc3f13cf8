//! Every property and every setting of the owner: its default, its effect on a role, and which values are refused.
//!
//! A row contains only how its role differs from the plain one, and is compared with the whole role. All properties are
//! sent twice: with all scalars as strings, as CloudFormation sends them, and in their native form.

mod administrators;
mod external_id;
mod owner;
mod policies;
mod quotas;
mod role;
mod sessions;
mod together;
mod trust;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::fixtures::{AUDIT, GUARDRAILS, ID, LOGICAL_ID_TAG, PROVIDER, STACK_TAG, STATE_TAG, merged};
use crate::stack::Stack;
use crate::wire::iam::Role;

const BOUNDARY: &str = "arn:aws:iam::111111111111:policy/Boundary";

/// Each of several external IDs admits each of several accounts.
const SHARED: &str = "ExternalId has 2 values and ExternalAwsAccountId has 2: each external ID admits each account. If the accounts belong to \
                      different providers, use a role for each. [shared-external-ids]";

/// Properties that leave nothing to chance.
fn plain() -> Value {
    json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT})
}

/// The role with the plain properties, and the answer.
fn plain_role() -> Value {
    json!({
        "name": "Auditor",
        "path": "/delegated/",
        "description": "",
        "session": 3600,
        "boundary": "",
        "attached": [AUDIT],
        "inline": {GUARDRAILS: guardrails(&[])},
        "tags": {
            STACK_TAG: Stack::new().id,
            LOGICAL_ID_TAG: "Access",
        },
        "trust": {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": ID}},
        },
        "answer": {"ExternalId": ID, "ExternalAwsAccountId": PROVIDER, "SwitchRoleUrl": "", "Warnings": []},
    })
}

/// The guardrail policy of each role, with these additional statements.
fn guardrails(more: &[Value]) -> Value {
    let function = "arn:aws:lambda:*:111111111111:function:service-provider-access";
    let deny = |sid: &str, but: &[&str], resources: &[&str]| json!({"Sid": sid, "Effect": "Deny", "NotAction": but, "Resource": resources});
    let reads_functions = ["lambda:Get*", "lambda:List*"];
    let functions = [function, &format!("{function}:*")];
    let reads_roles =
        ["iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy", "sts:*"];
    let reads_stacks =
        ["cloudformation:Describe*", "cloudformation:Detect*", "cloudformation:Get*", "cloudformation:List*"];
    let stacks = [
        "arn:aws:cloudformation:*:111111111111:stack/customer/*",
        "arn:aws:cloudformation:*:*:stackset/service-provider-access*",
        "arn:aws:cloudformation:*:*:stackset-target/service-provider-access*",
    ];
    let mut statements = vec![
        deny("DenyFunctionChanges", &reads_functions, &functions),
        deny("DenyEventSourceChanges", &reads_functions, &["*"]),
        deny("DenyRoleChanges", &reads_roles, &["arn:aws:iam::111111111111:role/delegated/*"]),
        deny("DenyStackChanges", &reads_stacks, &stacks),
        deny("DenyCodeChanges", &["s3:Get*", "s3:List*"], &["arn:aws:s3:::service-provider-access-*"]),
    ];
    statements[1]["Condition"] = json!({"ArnLike": {"lambda:FunctionArn": functions}});
    statements.extend_from_slice(more);
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// The statement that ends all access.
fn expiry(end: &str) -> Value {
    json!({
        "Sid": "DenyAllAfterExpiry", "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": end}},
    })
}

/// The role, and the answer about it.
fn observed(role: &Role, data: &Value) -> Value {
    let trust = role.trust.json();
    let [statement] = trust["Statement"].as_array().unwrap().as_slice() else { panic!("one statement: {trust}") };
    assert_eq!(trust, json!({"Version": "2012-10-17", "Statement": [statement]}), "only the statement");
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
        "answer": {
            "ExternalId": data["ExternalId"],
            "ExternalAwsAccountId": data["ExternalAwsAccountId"],
            "SwitchRoleUrl": data["SwitchRoleUrl"],
            "Warnings": data["Warnings"].as_str().unwrap().lines().collect::<Vec<_>>(),
        },
    })
}

/// Sorts all lists: in a trust policy, their order has no meaning.
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

/// Makes a role whose properties differ from the plain ones, and returns it and the attributes.
async fn made(stack: &Stack, difference: &Value) -> (Role, Value) {
    let properties = merged(plain(), difference);
    let answer = stack.create(properties.clone()).await;
    assert!(answer.succeeded(), "{difference}: {}", answer.reason());
    let role = stack.account.role(answer.physical_id()).unwrap();
    let data = &answer.0["Data"];
    assert_eq!(
        (&data["RoleName"], &data["RoleArn"], &data["Arn"], &data["RoleId"], &data["MaxSessionDuration"]),
        (
            &json!(role.name),
            &json!(role.arn),
            &json!(role.arn),
            &json!(role.id),
            &json!(role.max_session_duration.to_string())
        )
    );

    // The same properties with native scalars are the same request, delivered again.
    stack.account.clear_calls();
    let again = stack.send(stack.event("Create", &json!({"ResourceProperties": properties}))).await;
    assert_eq!(again, answer, "{difference}");
    assert_eq!(stack.account.writes(), [format!("CreateRole {}", role.name)], "{difference}");
    (role, data.clone())
}

/// Properties with this difference make a role with this difference from the plain one.
async fn check_made(stack: Stack, difference: Value, expected: Value) {
    let (role, data) = made(&stack, &difference).await;
    let (observed, expected) = (observed(&role, &data), merged(plain_role(), &expected));
    assert!(observed == expected, "{difference} made\n{observed:#}\ninstead of\n{expected:#}");
}

/// Properties with this difference are answered with exactly these problems, and nothing is written.
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
    let properties = merged(plain(), &difference);
    let native = stack.event("Create", &json!({"ResourceProperties": properties}));
    for answer in [stack.create(properties.clone()).await, stack.send(native).await] {
        assert_eq!(answer.reason(), expected, "{difference}");
        assert!(answer.physical_id().starts_with("refused-"), "{difference}");
        assert_eq!(stack.account.writes(), Vec::<String>::new(), "{difference}");
    }
}

async fn check_all_made<const N: usize>(rows: [(Value, Value); N]) {
    for (difference, expected) in rows {
        check_made(Stack::new(), difference, expected).await;
    }
}

/// Values of one property, each with the problem after the name of the property.
async fn check_all_refused<const N: usize>(property: &str, rows: [(Value, &str); N]) {
    for (value, sentence) in rows {
        check_refused(Stack::new(), json!({property: value}), &[format!("{property} {sentence}")]).await;
    }
}

/// Checks what each property with a single value refuses.
async fn check_refuses_empty_and_compound_values(property: &str) {
    let empty = "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]";
    let list = "is a list; give one value, not a list or an object. [invalid-value]";
    let object = "is an object; give one value, not a list or an object. [invalid-value]";
    check_all_refused(property, [(json!(""), empty), (json!([]), list), (json!({"Ref": "Other"}), object)]).await;
}

/// A stack whose function has these settings of the owner, and defaults for all others.
fn with_settings(settings: &[(&'static str, &str)]) -> Stack {
    settings.iter().fold(Stack::new(), |stack, (variable, value)| stack.with(variable, value))
}

/// The remedy for all findings of this kind. It comes with the only finding, or once after all.
const NARROW: &str = "Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's \
                      PermitAdministrativeAccess must both be true.";

fn narrow_it(finding: &str) -> String {
    format!("{finding}. {NARROW} [administrative]")
}

fn administrator_by_custom_policy(finding: &str) -> String {
    narrow_it(&format!("CustomPolicy gives administrator-equivalent access: {finding}"))
}

fn administrator_by_managed_policy(arn: &str, finding: &str) -> String {
    narrow_it(&format!("ManagedPolicyArns gives administrator-equivalent access: {arn} {finding}"))
}

fn administrator_by_name(arn: &str) -> String {
    narrow_it(&format!("ManagedPolicyArns gives administrator-equivalent access: {arn}"))
}

/// The remedy for all findings about passed or assumed roles.
const NAME_ROLES: &str = "Name only roles that the owner lists, or ask the owner to add them; reserved roles, such as cdk-*, \
                          must be listed exactly as the policy names them.";
const PASSES: &str = "passes or assumes roles that the owner does not list in PassableRoleArns";

fn passes_roles_by_custom_policy(finding: &str) -> String {
    format!("CustomPolicy {PASSES}: {finding}. {NAME_ROLES} [passes-role]")
}

//! The role that the template itself declares: each property that one role can have is a parameter, and reaches the
//! role.

use std::collections::BTreeSet;

use delegated_role_core::resource_types::DELEGATED_ROLE;
use serde_json::{Map, Value, json};

use super::deployed;
use crate::fixtures::{ACCOUNT, PROVIDER};
use crate::stack::Stack;
use crate::template::Deployment;

/// What a parameter cannot contain (lists of objects), and the Region, which stackset.yaml sets.
const OTHER: [&str; 3] = ["HomeRegion", "Policies", "Tags"];

/// Each property: what it is by default, a value of its parameter, and what that becomes.
fn properties() -> Vec<(&'static str, Value, &'static str, Value)> {
    let policy = r#"{"Version": "2012-10-17", "Statement": []}"#;
    let boundary = "arn:aws:iam::111111111111:policy/Other";
    let user = "arn:aws:iam::222222222222:user/on-call/*";
    let role = "arn:aws:iam::222222222222:role/Deploy";
    vec![
        ("ExternalId", Value::Null, "an-id-of-the-provider", json!("an-id-of-the-provider")),
        ("RequireExternalId", json!("true"), "false", json!("false")),
        ("RequireMfa", json!("false"), "true", json!("true")),
        ("MfaMaxAge", Value::Null, "3600", json!("3600")),
        ("AllowedPrincipalArns", Value::Null, &*format!("{user},{role}").leak(), json!([user, role])),
        ("PrincipalOrgId", Value::Null, "o-a1b2c3d4e5", json!("o-a1b2c3d4e5")),
        ("SourceIps", Value::Null, "203.0.113.0/24,2001:db8::/32", json!(["203.0.113.0/24", "2001:db8::/32"])),
        ("AllowSessionTags", json!("false"), "true", json!("true")),
        ("AllowSourceIdentity", json!("false"), "true", json!("true")),
        ("ExpiresAt", Value::Null, "2099-01-31T18:00:00Z", json!("2099-01-31T18:00:00Z")),
        ("MaxSessionDuration", json!("3600"), "7200", json!("7200")),
        ("RevokeSessions", json!("OnNarrowing"), "Never", json!("Never")),
        ("ManagedPolicyArns", json!("arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"), "", Value::Null),
        ("CustomPolicy", Value::Null, policy, json!(policy)),
        ("PermissionsBoundary", json!(super::SHIPPED_BOUNDARY), boundary, json!(boundary)),
        ("AllowAdministrativeAccess", json!("false"), "true", json!("true")),
        ("PolicyOwnership", json!("Exclusive"), "Declared", json!("Declared")),
        ("RoleName", Value::Null, "Auditor", json!("Auditor")),
        ("Path", Value::Null, "/delegated/audit/", json!("/delegated/audit/")),
        ("Description", Value::Null, "For the yearly audit", json!("For the yearly audit")),
        ("Revision", Value::Null, "2", json!("2")),
    ]
}

fn made() -> Deployment {
    deployed().with("ExternalAwsAccountId", PROVIDER)
}

/// The properties that the stack sends to the function.
fn role(deployment: &Deployment) -> Map<String, Value> {
    let properties = deployment.resolved("/Resources/DelegatedRole/Properties");
    let mut properties = properties.as_object().unwrap().clone();
    assert_eq!(properties.remove("ServiceTimeout"), Some(json!(360)));
    assert!(properties.remove("ServiceToken").is_some());
    properties
}

#[test]
fn every_property_is_a_parameter_and_what_is_empty_is_left_out() {
    let mut known: BTreeSet<_> = DELEGATED_ROLE.properties().map(|property| property.name).collect();
    for other in ["ServiceToken", "ServiceTimeout"].iter().chain(&OTHER) {
        assert!(known.remove(other), "{other}");
    }
    let given = properties().into_iter().map(|(name, ..)| name);
    assert_eq!(given.chain(["ExternalAwsAccountId"]).collect::<BTreeSet<_>>(), known);

    let mut default = Map::new();
    default.insert("ExternalAwsAccountId".into(), json!([PROVIDER]));
    for (name, value, ..) in properties().into_iter().filter(|(_, value, ..)| !value.is_null()) {
        default.insert(name.into(), value);
    }
    assert_eq!(role(&made()), default);
    for (name, _, text, value) in properties() {
        let mut changed = default.clone();
        if value.is_null() {
            drop(changed.remove(name));
        } else {
            drop(changed.insert(name.into(), value));
        }
        assert_eq!(role(&made().with(name, text)), changed, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_function_accepts_what_the_parameters_become() {
    let deployment = made().with("RequiredPermissionsBoundary", "none").with("PermitAdministrativeAccess", "true");
    let given = properties().into_iter().filter(|(name, ..)| {
        // The policies stay, and so does the external ID.
        !["RequireExternalId", "ManagedPolicyArns", "CustomPolicy", "PermissionsBoundary"].contains(name)
    });
    let deployment = given.fold(deployment, |deployment, (name, _, text, _)| deployment.with(name, text));
    let mut stack = Stack::new();
    stack.settings = deployment.environment().into_iter().map(|(name, value)| (&*name.leak(), value)).collect();
    let answer = stack.create(Value::Object(role(&deployment))).await;
    assert!(answer.succeeded(), "{}", answer.0);
    assert_eq!(answer.attribute("RoleArn"), format!("arn:aws:iam::{ACCOUNT}:role/delegated/audit/Auditor"));
    let role = stack.account.role("Auditor").unwrap();
    assert_eq!((role.max_session_duration, role.description.as_deref()), (7200, Some("For the yearly audit")));
}

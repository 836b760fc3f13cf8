//! One role as a native resource.

use delegated_role_core::identifiers::{AccountId, ExternalId, PolicyArn, Region};
use delegated_role_core::role::declaration::Declaration;
use delegated_role_core::role::delegation::{ExternalIdChoice, PolicyOwnership, RevokeSessions};
use delegated_role_core::role::desired::DesiredRole;
use delegated_role_core::role::goal::Goal;
use delegated_role_core::role::guardrail_policy::GUARDRAIL_POLICY;
use delegated_role_core::role::ownership::OUR_TAGS;
use delegated_role_core::timestamp::Timestamp;
use serde_json::{Map, Value, json};

use crate::deployment::Deployment;
use crate::judgement::{Declared, NO_ACCOUNT, offline_lookup};
use crate::outcome::Unusable;
use crate::worlds::World;

/// A role as a native resource.
#[derive(Debug)]
pub struct Native {
    /// Its name in the template.
    pub logical_id: String,
    /// The parameters that stand for its external IDs.
    pub parameters: Vec<String>,
    /// Its properties.
    pub properties: Map<String, Value>,
    /// What a native role cannot express, and what is not known: sentences.
    pub comments: Vec<String>,
}

/// The native resource of a role that the function accepts.
///
/// # Errors
/// Too little is known.
pub fn native(declared: &Declared, deployment: &Deployment, now: Timestamp) -> Result<Native, Unusable> {
    let account = deployment.inputs.account.clone().or_else(|| AccountId::parse(NO_ACCOUNT).ok());
    let region = deployment.inputs.region.clone().or_else(|| Region::parse("us-east-1").ok());
    let installation = account.zip(region).and_then(|(account, region)| deployment.installation(&account, &region));
    let installation = installation.ok_or_else(|| Unusable::new("The account and Region make no function's ARN."))?;
    let properties = World::Planned.properties(&declared.properties);
    let lookup = offline_lookup(&properties, &installation);
    let resource = declared.resource(&installation, deployment);
    let declaration = Declaration { resource, properties, previous: None, sent: None };
    let fresh = ExternalId::from_random([0; ExternalId::RANDOM_BYTES]);
    let goal = Goal::read(&declaration, &installation, lookup, now, fresh).map_err(|problems| {
        Unusable::new(format!("{} cannot be written while so much is unknown: {problems}", declared.logical_id))
    })?;
    let ids = goal.external_ids(None, None, true);
    let role = goal.desired(&declaration.resource, &ids);
    let places = Places {
        account: deployment.inputs.account.is_none(),
        stack: deployment.stack.is_none() && deployment.inputs.stack_name.is_none(),
    };
    let parameters: Vec<String> = (1..=ids.in_force.len())
        .map(|number| {
            format!("{}ExternalId{}", declared.logical_id, if number > 1 { number.to_string() } else { String::new() })
        })
        .collect();
    let mut properties = properties_of(&role, &parameters, places);
    if let Some(name) = &goal.delegation.role_name {
        properties.insert("RoleName".to_owned(), json!(name.as_str()));
    }
    let mut comments = Vec::new();
    if goal.delegation.external_id == ExternalIdChoice::Generated {
        comments.push(
            "The function generates the external ID and keeps it. For a native role, generate one and give it as parameter."
                .to_owned(),
        );
    }
    if goal.delegation.revoke_sessions == RevokeSessions::OnNarrowing {
        comments.push("RevokeSessions: the function ends sessions when the trust becomes narrower. Sessions of a native role continue.".to_owned());
    }
    if goal.delegation.policy_ownership == PolicyOwnership::Exclusive {
        comments.push("PolicyOwnership: every update by the function removes policies that others add. CloudFormation leaves them.".to_owned());
    }
    if let Some(region) = &goal.delegation.home_region {
        comments.push(format!(
            "HomeRegion: the stacks of other Regions share the role of {region}. A native role has one stack."
        ));
    }
    if deployment.limits.function_role.is_none() {
        comments.push(format!(
            "{GUARDRAIL_POLICY}: the function also denies changes of its own role and of the stack that installs it, which are not \
             known here."
        ));
    }
    for unknown in declared.unknown(deployment) {
        let (property, reasons) = (unknown.property, unknown.reasons.join("; "));
        comments.push(format!(
            "{property} is known after deployment only: {reasons}. A value that stands for it is written here."
        ));
    }
    Ok(Native { logical_id: declared.logical_id.clone(), parameters, properties, comments })
}

/// What is not known of the place of the stack, and so becomes a pseudo parameter.
#[derive(Clone, Copy)]
struct Places {
    account: bool,
    stack: bool,
}

fn properties_of(role: &DesiredRole, parameters: &[String], places: Places) -> Map<String, Value> {
    let mut trust = Value::Object(role.trust.to_document().members().clone());
    if !parameters.is_empty()
        && let Some(condition) = trust.pointer_mut("/Statement/0/Condition/StringEquals")
    {
        let mut values: Vec<Value> = parameters.iter().map(|name| json!({ "Ref": name })).collect();
        condition["sts:ExternalId"] = if values.len() == 1 { values.remove(0) } else { values.into() };
    }
    let guardrails = (GUARDRAIL_POLICY.to_owned(), role.guardrails());
    let policies = role.inline.clone().into_iter().chain([guardrails]).map(|(name, policy)| {
        json!({ "PolicyName": name, "PolicyDocument": placed(&Value::Object(policy.members().clone()), places) })
    });
    let tags = role.tags.0.iter().filter(|(key, _)| !key.to_lowercase().starts_with(OUR_TAGS));
    let tags: Vec<Value> = tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    let attached: Vec<Value> = role.attached.iter().map(|arn| placed(&json!(arn.as_str()), places)).collect();
    let mut properties = Map::new();
    let mut put = |name: &str, value: Value| properties.insert(name.to_owned(), value);
    put("Path", json!(role.path.as_str()));
    put("MaxSessionDuration", json!(role.max_session_duration));
    put("AssumeRolePolicyDocument", trust);
    put("Policies", policies.collect());
    if !attached.is_empty() {
        put("ManagedPolicyArns", attached.into());
    }
    if let Some(boundary) = role.permissions_boundary.as_ref().map(PolicyArn::as_str) {
        put("PermissionsBoundary", placed(&json!(boundary), places));
    }
    if !role.description.is_empty() {
        put("Description", json!(role.description));
    }
    if !tags.is_empty() {
        put("Tags", tags.into());
    }
    properties
}

/// The same with pseudo parameters for what is not known of the place.
fn placed(value: &Value, places: Places) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| placed(item, places)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), placed(value, places))).collect::<Map<_, _>>().into()
        }
        Value::String(text) => {
            let mut pattern = text.replace("${", "${!");
            if places.account {
                pattern = pattern.replace(NO_ACCOUNT, "${AWS::AccountId}");
            }
            if places.stack {
                pattern = pattern.replace(":stack/stack/", ":stack/${AWS::StackName}/");
            }
            if pattern.contains("${AWS::") { json!({ "Fn::Sub": pattern }) } else { value.clone() }
        }
        other => other.clone(),
    }
}

//! The two judges: the code that reads properties, and an evaluation of the schema.

use regex_lite::Regex;
use serde_json::{Value, json};

use super::super::{ACCESS_CHECK, DELEGATED_ROLE, EXTERNAL_ID, Form, ResourceType};
use crate::access_check::question::Check;
use crate::external_id::Derivation;
use crate::findings::{Code, Finding, Problems};
use crate::identifiers::FunctionArn;
use crate::installation::Installation;
use crate::owner_limits::Settings;
use crate::role::account_lookup::{AccountLookup, Quotas};
use crate::role::delegation::Delegation;
use crate::role::ownership::StackResource;
use crate::timestamp::Timestamp;
use crate::values::Properties;

/// Of these the schema knows the form and the function more: private ranges, days of a month, characters of tags, and
/// the items of a list in one string.
pub(super) const CODE_IS_STRICTER: &[&str] =
    &["SourceIps", "ExpiresAt", "Tags", "ManagedPolicyArns", "CustomPolicy", "Policies"];

/// What each judge says: whether the properties are well-formed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdicts {
    pub(super) code: bool,
    pub(super) schema: bool,
}

/// The names of a type's own properties.
pub(super) fn property_names(resource_type: &ResourceType) -> Vec<&'static str> {
    resource_type.own.iter().map(|property| property.name).collect()
}

/// Properties that are enough, and those that `property` needs.
pub(super) fn base(resource_type: &ResourceType, property: &str) -> Properties {
    let value = match (resource_type.name, property) {
        ("Custom::DelegatedRole", "MfaMaxAge") => json!({"ExternalAwsAccountId": "222222222222", "RequireMfa": true}),
        ("Custom::DelegatedRole", "HomeRegion") => json!({
            "ExternalAwsAccountId": "222222222222", "RoleName": "Acme", "ExternalId": "an-external-id",
        }),
        ("Custom::DelegatedRole", _) => json!({"ExternalAwsAccountId": "222222222222"}),
        ("Custom::AccessCheck", _) => {
            json!({"RoleArn": "arn:aws:iam::222222222222:role/Acme", "ExternalId": "an-external-id"})
        }
        _ => json!({}),
    };
    value.as_object().cloned().unwrap_or_default()
}

pub(super) fn judge(resource_type: &ResourceType, property: &str, value: &Value) -> Verdicts {
    let mut properties = base(resource_type, property);
    properties.insert(property.to_owned(), value.clone());
    verdicts(resource_type, &properties)
}

pub(super) fn judge_without(resource_type: &ResourceType, property: &str) -> Verdicts {
    let mut properties = base(resource_type, "");
    properties.remove(property);
    verdicts(resource_type, &properties)
}

pub(super) fn verdicts(resource_type: &ResourceType, properties: &Properties) -> Verdicts {
    let findings = findings(resource_type, properties);
    let schema = is_valid(&resource_type.json_schema(), &Value::Object(properties.clone()));
    Verdicts { code: !findings.iter().any(is_about_the_form), schema }
}

/// Whether a value is a number or a boolean where the code reads a string: it accepts what CloudFormation makes of it,
/// the schema does not, since YAML may have changed it (`1.10`, `yes`, `012`).
pub(super) fn schema_asks_for_quotes(resource_type: &ResourceType, property: &str, value: &Value) -> bool {
    let of_text = |value: &Value| value.is_boolean() || value.as_number().is_some_and(|number| !number.is_u64());
    match resource_type.property(property).map(|property| &property.form) {
        Some(Form::Text(_) | Form::List { .. }) => {
            value.as_array().map_or_else(|| of_text(value), |items| items.iter().any(of_text))
        }
        _ => false,
    }
}

/// What the form of a property is about: not what the owner, the account, the clock or the permissions are.
fn is_about_the_form(finding: &Finding) -> bool {
    matches!(
        finding.code,
        Code::UnknownProperty
            | Code::MissingProperty
            | Code::EmptyValue
            | Code::InvalidValue
            | Code::RepeatedValue
            | Code::ConflictingProperties
            | Code::InvalidPolicy
    ) || (finding.code == Code::QuotaExceeded && finding.property == "Tags")
}

fn findings(resource_type: &ResourceType, properties: &Properties) -> Vec<Finding> {
    let problems = match resource_type.name {
        name if name == DELEGATED_ROLE.name => delegation(properties).err(),
        name if name == EXTERNAL_ID.name => Derivation::read(properties, None).err(),
        name if name == ACCESS_CHECK.name => {
            let installation = installation();
            Check::read(properties, installation.account(), "stack", "Check").err()
        }
        other => panic!("{other} has no code"),
    };
    problems.map(|problems| problems.in_order().into_iter().cloned().collect()).unwrap_or_default()
}

/// The properties of a role, as the function reads them where its owner permits everything.
pub(super) fn delegation(properties: &Properties) -> Result<Delegation, Problems> {
    let resource = StackResource {
        stack_id: "arn:aws:cloudformation:eu-west-1:111111111111:stack/acme/9f2c".to_owned(),
        stack_name: "acme".to_owned(),
        logical_id: "Role".to_owned(),
    };
    let quotas = Quotas { attached_policies: usize::MAX, trust_policy_characters: usize::MAX };
    let lookup = AccountLookup { quotas, ..AccountLookup::default() };
    let now = Timestamp::parse("2027-01-01T00:00:00Z").expect("a time");
    Delegation::read(properties, &resource, &installation(), &lookup, now, false)
}

fn installation() -> Installation {
    let function = "arn:aws:lambda:eu-west-1:111111111111:function:service-provider-access";
    let settings = Settings::from_environment(|name| match name {
        "ROLE_PATH_PREFIX" => Some("/delegated/".to_owned()),
        "TRUSTED_ACCOUNT_IDS" => Some("*".to_owned()),
        "PERMIT_MISSING_EXTERNAL_ID" | "PERMIT_ADMINISTRATIVE_ACCESS" => Some("true".to_owned()),
        _ => None,
    });
    Installation {
        function: FunctionArn::parse(function).expect("an ARN"),
        limits: settings.limits.expect("well-formed settings"),
    }
}

/// JSON Schema, as far as the schemas use it. An unknown keyword is an error, because other tools would ignore it.
fn is_valid(schema: &Value, value: &Value) -> bool {
    let members = match schema {
        Value::Bool(valid) => return *valid,
        Value::Object(members) => members,
        other => panic!("{other} is not a schema"),
    };
    let valid = |schema: &Value| is_valid(schema, value);
    let number = |limit: &Value| limit.as_f64().expect("a number");
    let count = |limit: &Value| usize::try_from(limit.as_u64().expect("a count")).expect("a count");
    let (text, items, object) = (value.as_str(), value.as_array(), value.as_object());
    members.iter().all(|(keyword, argument)| match keyword.as_str() {
        "type" => match argument {
            Value::Array(types) => types.iter().any(|one| is_of_type(one, value)),
            one => is_of_type(one, value),
        },
        "enum" => argument.as_array().expect("a list").contains(value),
        "const" => argument == value,
        "pattern" => {
            let pattern = Regex::new(argument.as_str().expect("a pattern")).expect("a pattern");
            text.is_none_or(|text| pattern.is_match(text))
        }
        "minLength" => text.is_none_or(|text| text.chars().count() >= count(argument)),
        "maxLength" => text.is_none_or(|text| text.chars().count() <= count(argument)),
        "minimum" => value.as_f64().is_none_or(|given| given >= number(argument)),
        "maximum" => value.as_f64().is_none_or(|given| given <= number(argument)),
        "items" => items.is_none_or(|items| items.iter().all(|item| is_valid(argument, item))),
        "minItems" => items.is_none_or(|items| items.len() >= count(argument)),
        "maxItems" => items.is_none_or(|items| items.len() <= count(argument)),
        "uniqueItems" => {
            items.is_none_or(|items| items.iter().enumerate().all(|(at, item)| !items[..at].contains(item)))
        }
        "properties" => object.is_none_or(|object| {
            let of = |name: &String| argument.get(name).unwrap_or(&Value::Bool(true));
            object.iter().all(|(name, value)| is_valid(of(name), value))
        }),
        "additionalProperties" => object.is_none_or(|object| {
            assert_eq!(argument, &Value::Bool(false));
            object.keys().all(|name| members["properties"].get(name).is_some())
        }),
        "required" => object.is_none_or(|object| {
            argument.as_array().expect("a list").iter().all(|name| object.contains_key(name.as_str().expect("a name")))
        }),
        "allOf" => argument.as_array().expect("a list").iter().all(valid),
        "anyOf" => argument.as_array().expect("a list").iter().any(valid),
        "if" => !valid(argument) || members.get("then").is_none_or(valid),
        "then" | "$schema" | "title" | "description" | "default" | "errorMessage" | "code" | "ref" | "attributes"
        | "otherNames" => true,
        other => panic!("{other} is not a keyword of the schemas"),
    })
}

fn is_of_type(name: &Value, value: &Value) -> bool {
    match name.as_str().expect("the name of a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("{other} is not a type"),
    }
}

//! A shipped template, resolved as CloudFormation resolves it for the values of its parameters. Any other intrinsic
//! function, resource or attribute than the known ones is a panic.

use std::collections::BTreeMap;

use regex_lite::{Captures, Regex};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use crate::fixtures::ACCOUNT;

const TEMPLATE: &str = include_str!("../../template.yaml");
const PROVIDER_TEMPLATE: &str = include_str!("../../provider.yaml");
const ORGANIZATION_TEMPLATE: &str = include_str!("../../organization.yaml");
const BOUNDARY_TEMPLATE: &str = include_str!("../../examples/permissions-boundary.yaml");
const ONBOARDING_TEMPLATE: &str = include_str!("../../examples/provider-onboarding.yaml");
const WATCH_TEMPLATE: &str = include_str!("../../examples/watch-use.yaml");

/// The attributes of resources, beside those that follow from the template.
const ATTRIBUTES: [(&str, &str); 8] = [
    ("AccessCheck.RoleArn", "arn:aws:iam::999999999999:role/delegated/ProviderAccess"),
    ("ExternalId.ExternalId", "the-external-id-of-this-customer"),
    ("ExternalId.PreviousExternalId", "the-previous-id-of-this-customer"),
    ("AuditRule.Arn", "arn:aws:events:us-east-1:111111111111:rule/service-provider-access-AuditRule-AbCdEf"),
    ("Rule.Arn", "arn:aws:events:us-east-1:111111111111:rule/watch-Rule-AbCdEf"),
    ("Function", "service-provider-access"),
    ("Key", "11111111-2222-3333-4444-555555555555"),
    ("Topic", "arn:aws:sns:us-east-1:111111111111:watch-Topic-AbCdEf"),
];

/// What other stacks export.
const EXPORTS: [(&str, &str); 1] = [(
    "service-provider-access-provider-ServiceToken",
    "arn:aws:lambda:us-east-1:111111111111:function:service-provider-access-provider",
)];

/// A template with all intrinsic functions in their long form.
pub(crate) fn read(template: &str) -> Value {
    let documents = Yaml::load_from_str(template).unwrap();
    let [document] = documents.as_slice() else { panic!("a template must be one document") };
    in_long_form(document)
}

/// The template with values for its parameters.
#[derive(Clone)]
pub(crate) struct Deployment {
    /// With all intrinsic functions in their long form.
    template: Value,
    parameters: BTreeMap<String, String>,
    partition: &'static str,
    /// The logical ID of the function's role.
    role: &'static str,
}

impl Deployment {
    /// The template of the customer, with the defaults of all parameters.
    pub(crate) fn of_shipped_template() -> Self {
        Self::of(TEMPLATE, "FunctionRole")
    }

    /// The template of the provider, with the defaults of all parameters.
    pub(crate) fn of_provider_template() -> Self {
        Self::of(PROVIDER_TEMPLATE, "CheckingRole")
    }

    /// The example of a permissions boundary, with the defaults of all parameters.
    pub(crate) fn of_boundary_template() -> Self {
        Self::of(BOUNDARY_TEMPLATE, "(none)")
    }

    /// The bucket with the code, for an organization.
    pub(crate) fn of_organization_template() -> Self {
        Self::of(ORGANIZATION_TEMPLATE, "(none)")
    }

    /// The example of a provider's stack for one customer, with the defaults of all parameters.
    pub(crate) fn of_onboarding_template() -> Self {
        Self::of(ONBOARDING_TEMPLATE, "(none)")
    }

    /// The example that sends a message for each use of a role, with the defaults of all parameters.
    pub(crate) fn of_watch_template() -> Self {
        Self::of(WATCH_TEMPLATE, "(none)")
    }

    fn of(template: &str, role: &'static str) -> Self {
        let template = read(template);
        let parameters = template["Parameters"].as_object().unwrap();
        let default = |(name, declared): (&String, &Value)| Some((name.clone(), text(declared.get("Default")?)));
        Self { parameters: parameters.iter().filter_map(default).collect(), template, partition: "aws", role }
    }

    /// With another value, which the template must accept.
    pub(crate) fn with(mut self, parameter: &str, value: &str) -> Self {
        assert!(self.accepts(parameter, value), "{parameter} cannot be {value:?}");
        self.parameters.insert(parameter.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn in_partition(mut self, partition: &'static str) -> Self {
        self.partition = partition;
        self
    }

    /// The part of the template at this pointer, unresolved.
    pub(crate) fn declared(&self, pointer: &str) -> &Value {
        self.template.pointer(pointer).unwrap_or_else(|| panic!("the template has no {pointer}"))
    }

    /// The part of the template at this pointer, resolved.
    pub(crate) fn resolved(&self, pointer: &str) -> Value {
        self.resolve(self.declared(pointer)).unwrap_or_else(|| panic!("{pointer} comes to nothing"))
    }

    /// What the function may do.
    pub(crate) fn policy(&self) -> Value {
        self.resolved(&format!("/Resources/{}/Properties/Policies/0/PolicyDocument", self.role))
    }

    /// The environment that the template gives to the function.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let variables = self.resolved("/Resources/Function/Properties/Environment/Variables");
        variables.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }

    /// Whether CloudFormation would take this value for a parameter.
    pub(crate) fn accepts(&self, parameter: &str, value: &str) -> bool {
        let declared = self.declared(&format!("/Parameters/{parameter}")).as_object().unwrap();
        let number = || value.parse::<i64>().ok();
        declared.iter().all(|(constraint, limit)| match constraint.as_str() {
            "Type" => match limit.as_str().unwrap() {
                "String" => true,
                "Number" => number().is_some(),
                other => panic!("unknown type of parameter {other}"),
            },
            "AllowedPattern" => Regex::new(limit.as_str().unwrap()).unwrap().is_match(value),
            "AllowedValues" => limit.as_array().unwrap().iter().any(|allowed| text(allowed) == value),
            "MinValue" => number() >= limit.as_i64(),
            "MaxValue" => number().is_some() && number() <= limit.as_i64(),
            "MinLength" => value.len() >= usize::try_from(limit.as_u64().unwrap()).unwrap(),
            "MaxLength" => value.len() <= usize::try_from(limit.as_u64().unwrap()).unwrap(),
            "Default" | "Description" | "ConstraintDescription" => true,
            other => panic!("unknown constraint {other} of {parameter}"),
        })
    }

    /// None where `AWS::NoValue` takes it away.
    fn resolve(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Object(members) => {
                if let Some((function, argument)) = intrinsic(members) {
                    return self.call(function, argument);
                }
                let resolved = members.iter().filter_map(|(name, value)| Some((name.clone(), self.resolve(value)?)));
                Some(Value::Object(resolved.collect()))
            }
            Value::Array(items) => Some(items.iter().filter_map(|item| self.resolve(item)).collect()),
            scalar => Some(scalar.clone()),
        }
    }

    fn call(&self, function: &str, argument: &Value) -> Option<Value> {
        match (function, argument) {
            ("Ref", name) if name == "AWS::NoValue" => None,
            ("Ref", Value::String(name)) => Some(self.value_of(name).into()),
            ("Fn::If", Value::Array(items)) if items.len() == 3 => {
                let holds = self.named_condition_holds(items[0].as_str().unwrap());
                self.resolve(&items[if holds { 1 } else { 2 }])
            }
            ("Fn::Sub", Value::String(text)) => {
                let placeholder = Regex::new(r"\$\{([^}]*)\}").unwrap();
                let filled = placeholder.replace_all(text, |found: &Captures<'_>| self.value_of(&found[1]));
                Some(filled.into())
            }
            // With its own values. `${AWS::…}` and parameters are replaced as above.
            ("Fn::Sub", Value::Array(items)) if items.len() == 2 => {
                let filled = items[1].as_object().unwrap().iter().fold(text(&items[0]), |filled, (name, value)| {
                    filled.replace(&format!("${{{name}}}"), &text(&self.resolve(value).unwrap()))
                });
                self.call(function, &filled.into())
            }
            ("Fn::Split", Value::Array(items)) if items.len() == 2 => {
                let (separator, whole) = (text(&items[0]), text(&self.resolve(&items[1])?));
                Some(whole.split(&separator).collect())
            }
            ("Fn::Join", Value::Array(items)) if items.len() == 2 => {
                let parts: Vec<String> = self.resolve(&items[1])?.as_array().unwrap().iter().map(text).collect();
                Some(parts.join(&text(&items[0])).into())
            }
            ("Fn::Select", Value::Array(items)) if items.len() == 2 => {
                let index = usize::try_from(items[0].as_u64().unwrap()).unwrap();
                Some(self.resolve(&items[1])?[index].clone())
            }
            ("Fn::ImportValue", name) => {
                let export = EXPORTS.iter().find(|(export, _)| name == export);
                Some(export.unwrap_or_else(|| panic!("unknown export {name}")).1.into())
            }
            ("Fn::GetAtt", Value::Array(parts))
                if attribute(&format!("{}.{}", text(&parts[0]), text(&parts[1]))).is_some() =>
            {
                attribute(&format!("{}.{}", text(&parts[0]), text(&parts[1]))).map(Into::into)
            }
            ("Fn::GetAtt", argument) if *argument == json!(["Bucket", "Arn"]) => {
                Some(self.value_of("Bucket.Arn").into())
            }
            ("Fn::GetAtt", argument) if *argument == json!(["LogGroup", "Arn"]) => {
                let name = text(&self.resolved("/Resources/LogGroup/Properties/LogGroupName"));
                Some(format!("arn:{}:logs:us-east-1:{ACCOUNT}:log-group:{name}:*", self.partition).into())
            }
            ("Fn::GetAtt", argument) if *argument == json!(["FunctionRole", "Arn"]) => Some(
                format!("arn:{}:iam::{ACCOUNT}:role/service-provider-access-FunctionRole-AbCdEf", self.partition)
                    .into(),
            ),
            ("Fn::GetAtt", argument) if *argument == json!(["Function", "Arn"]) => Some(
                format!("arn:{}:lambda:us-east-1:{ACCOUNT}:function:service-provider-access", self.partition).into(),
            ),
            _ => panic!("unknown: {function} of {argument}"),
        }
    }

    /// What `Ref` makes of the name of a parameter or of a pseudo parameter.
    fn value_of(&self, name: &str) -> String {
        match name {
            "AWS::Partition" => self.partition.to_owned(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Region" => "us-east-1".to_owned(),
            "Bucket.Arn" => {
                let name = text(&self.resolved("/Resources/Bucket/Properties/BucketName"));
                format!("arn:{}:s3:::{name}", self.partition)
            }
            "AWS::StackName" => "service-provider-access".to_owned(),
            "AWS::StackId" => format!(
                "arn:{}:cloudformation:us-east-1:{ACCOUNT}:stack/service-provider-access/11111111-2222-3333-4444-555555555555",
                self.partition
            ),
            name if attribute(name).is_some() => attribute(name).unwrap().to_owned(),
            name => self.parameters.get(name).unwrap_or_else(|| panic!("unknown: {name}")).clone(),
        }
    }

    /// What the rules of the template say against these parameters. CloudFormation creates no stack then.
    pub(crate) fn broken_rules(&self) -> Vec<String> {
        let rules = self.declared("/Rules").as_object().unwrap().values();
        let applies = |rule: &&Value| rule.get("RuleCondition").is_none_or(|condition| self.holds(condition));
        let assertions = rules.filter(applies).flat_map(|rule| rule["Assertions"].as_array().unwrap());
        let broken = assertions.filter(|assertion| !self.holds(&assertion["Assert"]));
        broken.map(|assertion| text(&assertion["AssertDescription"])).collect()
    }

    /// Whether a condition of the template holds.
    pub(crate) fn named_condition_holds(&self, name: &str) -> bool {
        self.holds(self.declared(&format!("/Conditions/{name}")))
    }

    fn holds(&self, condition: &Value) -> bool {
        let members = condition.as_object().unwrap();
        match intrinsic(members) {
            Some(("Fn::Equals", Value::Array(sides))) if sides.len() == 2 => {
                self.resolve(&sides[0]) == self.resolve(&sides[1])
            }
            Some(("Fn::Not", Value::Array(one))) if one.len() == 1 => !self.holds(&one[0]),
            Some(("Fn::And", Value::Array(all))) => all.iter().all(|condition| self.holds(condition)),
            Some(("Fn::Or", Value::Array(any))) => any.iter().any(|condition| self.holds(condition)),
            None if members.len() == 1 && condition["Condition"].is_string() => {
                self.named_condition_holds(condition["Condition"].as_str().unwrap())
            }
            _ => panic!("unknown condition {condition}"),
        }
    }
}

/// A known attribute of a resource, or what `Ref` makes of it.
fn attribute(name: &str) -> Option<&'static str> {
    ATTRIBUTES.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// The function and its argument, if the object is a call.
fn intrinsic(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = members.iter().next().filter(|_| members.len() == 1)?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

/// JSON in which `!Ref x` is `{"Ref": "x"}`, as CloudFormation has it too.
fn in_long_form(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Sequence(items) => items.iter().map(in_long_form).collect(),
        Yaml::Mapping(members) => {
            members.iter().map(|(name, value)| (text(&in_long_form(name)), in_long_form(value))).collect()
        }
        Yaml::Tagged(tag, node) if tag.handle == "!" => {
            let argument = in_long_form(node);
            match tag.suffix.as_str() {
                name @ ("Ref" | "Condition") => json!({ name: argument }),
                "GetAtt" if argument.is_string() => {
                    json!({ "Fn::GetAtt": text(&argument).splitn(2, '.').collect::<Vec<_>>() })
                }
                name => json!({ format!("Fn::{name}"): argument }),
            }
        }
        other => panic!("not of a template: {other:?}"),
    }
}

/// CloudFormation passes every scalar on as text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("not a scalar: {other}"),
    }
}

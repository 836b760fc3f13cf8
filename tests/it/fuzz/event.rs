//! Almost valid events: plausible properties, and mutations of them.

use std::fmt;
use std::rc::Rc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use super::SECRET;
use super::json::{any_json, any_policy, any_text};
use crate::fixtures::{ACCOUNT, PROVIDER};
use crate::stack::Stack;
use crate::wire::iam::Role;
use crate::wire::sts::Customer;

/// An event without what the stack adds.
#[derive(Clone)]
pub(super) struct Fuzzed {
    pub(super) resource_type: &'static str,
    pub(super) request_type: &'static str,
    /// What exists before.
    pub(super) there: There,
    /// Its fields, for the name of the existing role.
    pub(super) event: Rc<dyn Fn(&str) -> Value>,
}

impl fmt::Debug for Fuzzed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource_type, request_type, there, event } = self;
        write!(f, "{request_type} {resource_type}, {there:?}, {}", event("NAME"))
    }
}

/// What the account contains under the requested name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum There {
    Nothing,
    Ours,
    SomebodyElses,
}

impl There {
    /// Adds it to the account, and returns its name.
    pub(super) fn put(self, stack: &Stack) -> String {
        let name = "Auditor";
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{PROVIDER}:root") }, "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "sts:ExternalId": format!("{SECRET}-old") } },
        }] });
        let role = Role::named(name).path("/delegated/").trust(trust);
        match self {
            Self::Nothing => {}
            Self::Ours => {
                let marked = role
                    .tag("service-provider-access:stack-id", &stack.id)
                    .tag("service-provider-access:logical-id", &stack.logical_id);
                stack.account.put_role(marked);
            }
            Self::SomebodyElses => drop(stack.account.put_role(role)),
        }
        name.to_owned()
    }
}

pub(super) fn any_fuzzed() -> impl Strategy<Value = Fuzzed> {
    let resource_type = select(vec![
        "Custom::DelegatedRole",
        "Custom::DelegatedRole",
        "Custom::DelegatedRole",
        "Custom::ExternalId",
        "Custom::AccessCheck",
    ]);
    let request_type = select(vec!["Create", "Create", "Update", "Delete"]);
    let there = select(vec![There::Nothing, There::Ours, There::SomebodyElses]);
    (resource_type, request_type, there).prop_flat_map(|(resource_type, request_type, there)| {
        let properties = || prop_oneof![12 => properties_of(resource_type), 1 => any_json()];
        let mutations = || prop_oneof![Just(Vec::new()), vec(any_mutation(), 1..3)];
        let id = prop_oneof![4 => Just(None), 1 => any_text().prop_map(Some)];
        (properties(), mutations(), properties(), mutations(), id, vec(any_mutation(), 0..2), 0_u8..8).prop_map(
            move |(properties, mutations, old, old_mutations, id, of_event, lottery)| {
                let properties = mutations.iter().fold(properties, |value, mutation| mutation.done_to(value));
                let old = old_mutations.iter().fold(old, |value, mutation| mutation.done_to(value));
                let event = move |name: &str| {
                    let mut fields = json!({ "ResourceProperties": properties });
                    if request_type != "Create" {
                        fields["PhysicalResourceId"] = id.clone().unwrap_or_else(|| name.to_owned()).into();
                    }
                    if request_type == "Update" {
                        fields["OldResourceProperties"] = old.clone();
                    }
                    // Rarely: CloudFormation itself writes what is around the properties.
                    if lottery == 0 {
                        of_event.iter().fold(fields, |value, mutation| mutation.done_to(value))
                    } else {
                        fields
                    }
                };
                Fuzzed { resource_type, request_type, there, event: Rc::new(event) }
            },
        )
    })
}

/// `Policies` of a few names, of which some are reserved, repeated or malformed.
fn any_policies() -> BoxedStrategy<Option<(String, Value)>> {
    let name = select(vec!["Reports", "Operations", "reports", "CustomPolicy", "a b"]);
    let policies = prop::option::weighted(0.3, vec((name, any_policy()), 0..3)).prop_map(|policies| {
        let policy = |(name, document)| json!({"PolicyName": name, "PolicyDocument": document});
        policies.map(|policies| ("Policies".to_owned(), policies.into_iter().map(policy).collect()))
    });
    policies.boxed()
}

/// Plausible properties, mostly valid.
fn properties_of(resource_type: &'static str) -> BoxedStrategy<Value> {
    let id = || format!("{SECRET}-id");
    // The first value is valid, and more frequent than all others together.
    let some = |name: &'static str, probability: f64, values: Vec<Value>| {
        let value = prop_oneof![9 => Just(values[0].clone()), 1 => select(values)];
        prop::option::weighted(probability, value)
            .prop_map(move |value| value.map(|value| (name.to_owned(), value)))
            .boxed()
    };
    let members = match resource_type {
        "Custom::ExternalId" => vec![
            some(
                "Prefix",
                0.5,
                vec![json!("acme"), json!(""), json!("Größe"), json!("x".repeat(32)), json!("x".repeat(33))],
            ),
            some("Rotation", 0.5, vec![json!("1"), json!(2), json!(""), json!("r".repeat(5000))]),
            some("PreviousRotation", 0.3, vec![json!("0"), json!(""), json!(false)]),
        ],
        "Custom::AccessCheck" => vec![
            some(
                "RoleArn",
                0.95,
                vec![json!(Customer::ROLE), json!(format!("arn:aws:iam::{ACCOUNT}:role/x")), json!("Acme")],
            ),
            some(
                "CustomerAccountId",
                0.3,
                vec![json!("999999999999"), json!(999_999_999_999_u64), json!("123456789012")],
            ),
            some("ExternalId", 0.95, vec![json!(id()), json!(format!("{} ", id())), json!([id()])]),
            some("RequireMfa", 0.2, vec![json!("true"), json!(false), json!("yes")]),
            some("OnInconclusive", 0.3, vec![json!("Fail"), json!("Succeed"), json!("succeed")]),
            some("Revision", 0.3, vec![json!("1"), json!("é".repeat(3000))]),
        ],
        _ => {
            let policy = prop::option::weighted(0.3, (any_policy(), any::<bool>())).prop_map(|policy| {
                policy.map(|(policy, text)| {
                    ("CustomPolicy".to_owned(), if text { policy.to_string().into() } else { policy })
                })
            });
            vec![
                some(
                    "ExternalAwsAccountId",
                    0.97,
                    vec![
                        json!(PROVIDER),
                        json!([PROVIDER]),
                        json!([PROVIDER, "333333333333"]),
                        json!(222_222_222_222_u64),
                        json!(ACCOUNT),
                    ],
                ),
                some(
                    "ExternalId",
                    0.5,
                    vec![json!(id()), json!([id(), format!("{SECRET}-next")]), json!([id(), id()]), json!("")],
                ),
                some(
                    "RoleName",
                    0.7,
                    vec![
                        json!("Auditor"),
                        json!("auditor"),
                        json!("Other"),
                        json!("x".repeat(64)),
                        json!("AWSServiceRoleForX"),
                    ],
                ),
                some("Path", 0.2, vec![json!("/delegated/"), json!("/delegated/x/"), json!("/"), json!("/other/")]),
                some("RequireExternalId", 0.1, vec![json!("true"), json!("false")]),
                some("RequireMfa", 0.2, vec![json!("true"), json!("false"), json!(true)]),
                some("AllowSessionTags", 0.2, vec![json!("true"), json!("false"), json!("tags")]),
                some("AllowSourceIdentity", 0.2, vec![json!("true"), json!("false"), json!([])]),
                some("MfaMaxAge", 0.1, vec![json!("3600"), json!("0"), json!("129600")]),
                some(
                    "MaxSessionDuration",
                    0.3,
                    vec![json!("3600"), json!(43200), json!("43201"), json!(3600.5), json!("-1")],
                ),
                some(
                    "ManagedPolicyArns",
                    0.4,
                    vec![
                        json!(["arn:aws:iam::aws:policy/SecurityAudit"]),
                        json!("arn:aws:iam::aws:policy/SecurityAudit,arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"),
                        json!(["arn:aws:iam::aws:policy/AdministratorAccess"]),
                        json!([]),
                        json!(""),
                        json!(["SecurityAudit"]),
                    ],
                ),
                some(
                    "AllowedPrincipalArns",
                    0.2,
                    vec![
                        json!([format!("arn:aws:iam::{PROVIDER}:role/Deploy")]),
                        json!(format!("arn:aws:iam::{PROVIDER}:role/*")),
                        json!(["*"]),
                        json!(
                            (0..60)
                                .map(|n| format!("arn:aws:iam::{PROVIDER}:role/{n}-{}", "x".repeat(60)))
                                .collect::<Vec<_>>()
                        ),
                    ],
                ),
                some("PrincipalOrgId", 0.1, vec![json!("o-a1b2c3d4e5"), json!("a1b2c3d4e5")]),
                some(
                    "SourceIps",
                    0.1,
                    vec![json!(["203.0.114.0/24"]), json!("8.8.8.8"), json!(["10.0.0.0/8"]), json!(["2001:4860::/32"])],
                ),
                some(
                    "ExpiresAt",
                    0.1,
                    vec![json!("2027-01-01T00:00:00Z"), json!("2020-01-01T00:00:00Z"), json!("2027-02-30T00:00:00Z")],
                ),
                some(
                    "Description",
                    0.2,
                    vec![
                        json!("For the auditor"),
                        json!("Größe"),
                        json!("\u{1f600}"),
                        json!("d".repeat(1001)),
                        json!(""),
                    ],
                ),
                some(
                    "Tags",
                    0.3,
                    vec![
                        json!([{"Key": "team", "Value": "platform"}]),
                        json!([{"Key": "Team", "Value": ""}, {"Key": "team", "Value": "x"}]),
                        json!({"team": "x"}),
                        json!([{"Key": "aws:x", "Value": "y"}]),
                        json!((0..51).map(|n| json!({"Key": n.to_string(), "Value": "v"})).collect::<Vec<_>>()),
                    ],
                ),
                some(
                    "PermissionsBoundary",
                    0.1,
                    vec![json!("arn:aws:iam::aws:policy/PowerUserAccess"), json!(""), json!([])],
                ),
                some("PolicyOwnership", 0.2, vec![json!("Exclusive"), json!("Declared"), json!("exclusive")]),
                some("RevokeSessions", 0.1, vec![json!("OnNarrowing"), json!("Never")]),
                some("AllowAdministrativeAccess", 0.1, vec![json!("true"), json!("false")]),
                some("Revision", 0.2, vec![json!("1"), json!("r".repeat(2000))]),
                policy.boxed(),
                any_policies(),
            ]
        }
    };
    members
        .prop_map(|members| {
            let own = [("ServiceToken", json!(crate::fixtures::FUNCTION)), ("ServiceTimeout", json!("360"))];
            let own = own.map(|(name, value)| (name.to_owned(), value));
            Value::Object(members.into_iter().flatten().chain(own).collect::<Map<_, _>>())
        })
        .boxed()
}

/// A mutation of one place in a value.
#[derive(Clone, Debug)]
struct Mutation {
    /// Which member to choose at each level.
    way: Vec<Index>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Replace(Value),
    Remove,
    /// One of the misspellings of a name.
    Misspell(u8),
    Wrap(bool),
    Double,
    Append(String),
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    let what = prop_oneof![
        3 => any_json().prop_map(What::Replace),
        1 => Just(What::Remove),
        2 => (0_u8..3).prop_map(What::Misspell),
        1 => any::<bool>().prop_map(What::Wrap),
        1 => Just(What::Double),
        2 => any_text().prop_map(What::Append),
    ];
    (vec(any::<Index>(), 1..4), what).prop_map(|(way, what)| Mutation { way, what })
}

impl Mutation {
    fn done_to(&self, mut value: Value) -> Value {
        self.walk(&mut value, &self.way);
        value
    }

    fn walk(&self, value: &mut Value, way: &[Index]) {
        let Some((turn, rest)) = way.split_first() else { return self.apply(value) };
        match value {
            Value::Object(members) if !members.is_empty() => {
                let name = members.keys().nth(turn.index(members.len())).cloned().unwrap();
                match (&self.what, rest.is_empty()) {
                    (What::Remove, true) => drop(members.remove(&name)),
                    (What::Misspell(how), true) => {
                        let value = members.remove(&name).unwrap();
                        members.insert(misspelt(&name, *how), value);
                    }
                    _ => self.walk(members.get_mut(&name).unwrap(), rest),
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let at = turn.index(items.len());
                match self.what {
                    What::Remove if rest.is_empty() => drop(items.remove(at)),
                    What::Double if rest.is_empty() => items.push(items[at].clone()),
                    _ => self.walk(&mut items[at], rest),
                }
            }
            _ => self.apply(value),
        }
    }

    fn apply(&self, value: &mut Value) {
        let old = value.take();
        *value = match (&self.what, old) {
            (What::Replace(new), _) => new.clone(),
            (What::Wrap(true) | What::Double, old) => json!([old.clone(), old]),
            (What::Wrap(false), old) => json!({ "Value": old }),
            (What::Append(text), Value::String(old)) => json!(old + text),
            (What::Remove, _) => Value::Null,
            (_, old) => old,
        };
    }
}

fn misspelt(name: &str, how: u8) -> String {
    match how {
        0 => format!("{name}s"),
        1 => name.to_lowercase(),
        _ => {
            let parts =
                name.chars().map(|c| if c.is_uppercase() { format!("_{}", c.to_lowercase()) } else { c.to_string() });
            parts.collect::<String>().trim_start_matches('_').to_owned()
        }
    }
}

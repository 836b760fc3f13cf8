//! Judging values of which parts are unknown.
//!
//! The function judges known properties only. So the unknown parts are filled in several ways, each a *world*, and the
//! function's own judgement of each is taken. What is found in every world does not depend on what is unknown; the rest is
//! not said.

use delegated_role_core::findings::{Code, Finding, Severity};
use delegated_role_core::values::Properties;
use serde_json::{Map, Value as Json, json};

use crate::template::{Piece, Value};

/// What stands for an unknown part of a text, in the world whose messages are shown.
const UNKNOWN: &str = "(known after deployment)";

/// A way to fill in what is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// It is left out, also from lists. Within a policy, a text stands for it that says that it is unknown.
    LeftOut,
    /// It is `true`.
    True,
    /// It is `false`.
    False,
    /// It is a value that the property could have.
    Plausible,
    /// The same, where that says that it is not known yet; otherwise it is left out.
    Planned,
}

impl World {
    /// Those in which something is judged. The first is the one whose messages are shown.
    pub const ALL: [Self; 4] = [Self::LeftOut, Self::True, Self::False, Self::Plausible];

    /// The properties in this world.
    pub fn properties(self, resolved: &[(String, Value)]) -> Properties {
        let accounts = accounts_of_principals(resolved);
        let filled = resolved.iter().filter_map(|(name, value)| {
            let value = match value {
                Value::List(items) => self.fill_list(items, name, &accounts),
                other => self.fill(other, name, 0),
            };
            Some((name.clone(), value?))
        });
        filled.collect()
    }

    /// A list that is the value of a property. An unknown item must not keep the others from being judged, so it is left out
    /// or is what an item can be; several are one.
    fn fill_list(self, items: &[Value], name: &str, accounts: &[String]) -> Option<Json> {
        let unknown = |item: &Value| matches!(item, Value::Unknown(_) | Value::Partly(_));
        let known = items.iter().filter(|item| !unknown(item));
        let mut filled: Vec<Json> = known.filter_map(|item| self.fill(item, name, 1)).collect();
        if self != Self::LeftOut && items.iter().any(unknown) {
            if name == ACCOUNTS && self != Self::Planned && !accounts.is_empty() {
                let further = accounts.iter().map(|account| Json::from(account.as_str()));
                let further: Vec<Json> = further.filter(|account| !filled.contains(account)).collect();
                filled.extend(further);
            } else {
                filled.extend(Self::Plausible.plausible(name, 1));
            }
        }
        // A list of unknown items is not empty.
        (items.is_empty() || !filled.is_empty()).then_some(Json::Array(filled))
    }

    /// A value in this world. `name` is that of the member that it belongs to, `depth` how deep within the property.
    fn fill(self, value: &Value, name: &str, depth: usize) -> Option<Json> {
        match value {
            Value::Null => Some(Json::Null),
            Value::Text(text) => Some(Json::from(text.as_str())),
            Value::Nothing => None,
            Value::List(items) => Some(items.iter().filter_map(|item| self.fill(item, name, depth + 1)).collect()),
            Value::Map(members) => {
                let filled =
                    members.iter().filter_map(|(name, value)| Some((name.clone(), self.fill(value, name, depth + 2)?)));
                Some(Json::Object(filled.collect::<Map<_, _>>()))
            }
            Value::Unknown(_) => match self {
                // The items of a list are of the property; what is deeper is of a policy or a tag.
                Self::LeftOut if depth < 2 => None,
                Self::LeftOut => Some(Json::from(UNKNOWN)),
                Self::True => Some(Json::from("true")),
                Self::False => Some(Json::from("false")),
                Self::Plausible | Self::Planned => self.plausible(name, depth),
            },
            Value::Partly(_) if self == Self::LeftOut && depth < 2 => None,
            Value::Partly(_) if depth < 2 && matches!(self, Self::Plausible | Self::Planned) => {
                self.plausible(name, depth)
            }
            Value::Partly(pieces) => {
                let texts = pieces.iter().enumerate().map(|(index, piece)| match piece {
                    Piece::Text(text) => text.as_str(),
                    Piece::Unknown(_) => self.instead(index),
                });
                Some(Json::from(texts.collect::<String>()))
            }
        }
    }

    /// A value that a member of this name could have, and with which the role is not empty.
    fn plausible(self, name: &str, depth: usize) -> Option<Json> {
        Some(match name {
            "CustomPolicy" | "PolicyDocument" => {
                let statement = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": RESOURCE});
                json!({"Version": "2012-10-17", "Statement": [statement]})
            }
            "Statement" => harmless_statement(),
            "Effect" => json!("Allow"),
            "Action" | "NotAction" => json!("sts:GetCallerIdentity"),
            "Version" => json!("2012-10-17"),
            "ManagedPolicyArns" => json!(format!("arn:aws:iam::aws:policy/{NAME}")),
            ACCOUNTS => json!(UNKNOWN_ACCOUNT),
            "AllowedPrincipalArns" => json!(format!("arn:aws:iam::{UNKNOWN_ACCOUNT}:role/{NAME}")),
            "SourceIps" => json!("9.9.9.0/24"),
            "ExternalId" => json!("known-after-deployment-7f3c9a52e1b84d06"),
            "Policies" if depth == 0 => {
                json!([{"PolicyName": NAME, "PolicyDocument": self.plausible("PolicyDocument", 2)}])
            }
            "Policies" if depth == 1 => {
                json!({"PolicyName": NAME, "PolicyDocument": self.plausible("PolicyDocument", 2)})
            }
            "PolicyName" => json!(NAME),
            "Tags" if depth < 2 => json!({"Key": NAME, "Value": NAME}),
            _ if depth > 0 => json!(RESOURCE),
            "ExpiresAt" if self == Self::Plausible => json!("9999-12-31T23:59:59Z"),
            _ if self == Self::Plausible => json!(NAME),
            _ => return None,
        })
    }

    /// What stands for the unknown piece of a text with this index.
    fn instead(self, index: usize) -> &'static str {
        match self {
            Self::LeftOut => UNKNOWN,
            Self::True => "true",
            Self::False => "false",
            // An attribute at the start of a resource is its ARN.
            Self::Plausible | Self::Planned if index == 0 => RESOURCE,
            Self::Plausible | Self::Planned => NAME,
        }
    }
}

/// What stands for an unknown name, resource and account where they must be well-formed.
const NAME: &str = "known-after-deployment";
const RESOURCE: &str = "arn:aws:s3:::known-after-deployment";
/// The account that stands for one that is not known.
pub const UNKNOWN_ACCOUNT: &str = "999999999999";

const ACCOUNTS: &str = "ExternalAwsAccountId";

/// The accounts that an unknown account may be: those whose principals may assume the role.
fn accounts_of_principals(resolved: &[(String, Value)]) -> Vec<String> {
    let principals = resolved.iter().find(|(name, _)| name == "AllowedPrincipalArns").map(|(_, value)| value);
    let texts: Vec<&Value> = match principals {
        Some(Value::List(items)) => items.iter().collect(),
        one => one.into_iter().collect(),
    };
    let mut accounts = Vec::new();
    for text in texts {
        let Value::Text(arn) = text else { continue };
        let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    accounts
}

fn harmless_statement() -> Json {
    json!({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"})
}

/// A policy that grants something, and nothing that is worth a finding.
pub fn harmless_policy() -> Json {
    json!({"Version": "2012-10-17", "Statement": [harmless_statement()]})
}

/// The findings of the first world that all worlds have.
pub fn common(mut worlds: impl Iterator<Item = Vec<Finding>>) -> Vec<Finding> {
    let Some(shown) = worlds.next() else { return Vec::new() };
    let mut others: Vec<Vec<Kind>> = worlds.map(|findings| findings.iter().map(kind).collect()).collect();
    let mut everywhere = |finding: &Finding| {
        let kind = kind(finding);
        let places: Option<Vec<usize>> =
            others.iter().map(|other| other.iter().position(|known| *known == kind)).collect();
        let Some(places) = places else { return false };
        // Each finding of a world answers for one: of two that are alike, a world that has one has one.
        for (other, place) in others.iter_mut().zip(places) {
            other.swap_remove(place);
        }
        true
    };
    shown.into_iter().filter(|finding| everywhere(finding)).collect()
}

/// What makes findings of two worlds the same. The message counts, except where it lists parts of policies.
type Kind = (Code, Severity, String, Option<usize>, Option<String>);

fn kind(finding: &Finding) -> Kind {
    let Finding { code, severity, property, message, .. } = finding;
    let message = (!property.contains("Polic")).then(|| message.clone());
    (*code, *severity, property.clone(), finding.statement_number(), message)
}

//! Policy documents: how IAM validates, stores, measures and returns them.

use std::collections::BTreeSet;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::super::query::Refusal;
use super::state::State;

/// A policy document as IAM stores it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Document(String);

/// RFC 3986's unreserved characters stay as they are.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Document {
    /// Validates a trust policy and rewrites it as IAM does: no white space, the ID of an account as the ARN of its
    /// root, principals in another order, and each list of one element as that element.
    pub(crate) fn trust(text: &str, state: &State) -> Result<Self, Refusal> {
        let mut trust = parse(text, "assumeRolePolicyDocument")?;
        for statement in statements(&trust)? {
            for prohibited in ["Resource", "NotResource"] {
                if statement.get(prohibited).is_some() {
                    return Err(Refusal::malformed(format!("Has prohibited field {prohibited}")));
                }
            }
            validate_principals(statement, &state.nonexistent_accounts)?;
            if !texts(statement.get("Action")).iter().all(|action| action.starts_with("sts:")) {
                return Err(Refusal::malformed("AssumeRole policy may only specify STS AssumeRole actions."));
            }
        }
        rewrite_principals(&mut trust, state.partition);
        unwrap_lists_of_one(&mut trust["Statement"]);
        Ok(trust.into())
    }

    /// Validates an inline policy. IAM keeps its text as it is.
    pub(crate) fn inline(text: &str) -> Result<Self, Refusal> {
        let policy = parse(text, "policyDocument")?;
        for statement in statements(&policy)? {
            if ["Principal", "NotPrincipal"].iter().any(|name| statement.get(*name).is_some()) {
                return Err(Refusal::malformed("Policy document should not specify a principal."));
            }
            for action in [texts(statement.get("Action")), texts(statement.get("NotAction"))].concat() {
                if action != "*" && !action.contains(':') {
                    return Err(Refusal::malformed(
                        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
                    ));
                }
            }
            let resources = [texts(statement.get("Resource")), texts(statement.get("NotResource"))].concat();
            if resources.is_empty() {
                return Err(Refusal::malformed("Policy statement must contain resources."));
            }
            if let Some(resource) = resources.iter().find(|resource| **resource != "*" && !resource.contains(':')) {
                return Err(Refusal::malformed(format!("Resource {resource} must be in ARN format or \"*\".")));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// A document with this text, which need not be valid.
    pub(crate) fn broken(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.0))
    }

    pub(crate) fn size(&self) -> usize {
        size(&self.0)
    }

    /// As IAM returns documents.
    pub(crate) fn encoded(&self) -> String {
        utf8_percent_encode(&self.0, RESERVED).to_string()
    }
}

impl From<Value> for Document {
    fn from(document: Value) -> Self {
        Self(document.to_string())
    }
}

/// White space and the order of keys do not matter.
impl PartialEq<Value> for Document {
    fn eq(&self, other: &Value) -> bool {
        self.json() == *other
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The size that IAM counts for its quotas: without white space.
pub(crate) fn size(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// What trust and permissions have in common.
fn parse(text: &str, parameter: &str) -> Result<Value, Refusal> {
    if text.is_empty() || !text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FF}')) {
        return Err(Refusal::invalid(format!(
            "The specified value for {parameter} is invalid. It must contain only printable ASCII characters."
        )));
    }
    let document: Value =
        serde_json::from_str(text).map_err(|_| Refusal::malformed("This policy contains invalid Json"))?;
    let top_level = document.as_object().ok_or_else(syntax_error)?;
    if !top_level.keys().all(|name| matches!(name.as_str(), "Version" | "Id" | "Statement"))
        || !matches!(top_level.get("Version").and_then(Value::as_str), None | Some("2008-10-17" | "2012-10-17"))
    {
        return Err(syntax_error());
    }
    let mut sids = BTreeSet::new();
    for statement in statements(&document)? {
        validate_statement(statement)?;
        if let Some(sid) = statement["Sid"].as_str()
            && !sid.is_empty()
            && !sids.insert(sid)
        {
            return Err(Refusal::malformed("Statement IDs (SID) in a single policy must be unique."));
        }
    }
    Ok(document)
}

fn validate_statement(statement: &Value) -> Result<(), Refusal> {
    const KNOWN: [&str; 9] =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    let fields = statement.as_object().ok_or_else(syntax_error)?;
    if !fields.keys().all(|name| KNOWN.contains(&name.as_str()))
        || !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny"))
        || !matches!(statement["Condition"], Value::Null | Value::Object(_))
        || !matches!(statement["Sid"], Value::Null | Value::String(_))
    {
        return Err(syntax_error());
    }
    if [texts(statement.get("Action")), texts(statement.get("NotAction"))].concat().is_empty() {
        return Err(Refusal::malformed("Policy statement must contain actions."));
    }
    Ok(())
}

fn validate_principals(statement: &Value, nonexistent_accounts: &[String]) -> Result<(), Refusal> {
    let principals = match [&statement["Principal"], &statement["NotPrincipal"]] {
        [Value::Null, Value::Null] => return Err(Refusal::malformed("Missing required field Principal")),
        [Value::Null, principals] | [principals, _] => principals,
    };
    let aws = texts(principals.get("AWS"));
    if aws.is_empty()
        && principals.as_object().is_some_and(|kinds| kinds.values().all(|names| texts(Some(names)).is_empty()))
    {
        return Err(Refusal::malformed(
            "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: \
             The passed in policy has a statement with no principals!",
        ));
    }
    for name in aws {
        let account = name.split(':').nth(4).unwrap_or(name);
        let is_id = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if name != "*" && (!is_id || nonexistent_accounts.iter().any(|id| id == account)) {
            return Err(Refusal::malformed(format!("Invalid principal in policy: \"AWS\":\"{name}\"")));
        }
    }
    Ok(())
}

fn rewrite_principals(trust: &mut Value, partition: &str) {
    let statements = match &mut trust["Statement"] {
        Value::Array(statements) => statements.iter_mut().collect(),
        statement => vec![statement],
    };
    for statement in statements {
        let Some(principals) = statement.pointer_mut("/Principal/AWS") else { continue };
        let mut names: Vec<String> = texts(Some(principals))
            .into_iter()
            .map(|name| match name.len() {
                12 => format!("arn:{partition}:iam::{name}:root"),
                _ => name.to_owned(),
            })
            .collect();
        // IAM guarantees no order, so the code under test must not rely on the order that it sent.
        names.sort_by(|a, b| b.cmp(a));
        *principals = names.into();
    }
}

/// The list of statements itself stays one.
fn unwrap_lists_of_one(value: &mut Value) {
    let children: Vec<&mut Value> = match value {
        Value::Array(list) => list.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => return,
    };
    for child in children {
        unwrap_lists_of_one(child);
        if let Value::Array(list) = child
            && list.len() == 1
        {
            *child = list.remove(0);
        }
    }
}

fn statements(document: &Value) -> Result<Vec<&Value>, Refusal> {
    match &document["Statement"] {
        Value::Array(statements) if !statements.is_empty() => Ok(statements.iter().collect()),
        statement @ Value::Object(_) => Ok(vec![statement]),
        _ => Err(syntax_error()),
    }
}

/// A text or a list of texts, as a list.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => vec![text],
        _ => Vec::new(),
    }
}

fn syntax_error() -> Refusal {
    Refusal::malformed("Syntax errors in policy.")
}

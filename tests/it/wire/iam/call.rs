//! A call of IAM: its action and parameters.

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::Bytes;
use hyper::Request;

use super::super::fake::Transport;
use super::super::query::{Api, Refusal};
use super::actions::{self, Action};

/// A call of an action that the fake knows, with known parameters only.
pub(crate) struct Call {
    pub(crate) action: &'static Action,
    parameters: BTreeMap<String, String>,
}

impl Call {
    pub(crate) fn read(api: &Api, transport: Transport, request: &Request<Bytes>) -> Result<Self, String> {
        let form = api.read(transport, request)?;
        let action = actions::find(&form.action).ok_or_else(|| api.unknown_action(&form.action))?;
        let unknown = form.parameters.keys().find(|parameter| {
            let top_level = parameter.split('.').next().unwrap_or_default();
            !action.parameters.contains(&top_level)
        });
        match unknown {
            Some(unknown) => Err(api.unknown_parameter(&form.action, unknown)),
            None => Ok(Self { action, parameters: form.parameters }),
        }
    }

    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.optional(name).ok_or_else(|| {
            Refusal::invalid(format!(
                "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
                camel_case(name)
            ))
        })
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u32>, Refusal> {
        self.optional(name)
            .map(|text| {
                text.parse().map_err(|_| Refusal::new(400, "MalformedInput", format!("{text} is not a number")))
            })
            .transpose()
    }

    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        (1..).map_while(|n| self.optional(&format!("{name}.member.{n}"))).collect()
    }

    /// The tags in the order sent. Duplicates are included: the protocol does not judge them.
    pub(crate) fn tags(&self) -> Vec<(&str, &str)> {
        (1..)
            .map_while(|n| {
                let key = self.optional(&format!("Tags.member.{n}.Key"))?;
                Some((key, self.optional(&format!("Tags.member.{n}.Value")).unwrap_or_default()))
            })
            .collect()
    }

    /// The call in one line: the action and what it names.
    pub(crate) fn line(&self) -> String {
        let mut line = self.action.name.to_owned();
        for name in self.action.line {
            let value = match *name {
                "Tags" => self.tags().iter().map(|(key, _)| *key).collect::<Vec<_>>().join(","),
                "TagKeys" => self.list(name).join(","),
                name => self.optional(name).unwrap_or_default().to_owned(),
            };
            write!(line, " {value}").expect("a String takes all text");
        }
        line
    }
}

/// `RoleName` as AWS's validation messages spell it: `roleName`.
pub(crate) fn camel_case(name: &str) -> String {
    name[..1].to_ascii_lowercase() + &name[1..]
}

/// How IAM refuses.
impl Refusal {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, "MalformedPolicyDocument", message)
    }

    pub(crate) fn absent(message: impl Into<String>) -> Self {
        Self::new(404, "NoSuchEntity", message)
    }

    pub(crate) fn no_such_role(name: &str) -> Self {
        Self::absent(format!("The role with name {name} cannot be found."))
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "DeleteConflict", message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(409, "LimitExceeded", message)
    }
}

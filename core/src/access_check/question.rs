//! What is asked of a role, and what else the template says about the check.

use serde_json::{Map, Value};

use super::probe::Kind;
use crate::identifiers::{AccountId, ExternalId, Home, Invalid, RoleArn, digest};
use crate::properties::{Problems, Reader};

/// Whether the role of a customer opens as it should. Equal questions have equal answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The ARN of the stack that asks.
    pub stack_id: String,
    /// The resource's name in the template.
    pub logical_id: String,
    /// Where the function is: whom the customer's role is to trust.
    pub asker: Home,
    /// The role.
    pub role: RoleArn,
    /// What is to open it.
    pub external_id: ExternalId,
    /// Whether it is to demand a second factor, which no function can present.
    pub require_mfa: bool,
    /// Changed by the template's author to ask again.
    pub revision: String,
}

/// What becomes of a stack whose question could not be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnInconclusive {
    /// It fails.
    Fail,
    /// It goes on, and the verdict says so.
    Succeed,
}

/// A question, and what to make of a missing answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The question.
    pub question: Question,
    /// What to make of a missing answer.
    pub on_inconclusive: OnInconclusive,
}

impl Check {
    /// Reads the properties of a resource in a stack of the account that `asker` names.
    ///
    /// # Errors
    /// Every problem at once. A role of the asker's own account is one: asked for by a customer, the
    /// provider would open its own roles to them.
    pub fn read(
        properties: &Map<String, Value>,
        asker: &Home,
        stack_id: &str,
        logical_id: &str,
    ) -> Result<Self, Problems> {
        let mut reader = Reader::new(properties);
        // What is no ARN may be the external ID, in the wrong place.
        let is_arn = properties.get("RoleArn").and_then(Value::as_str).is_some_and(|text| text.starts_with("arn:"));
        let role =
            if is_arn { reader.one("RoleArn", RoleArn::parse) } else { reader.one_hidden("RoleArn", RoleArn::parse) };
        let customer = reader.one("CustomerAccountId", AccountId::parse);
        let external_id = reader.one_hidden("ExternalId", ExternalId::parse);
        let require_mfa = reader.flag("RequireMfa").unwrap_or(false);
        let on_inconclusive = reader.one("OnInconclusive", on_inconclusive).unwrap_or(OnInconclusive::Fail);
        let revision = reader.free_text("Revision").unwrap_or_default();
        for (property, what) in [
            ("RoleArn", "is missing; give the ARN of the customer's role."),
            ("ExternalId", "is missing; give the one that was made for this customer."),
        ] {
            if !properties.contains_key(property) {
                reader.problem(property, what);
            }
        }
        if let Some(role) = &role {
            check_place(&mut reader, role, asker, customer.as_ref());
        }
        let mut problems = reader.finish(&[]);
        if let Some(external_id) = properties.get("ExternalId").and_then(Value::as_str) {
            problems.hide(external_id);
        }
        match (role, external_id) {
            (Some(role), Some(external_id)) => {
                problems.none()?;
                let (stack_id, logical_id, asker) = (stack_id.to_owned(), logical_id.to_owned(), asker.clone());
                let question = Question { stack_id, logical_id, asker, role, external_id, require_mfa, revision };
                Ok(Self { question, on_inconclusive })
            }
            _ => Err(problems),
        }
    }
}

fn on_inconclusive(text: &str) -> Result<OnInconclusive, Invalid> {
    match text {
        "Fail" => Ok(OnInconclusive::Fail),
        "Succeed" => Ok(OnInconclusive::Succeed),
        _ => Err(Invalid::new("Fail or Succeed")),
    }
}

fn check_place(reader: &mut Reader<'_>, role: &RoleArn, asker: &Home, customer: Option<&AccountId>) {
    let Home { partition, account } = role.home();
    if account == &asker.account {
        reader.problem(
            "RoleArn",
            format!(
                "is in this function's own account {account}; give the role of a customer. Whoever could have it \
                 checked could have your own roles opened."
            ),
        );
    } else if customer.is_some_and(|customer| customer != account) {
        reader.problem(
            "RoleArn",
            format!(
                "is in account {account}, which is not the customer's (CustomerAccountId); ask them for the right one."
            ),
        );
    }
    if partition != &asker.partition {
        reader.problem(
            "RoleArn",
            format!(
                "is in the partition {partition}, and nobody from {} can assume a role there; install the function \
                 in an account of that partition.",
                asker.partition
            ),
        );
    }
}

impl Question {
    /// Whether a role that opens to this probe is unsafe.
    pub fn must_not_open(&self, probe: Kind) -> bool {
        self.require_mfa || !probe.is_right()
    }

    /// 64 hexadecimal digits that no other question has.
    pub fn hash(&self) -> String {
        digest(&[
            &self.stack_id,
            &self.logical_id,
            self.role.as_str(),
            self.external_id.expose(),
            if self.require_mfa { "true" } else { "false" },
            &self.revision,
        ])
    }
}

//! The question that a check asks about a role, and the check's other properties.

use serde_json::{Map, Value};

use crate::findings::{Code, Problems};
use crate::identifiers::{Account, AccountId, ExternalId, Invalid, RoleArn, digest};
use crate::properties::Reader;
use crate::resource_types::ACCESS_CHECK;

/// Whether a customer's role can be assumed with its external ID, and not without it. Equal questions have equal
/// answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The ARN of the stack that asks.
    pub stack_id: String,
    /// The resource's name in the template.
    pub logical_id: String,
    /// The function's partition and account, which the customer's role must trust.
    pub asker: Account,
    /// The role.
    pub role: RoleArn,
    /// The external ID with which it must be possible to assume it.
    pub external_id: ExternalId,
    /// Whether it must require MFA, which a function cannot present.
    pub require_mfa: bool,
    /// The template's author changes it to check again.
    pub revision: String,
}

/// What happens when the check is inconclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnInconclusive {
    /// The resource fails.
    Fail,
    /// The resource succeeds with the verdict `Inconclusive`.
    Succeed,
}

/// A question, and what to do when it cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The question.
    pub question: Question,
    /// What to do when it cannot be answered.
    pub on_inconclusive: OnInconclusive,
}

impl Check {
    /// Reads the properties of a resource in a stack of the account that `asker` names.
    ///
    /// # Errors
    /// Every problem at once. A role in the function's own account is one: otherwise a customer who can choose the ARN
    /// could get the provider's own roles assumed.
    pub fn read(
        properties: &Map<String, Value>,
        asker: &Account,
        stack_id: &str,
        logical_id: &str,
    ) -> Result<Self, Problems> {
        let mut reader = Reader::new(properties, &ACCESS_CHECK);
        // A value that is not an ARN may be the external ID in the wrong property.
        let is_arn = properties.get("RoleArn").and_then(Value::as_str).is_some_and(|text| text.starts_with("arn:"));
        let role =
            if is_arn { reader.one("RoleArn", RoleArn::parse) } else { reader.one_hidden("RoleArn", RoleArn::parse) };
        let customer = reader.one_hidden("CustomerAccountId", AccountId::parse);
        let external_id = reader.one_hidden("ExternalId", ExternalId::parse);
        let require_mfa = reader.flag("RequireMfa").unwrap_or(false);
        let on_inconclusive = reader.word("OnInconclusive", on_inconclusive).unwrap_or(OnInconclusive::Fail);
        let revision = reader.free_text("Revision").unwrap_or_default();
        for (property, what) in [
            ("RoleArn", "is missing; give the ARN of the customer's role."),
            ("ExternalId", "is missing; give the external ID of this customer."),
        ] {
            if !properties.contains_key(property) {
                reader.problem(Code::MissingProperty, property, what);
            }
        }
        if let Some(role) = &role {
            check_place(&mut reader, role, asker, customer.as_ref());
        }
        let (problems, _) = reader.finish();
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

fn check_place(reader: &mut Reader<'_>, role: &RoleArn, asker: &Account, customer: Option<&AccountId>) {
    let Account { partition, id: account } = role.account();
    if account == &asker.id {
        reader.problem(
            Code::OwnAccount,
            "RoleArn",
            format!(
                "is in this function's own account {account}; give the role of a customer. The function does not assume \
                 roles in its own account."
            ),
        );
    } else if customer.is_some_and(|customer| customer != account) {
        reader.problem(
            Code::OtherAccount,
            "RoleArn",
            format!(
                "is in account {account}, but CustomerAccountId is another account; ask the customer for the right ARN."
            ),
        );
    }
    if partition != &asker.partition {
        reader.problem(
            Code::OtherPartition,
            "RoleArn",
            format!(
                "is in the partition {partition}, where roles cannot be assumed from {}; install the function in an \
                 account of that partition.",
                asker.partition
            ),
        );
    }
}

impl Question {
    /// A hash of 64 hexadecimal digits, different for every question.
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

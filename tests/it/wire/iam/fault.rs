//! Failures that only IAM has, and the calls of IAM that a fault can apply to.

use bytes::Bytes;
use hyper::Response;

use super::super::fault::{Failure, Fault};
use super::{Iam, actions};

pub(crate) enum Special {
    /// Nothing happens: IAM does not find the role, even if it exists.
    RoleNotFound,
    /// IAM does what the call asks for, but the answer has the unique ID of the role in place of its ARN.
    IdForArn,
}

impl Fault<Iam> {
    /// The role of the function has no permission.
    pub(crate) fn denied() -> Self {
        Self::denied_because("because no identity-based policy allows the ACTION action")
    }

    pub(crate) fn concurrent_modification() -> Self {
        Self::refused(
            409,
            "ConcurrentModification",
            "The request was rejected because multiple requests to change this object were submitted simultaneously. \
             Wait a few minutes and submit your request again.",
        )
    }

    pub(crate) fn temporarily_unmodifiable() -> Self {
        Self::refused(
            409,
            "EntityTemporarilyUnmodifiable",
            "The request was rejected because it referenced an entity that is temporarily unmodifiable. \
             The request is likely to succeed if you try again after waiting several minutes.",
        )
    }

    /// IAM does not find the role, as shortly after its creation.
    pub(crate) fn no_such_entity() -> Self {
        Self::new(Failure::Special(Special::RoleNotFound))
    }

    /// IAM does not know the ARN yet: the unique ID (`AROA...`) of the role is in its place.
    pub(crate) fn id_for_arn() -> Self {
        Self::new(Failure::Special(Special::IdForArn))
    }

    pub(crate) fn on(self, action: &str) -> Self {
        let name = actions::find(action)
            .unwrap_or_else(|| panic!("a fault on {action}, which the fake IAM does not know"))
            .name;
        self.when(format!("on {name}"), move |call| call.action.name == name)
    }

    pub(crate) fn on_writes(self) -> Self {
        self.when("on writes".to_owned(), |call| call.action.writes)
    }

    /// Only calls whose line in [`calls`](super::Account::calls) contains the text.
    pub(crate) fn naming(self, text: &str) -> Self {
        let text = text.to_owned();
        self.when(format!("naming {text}"), move |call| call.line().contains(&text))
    }

    /// Only calls whose line in [`calls`](super::Account::calls) is the text.
    pub(crate) fn on_call(self, line: &str) -> Self {
        let line = line.to_owned();
        self.when(format!("on call {line}"), move |call| call.line() == line)
    }
}

/// Replaces the whole text of elements, so that ARNs within a document stay.
pub(super) fn with_id_for_arn(answer: Response<Bytes>, arn: &str, id: &str) -> Response<Bytes> {
    answer.map(|body| String::from_utf8_lossy(&body).replace(&format!(">{arn}<"), &format!(">{id}<")).into())
}

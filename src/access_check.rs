//! The access check: safe means that the external ID opens the role, and that nothing less does.
//!
//! A **question** is put to a customer's role as a row of **probes**, **asked** of STS one after the other;
//! what was heard is judged to a **verdict**, and the verdict is kept in the physical ID, so that the rollback
//! to a question already answered needs no second answer from a customer who may have changed their mind.
//!
//! What cannot be seen from outside: a second external ID that the role accepts, and other principals whom it
//! trusts.

pub mod ask;

use std::collections::BTreeMap;
use std::time::SystemTime;

use delegated_role_core::access_check::answer::{Answer, Outcome};
use delegated_role_core::access_check::probe::probes;
use delegated_role_core::access_check::question::Check;
use delegated_role_core::access_check::verdict::{Finding, judge, lines};
use delegated_role_core::seed::Seed;

use self::ask::ask;
use crate::aws::Sts;

/// A check that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The answer, for the physical ID.
    pub answer: Answer,
    /// What the stack is told, or why it must fail.
    pub told: Result<BTreeMap<&'static str, String>, String>,
}

/// Answers a question at the time `now`. `before` is the resource's physical ID so far: a question that it
/// answers already is not asked again.
pub async fn check(check: &Check, before: Option<&str>, sts: &Sts, seed: &Seed, now: SystemTime) -> Checked {
    let probes = probes(&check.question, seed);
    let remembered = before.and_then(Answer::parse).filter(|answer| answer.settles(check));
    if let Some(answer) = remembered {
        let lines = match answer.outcome {
            Outcome::Safe => lines(&check.question, &Finding::of_a_safe_role(&probes)),
            _ => format!("Not asked again; nothing could be told at {}.", answer.checked_at()),
        };
        let told = Ok(attributes(check, &answer, lines));
        return Checked { answer, told };
    }
    let findings = ask(sts, &check.question, &probes).await;
    let verdict = judge(&check.question, &findings);
    let answer = Answer { question: check.question.hash(), outcome: verdict.outcome, at: now.into() };
    let told = if answer.outcome.lets_go_on(check.on_inconclusive) {
        Ok(attributes(check, &answer, lines(&check.question, &findings)))
    } else {
        Err(verdict.reason)
    };
    Checked { answer, told }
}

/// The attribute that is cut when the answer would be too long.
pub const PROBES: &str = "Probes";

/// Always the same keys, since `Fn::GetAtt` of a missing one fails the stack.
fn attributes(check: &Check, answer: &Answer, probes: String) -> BTreeMap<&'static str, String> {
    let role = &check.question.role;
    BTreeMap::from([
        ("Verdict", answer.outcome.name().to_owned()),
        ("RoleArn", role.to_string()),
        ("AccountId", role.home().account.to_string()),
        (PROBES, probes),
        ("CheckedAt", answer.checked_at()),
    ])
}

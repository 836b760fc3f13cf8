//! Runs an access check: a role is safe if it can be assumed with its external ID, and not without it.
//!
//! The **probes** of a **question** are sent to STS one after the other, and the replies are judged to a **verdict**.
//! The physical ID keeps the verdict, so that a rollback to a question that was already answered succeeds even if the
//! customer has changed the role since.

pub mod ask;

use std::collections::BTreeMap;

use delegated_role_core::access_check::answer::{Answer, Verdict};
use delegated_role_core::access_check::probe::probes;
use delegated_role_core::access_check::question::Check;
use delegated_role_core::access_check::verdict::{ProbeResult, judge, lines};
use delegated_role_core::findings::Finding;
use delegated_role_core::seed::Seed;
use delegated_role_core::timestamp::Timestamp;

use self::ask::ask;
use crate::aws::Sts;

/// A check that ran, or whose answer was already known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The answer, for the physical ID.
    pub answer: Answer,
    /// The attributes of the resource, or the reason of its failure.
    pub result: Result<BTreeMap<&'static str, String>, Finding>,
}

/// Runs a check at the time `now`. `before` is the physical ID of the resource so far: if it already contains the
/// answer to this question, no role is checked.
///
/// # Guarantees
/// - The verdict is `Safe` only if the right ID got a session first and last, and the customer's side denied every other
///   probe that was sent. It is `Unsafe` only if a wrong probe got a session twice.
/// - A session that STS returns can do nothing, and its credentials are never read. No external ID is in the result.
/// - An answer with which the resource would fail is never reused.
///
/// # Assumptions
/// - AWS's message about a denial says whether a policy of the caller denied it: only then the probe says nothing about the
///   role.
/// - STS gives the same answer to the same request within a few seconds after a change of the role.
///
/// # Caveats
/// - It sees the role from the function's account only, at the time of the check. Other principals, a second external ID,
///   and statements under conditions that the check does not meet stay unseen.
/// - If MFA is required, no verdict is `Safe`: a function cannot present MFA, so only an unsafe role is recognized.
pub async fn check(check: &Check, before: Option<&str>, sts: &Sts, seed: &Seed, now: Timestamp) -> Checked {
    if let Some(answer) = before.and_then(Answer::parse).filter(|answer| answer.is_for(check)) {
        let lines = match answer.verdict {
            Verdict::Safe => lines(&check.question, &ProbeResult::of_a_safe_role(&probes(&check.question, seed))),
            _ => format!("Not checked again; the check at {} was inconclusive.", answer.checked_at()),
        };
        let result = Ok(attributes(check, &answer, lines));
        return Checked { answer, result };
    }
    let CheckedNow { answer, attributes, finding } = check_now(check, sts, seed, now).await;
    let result = if answer.verdict.succeeds(check.on_inconclusive) { Ok(attributes) } else { Err(finding) };
    Checked { answer, result }
}

/// A check that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedNow {
    /// The verdict and its time.
    pub answer: Answer,
    /// The verdict and the probes, whatever the verdict is.
    pub attributes: BTreeMap<&'static str, String>,
    /// What happened, what it means, what to do. Without a message if the role is safe.
    pub finding: Finding,
}

/// Runs a check at the time `now`, with the guarantees of [`check`].
pub async fn check_now(check: &Check, sts: &Sts, seed: &Seed, now: Timestamp) -> CheckedNow {
    let results = ask(sts, &check.question, &probes(&check.question, seed)).await;
    let judgement = judge(&check.question, &results);
    let answer = Answer { question: check.question.hash(), verdict: judgement.verdict, at: now };
    let attributes = attributes(check, &answer, lines(&check.question, &results));
    CheckedNow { answer, attributes, finding: judgement.finding() }
}

/// The attribute that is cut when the answer would be too long.
pub const PROBES: &str = "Probes";

/// Always the same keys, because `Fn::GetAtt` of a missing one fails the stack.
fn attributes(check: &Check, answer: &Answer, probes: String) -> BTreeMap<&'static str, String> {
    let role = &check.question.role;
    BTreeMap::from([
        ("Verdict", answer.verdict.name().to_owned()),
        ("RoleArn", role.to_string()),
        ("AccountId", role.account().id.to_string()),
        (PROBES, probes),
        ("CheckedAt", answer.checked_at()),
    ])
}

//! A direct call, from its event to its answer. The answer is JSON for the invoker.
//!
//! A direct call never fails for Lambda: Lambda would deliver it again. Bad input gets an answer, too.

use delegated_role_core::access_check::answer::Verdict;
use delegated_role_core::access_check::question::Check;
use delegated_role_core::audit::findings::Terms;
use delegated_role_core::audit::report::Report;
use delegated_role_core::findings::{Code, Finding, Reason};
use delegated_role_core::identifiers::{FunctionArn, Invalid};
use delegated_role_core::installation::Installation;
use delegated_role_core::owner_limits::Settings;
use delegated_role_core::secrets::Secrets;
use delegated_role_core::seed::Seed;
use delegated_role_core::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::access_check::{CheckedNow, check_now};
use crate::audit::audit;
use crate::aws::Aws;
use crate::command::{cause, cause_of};
use crate::event::Call;
use crate::response::{Cause, REFUSED};

/// What to do for a direct call.
#[derive(Debug)]
pub enum Task {
    /// Audit every role.
    Audit(Box<Terms>),
    /// Check a customer's role.
    Check {
        /// The question.
        check: Box<Check>,
        /// The current time.
        now: Timestamp,
    },
}

/// Why a call is refused without a call to AWS.
#[derive(Debug)]
pub struct Refusal {
    /// The reason, without secrets.
    pub reason: Reason,
    /// Who can do something about it.
    pub cause: Cause,
}

/// The result of a direct call.
#[derive(Debug)]
pub struct Answered {
    /// What the invoker gets.
    pub answer: Value,
    /// Why the call failed, for the log. `None`: it succeeded.
    pub failed: Option<(Reason, Cause)>,
    /// The verdict of a check.
    pub verdict: Option<&'static str>,
    /// The report of an audit.
    pub report: Option<Report>,
}

impl Task {
    /// Reads what a call asks for.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn read(
        call: Call,
        function: Result<FunctionArn, Invalid>,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let refused = |reason: Reason| Refusal { reason, cause: Cause::Refused };
        let function = function.map_err(|_| {
            let message = "Lambda did not pass the function's own ARN, so its account is unknown. Call it again.";
            refused(Finding::failure(Code::InternalError, message).into())
        })?;
        let resource_type = match &call {
            Call::Audit(_) => "Custom::DelegatedRole",
            Call::AccessCheck(_) => "Custom::AccessCheck",
            Call::Malformed(_, why) => return Err(refused(Finding::failure(Code::MalformedRequest, why).into())),
        };
        if !settings.serves(resource_type) {
            let message = format!("This function is not installed for {resource_type}. Call a function that is.");
            return Err(refused(Finding::failure(Code::WrongFunction, message).into()));
        }
        match call {
            Call::AccessCheck(properties) => {
                // A direct call belongs to no stack.
                let check = Check::read(&properties, function.account(), function.as_str(), "");
                let secrets = Secrets::of_properties(&properties);
                let check = check.map_err(|problems| refused(Reason::from(problems).without(&secrets)))?;
                Ok(Self::Check { check: Box::new(check), now })
            }
            Call::Audit(options) if !options.is_empty() => {
                let message = "Audit has no properties; send {\"Audit\": {}}.";
                Err(refused(Finding::failure(Code::MalformedRequest, message).into()))
            }
            Call::Audit(_) | Call::Malformed(..) => {
                let wrong = |problems| Refusal {
                    reason: Reason::from(problems)
                        .after("The function's settings are wrong, so it audits no role. Its owner must correct them."),
                    cause: Cause::Settings,
                };
                let limits = settings.limits.clone().map_err(wrong)?;
                let settings = settings.audit.clone().map_err(wrong)?;
                let installation = Installation { function, limits };
                Ok(Self::Audit(Box::new(Terms { installation, settings, now })))
            }
        }
    }

    /// Runs it. The seed is its only randomness.
    pub async fn run(self, aws: &Aws, seed: &Seed) -> Answered {
        match self {
            Self::Audit(terms) => {
                let report = audit(aws, &terms).await;
                let failed = (!report.is_complete()).then(|| {
                    let cause = match cause(aws) {
                        // Only the time can be short if no call failed.
                        Cause::Refused => Cause::TimedOut,
                        cause => cause,
                    };
                    let message = format!("The audit is not complete. {}", report.gaps.join(" "));
                    (Finding::failure(Code::CallFailed, message).into(), cause)
                });
                Answered { answer: report.to_json(), failed, verdict: None, report: Some(report) }
            }
            Self::Check { check, now } => {
                let CheckedNow { answer, attributes, finding } = check_now(&check, &aws.sts, seed, now).await;
                let verdict = answer.verdict;
                let secrets = Secrets::of_external_ids([&check.question.external_id]);
                let safe = finding.message.is_empty();
                let reason = Reason::from(finding).without(&secrets);
                let mut members = json!(attributes);
                members["Probes"] = secrets.hidden_in(attributes.get("Probes").map_or("", String::as_str)).into();
                members["Reason"] = if safe { String::new() } else { reason.to_string() }.into();
                let failed = (!verdict.succeeds(check.on_inconclusive)).then(|| (reason, cause_of(verdict)));
                Answered { answer: members, failed, verdict: Some(verdict.name()), report: None }
            }
        }
    }
}

/// The answer to a call that failed before it had a result.
pub fn failed(name: &str, reason: Reason, cause: Cause, now: Timestamp) -> Answered {
    let refused = [Cause::Refused, Cause::Settings].contains(&cause);
    let verdict = if refused { REFUSED } else { Verdict::Inconclusive.name() };
    let text = reason.to_string();
    let answer = if name == "Audit" {
        Report::of_nothing(now, verdict, &text)
    } else {
        json!({
            "Verdict": verdict,
            "RoleArn": "",
            "AccountId": "",
            "Probes": "",
            "CheckedAt": now.to_string(),
            "Reason": text,
        })
    };
    let verdict = (name == "AccessCheck").then_some(verdict);
    Answered { answer, failed: Some((reason, cause)), verdict, report: None }
}

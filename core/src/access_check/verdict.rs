//! What the results of the probes mean, and what the customer must do.

use std::fmt;

use serde_json::json;

use super::answer::Verdict;
use super::probe::{Kind, Probe, Sent};
use super::question::Question;
use crate::findings::{Code, Finding};

/// How STS answered one probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It returned a session. To a wrong probe, it did so twice.
    Opened,
    /// It returned a session and denied the second attempt: the trust policy has just changed.
    OpenedOnce,
    /// It returned a session, and the second attempt got no answer.
    Unconfirmed,
    /// Access denied.
    Denied(AwsMessage),
    /// An answer that says nothing about the role, or none.
    Unclear(AwsMessage),
    /// No request was sent: there is no such external ID. Says why.
    NotSent(&'static str),
    /// No request was sent: the time was over.
    NotTried,
}

/// The message of an AWS error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsMessage {
    /// In one line, without a full stop.
    pub text: String,
    /// AWS's ID of the request.
    pub request_id: Option<String>,
    /// Whether a policy of the caller denied the call. Then the trust policy of the role was not evaluated.
    pub by_our_side: bool,
}

impl fmt::Display for AwsMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request_id {
            Some(id) => write!(f, "\"{}\" (AWS request ID {id})", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// A probe and its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeResult {
    /// The probe.
    pub kind: Kind,
    /// How STS answered it.
    pub reply: Reply,
}

impl ProbeResult {
    /// The results of all probes of a safe role.
    pub fn of_a_safe_role(probes: &[Probe]) -> Vec<Self> {
        let reply = |probe: &Probe| match probe.sent {
            Sent::Nothing(why) => Reply::NotSent(why),
            _ if probe.kind.is_right() => Reply::Opened,
            _ => Reply::Denied(AwsMessage::default()),
        };
        probes.iter().map(|probe| Self { kind: probe.kind, reply: reply(probe) }).collect()
    }

    fn line(&self) -> String {
        /// Enough to distinguish throttling from a network that is down; the reason has the rest.
        const LONGEST: usize = 100;
        let name = self.kind.name();
        match &self.reply {
            Reply::Opened => format!("{name}: opened"),
            Reply::OpenedOnce => format!("{name}: opened once, then denied"),
            Reply::Unconfirmed => format!("{name}: opened once, no answer to the second attempt"),
            Reply::Denied(message) if message.by_our_side => {
                format!("{name}: denied by a policy on the function's side")
            }
            Reply::Denied(_) => format!("{name}: denied"),
            Reply::Unclear(message) => {
                format!("{name}: unclear ({})", message.text.chars().take(LONGEST).collect::<String>())
            }
            Reply::NotSent(why) => format!("{name}: not sent, because {why}"),
            Reply::NotTried => format!("{name}: not sent, because the function ran out of time"),
        }
    }
}

/// Whether a role is unsafe if this probe gets a session. If MFA is required, no probe may get one: a function cannot
/// present MFA.
pub fn must_not_open(question: &Question, probe: Kind) -> bool {
    question.require_mfa || !probe.is_right()
}

/// The probes that got a session and must not.
pub fn wrong_openings(question: &Question, results: &[ProbeResult]) -> Vec<Kind> {
    let opened = results.iter().filter(|result| result.reply == Reply::Opened).map(|result| result.kind);
    opened.filter(|kind| must_not_open(question, *kind)).collect()
}

/// Whether the results contradict each other, so that the role may have changed in between. Then the probes are sent
/// again.
pub fn are_contradictory(results: &[ProbeResult]) -> bool {
    let opened = |kind: Kind| match reply_to(results, kind) {
        Some(Reply::Opened) => Some(true),
        Some(Reply::Denied(_)) => Some(false),
        _ => None,
    };
    let (first, last) = (opened(Kind::Right), opened(Kind::RightAgain));
    // A policy of the caller that allows the right ID allows every other ID too.
    let denied_by_us = |result: &ProbeResult| matches!(&result.reply, Reply::Denied(message) if message.by_our_side);
    results.iter().any(|result| result.reply == Reply::OpenedOnce)
        || first.zip(last).is_some_and(|(first, last)| first != last)
        || (first == Some(true) && results.iter().any(denied_by_us))
}

fn reply_to(results: &[ProbeResult], kind: Kind) -> Option<&Reply> {
    results.iter().find(|result| result.kind == kind).map(|result| &result.reply)
}

/// The results as text, one in each line, and what they cannot show.
pub fn lines(question: &Question, results: &[ProbeResult]) -> String {
    const NOT_VISIBLE: &str = "Not visible from outside: a second external ID that the role accepts, other principals that it \
                               trusts, and access under conditions that this check does not meet.";
    let doubt = match judge(question, results).verdict {
        Verdict::Inconclusive => Some(format!("Inconclusive: {}.", doubt(results))),
        Verdict::Safe | Verdict::Unsafe | Verdict::Shut => None,
    };
    let lines = results.iter().map(ProbeResult::line);
    lines.chain(doubt).chain([NOT_VISIBLE.to_owned()]).collect::<Vec<_>>().join("\n")
}

/// A verdict and its explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// What happened, what it means, what to do. Empty when the role is safe.
    reason: String,
}

impl Judgement {
    /// Why the role was not found safe.
    pub fn finding(self) -> Finding {
        let code = match self.verdict {
            Verdict::Unsafe => Code::Unsafe,
            Verdict::Shut => Code::Shut,
            Verdict::Inconclusive | Verdict::Safe => Code::Inconclusive,
        };
        Finding::failure(code, self.reason)
    }
}

/// Judges the results. A session for a wrong probe decides. A role is safe only without any doubt.
pub fn judge(question: &Question, results: &[ProbeResult]) -> Judgement {
    let openings = wrong_openings(question, results);
    let others_denied = results.iter().filter(|result| !result.kind.is_right()).all(ProbeResult::says_closed);
    let (verdict, reason) = match (reply_to(results, Kind::Right), reply_to(results, Kind::RightAgain)) {
        _ if !openings.is_empty() => (Verdict::Unsafe, unsafe_role(question, &openings)),
        (Some(Reply::Opened), Some(Reply::Opened)) if others_denied && !question.require_mfa => {
            (Verdict::Safe, String::new())
        }
        (Some(Reply::Denied(message)), Some(last))
            if !question.require_mfa && !message.by_our_side && !matches!(last, Reply::Opened) =>
        {
            (Verdict::Shut, shut_role(question, message))
        }
        _ => (Verdict::Inconclusive, inconclusive(question, results)),
    };
    Judgement { verdict, reason }
}

impl ProbeResult {
    /// Whether it shows that the probe gets no session.
    fn says_closed(&self) -> bool {
        match &self.reply {
            Reply::Denied(message) => !message.by_our_side,
            Reply::NotSent(_) => true,
            _ => false,
        }
    }
}

fn unsafe_role(question: &Question, openings: &[Kind]) -> String {
    let (causes, consequences) = causes(openings);
    let opened = match causes[..] {
        [only] => format!("{}: {}", only.name(), meaning(only)),
        _ => numbered(&causes),
    };
    let as_well = if consequences.is_empty() {
        String::new()
    } else {
        let names: Vec<_> = consequences.iter().map(|kind| kind.name()).collect();
        format!("; and so with {}", names.join(", "))
    };
    let lacking = if question.require_mfa { "without MFA" } else { "with less than its external ID" };
    format!(
        "Unsafe: the role {} opens {lacking}, so do not use it. It opened with {opened}{as_well}. The customer must replace every \
         statement of the role's trust policy that allows account {} by this one, with the agreed external ID filled in; \
         further conditions that only narrow it may stay: {}",
        question.role,
        question.asker.id,
        trust_statement(question),
    )
}

/// The wrong sessions that show a mistake in the trust policy, and those that follow from them.
fn causes(openings: &[Kind]) -> (Vec<Kind>, Vec<Kind>) {
    let follows = |kind: &Kind| match kind {
        Kind::Right | Kind::Without => false,
        Kind::RightAgain => openings.contains(&Kind::Right),
        Kind::Random => openings.contains(&Kind::Without),
        _ => openings.contains(&Kind::Random),
    };
    let (consequences, causes) = openings.iter().copied().partition(follows);
    (causes, consequences)
}

fn numbered(causes: &[Kind]) -> String {
    let each = |(index, kind): (usize, &Kind)| format!("({}) {}: {}", index + 1, kind.name(), meaning(*kind));
    causes.iter().enumerate().map(each).collect::<Vec<_>>().join("; ")
}

/// What a session for this probe says about the trust policy.
fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::Right | Kind::RightAgain => {
            "the trust policy does not require MFA (the condition Bool aws:MultiFactorAuthPresent is missing)"
        }
        Kind::Without => {
            "the trust policy does not require the ID (no condition on sts:ExternalId, an operator that ends in IfExists, a \
             negated operator, or another statement without the condition)"
        }
        Kind::Random => "the trust policy accepts any ID (a wildcard, or a negated operator)",
        Kind::First => "the start of the ID is not compared (StringLike with * or ? at the start)",
        Kind::Middle => "the middle of the ID is not compared (StringLike with * or ? in the middle)",
        Kind::Last => "the end of the ID is not compared (StringLike with * or ? at the end)",
        Kind::CaseFlipped => "letter case is not compared (StringEqualsIgnoreCase)",
        Kind::Appended => "anything may follow the ID (StringLike with * at the end)",
        Kind::Prepended => "anything may precede the ID (StringLike with * at the start)",
    }
}

fn trust_statement(question: &Question) -> String {
    let principal = format!("arn:{}:iam::{}:root", question.asker.partition, question.asker.id);
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "THE-EXTERNAL-ID"}},
    });
    if question.require_mfa {
        statement["Condition"]["Bool"] = json!({"aws:MultiFactorAuthPresent": "true"});
    }
    statement.to_string()
}

fn shut_role(question: &Question, message: &AwsMessage) -> String {
    format!(
        "Shut: the role {} did not open with the right external ID. sts:AssumeRole answered {message}. Possible causes: the role \
         does not exist, or its name or path is different; its trust policy requires another external ID, or names another \
         account than {}; its conditions (AllowedPrincipalArns, PrincipalOrgId, SourceIps, an expiry) do not match the role \
         that AWS's answer names; it requires MFA (then set RequireMfa); or a policy of the customer's organization denies \
         it. Compare with the customer, then change Revision to check again.",
        question.role, question.asker.id,
    )
}

fn inconclusive(question: &Question, results: &[ProbeResult]) -> String {
    let what_to_do = if question.require_mfa && results.iter().all(ProbeResult::says_closed) {
        "Set OnInconclusive to Succeed to accept this"
    } else {
        "Change Revision to check again, or set OnInconclusive to Succeed to continue without a result"
    };
    format!(
        "Inconclusive: could not determine whether role {} is safe: {}. {what_to_do}.",
        question.role,
        doubt(results)
    )
}

/// Why there is no verdict, as a phrase.
fn doubt(results: &[ProbeResult]) -> String {
    let own_denial = results.iter().find_map(|result| match &result.reply {
        Reply::Denied(message) if message.by_our_side => Some(message),
        _ => None,
    });
    let unclear = results.iter().find_map(|result| match &result.reply {
        Reply::Unclear(message) => Some((result.kind, message)),
        _ => None,
    });
    let unconfirmed = results.iter().find(|result| result.reply == Reply::Unconfirmed);
    if let Some(ProbeResult { kind, .. }) = unconfirmed {
        format!("it opened once with {}, and the second attempt got no answer", kind.name())
    } else if let Some(message) = own_denial {
        format!(
            "a policy of the function's own account or organization denied sts:AssumeRole: {message}. The function's role needs \
             sts:AssumeRole on the customer's role; it does not have it on roles of its own organization"
        )
    } else if let Some((kind, message)) = unclear {
        format!("sts:AssumeRole with {} got no usable answer: {message}", kind.name())
    } else if are_contradictory(results) {
        "its answers changed between attempts, as they do for a short time after a change of the trust policy"
            .to_owned()
    } else if results.iter().all(ProbeResult::says_closed) {
        "no probe opened it, which is right where MFA is required; but a function has no MFA, so the check cannot show that \
         the right external ID opens it"
            .to_owned()
    } else {
        "the function ran out of time before it sent every probe".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_check::probe::probes;
    use crate::access_check::question::Check;
    use crate::identifiers::{Account, AccountId, Partition};
    use crate::seed::Seed;

    fn question(require_mfa: bool) -> Question {
        let (Ok(partition), Ok(account)) = (Partition::parse("aws"), AccountId::parse("111111111111")) else {
            panic!("well-formed");
        };
        let properties = json!({
            "RoleArn": "arn:aws:iam::999999999999:role/Acme", "ExternalId": "acme-7d1c", "RequireMfa": require_mfa,
        });
        let properties = properties.as_object().cloned().unwrap_or_default();
        match Check::read(&properties, &Account { partition, id: account }, "stack", "Check") {
            Ok(check) => check.question,
            Err(problems) => panic!("{problems}"),
        }
    }

    fn message(text: &str) -> AwsMessage {
        AwsMessage { text: text.to_owned(), request_id: None, by_our_side: text.contains("identity-based policy") }
    }

    fn denied() -> Reply {
        Reply::Denied(message("User: x is not authorized to perform: sts:AssumeRole on resource: y"))
    }

    /// The verdict on a safe role with other replies to some probes.
    fn verdict(require_mfa: bool, but: &[(Kind, Reply)]) -> Verdict {
        let question = question(require_mfa);
        let mut results = ProbeResult::of_a_safe_role(&probes(&question, &Seed::new([1; 32])));
        for result in &mut results {
            if let Some((_, reply)) = but.iter().find(|(kind, _)| *kind == result.kind) {
                result.reply = reply.clone();
            }
        }
        judge(&question, &results).verdict
    }

    #[test]
    fn only_a_role_that_can_be_assumed_with_the_right_id_alone_is_safe() {
        use Kind::{Random, Right, RightAgain, Without};
        assert_eq!(verdict(false, &[]), Verdict::Safe);
        let question = question(false);
        let wrong =
            probes(&question, &Seed::new([1; 32])).into_iter().map(|probe| probe.kind).filter(|kind| !kind.is_right());
        for kind in wrong {
            assert_eq!(verdict(false, &[(kind, Reply::Opened)]), Verdict::Unsafe, "{kind:?}");
            for doubt in [Reply::OpenedOnce, Reply::Unconfirmed, Reply::Unclear(message("Throttling")), Reply::NotTried]
            {
                assert_eq!(verdict(false, &[(kind, doubt.clone())]), Verdict::Inconclusive, "{kind:?} {doubt:?}");
            }
            let ours = Reply::Denied(message("no identity-based policy allows the sts:AssumeRole action"));
            assert_eq!(
                verdict(false, &[(kind, ours)]),
                Verdict::Inconclusive,
                "{kind:?}: the trust policy was not evaluated"
            );
        }
        // A session for a wrong probe decides in spite of doubts, and `Shut` takes precedence over `Inconclusive`.
        assert_eq!(verdict(false, &[(Right, denied()), (RightAgain, denied())]), Verdict::Shut);
        let doubt = || Reply::Unclear(message("Throttling"));
        assert_eq!(verdict(false, &[(Without, Reply::Opened), (Random, doubt())]), Verdict::Unsafe);
        assert_eq!(
            verdict(false, &[(Right, denied()), (RightAgain, denied()), (Random, Reply::Opened)]),
            Verdict::Unsafe
        );
        assert_eq!(verdict(false, &[(Right, denied()), (Random, doubt()), (RightAgain, doubt())]), Verdict::Shut);
        // Denials count only between two successes.
        assert_eq!(verdict(false, &[(RightAgain, denied())]), Verdict::Inconclusive);
        assert_eq!(verdict(false, &[(Right, denied())]), Verdict::Inconclusive);
        assert_eq!(verdict(false, &[(Right, doubt())]), Verdict::Inconclusive);
    }

    #[test]
    fn if_mfa_is_required_no_probe_may_get_a_session() {
        use Kind::{Right, RightAgain};
        let shut = [(Right, denied()), (RightAgain, denied())];
        assert_eq!(verdict(true, &shut), Verdict::Inconclusive);
        assert_eq!(verdict(true, &[]), Verdict::Unsafe);
        assert_eq!(verdict(true, &[(Right, Reply::Opened), (RightAgain, denied())]), Verdict::Unsafe);
        assert_eq!(verdict(true, &[(Right, denied()), (RightAgain, Reply::Opened)]), Verdict::Unsafe);
    }
}

//! What the findings mean, and what the customer must do about it.

use serde_json::json;

use super::answer::Outcome;
use super::probe::{Kind, Probe, Sent};
use super::question::Question;

/// What one probe heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A session was handed out; for all but the right ID, twice.
    Opened,
    /// One was handed out, and refused the second time: access is just changing.
    OpenedOnce,
    /// Access denied, in AWS's words.
    Denied(String),
    /// No answer that says anything about the role, in AWS's words.
    Unclear(String),
    /// There is no such request.
    NotSent(&'static str),
    /// The time was over.
    NotAsked,
}

/// A probe and what it heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The probe.
    pub kind: Kind,
    /// What it heard.
    pub heard: Heard,
}

impl Finding {
    /// What all probes hear at a safe role.
    pub fn of_a_safe_role(probes: &[Probe]) -> Vec<Self> {
        let heard = |probe: &Probe| match probe.sent {
            Sent::Nothing(why) => Heard::NotSent(why),
            _ if probe.kind.is_right() => Heard::Opened,
            _ => Heard::Denied(String::new()),
        };
        probes.iter().map(|probe| Self { kind: probe.kind, heard: heard(probe) }).collect()
    }

    /// Whether they cannot all be true of one role at one time: it is worth asking again.
    pub fn contradict(findings: &[Self]) -> bool {
        let opened = |wanted: Kind| {
            let right = findings.iter().find(|finding| finding.kind == wanted);
            match right.map(|finding| &finding.heard) {
                Some(Heard::Opened) => Some(true),
                Some(Heard::Denied(_)) => Some(false),
                _ => None,
            }
        };
        let first_and_last = opened(Kind::Right).zip(opened(Kind::RightAgain));
        findings.iter().any(|finding| finding.heard == Heard::OpenedOnce)
            || first_and_last.is_some_and(|(first, last)| first != last)
    }

    fn line(&self) -> String {
        let name = self.kind.name();
        match &self.heard {
            Heard::Opened => format!("{name}: opened"),
            Heard::OpenedOnce => format!("{name}: opened once, then denied"),
            Heard::Denied(_) => format!("{name}: denied"),
            Heard::Unclear(words) => format!("{name}: unclear ({words})"),
            Heard::NotSent(why) => format!("{name}: not sent, since {why}"),
            Heard::NotAsked => format!("{name}: not asked, since the time was over"),
        }
    }
}

/// The findings for a person, one a line, and what they cannot tell.
pub fn lines(findings: &[Finding]) -> String {
    const UNSEEN: &str = "Not to be seen from outside: a second external ID that the role accepts, and other principals \
                          whom it trusts.";
    let lines = findings.iter().map(Finding::line);
    lines.chain([UNSEEN.to_owned()]).collect::<Vec<_>>().join("\n")
}

/// What the findings come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// In a word.
    pub outcome: Outcome,
    /// In sentences: what happened, what it means, what to do. Empty when the role is safe.
    pub reason: String,
}

/// Judges what was heard. An opening outweighs everything, and in doubt nothing is safe.
pub fn judge(question: &Question, findings: &[Finding]) -> Verdict {
    let heard = |kind: Kind| findings.iter().find(|finding| finding.kind == kind).map(|finding| &finding.heard);
    let (first, last) = (heard(Kind::Right), heard(Kind::RightAgain));
    let openings: Vec<Kind> = findings
        .iter()
        .filter(|finding| finding.heard == Heard::Opened && (question.require_mfa || !finding.kind.is_right()))
        .map(|finding| finding.kind)
        .collect();
    let others_denied =
        findings.iter().filter(|finding| !finding.kind.is_right()).all(|finding| match &finding.heard {
            Heard::Denied(words) => !is_our_own_side(words),
            Heard::NotSent(_) => true,
            _ => false,
        });
    let (outcome, reason) = match (first, last) {
        _ if !openings.is_empty() => (Outcome::Unsafe, unsafe_role(question, &openings)),
        (Some(Heard::Opened), Some(Heard::Opened)) if others_denied && !question.require_mfa => {
            (Outcome::Safe, String::new())
        }
        (Some(Heard::Denied(words)), Some(last))
            if !question.require_mfa && !is_our_own_side(words) && !matches!(last, Heard::Opened) =>
        {
            (Outcome::Shut, shut_role(question, words))
        }
        _ => (Outcome::Inconclusive, inconclusive(question, findings)),
    };
    Verdict { outcome, reason }
}

/// Whether AWS names a policy of the caller's as what denied: then the role was not asked at all. See
/// [access denied error messages].
///
/// [access denied error messages]: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
fn is_our_own_side(words: &str) -> bool {
    const OWN: [&str; 5] = [
        "identity-based policy",
        "permissions boundary",
        "session policy",
        "service control policy",
        "VPC endpoint policy",
    ];
    OWN.iter().any(|policy| words.contains(policy))
}

fn unsafe_role(question: &Question, openings: &[Kind]) -> String {
    let opened: Vec<String> = openings
        .iter()
        .enumerate()
        .map(|(index, kind)| format!("({}) {}: {}", index + 1, kind.name(), meaning(*kind)))
        .collect();
    let lacking = if question.require_mfa { "without a second factor" } else { "with less than its external ID" };
    format!(
        "The role {} opens {lacking}, so do not use it. It opened with {}. The customer must put this statement, with \
         the agreed external ID filled in, in the place of every one in the role's trust policy that lets account {} in: {}",
        question.role,
        opened.join("; "),
        question.asker.account,
        trust_statement(question),
    )
}

/// What it says about a trust policy that this opens the role.
fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::Right | Kind::RightAgain => {
            "the trust policy does not demand a second factor (Bool aws:MultiFactorAuthPresent is missing, or BoolIfExists)"
        }
        Kind::Without => {
            "the ID is not demanded at all (no condition on sts:ExternalId, one ending in IfExists, one that is negated, or \
             another statement that does without)"
        }
        Kind::Random => "any ID will do (a wildcard, or a negated condition)",
        Kind::First => "how the ID begins is not compared (StringLike with * or ? at its start)",
        Kind::Middle => "the middle of the ID is not compared (StringLike with * or ? in it)",
        Kind::Last => "how the ID ends is not compared (StringLike with * or ? at its end)",
        Kind::CaseFlipped => "letter case is not compared (StringEqualsIgnoreCase)",
        Kind::Appended => "anything may follow the ID (StringLike with * at its end)",
        Kind::Prepended => "anything may precede the ID (StringLike with * at its start)",
    }
}

fn trust_statement(question: &Question) -> String {
    let principal = format!("arn:{}:iam::{}:root", question.asker.partition, question.asker.account);
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

fn shut_role(question: &Question, words: &str) -> String {
    format!(
        "The role {} did not open with the right external ID: AWS kept answering \"{words}\". It may be that the role \
         does not exist or is spelt differently; that its trust policy asks for another external ID, or names another account \
         than {}; that its conditions do not cover the role that asks, which AWS's answer names (AllowedPrincipalArns, \
         PrincipalOrgId, SourceIps, an expiry); that it demands a second factor (then say RequireMfa); or that a policy of the \
         customer's organization denies it. Compare with the customer, then change Revision to ask again.",
        question.role, question.asker.account,
    )
}

fn inconclusive(question: &Question, findings: &[Finding]) -> String {
    let first = |wanted: fn(&Heard) -> bool| findings.iter().find(|finding| wanted(&finding.heard));
    let own_denial = findings.iter().find_map(|finding| match &finding.heard {
        Heard::Denied(words) if is_our_own_side(words) => Some(words),
        _ => None,
    });
    let why = if let Some(words) = own_denial {
        format!(
            "a policy on the function's side denies the asking: \"{words}\". The checking role needs sts:AssumeRole on the \
             customer's role, and may not have it within its own organization"
        )
    } else if let Some(Finding { kind, heard: Heard::Unclear(words) }) =
        first(|heard| matches!(heard, Heard::Unclear(_)))
    {
        format!("asked with {}, AWS gave no usable answer: {words}", kind.name())
    } else if Finding::contradict(findings) {
        "its answers kept changing, as they do for a short while after a change".to_owned()
    } else if first(|heard| *heard == Heard::NotAsked).is_some() {
        "the time was over before everything was asked".to_owned()
    } else {
        "nothing opened it, as it should be where a second factor is demanded; but a function has none, so whether the right \
         external ID opens it cannot be shown"
            .to_owned()
    };
    format!(
        "Whether the role {} is safe could not be told: {why}. Change Revision to ask again, or set OnInconclusive to Succeed \
         to go on without knowing.",
        question.role
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_check::probe::probes;
    use crate::access_check::question::Check;
    use crate::identifiers::{AccountId, Home, Partition};
    use crate::seed::Seed;

    fn question(require_mfa: bool) -> Question {
        let (Ok(partition), Ok(account)) = (Partition::parse("aws"), AccountId::parse("111111111111")) else {
            panic!("well-formed");
        };
        let properties = json!({
            "RoleArn": "arn:aws:iam::999999999999:role/Acme", "ExternalId": "acme-7d1c", "RequireMfa": require_mfa,
        });
        let properties = properties.as_object().cloned().unwrap_or_default();
        match Check::read(&properties, &Home { partition, account }, "stack", "Check") {
            Ok(check) => check.question,
            Err(problems) => panic!("{problems}"),
        }
    }

    fn denied() -> Heard {
        Heard::Denied("User: x is not authorized to perform: sts:AssumeRole on resource: y".into())
    }

    /// What a safe role says, but for some probes.
    fn outcome(require_mfa: bool, but: &[(Kind, Heard)]) -> Outcome {
        let question = question(require_mfa);
        let mut findings = Finding::of_a_safe_role(&probes(&question, &Seed::new([1; 32])));
        for finding in &mut findings {
            if let Some((_, heard)) = but.iter().find(|(kind, _)| *kind == finding.kind) {
                finding.heard = heard.clone();
            }
        }
        judge(&question, &findings).outcome
    }

    #[test]
    fn only_a_role_that_opens_with_the_right_id_and_nothing_else_is_safe() {
        use Kind::{Random, Right, RightAgain, Without};
        assert_eq!(outcome(false, &[]), Outcome::Safe);
        let question = question(false);
        let wrong =
            probes(&question, &Seed::new([1; 32])).into_iter().map(|probe| probe.kind).filter(|kind| !kind.is_right());
        for kind in wrong {
            assert_eq!(outcome(false, &[(kind, Heard::Opened)]), Outcome::Unsafe, "{kind:?}");
            for doubt in [Heard::OpenedOnce, Heard::Unclear("Throttling".into()), Heard::NotAsked] {
                assert_eq!(outcome(false, &[(kind, doubt.clone())]), Outcome::Inconclusive, "{kind:?} {doubt:?}");
            }
            let ours = Heard::Denied("no identity-based policy allows the sts:AssumeRole action".into());
            assert_eq!(outcome(false, &[(kind, ours)]), Outcome::Inconclusive, "{kind:?}: the role was not asked");
        }
        // An opening outweighs every doubt, and a role that is shut is not called inconclusive.
        assert_eq!(outcome(false, &[(Right, denied()), (RightAgain, denied())]), Outcome::Shut);
        let doubt = || Heard::Unclear("Throttling".into());
        assert_eq!(outcome(false, &[(Without, Heard::Opened), (Random, doubt())]), Outcome::Unsafe);
        assert_eq!(
            outcome(false, &[(Right, denied()), (RightAgain, denied()), (Random, Heard::Opened)]),
            Outcome::Unsafe
        );
        assert_eq!(outcome(false, &[(Right, denied()), (Random, doubt()), (RightAgain, doubt())]), Outcome::Shut);
        // Denials count between two successes only.
        assert_eq!(outcome(false, &[(RightAgain, denied())]), Outcome::Inconclusive);
        assert_eq!(outcome(false, &[(Right, denied())]), Outcome::Inconclusive);
        assert_eq!(outcome(false, &[(Right, doubt())]), Outcome::Inconclusive);
    }

    #[test]
    fn where_a_second_factor_is_demanded_nothing_may_open() {
        use Kind::{Right, RightAgain};
        let shut = [(Right, denied()), (RightAgain, denied())];
        assert_eq!(outcome(true, &shut), Outcome::Inconclusive);
        assert_eq!(outcome(true, &[]), Outcome::Unsafe);
        assert_eq!(outcome(true, &[(Right, Heard::Opened), (RightAgain, denied())]), Outcome::Unsafe);
        assert_eq!(outcome(true, &[(Right, denied()), (RightAgain, Heard::Opened)]), Outcome::Unsafe);
    }
}

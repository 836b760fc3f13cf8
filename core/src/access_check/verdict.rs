//! What the findings mean, and what the customer must do about it.

use std::fmt;

use serde_json::json;

use super::answer::Outcome;
use super::probe::{Kind, Probe, Sent};
use super::question::Question;

/// What one probe heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A session was handed out; to a wrong probe, twice.
    Opened,
    /// One was handed out, and refused the second time: access is just changing.
    OpenedOnce,
    /// One was handed out, and no answer came the second time.
    Unconfirmed,
    /// Access denied.
    Denied(Said),
    /// No answer that says anything about the role.
    Unclear(Said),
    /// There is no such request.
    NotSent(&'static str),
    /// The time was over.
    NotAsked,
}

/// AWS's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// In one line, without a full stop.
    pub words: String,
    /// AWS's ID of the request.
    pub request_id: Option<String>,
    /// Whether they name a policy of the caller's as what denied: then the role was not asked at all.
    pub by_our_side: bool,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request_id {
            Some(id) => write!(f, "\"{}\" (AWS request ID {id})", self.words),
            None => f.write_str(&self.words),
        }
    }
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
            _ => Heard::Denied(Said::default()),
        };
        probes.iter().map(|probe| Self { kind: probe.kind, heard: heard(probe) }).collect()
    }

    fn line(&self) -> String {
        /// Enough to tell throttling from a network that is down; the rest is in the reason.
        const LONGEST: usize = 100;
        let name = self.kind.name();
        match &self.heard {
            Heard::Opened => format!("{name}: opened"),
            Heard::OpenedOnce => format!("{name}: opened once, then denied"),
            Heard::Unconfirmed => format!("{name}: opened once, and could not be tried again"),
            Heard::Denied(said) if said.by_our_side => format!("{name}: denied by a policy of our own side"),
            Heard::Denied(_) => format!("{name}: denied"),
            Heard::Unclear(said) => {
                format!("{name}: unclear ({})", said.words.chars().take(LONGEST).collect::<String>())
            }
            Heard::NotSent(why) => format!("{name}: not sent, since {why}"),
            Heard::NotAsked => format!("{name}: not asked, since the time was over"),
        }
    }
}

/// The probes that opened and must not.
pub fn wrong_openings(question: &Question, findings: &[Finding]) -> Vec<Kind> {
    let opened = |finding: &&Finding| finding.heard == Heard::Opened;
    findings.iter().filter(opened).map(|finding| finding.kind).filter(|kind| question.must_not_open(*kind)).collect()
}

/// Whether findings cannot all be true of one role at one time: then it is worth asking again.
pub fn are_contradictory(findings: &[Finding]) -> bool {
    let opened = |kind: Kind| match heard(findings, kind) {
        Some(Heard::Opened) => Some(true),
        Some(Heard::Denied(_)) => Some(false),
        _ => None,
    };
    let (first, last) = (opened(Kind::Right), opened(Kind::RightAgain));
    // A policy of our own that lets the right ID pass lets every other pass, too.
    let denied_by_us = |finding: &Finding| matches!(&finding.heard, Heard::Denied(said) if said.by_our_side);
    findings.iter().any(|finding| finding.heard == Heard::OpenedOnce)
        || first.zip(last).is_some_and(|(first, last)| first != last)
        || (first == Some(true) && findings.iter().any(denied_by_us))
}

fn heard(findings: &[Finding], kind: Kind) -> Option<&Heard> {
    findings.iter().find(|finding| finding.kind == kind).map(|finding| &finding.heard)
}

/// The findings for a person, one a line, and what they cannot tell.
pub fn lines(question: &Question, findings: &[Finding]) -> String {
    const UNSEEN: &str = "Not to be seen from outside: a second external ID that the role accepts, other principals whom \
                          it trusts, and ways in under conditions that this check does not meet.";
    let doubt = match judge(question, findings).outcome {
        Outcome::Inconclusive => Some(format!("Inconclusive: {}.", doubt(findings))),
        Outcome::Safe | Outcome::Unsafe | Outcome::Shut => None,
    };
    let lines = findings.iter().map(Finding::line);
    lines.chain(doubt).chain([UNSEEN.to_owned()]).collect::<Vec<_>>().join("\n")
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
    let openings = wrong_openings(question, findings);
    let others_denied =
        findings.iter().filter(|finding| !finding.kind.is_right()).all(|finding| match &finding.heard {
            Heard::Denied(said) => !said.by_our_side,
            Heard::NotSent(_) => true,
            _ => false,
        });
    let (outcome, reason) = match (heard(findings, Kind::Right), heard(findings, Kind::RightAgain)) {
        _ if !openings.is_empty() => (Outcome::Unsafe, unsafe_role(question, &openings)),
        (Some(Heard::Opened), Some(Heard::Opened)) if others_denied && !question.require_mfa => {
            (Outcome::Safe, String::new())
        }
        (Some(Heard::Denied(said)), Some(last))
            if !question.require_mfa && !said.by_our_side && !matches!(last, Heard::Opened) =>
        {
            (Outcome::Shut, shut_role(question, said))
        }
        _ => (Outcome::Inconclusive, inconclusive(question, findings)),
    };
    Verdict { outcome, reason }
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
    let lacking = if question.require_mfa { "without a second factor" } else { "with less than its external ID" };
    format!(
        "The role {} opens {lacking}, so do not use it. It opened with {opened}{as_well}. The customer must put this \
         statement, with the agreed external ID filled in, in the place of every one in the role's trust policy that lets \
         account {} in, and keep such other conditions as only narrow it: {}",
        question.role,
        question.asker.account,
        trust_statement(question),
    )
}

/// The openings that tell what is wrong, and those that only follow from them.
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

/// What it says about a trust policy that this opens the role.
fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::Right | Kind::RightAgain => {
            "the trust policy does not demand a second factor (Bool aws:MultiFactorAuthPresent is missing)"
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

fn shut_role(question: &Question, said: &Said) -> String {
    format!(
        "The role {} did not open with the right external ID: sts:AssumeRole was answered with {said}. It may be that the \
         role does not exist or is spelt differently; that its trust policy asks for another external ID, or names another \
         account than {}; that its conditions do not cover the role that asks, which AWS's answer names \
         (AllowedPrincipalArns, PrincipalOrgId, SourceIps, an expiry); that it demands a second factor (then say RequireMfa); \
         or that a policy of the customer's organization denies it. Compare with the customer, then change Revision to ask \
         again.",
        question.role, question.asker.account,
    )
}

fn inconclusive(question: &Question, findings: &[Finding]) -> String {
    let what_to_do = if question.require_mfa && shows_nothing_but_denials(findings) {
        "Set OnInconclusive to Succeed to accept that"
    } else {
        "Change Revision to ask again, or set OnInconclusive to Succeed to go on without knowing"
    };
    format!("Whether the role {} is safe could not be told: {}. {what_to_do}.", question.role, doubt(findings))
}

fn shows_nothing_but_denials(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| match &finding.heard {
        Heard::Denied(said) => !said.by_our_side,
        Heard::NotSent(_) => true,
        _ => false,
    })
}

/// Why it could not be told, as a phrase.
fn doubt(findings: &[Finding]) -> String {
    let own_denial = findings.iter().find_map(|finding| match &finding.heard {
        Heard::Denied(said) if said.by_our_side => Some(said),
        _ => None,
    });
    let unclear = findings.iter().find_map(|finding| match &finding.heard {
        Heard::Unclear(said) => Some((finding.kind, said)),
        _ => None,
    });
    let unconfirmed = findings.iter().find(|finding| finding.heard == Heard::Unconfirmed);
    if let Some(Finding { kind, .. }) = unconfirmed {
        format!("it opened once with {}, and could not be tried a second time", kind.name())
    } else if let Some(said) = own_denial {
        format!(
            "a policy of the function's own side denied sts:AssumeRole: {said}. The checking role needs it on the customer's \
             role, and has it nowhere in its own organization"
        )
    } else if let Some((kind, said)) = unclear {
        format!("sts:AssumeRole with {} got no usable answer: {said}", kind.name())
    } else if are_contradictory(findings) {
        "its answers kept changing, as they do for a short while after a change".to_owned()
    } else if shows_nothing_but_denials(findings) {
        "nothing opened it, as it should be where a second factor is demanded; but a function has none, so whether the right \
         external ID opens it cannot be shown"
            .to_owned()
    } else {
        "the time was over before everything was asked".to_owned()
    }
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

    fn said(words: &str) -> Said {
        Said { words: words.to_owned(), request_id: None, by_our_side: words.contains("identity-based policy") }
    }

    fn denied() -> Heard {
        Heard::Denied(said("User: x is not authorized to perform: sts:AssumeRole on resource: y"))
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
            for doubt in [Heard::OpenedOnce, Heard::Unconfirmed, Heard::Unclear(said("Throttling")), Heard::NotAsked] {
                assert_eq!(outcome(false, &[(kind, doubt.clone())]), Outcome::Inconclusive, "{kind:?} {doubt:?}");
            }
            let ours = Heard::Denied(said("no identity-based policy allows the sts:AssumeRole action"));
            assert_eq!(outcome(false, &[(kind, ours)]), Outcome::Inconclusive, "{kind:?}: the role was not asked");
        }
        // An opening outweighs every doubt, and a role that is shut is not called inconclusive.
        assert_eq!(outcome(false, &[(Right, denied()), (RightAgain, denied())]), Outcome::Shut);
        let doubt = || Heard::Unclear(said("Throttling"));
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

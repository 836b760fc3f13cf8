//! What was changed by hand: the parts of a role that differ from what the state tag records.
//!
//! The comparison is that of an update: two documents are equal if IAM treats both alike. The tag has only hashes, so
//! what differs is named where undoing a likely change gives the recorded hash.
//!
//! The hashes have no key: a person who may change the role and its tags can hide a change. That is an administrator
//! of the account, and CloudTrail records the change.

use std::collections::{BTreeMap, BTreeSet};

use super::inspected::Inspected;
use super::written_trust;
use crate::findings::{Code, Finding};
use crate::policy::Document;
use crate::role::guardrail_policy::{GUARDRAIL_POLICY, expiry};
use crate::role::policy_names::CUSTOM_POLICY;
use crate::role::session_revocation::REVOCATION_POLICY;
use crate::role::state_tag::{Parts, State};
use crate::timestamp::Timestamp;

/// What differs. The trust policy `closes` the role then, and `guardrails` is the guardrail policy of a role of this resource
/// whose access ends at a time.
pub fn findings(
    role: &Inspected,
    closes: Option<Timestamp>,
    guardrails: impl Fn(Option<Timestamp>) -> Document,
) -> Vec<Finding> {
    let state = State::read(&role.tags);
    let Some(recorded) = state.parts else {
        let message = "The role has no tag service-provider-access:state that can be read, so changes by hand cannot be recognized: a \
                       version without this tag wrote the role, or the tag was removed. Change Revision and update the stack.";
        return vec![Finding::warning(Code::NotRecorded, "", message)];
    };
    let since = state.as_of.map(|as_of| format!(" on {as_of}")).unwrap_or_default();
    let drifted = |part: &str, property: &str, what: String| {
        let message = format!(
            "{part} changed since the function wrote the role{since}: {what}. To restore it, change Revision and update the stack."
        );
        Finding::error(Code::Drifted, property, message)
    };
    let live = Live::of(role);
    let standing = live.parts(role);
    let mut found = Vec::new();
    if standing.trust != recorded.trust {
        let end = live.inline.get(GUARDRAIL_POLICY).and_then(expiry);
        let is_recorded = |trust: &Document| live.hash(|live| live.trust = trust.clone()).trust == recorded.trust;
        let change = written_trust::change(role, end, is_recorded);
        let what = change.unwrap_or_else(|| "it is another one".to_owned());
        found.push(drifted("The trust policy", "", what));
    }
    if standing.inline != recorded.inline {
        let guardrails = [None, live.inline.get(GUARDRAIL_POLICY).and_then(expiry), closes].map(guardrails);
        found.push(drifted("The inline policies", "CustomPolicy", live.inline_change(&recorded, &guardrails)));
    }
    if live.revocation.is_some_and(|policy| !policy.as_ref().is_some_and(Document::only_denies)) {
        let what = format!("{REVOCATION_POLICY} does not only deny");
        found.push(drifted("The inline policies", "CustomPolicy", what));
    }
    if standing.attachments != recorded.attachments {
        let what = live.attachment_change(&recorded);
        found.push(drifted("The attached policies", "ManagedPolicyArns", what));
    }
    if standing.boundary != recorded.boundary {
        let what = match &role.permissions_boundary {
            None => "it was removed".to_owned(),
            Some(arn) if live.hash(|live| live.boundary = None).boundary == recorded.boundary => {
                format!("{arn} was added")
            }
            Some(arn) => format!("it is now {arn}"),
        };
        found.push(drifted("The permissions boundary", "PermissionsBoundary", what));
    }
    if standing.settings != recorded.settings {
        let seconds = role.max_session_duration;
        let what = format!("the description was changed, or the longest session, which is now {seconds} seconds");
        let finding = drifted("The settings", "MaxSessionDuration", what);
        // A description grants nothing, and `over-limits` reports a session that is too long.
        found.push(Finding::warning(Code::Drifted, finding.property, finding.message));
    }
    found
}

/// The parts of a role that the state tag records.
#[derive(Clone)]
struct Live<'a> {
    trust: Document,
    /// All but the one that ends sessions.
    inline: BTreeMap<&'a str, Document>,
    revocation: Option<&'a Option<Document>>,
    attached: BTreeSet<&'a str>,
    boundary: Option<&'a str>,
}

/// How many policies are taken away together at most to find those that were added.
const ADDED_TOGETHER: usize = 3;

/// With more policies than this, the combinations are too many.
const MOST_POLICIES: usize = 12;

impl<'a> Live<'a> {
    fn of(role: &'a Inspected) -> Self {
        // No document of the function is empty, so one that cannot be read differs from all of them.
        let readable = |document: &Option<Document>| document.clone().unwrap_or_else(|| Document::new(Vec::new()));
        let inline = role.inline.iter().filter(|(name, _)| *name != REVOCATION_POLICY);
        Self {
            trust: readable(&role.trust),
            inline: inline.map(|(name, policy)| (name.as_str(), readable(policy))).collect(),
            revocation: role.inline.get(REVOCATION_POLICY),
            attached: role.attached.iter().map(String::as_str).collect(),
            boundary: role.permissions_boundary.as_deref(),
        }
    }

    fn parts(&self, role: &Inspected) -> Parts {
        let inline = self.inline.iter().map(|(name, policy)| (*name, policy));
        let settings = (role.description.as_str(), role.max_session_duration);
        Parts::of(&self.trust, inline, self.attached.iter().copied(), self.boundary, settings)
    }

    /// The hashes after this change. The settings are not among them.
    fn hash(&self, change: impl FnOnce(&mut Self)) -> Parts {
        let mut changed = self.clone();
        change(&mut changed);
        let inline = changed.inline.iter().map(|(name, policy)| (*name, policy));
        Parts::of(&changed.trust, inline, changed.attached.iter().copied(), changed.boundary, ("", 0))
    }

    fn inline_change(&self, recorded: &Parts, guardrails: &[Document]) -> String {
        let names: Vec<&str> = self.inline.keys().copied().filter(|name| *name != GUARDRAIL_POLICY).collect();
        let added = |live: &Self| {
            added(&names, |gone| {
                live.hash(|live| live.inline.retain(|name, _| !gone.contains(name))).inline == recorded.inline
            })
        };
        if let Some(added) = added(self) {
            return added_policies(&added);
        }
        for guardrails in guardrails {
            let mut guarded = self.clone();
            guarded.inline.insert(GUARDRAIL_POLICY, guardrails.clone());
            let changed = format!("{GUARDRAIL_POLICY} was changed or removed");
            if guarded.hash(|_| ()).inline == recorded.inline {
                return changed;
            }
            if let Some(added) = added(&guarded) {
                return format!("{changed}, and {}", added_policies(&added));
            }
        }
        match &names[..] {
            [] => format!("{CUSTOM_POLICY} was removed"),
            [CUSTOM_POLICY] => format!("{CUSTOM_POLICY} was changed"),
            names => format!("they are now {}", names.join(", ")),
        }
    }

    fn attachment_change(&self, recorded: &Parts) -> String {
        let names: Vec<&str> = self.attached.iter().copied().collect();
        let added = added(&names, |gone| {
            self.hash(|live| live.attached.retain(|name| !gone.contains(name))).attachments == recorded.attachments
        });
        match (added, &names[..]) {
            (Some(added), _) => added_policies(&added),
            (None, []) => "all of them were detached".to_owned(),
            (None, names) => format!("some were detached or exchanged; attached are now {}", names.join(", ")),
        }
    }
}

/// The smallest set of these policies without which the rest is as recorded.
fn added<'a>(names: &[&'a str], recorded: impl Fn(&[&'a str]) -> bool) -> Option<Vec<&'a str>> {
    fn choose<'a>(
        from: &[&'a str],
        number: usize,
        chosen: &mut Vec<&'a str>,
        recorded: &impl Fn(&[&'a str]) -> bool,
    ) -> bool {
        if number == 0 {
            return recorded(chosen);
        }
        for (index, name) in from.iter().enumerate() {
            chosen.push(name);
            if choose(&from[index + 1..], number - 1, chosen, recorded) {
                return true;
            }
            chosen.pop();
        }
        false
    }
    if names.len() > MOST_POLICIES {
        return None;
    }
    (1..=ADDED_TOGETHER.min(names.len())).find_map(|number| {
        let mut chosen = Vec::new();
        choose(names, number, &mut chosen, &recorded).then_some(chosen)
    })
}

fn added_policies(names: &[&str]) -> String {
    match names {
        [one] => format!("{one} was added"),
        more => format!("{} were added", more.join(", ")),
    }
}

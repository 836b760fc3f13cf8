//! Any trust, delegation and role, and any change from one template to the next.

use delegated_role_core::identifiers::{
    AccountId, ExternalId, FunctionArn, OrganizationId, Partition, PolicyArn, PolicyName, PrincipalArn, PublicCidr,
    RoleName, RolePath,
};
use delegated_role_core::installation::Installation;
use delegated_role_core::owner_limits::Settings;
use delegated_role_core::policy::Document;
use delegated_role_core::role::delegation::{Delegation, ExternalIdChoice, PolicyOwnership, RevokeSessions};
use delegated_role_core::role::guardrail_policy::{GUARDRAIL_POLICY, GuardrailPolicy};
use delegated_role_core::role::ownership::{REVOKE_PENDING, REVOKE_TAG, StackResource};
use delegated_role_core::role::policy_names::{CUSTOM_POLICY, is_reserved};
use delegated_role_core::role::previous_template::OnceDeclared;
use delegated_role_core::role::session_revocation::{REVOCATION_POLICY, extended};
use delegated_role_core::role::trust::{Conditions, Mfa, SessionAction, Trust};
use delegated_role_core::timestamp::Timestamp;
use std::collections::BTreeMap;

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

use super::model::Model;
use crate::fixtures::{ACCOUNT, FUNCTION};

pub(super) const ACCOUNTS: [&str; 3] = ["222222222222", "333333333333", "444444444444"];

pub(super) const IDS: [&str; 3] = ["first-external-id-1", "second-external-id-2", "third-external-id-3"];

pub(super) const PRINCIPALS: [&str; 4] = ["role/*", "role/ci/*", "role/ci/deploy", "user/auditor"];

pub(super) const RANGES: [&str; 3] = ["203.0.113.0/24", "203.0.113.0/28", "198.51.100.0/24"];

pub(super) const MANAGED: [&str; 5] =
    ["SecurityAudit", "AmazonEC2ReadOnlyAccess", "AmazonS3ReadOnlyAccess", "AWSDenyAll", "Billing"];
pub(super) const EXPIRIES: [&str; 2] = ["2026-12-01T00:00:00Z", "2027-06-01T00:00:00Z"];

/// When the plans start, and earlier cut-offs: in the past and in the future.
pub(super) const NOON: &str = "2026-11-22T12:00:00Z";

pub(super) const CUT_OFFS: [&str; 2] = ["2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"];

/// The quotas of IAM.
pub(super) const INLINE_CHARACTERS: usize = 10_240;

pub(super) const TAGS: usize = 50;

pub(super) fn installation() -> Installation {
    let limits = Settings::from_environment(|_| None).limits.unwrap();
    Installation { function: FunctionArn::parse(FUNCTION).unwrap(), limits }
}

pub(super) fn owner() -> StackResource {
    StackResource {
        stack_id: format!("arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/s/1"),
        stack_name: "s".into(),
        logical_id: "Role".into(),
    }
}

pub(super) fn managed(name: &str) -> PolicyArn {
    PolicyArn::parse(&format!("arn:aws:iam::aws:policy/{name}")).unwrap()
}

pub(super) fn allow(action: &str) -> Document {
    Document::new(vec![json!({"Effect": "Allow", "Action": action, "Resource": "*"})])
}

pub(super) fn deny(action: &str) -> Document {
    Document::new(vec![json!({"Effect": "Deny", "Action": action, "Resource": "*"})])
}

/// Allows one action, in a document of this many characters.
pub(super) fn long(size: usize) -> Document {
    let shortest = allow("sns:Publish");
    let resource = format!("*{}", "x".repeat(size - shortest.size()));
    Document::new(vec![json!({"Effect": "Allow", "Action": "sns:Publish", "Resource": resource})])
}

pub(super) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(super) fn guardrail_policy() -> GuardrailPolicy {
    GuardrailPolicy::new(&installation(), &owner())
}

prop_compose! {
    pub(super) fn any_trust()(
        accounts in subsequence(ACCOUNTS.to_vec(), 1..=3),
        ids in subsequence(IDS.to_vec(), 0..=2),
        mfa in select(vec![Mfa::NotRequired, Mfa::Required, Mfa::RequiredWithin(60), Mfa::RequiredWithin(600)]),
        principals in subsequence(PRINCIPALS.to_vec(), 0..=3),
        organization in proptest::option::of(select(vec!["o-aaaaaaaaaa", "o-bbbbbbbbbb"])),
        ranges in subsequence(RANGES.to_vec(), 0..=2),
        expires_at in proptest::option::of(select(EXPIRIES.to_vec())),
        session_actions in subsequence(SessionAction::ALL.to_vec(), 0..=2),
    ) -> Trust {
        let first = accounts[0];
        Trust {
            partition: Partition::parse("aws").unwrap(),
            accounts: accounts.iter().map(|account| AccountId::parse(account).unwrap()).collect(),
            external_ids: ids.iter().map(|id| ExternalId::parse(id).unwrap()).collect(),
            conditions: Conditions {
                mfa,
                principals: principals
                    .iter()
                    .map(|name| PrincipalArn::parse(&format!("arn:aws:iam::{first}:{name}")).unwrap())
                    .collect(),
                organization: organization.map(|id| OrganizationId::parse(id).unwrap()),
                source_ips: ranges.iter().map(|range| PublicCidr::parse(range).unwrap()).collect(),
                expires_at: expires_at.map(time),
            },
            session_actions: session_actions.into_iter().collect(),
        }
    }
}

/// Allows the first action, and denies the second.
pub(super) fn both(allowed: &str, denied: &str) -> Document {
    Document::new(vec![
        json!({"Effect": "Allow", "Action": allowed, "Resource": "*"}),
        json!({"Sid": "Never", "Effect": "Deny", "Action": denied, "Resource": "*"}),
    ])
}

/// Denies one action, in a document of this many characters.
pub(super) fn long_deny(size: usize) -> Document {
    let shortest = Document::new(vec![json!({"Sid": "", "Effect": "Deny", "Action": "sqs:*", "Resource": "*"})]);
    let sid = "x".repeat(size - shortest.size());
    Document::new(vec![json!({"Sid": sid, "Effect": "Deny", "Action": "sqs:*", "Resource": "*"})])
}

/// In the language version before this one.
pub(super) fn old_version(document: &Document) -> Document {
    let mut members = document.members().clone();
    members.insert("Version".to_owned(), json!("2008-10-17"));
    Document::from_value(members.into()).unwrap()
}

pub(super) fn any_inline() -> impl Strategy<Value = Document> {
    let plain = vec![
        allow("s3:GetObject"),
        allow("ec2:StartInstances"),
        allow("sqs:SendMessage"),
        deny("s3:*"),
        deny("ec2:*"),
        deny("sqs:*"),
        both("s3:*", "ec2:*"),
        both("ec2:*", "s3:GetObject"),
        both("sqs:*", "s3:*"),
        both("s3:PutObject", "sqs:*"),
    ];
    let old = plain.iter().map(old_version).collect::<Vec<_>>();
    prop_oneof![20 => select(plain), 1 => select(old)]
}

/// What a template has under names of its own: denies may be long.
pub(super) fn any_policies() -> impl Strategy<Value = BTreeMap<String, Document>> {
    let policy = prop_oneof![12 => any_inline(), 1 => Just(long(2_500)), 1 => Just(long_deny(2_500))];
    btree_map(select(vec!["Reports".to_owned(), "Operations".to_owned(), "Audit".to_owned()]), policy, 0..=2)
}

/// What a policy with one of our names can contain: what we write, changes by others, and something else.
pub(super) fn any_guardrails() -> impl Strategy<Value = Document> {
    let ours = proptest::option::of(select(EXPIRIES.to_vec())).prop_map(|end| guardrail_policy().policy(end.map(time)));
    prop_oneof![6 => ours, 1 => any_inline()]
}

pub(super) fn any_revocation() -> impl Strategy<Value = Document> {
    let ended = select(CUT_OFFS.to_vec()).prop_map(|cut_off| extended(None, time(cut_off)).0);
    let more = select(CUT_OFFS.to_vec()).prop_map(|cut_off| extended(Some(&deny("s3:*")), time(cut_off)).0);
    prop_oneof![3 => ended, 1 => more, 2 => any_inline()]
}

/// As many of them as a template may have: together with the policies that are ours, and with what others may add.
pub(super) fn fitting(
    custom: Option<&Document>,
    policies: BTreeMap<String, Document>,
) -> BTreeMap<PolicyName, Document> {
    let mut room = 8_200 - custom.map_or(0, Document::size);
    let fits = |(name, policy): (String, Document)| {
        room = room.checked_sub(policy.size())?;
        Some((PolicyName::parse(&name).unwrap(), policy))
    };
    policies.into_iter().map_while(fits).collect()
}

prop_compose! {
    pub(super) fn any_delegation()(
        trust in any_trust(),
        custom_policy in proptest::option::of(prop_oneof![4 => any_inline(), 1 => Just(long(8_200)), 1 => Just(long_deny(3_500))]),
        policies in any_policies(),
        attached in subsequence(MANAGED.to_vec(), 0..=4),
        boundary in proptest::option::of(select(vec!["BoundaryA", "BoundaryB"])),
        description in select(vec!["", "for the auditor"]),
        max_session_duration in select(vec![3600_u32, 7200]),
        tags in btree_map(select(vec!["team", "cost"]), select(vec!["a", "b"]), 0..=2),
        exclusive in any::<bool>(),
        revoke_sessions in select(vec![RevokeSessions::OnNarrowing, RevokeSessions::Never]),
    ) -> Delegation {
        Delegation {
            role_name: Some(RoleName::parse("Chosen").unwrap()),
            home_region: None,
            path: RolePath::parse("/delegated/").unwrap(),
            accounts: trust.accounts.iter().cloned().collect(),
            external_id: match trust.external_ids.len() {
                0 => ExternalIdChoice::NotRequired,
                _ => ExternalIdChoice::Explicit(trust.external_ids.iter().cloned().collect()),
            },
            conditions: trust.conditions,
            session_actions: trust.session_actions,
            max_session_duration,
            revoke_sessions,
            policies: fitting(custom_policy.as_ref(), policies),
            custom_policy,
            managed_policies: attached.iter().map(|name| managed(name)).collect(),
            permissions_boundary: boundary.map(managed),
            description: description.to_owned(),
            tags: tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            policy_ownership: if exclusive { PolicyOwnership::Exclusive } else { PolicyOwnership::Declared },
            warnings: Vec::new(),
        }
    }
}

prop_compose! {
    /// A role that a template, an attacker and an incident responder changed.
    pub(super) fn any_role()(
        trust in prop_oneof![4 => any_trust().prop_map(Some), 1 => Just(None)],
        attached in subsequence(MANAGED.to_vec(), 0..=5),
        inline in btree_map(select(vec![CUSTOM_POLICY, "Backdoor", "Quarantine"]), any_inline(), 0..=3),
        policies in any_policies(),
        boundary in proptest::option::of(select(vec!["BoundaryA", "BoundaryC"])),
        description in select(vec!["", "for the auditor", "old"]),
        max_session_duration in select(vec![3600_u32, 43_200]),
        tags in btree_map(select(vec!["team", "cost", "theirs"]), select(vec!["a", "b"]), 0..=3),
        guardrails in proptest::option::of(any_guardrails()),
        revocation in proptest::option::of(any_revocation()),
        pending in prop_oneof![3 => Just(false), 1 => Just(true)],
        // As large as IAM allows.
        filled in prop_oneof![3 => Just(None), 1 => select(vec![CUSTOM_POLICY, "Backdoor"]).prop_map(Some)],
    ) -> Model {
        let ours = [(GUARDRAIL_POLICY, guardrails), (REVOCATION_POLICY, revocation)];
        let ours = ours.into_iter().filter_map(|(name, policy)| Some((name, policy?)));
        let pending = pending.then_some((REVOKE_TAG, REVOKE_PENDING));
        let mut role = Model {
            trust,
            attached: attached.iter().map(|name| managed(name).to_string()).collect(),
            inline: inline.into_iter().chain(ours).map(|(name, policy)| (name.to_owned(), policy)).chain(policies).collect(),
            boundary: boundary.map(|name| managed(name).to_string()),
            description: description.to_owned(),
            max_session_duration,
            tags: tags.into_iter().chain(pending).map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            now: time(NOON),
        };
        if let Some(name) = filled {
            role.inline.remove(name);
            let room = INLINE_CHARACTERS - role.characters();
            if room > 200 {
                role.inline.insert(name.to_owned(), long(room));
            }
        }
        role
    }
}

prop_compose! {
    pub(super) fn any_previous_template()(
        managed_policies in subsequence(MANAGED.to_vec(), 0..=5),
        inline_policies in subsequence(vec![CUSTOM_POLICY, "Reports", "Operations", "Audit"], 0..=4),
        tag_keys in btree_set(select(vec!["team", "cost"]), 0..=2),
    ) -> OnceDeclared {
        OnceDeclared {
            managed_policies: managed_policies.iter().map(|name| managed(name)).collect(),
            inline_policies: inline_policies.into_iter().map(ToOwned::to_owned).collect(),
            tag_keys: tag_keys.into_iter().map(ToOwned::to_owned).collect(),
        }
    }
}

/// A role, what its previous template declared, and the next template: different in everything, or in a few properties.
pub(super) fn any_change() -> impl Strategy<Value = (Model, OnceDeclared, Delegation)> {
    let alike = prop_oneof![Just([false; 8]), any::<[bool; 8]>(), select((0..8).collect::<Vec<_>>()).prop_map(all_but)];
    (any_role(), any_previous_template(), any_delegation(), alike).prop_map(
        |(role, mut once, mut delegation, alike)| {
            // What fills a role must be removable, or nothing could be done.
            let long = role.inline.iter().filter(|(_, policy)| policy.size() > 2_000).map(|(name, _)| name.clone());
            once.inline_policies.extend(long.filter(|name| PolicyName::parse(name).is_ok() && !is_reserved(name)));
            if role.characters() == INLINE_CHARACTERS {
                once.inline_policies.extend([CUSTOM_POLICY, "Reports", "Operations", "Audit"].map(ToOwned::to_owned));
                delegation.policy_ownership = PolicyOwnership::Exclusive;
            }
            if let Some(trust) = &role.trust {
                keep(&mut delegation, trust, alike);
            }
            (role, once, delegation)
        },
    )
}

/// Several inline policies that allow and deny, under a trust that mostly stays.
pub(super) fn any_change_of_policies() -> impl Strategy<Value = (Model, OnceDeclared, Delegation)> {
    let names = || select(vec![CUSTOM_POLICY, "Reports", "Operations", "Audit"]);
    let policies = move || {
        let policy = prop_oneof![8 => any_inline(), 1 => Just(long_deny(3_000))];
        btree_map(names(), policy, 0..=3)
    };
    let same_trust = prop_oneof![3 => Just(true), 1 => Just(false)];
    (any_role(), any_delegation(), policies(), policies(), same_trust, any::<bool>()).prop_map(
        |(mut role, mut delegation, old, new, same_trust, exclusive)| {
            let ours = [GUARDRAIL_POLICY, REVOCATION_POLICY];
            role.inline.retain(|name, policy| ours.contains(&name.as_str()) && policy.only_denies());
            role.inline.extend(old.into_iter().map(|(name, policy)| (name.to_owned(), policy)));
            let mut new: BTreeMap<String, Document> =
                new.into_iter().map(|(name, policy)| (name.to_owned(), policy)).collect();
            delegation.custom_policy = new.remove(CUSTOM_POLICY);
            delegation.policies = fitting(delegation.custom_policy.as_ref(), new);
            delegation.policy_ownership =
                if exclusive { PolicyOwnership::Exclusive } else { PolicyOwnership::Declared };
            if let Some(trust) = role.trust.as_ref().filter(|_| same_trust) {
                keep(&mut delegation, trust, [true; 8]);
            }
            let inline_policies = role.inline.keys().filter(|name| !ours.contains(&name.as_str())).cloned().collect();
            (role, OnceDeclared { inline_policies, ..OnceDeclared::default() }, delegation)
        },
    )
}

pub(super) fn all_but(one: usize) -> [bool; 8] {
    std::array::from_fn(|index| index != one)
}

/// Copies the parts of the trust that `alike` says.
pub(super) fn keep(delegation: &mut Delegation, trust: &Trust, alike: [bool; 8]) {
    let [accounts, ids, mfa, principals, organization, ranges, end, session_actions] = alike;
    if accounts {
        delegation.accounts = trust.accounts.iter().cloned().collect();
    }
    if ids {
        delegation.external_id = match trust.external_ids.len() {
            0 => ExternalIdChoice::NotRequired,
            _ => ExternalIdChoice::Explicit(trust.external_ids.iter().cloned().collect()),
        };
    }
    if mfa {
        delegation.conditions.mfa = trust.conditions.mfa;
    }
    if principals {
        delegation.conditions.principals.clone_from(&trust.conditions.principals);
    }
    if organization {
        delegation.conditions.organization.clone_from(&trust.conditions.organization);
    }
    if ranges {
        delegation.conditions.source_ips.clone_from(&trust.conditions.source_ips);
    }
    if end {
        delegation.conditions.expires_at = trust.conditions.expires_at;
    }
    if session_actions {
        delegation.session_actions.clone_from(&trust.session_actions);
    }
}

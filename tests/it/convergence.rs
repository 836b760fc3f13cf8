//! Any well-formed delegation against any role: the plan ends at the wish, a second plan is empty, and
//! no prefix of it (the process may die anywhere) lets anybody do what neither template says, grants anything on a
//! role that could change its own guardrail policy, or forgets sessions that must end.
//!
//! The plan is folded through a small model of IAM that knows nothing of plans. Operations of one step
//! run side by side, so within a step every subset counts as a prefix.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use delegated_role_core::identifiers::{
    AccountId, ExternalId, FunctionArn, OrganizationId, Partition, PolicyArn, PrincipalArn, PublicCidr, RoleName,
    RolePath,
};
use delegated_role_core::installation::Installation;
use delegated_role_core::owner_limits::Settings;
use delegated_role_core::policy::Document;
use delegated_role_core::role::account_lookup::Quotas;
use delegated_role_core::role::delegation::{Delegation, ExternalIdWish, PolicyOwnership, RevokeSessions};
use delegated_role_core::role::desired::{CUSTOM_POLICY, DesiredRole, ExternalIds, desired};
use delegated_role_core::role::guardrail_policy::{GUARDRAIL_POLICY, GuardrailPolicy};
use delegated_role_core::role::home_region::differences;
use delegated_role_core::role::observed::{Effect, LiveRole};
use delegated_role_core::role::ownership::{REVOKE_PENDING, REVOKE_TAG, StackResource, Tags};
use delegated_role_core::role::plan::{Operation, Plan, to_change, to_create, to_remove};
use delegated_role_core::role::previous_template::OnceDeclared;
use delegated_role_core::role::session_revocation::{REVOCATION_POLICY, cut_off_after, extended};
use delegated_role_core::role::state_tag::STATE_TAG;
use delegated_role_core::role::trust::{Change, Mfa, Trust};
use delegated_role_core::timestamp::Timestamp;
use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::fixtures::{ACCOUNT, FUNCTION};

const ACCOUNTS: [&str; 3] = ["222222222222", "333333333333", "444444444444"];
const IDS: [&str; 3] = ["first-external-id-1", "second-external-id-2", "third-external-id-3"];
const PRINCIPALS: [&str; 4] = ["role/*", "role/ci/*", "role/ci/deploy", "user/auditor"];
const RANGES: [&str; 3] = ["203.0.113.0/24", "203.0.113.0/28", "198.51.100.0/24"];
const MANAGED: [&str; 5] =
    ["SecurityAudit", "AmazonEC2ReadOnlyAccess", "AmazonS3ReadOnlyAccess", "AWSDenyAll", "Billing"];
const ENDS: [&str; 2] = ["2026-12-01T00:00:00Z", "2027-06-01T00:00:00Z"];
/// When the plans begin, and cut-offs that stood before: long ago, and in a time to come.
const NOON: &str = "2026-11-22T12:00:00Z";
const CUT_OFFS: [&str; 2] = ["2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"];
/// IAM's limits.
const INLINE_CHARACTERS: usize = 10_240;
const TAGS: usize = 50;

fn installation() -> Installation {
    let limits = Settings::from_environment(|_| None).limits.unwrap();
    Installation { function: FunctionArn::parse(FUNCTION).unwrap(), limits }
}

fn owner() -> StackResource {
    StackResource {
        stack_id: format!("arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/s/1"),
        stack_name: "s".into(),
        logical_id: "Role".into(),
    }
}

fn managed(name: &str) -> PolicyArn {
    PolicyArn::parse(&format!("arn:aws:iam::aws:policy/{name}")).unwrap()
}

fn allow(action: &str) -> Document {
    Document::new(vec![json!({"Effect": "Allow", "Action": action, "Resource": "*"})])
}

fn deny(action: &str) -> Document {
    Document::new(vec![json!({"Effect": "Deny", "Action": action, "Resource": "*"})])
}

/// Allows one action, in so many characters.
fn long(size: usize) -> Document {
    let shortest = allow("sns:Publish");
    let resource = format!("*{}", "x".repeat(size - shortest.size()));
    Document::new(vec![json!({"Effect": "Allow", "Action": "sns:Publish", "Resource": resource})])
}

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn guardrail_policy() -> GuardrailPolicy {
    GuardrailPolicy::new(&installation(), &owner())
}

// --- Any trust, delegation and role ---

prop_compose! {
    fn any_trust()(
        accounts in subsequence(ACCOUNTS.to_vec(), 1..=3),
        ids in subsequence(IDS.to_vec(), 0..=2),
        mfa in select(vec![Mfa::NotRequired, Mfa::Required, Mfa::RequiredWithin(60), Mfa::RequiredWithin(600)]),
        principals in subsequence(PRINCIPALS.to_vec(), 0..=3),
        organization in proptest::option::of(select(vec!["o-aaaaaaaaaa", "o-bbbbbbbbbb"])),
        ranges in subsequence(RANGES.to_vec(), 0..=2),
        expires_at in proptest::option::of(select(ENDS.to_vec())),
    ) -> Trust {
        let first = accounts[0];
        Trust {
            partition: Partition::parse("aws").unwrap(),
            accounts: accounts.iter().map(|account| AccountId::parse(account).unwrap()).collect(),
            external_ids: ids.iter().map(|id| ExternalId::parse(id).unwrap()).collect(),
            mfa,
            principals: principals
                .iter()
                .map(|name| PrincipalArn::parse(&format!("arn:aws:iam::{first}:{name}")).unwrap())
                .collect(),
            organization: organization.map(|id| OrganizationId::parse(id).unwrap()),
            source_ips: ranges.iter().map(|range| PublicCidr::parse(range).unwrap()).collect(),
            expires_at: expires_at.map(moment),
        }
    }
}

fn any_inline() -> impl Strategy<Value = Document> {
    select(vec![allow("s3:GetObject"), allow("ec2:StartInstances"), deny("s3:*"), allow("sqs:SendMessage")])
}

/// What may stand under a name of ours: what we write, what somebody made of it, and what they would rather have.
fn any_guardrails() -> impl Strategy<Value = Document> {
    let ours = proptest::option::of(select(ENDS.to_vec())).prop_map(|end| guardrail_policy().policy(end.map(moment)));
    prop_oneof![6 => ours, 1 => any_inline()]
}

fn any_revocation() -> impl Strategy<Value = Document> {
    let ended = select(CUT_OFFS.to_vec()).prop_map(|cut_off| extended(None, moment(cut_off)).0);
    let more = select(CUT_OFFS.to_vec()).prop_map(|cut_off| extended(Some(&deny("s3:*")), moment(cut_off)).0);
    prop_oneof![3 => ended, 1 => more, 2 => any_inline()]
}

prop_compose! {
    fn any_delegation()(
        trust in any_trust(),
        custom_policy in proptest::option::of(prop_oneof![4 => any_inline(), 1 => Just(long(8_600))]),
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
                0 => ExternalIdWish::NotRequired,
                _ => ExternalIdWish::Explicit(trust.external_ids.iter().cloned().collect()),
            },
            mfa: trust.mfa,
            principals: trust.principals,
            organization: trust.organization,
            source_ips: trust.source_ips,
            max_session_duration,
            expires_at: trust.expires_at,
            revoke_sessions,
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
    /// A role as a template, an attacker and an incident responder may have left it together.
    fn any_role()(
        trust in prop_oneof![4 => any_trust().prop_map(Some), 1 => Just(None)],
        attached in subsequence(MANAGED.to_vec(), 0..=5),
        inline in btree_map(select(vec![CUSTOM_POLICY, "Backdoor", "Quarantine"]), any_inline(), 0..=3),
        boundary in proptest::option::of(select(vec!["BoundaryA", "BoundaryC"])),
        description in select(vec!["", "for the auditor", "old"]),
        max_session_duration in select(vec![3600_u32, 43_200]),
        tags in btree_map(select(vec!["team", "cost", "theirs"]), select(vec!["a", "b"]), 0..=3),
        guardrails in proptest::option::of(any_guardrails()),
        revocation in proptest::option::of(any_revocation()),
        pending in prop_oneof![3 => Just(false), 1 => Just(true)],
        // As large as IAM lets it be.
        filled in prop_oneof![3 => Just(None), 1 => select(vec![CUSTOM_POLICY, "Backdoor"]).prop_map(Some)],
    ) -> Model {
        let ours = [(GUARDRAIL_POLICY, guardrails), (REVOCATION_POLICY, revocation)];
        let ours = ours.into_iter().filter_map(|(name, policy)| Some((name, policy?)));
        let pending = pending.then_some((REVOKE_TAG, REVOKE_PENDING));
        let mut role = Model {
            trust,
            attached: attached.iter().map(|name| managed(name).to_string()).collect(),
            inline: inline.into_iter().chain(ours).map(|(name, policy)| (name.to_owned(), policy)).collect(),
            boundary: boundary.map(|name| managed(name).to_string()),
            description: description.to_owned(),
            max_session_duration,
            tags: tags.into_iter().chain(pending).map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            now: moment(NOON),
        };
        if let Some(name) = filled {
            role.inline.remove(name);
            role.inline.insert(name.to_owned(), long(INLINE_CHARACTERS - role.characters()));
        }
        role
    }
}

prop_compose! {
    fn any_past()(
        managed_policies in subsequence(MANAGED.to_vec(), 0..=5),
        custom_policy in any::<bool>(),
        tag_keys in btree_set(select(vec!["team", "cost"]), 0..=2),
    ) -> OnceDeclared {
        OnceDeclared {
            managed_policies: managed_policies.iter().map(|name| managed(name)).collect(),
            custom_policy,
            tag_keys: tag_keys.into_iter().map(ToOwned::to_owned).collect(),
        }
    }
}

/// A role, what its template said, and what the next one says: something else altogether, or a little more or less.
fn any_change() -> impl Strategy<Value = (Model, OnceDeclared, Delegation)> {
    let alike = prop_oneof![Just([false; 7]), any::<[bool; 7]>(), select((0..7).collect::<Vec<_>>()).prop_map(all_but)];
    (any_role(), any_past(), any_delegation(), alike).prop_map(|(role, mut once, mut delegation, alike)| {
        // What fills a role goes, or nothing could be done: it was its own template's, or is nobody's.
        if role.characters() == INLINE_CHARACTERS {
            once.custom_policy = true;
            delegation.policy_ownership = PolicyOwnership::Exclusive;
        }
        if let Some(trust) = &role.trust {
            keep(&mut delegation, trust, alike);
        }
        (role, once, delegation)
    })
}

fn all_but(one: usize) -> [bool; 7] {
    std::array::from_fn(|index| index != one)
}

/// Lets in whom a trust does, as far as `alike` says.
fn keep(delegation: &mut Delegation, trust: &Trust, alike: [bool; 7]) {
    let [accounts, ids, mfa, principals, organization, ranges, end] = alike;
    if accounts {
        delegation.accounts = trust.accounts.iter().cloned().collect();
    }
    if ids {
        delegation.external_id = match trust.external_ids.len() {
            0 => ExternalIdWish::NotRequired,
            _ => ExternalIdWish::Explicit(trust.external_ids.iter().cloned().collect()),
        };
    }
    if mfa {
        delegation.mfa = trust.mfa;
    }
    if principals {
        delegation.principals.clone_from(&trust.principals);
    }
    if organization {
        delegation.organization.clone_from(&trust.organization);
    }
    if ranges {
        delegation.source_ips.clone_from(&trust.source_ips);
    }
    if end {
        delegation.expires_at = trust.expires_at;
    }
}

// --- A small model of IAM ---

/// One role, as IAM holds it. A trust of none is a tampered one that lets anybody in.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    trust: Option<Trust>,
    attached: BTreeSet<String>,
    inline: BTreeMap<String, Document>,
    boundary: Option<String>,
    description: String,
    max_session_duration: u32,
    tags: BTreeMap<String, String>,
    /// Moves on with every call.
    now: Timestamp,
}

impl Model {
    fn apply(role: &mut Option<Self>, operation: &Operation) {
        if let Operation::Create(desired) = operation {
            assert!(role.is_none(), "created twice");
            *role = Some(Self {
                trust: Some(desired.trust.clone()),
                attached: BTreeSet::new(),
                inline: BTreeMap::new(),
                boundary: desired.permissions_boundary.as_ref().map(ToString::to_string),
                description: desired.description.clone(),
                max_session_duration: desired.max_session_duration,
                tags: desired.tags.0.clone(),
                now: moment(NOON),
            });
            return;
        }
        let Some(model) = role else { panic!("{operation:?} on a role that is not there") };
        match operation {
            Operation::Create(_) => unreachable!(),
            Operation::PutBoundary(arn) => model.boundary = Some(arn.to_string()),
            Operation::DeleteBoundary => model.boundary = None,
            Operation::SetTrust(trust) => model.trust = Some((**trust).clone()),
            Operation::SetSettings { description, max_session_duration } => {
                model.description.clone_from(description);
                model.max_session_duration = *max_session_duration;
            }
            Operation::Tag(tags) => model.tags.extend(tags.0.clone()),
            Operation::EndSessions(standing) => {
                let (policy, _) = extended(standing.as_ref(), cut_off_after(model.now));
                model.inline.insert(REVOCATION_POLICY.to_owned(), policy);
            }
            Operation::Untag(keys) => model.tags.retain(|key, _| !keys.contains(key)),
            Operation::PutInline(name, policy) => drop(model.inline.insert(name.clone(), policy.clone())),
            Operation::DeleteInline(name) => assert!(model.inline.remove(name).is_some(), "{name} is not there"),
            Operation::Attach(arn) => assert!(model.attached.insert(arn.to_string()), "{arn} is attached already"),
            Operation::Detach(arn) => assert!(model.attached.remove(arn), "{arn} is not attached"),
            Operation::DeleteRole => {
                assert!(model.attached.is_empty() && model.inline.is_empty(), "DeleteConflict");
                *role = None;
                return;
            }
        }
        assert!(model.characters() <= INLINE_CHARACTERS && model.tags.len() <= TAGS, "LimitExceeded");
        model.now = model.now.full_second_after(Duration::from_secs(1));
    }

    fn characters(&self) -> usize {
        self.inline.values().map(Document::size).sum()
    }

    fn is_marked(&self) -> bool {
        self.tags.get(REVOKE_TAG).is_some_and(|value| value == "pending")
    }

    /// Sessions issued before this can do nothing, as IAM would read it. Dates in one form sort as text.
    fn ended_until(&self) -> String {
        let Some(policy) = self.inline.get(REVOCATION_POLICY).filter(|policy| policy.only_denies()) else {
            return String::new();
        };
        let statements = policy.members()["Statement"].as_array().unwrap().clone();
        let everything =
            |statement: &&Value| statement["Action"] == json!(["*"]) && statement["Resource"] == json!(["*"]);
        let dates = statements.iter().filter(everything).filter_map(|statement| {
            statement["Condition"].as_object().filter(|condition| condition.len() == 1)?;
            Some(statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"].as_str()?.to_owned())
        });
        dates.max().unwrap_or_default()
    }

    /// When the guardrail policy ends all access, as IAM would read it.
    fn over_at(&self) -> Option<String> {
        let policy = self.inline.get(GUARDRAIL_POLICY).filter(|policy| policy.only_denies())?;
        let statements = policy.members()["Statement"].as_array().unwrap().clone();
        let dates = statements.iter().filter(|statement| statement["Action"] == "*").filter_map(|statement| {
            Some(statement["Condition"]["DateGreaterThanEquals"]["aws:CurrentTime"].as_str()?.to_owned())
        });
        dates.min()
    }

    /// Whether the guardrail policy stands as a role wants it, be it until an earlier end.
    fn is_guarded(&self, role: &DesiredRole) -> bool {
        let ends = [None, Some(moment(ENDS[0])), Some(moment(ENDS[1]))].into_iter();
        let wanted = role.trust.expires_at;
        let ends = ends.filter(|end| *end == wanted || wanted.is_none() || (end.is_some() && *end < wanted));
        let mut policies = ends.map(|end| role.guardrail_policy.policy(end).to_json());
        self.inline.get(GUARDRAIL_POLICY).is_some_and(|stands| policies.any(|policy| policy == stands.to_json()))
    }

    /// The role as it would be observed.
    fn live(&self) -> LiveRole {
        let effect = |arn: &String| if arn.ends_with("AWSDenyAll") { Effect::OnlyDenies } else { Effect::MayAllow };
        LiveRole {
            name: RoleName::parse("Chosen").unwrap(),
            path: RolePath::parse("/delegated/").unwrap(),
            arn: format!("arn:aws:iam::{ACCOUNT}:role/delegated/Chosen"),
            id: "AROAEXAMPLE".into(),
            created: None,
            trust: self.trust.clone(),
            description: self.description.clone(),
            max_session_duration: self.max_session_duration,
            permissions_boundary: self.boundary.clone(),
            tags: Tags(self.tags.clone()),
            inline: self.inline.iter().map(|(name, policy)| (name.clone(), Some(policy.clone()))).collect(),
            attached: self.attached.iter().map(|arn| (arn.clone(), effect(arn))).collect(),
        }
    }

    /// What is allowed on the role, before anybody may use it.
    fn permissions(&self) -> BTreeSet<String> {
        let attached = self.attached.iter().filter(|arn| !arn.ends_with("AWSDenyAll")).cloned();
        let inline = self.inline.values().filter(|policy| !policy.only_denies()).map(Document::to_json);
        attached.chain(inline).collect()
    }

    /// Who could do what.
    fn exposure(&self) -> Exposure {
        Exposure {
            callers: admitted(self.trust.as_ref()),
            permissions: self.permissions(),
            longest: self.max_session_duration,
        }
    }
}

/// Every one of the callers could use every one of the permissions.
#[derive(Clone, Debug, PartialEq)]
struct Exposure {
    callers: Rc<BTreeSet<usize>>,
    permissions: BTreeSet<String>,
    /// For how long at a time, in seconds.
    longest: u32,
}

impl Exposure {
    /// A caller with a permission that neither of two others gives.
    fn beyond(&self, one: &Self, other: &Self) -> Option<(usize, &String)> {
        let within = |part: &Self, caller: usize, permission: &String| {
            part.callers.contains(&caller) && part.permissions.contains(permission)
        };
        let mut pairs =
            self.callers.iter().flat_map(|caller| self.permissions.iter().map(move |allowed| (*caller, allowed)));
        pairs.find(|(caller, allowed)| !within(one, *caller, allowed) && !within(other, *caller, allowed))
    }

    /// A caller with longer sessions than either of two others gives.
    fn longer(&self, one: &Self, other: &Self) -> Option<usize> {
        let allowed = |caller: usize| {
            let sides = [one, other].into_iter().filter(|side| side.callers.contains(&caller));
            sides.map(|side| side.longest).max().unwrap_or(0)
        };
        self.callers.iter().copied().find(|caller| self.longest > allowed(*caller))
    }
}

// --- Everybody who might call, and a reading of trust policies of our own ---

struct Caller {
    account: &'static str,
    external_id: Option<&'static str>,
    mfa_age: Option<u32>,
    name: &'static str,
    organization: &'static str,
    address: &'static str,
    at: &'static str,
}

fn callers() -> Vec<Caller> {
    let mut callers = Vec::new();
    for account in ACCOUNTS {
        for external_id in [None, Some(IDS[0]), Some(IDS[1]), Some(IDS[2])] {
            for mfa_age in [None, Some(30), Some(300)] {
                for name in ["role/ci/deploy", "role/other", "user/auditor"] {
                    for organization in ["o-aaaaaaaaaa", "o-bbbbbbbbbb"] {
                        for address in ["203.0.113.5", "203.0.113.99", "192.0.2.1"] {
                            for at in ["2026-11-30T23:59:59Z", ENDS[0], ENDS[1]] {
                                let caller = Caller { account, external_id, mfa_age, name, organization, address, at };
                                callers.push(caller);
                            }
                        }
                    }
                }
            }
        }
    }
    callers
}

/// The callers that a trust policy lets in, by its JSON as IAM would read it, without any of the code
/// under test. No trust lets everybody in.
fn admitted(trust: Option<&Trust>) -> Rc<BTreeSet<usize>> {
    thread_local! {
        /// They are many, and asked about again for every state of a role.
        static ASKED: RefCell<BTreeMap<String, Rc<BTreeSet<usize>>>> = RefCell::default();
    }
    let text = trust.map(|trust| trust.to_document().to_json()).unwrap_or_default();
    let asked = ASKED.with_borrow(|asked| asked.get(&text).cloned());
    asked.unwrap_or_else(|| {
        let policy: Value = serde_json::from_str(&text).unwrap_or_default();
        let passes = |caller: &Caller| text.is_empty() || caller.passes(&policy["Statement"][0]);
        let passing =
            callers().iter().enumerate().filter(|(_, caller)| passes(caller)).map(|(index, _)| index).collect();
        let passing = Rc::new(passing);
        ASKED.with_borrow_mut(|asked| asked.insert(text, Rc::clone(&passing)));
        passing
    })
}

impl Caller {
    fn passes(&self, statement: &Value) -> bool {
        let arn = format!("arn:aws:iam::{}:{}", self.account, self.name);
        let root = format!("arn:aws:iam::{}:root", self.account);
        let conditions = statement["Condition"].as_object().into_iter().flatten();
        any_of(&statement["Principal"]["AWS"], |principal| principal == root)
            && conditions
                .flat_map(|(operator, keys)| {
                    keys.as_object().unwrap().iter().map(move |(key, value)| (operator, key, value))
                })
                .all(|(operator, key, value)| match (operator.as_str(), key.as_str()) {
                    ("StringEquals", "sts:ExternalId") => {
                        self.external_id.is_some_and(|id| any_of(value, |wanted| wanted == id))
                    }
                    ("StringEquals", "aws:PrincipalOrgID") => value == self.organization,
                    ("Bool", "aws:MultiFactorAuthPresent") => (value == "true") == self.mfa_age.is_some(),
                    ("NumericLessThanEquals", "aws:MultiFactorAuthAge") => {
                        self.mfa_age.is_some_and(|age| age <= value.as_str().unwrap().parse().unwrap())
                    }
                    ("ArnLike", "aws:PrincipalArn") => any_of(value, |wanted| match wanted.strip_suffix('*') {
                        Some(start) => arn.starts_with(start),
                        None => arn == wanted,
                    }),
                    ("IpAddress", "aws:SourceIp") => {
                        let address: std::net::IpAddr = self.address.parse().unwrap();
                        any_of(value, |range| range.parse::<ipnet::IpNet>().unwrap().contains(&address))
                    }
                    ("DateLessThan", "aws:CurrentTime") => self.at < value.as_str().unwrap(),
                    other => panic!("an unexpected condition: {other:?}"),
                })
    }
}

fn any_of(value: &Value, fits: impl Fn(&str) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| fits(item.as_str().unwrap())),
        item => fits(item.as_str().unwrap()),
    }
}

// --- What must hold ---

fn wish(delegation: &Delegation, live: Option<&LiveRole>) -> DesiredRole {
    let fresh = ExternalId::from_random([7; ExternalId::RANDOM_BYTES]);
    let ids = ExternalIds::choose(&delegation.external_id, live, None, fresh, live.is_none());
    let name = delegation.role_name.as_ref().unwrap();
    desired(delegation, name, &owner(), &installation(), &ids, None)
}

/// Every state that the role may be left in: after each step, and after any part of the next one.
fn states_on_the_way(start: Option<&Model>, plan: &Plan) -> Vec<Option<Model>> {
    let mut state = start.cloned();
    let mut states = vec![state.clone()];
    for step in &plan.steps {
        let most = step.len().min(5);
        // None of it is the state before, all of it the one after.
        let all = u32::from(step.len() == most);
        for subset in 1..(1_u32 << most) - all {
            let mut partial = state.clone();
            for (index, operation) in step.iter().enumerate() {
                if index >= most || subset & (1 << index) != 0 {
                    Model::apply(&mut partial, operation);
                }
            }
            states.push(partial);
        }
        for operation in step {
            Model::apply(&mut state, operation);
        }
        states.push(state.clone());
    }
    states
}

/// The state that a whole plan leaves.
/// What is planned only beside something else that differs.
fn follows_from_another(operation: &Operation) -> bool {
    match operation {
        Operation::EndSessions(_) => true,
        Operation::Tag(tags) => tags.0.keys().eq([REVOKE_TAG]),
        Operation::Untag(keys) => keys == &[REVOKE_TAG],
        _ => false,
    }
}

fn carried_out(start: &Model, plan: &Plan) -> Model {
    let mut state = Some(start.clone());
    plan.steps.iter().flatten().for_each(|operation| Model::apply(&mut state, operation));
    state.unwrap()
}

fn check_end(
    end: &Model,
    before: Option<&Model>,
    role: &DesiredRole,
    once: &OnceDeclared,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(end.trust.as_ref(), Some(&role.trust));
    prop_assert_eq!(&end.boundary, &role.permissions_boundary.as_ref().map(ToString::to_string));
    prop_assert_eq!((&end.description, end.max_session_duration), (&role.description, role.max_session_duration));
    for (key, value) in &role.tags.0 {
        prop_assert_eq!(end.tags.get(key), Some(value));
    }
    for key in &once.tag_keys {
        prop_assert!(role.tags.0.contains_key(key) || !end.tags.contains_key(key), "{} is ours no more", key);
    }
    for (name, policy) in &role.inline {
        prop_assert_eq!(end.inline.get(name), Some(policy));
    }
    for arn in &role.attached {
        prop_assert!(end.attached.contains(arn.as_str()));
    }
    // What else is on the role was there before, and has a right to stay.
    let exclusive = role.policy_ownership == PolicyOwnership::Exclusive;
    for arn in end.attached.iter().filter(|arn| !role.attached.iter().any(|wanted| wanted.as_str() == *arn)) {
        prop_assert!(before.is_some_and(|before| before.attached.contains(arn)));
        prop_assert!(!once.managed_policies.iter().any(|once| once.as_str() == arn), "{} was ours and stayed", arn);
        prop_assert!(!exclusive || arn.ends_with("AWSDenyAll"), "{} stayed", arn);
    }
    prop_assert_eq!(end.inline.get(GUARDRAIL_POLICY), Some(&role.guardrail_policy.policy(role.trust.expires_at)));
    prop_assert!(!end.is_marked(), "sessions are still to be ended");
    let of_ours = |name: &str| [GUARDRAIL_POLICY, REVOCATION_POLICY].contains(&name) || role.inline.contains_key(name);
    for (name, policy) in end.inline.iter().filter(|(name, _)| !of_ours(name)) {
        prop_assert!(before.is_some_and(|before| before.inline.get(name) == Some(policy)));
        prop_assert!(!(once.custom_policy && name == CUSTOM_POLICY), "CustomPolicy was ours and stayed");
        prop_assert!(!exclusive || policy.only_denies(), "{} stayed", name);
    }
    if let Some(before) = before {
        let ours = |key: &String| role.tags.0.contains_key(key) || once.tag_keys.contains(key) || key == REVOKE_TAG;
        let others = before.tags.iter().filter(|(key, _)| !ours(key));
        for (key, value) in others {
            prop_assert_eq!(end.tags.get(key), Some(value), "somebody else's tag went");
        }
        let kept = |name: &String| name != CUSTOM_POLICY && !of_ours(name);
        for (name, policy) in before.inline.iter().filter(|(name, policy)| policy.only_denies() && kept(name)) {
            prop_assert_eq!(end.inline.get(name), Some(policy), "somebody's deny went");
        }
        check_sessions(before, end, role)?;
    }
    Ok(())
}

/// What has become of sessions that were handed out before.
fn check_sessions(before: &Model, end: &Model, role: &DesiredRole) -> Result<(), TestCaseError> {
    let (stood, stands) = (before.inline.get(REVOCATION_POLICY), end.inline.get(REVOCATION_POLICY));
    prop_assert!(end.ended_until() >= before.ended_until(), "the cut-off moved back");
    let denied = |policy: &Document| policy.members()["Statement"].as_array().unwrap().clone();
    if let Some(stood) = stood.filter(|stood| stood.only_denies()) {
        let stands = stands.map(denied).unwrap_or_default();
        let others = denied(stood).into_iter().filter(|statement| statement["Condition"].is_null());
        prop_assert!(others.into_iter().all(|statement| stands.contains(&statement)), "somebody's deny went");
    }
    let narrows =
        before.trust != end.trust && shut_out(before, end) && role.revoke_sessions == RevokeSessions::OnNarrowing;
    if narrows || before.is_marked() {
        prop_assert!(end.ended_until().as_str() > NOON, "sessions of before live: {}", end.ended_until());
    } else if stands != stood {
        let exclusive = role.policy_ownership == PolicyOwnership::Exclusive;
        let replaced = stood.is_some_and(|stood| exclusive && !stood.only_denies());
        // The comparison of trusts may be too careful.
        let careful = before
            .trust
            .as_ref()
            .is_none_or(|trust| matches!(role.trust.compared_with(trust), Change::Narrower | Change::Incomparable));
        prop_assert!(replaced || careful, "sessions ended without need");
    }
    Ok(())
}

/// Whether somebody was let in before who is not any more.
fn shut_out(before: &Model, after: &Model) -> bool {
    before.trust != after.trust && !admitted(before.trust.as_ref()).is_subset(&admitted(after.trust.as_ref()))
}

/// Nobody gets anything on a role that could change its own guardrail policy, nor anything back after its time.
fn check_guarded(before: &Model, states: &[Option<Model>], role: &DesiredRole) -> Result<(), TestCaseError> {
    let end = states.last().unwrap().clone().unwrap();
    let lets_in = shut_out(&end, before);
    for state in states.iter().flatten() {
        prop_assert!(state.trust == before.trust || state.trust == end.trust, "a trust that nobody wished for");
        let granted = !state.permissions().is_subset(&before.permissions());
        let newcomers = lets_in && state.trust != before.trust;
        prop_assert!(!(granted || newcomers) || state.is_guarded(role), "granted on a role that is not guarded");
        // None is later than any.
        let later = before.over_at().is_some_and(|over| state.over_at().is_none_or(|now| now > over));
        let wanted = state.permissions().is_subset(&end.permissions()) && state.trust == end.trust;
        prop_assert!(!later || wanted, "a session whose time was over gets back what is leaving");
    }
    Ok(())
}

/// Wherever somebody is shut out, their sessions have ended or the mark stands that they must.
fn check_marked(before: &Model, states: &[Option<Model>], role: &DesiredRole) -> Result<(), TestCaseError> {
    let narrows = shut_out(before, states.last().unwrap().as_ref().unwrap());
    for state in states.iter().flatten() {
        let ended = state.ended_until().as_str() > NOON;
        prop_assert!(state.ended_until() >= before.ended_until(), "the cut-off moved back");
        prop_assert!(!before.is_marked() || state.is_marked() || ended, "the mark went before the sessions ended");
        let narrowed = narrows && state.trust != before.trust;
        let must_end = narrowed && role.revoke_sessions == RevokeSessions::OnNarrowing;
        prop_assert!(!must_end || state.is_marked() || ended, "a process that dies here leaves sessions alive");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_change_ends_at_the_wish_safely_and_then_rests((before, once, delegation) in any_change()) {
        let role = wish(&delegation, Some(&before.live()));
        let plan = to_change(&before.live(), &role, &once, Quotas::default());
        let states = states_on_the_way(Some(&before), &plan);
        let end = states.last().unwrap().clone().unwrap();
        check_end(&end, Some(&before), &role, &once)?;
        prop_assert_eq!(to_change(&end.live(), &role, &once, Quotas::default()).steps, Vec::<Vec<Operation>>::new());

        let (old, new) = (before.exposure(), end.exposure());
        let mut seen: Vec<(&Option<Trust>, BTreeSet<String>, u32)> = Vec::new();
        for state in states.iter().flatten() {
            let looks = (&state.trust, state.permissions(), state.max_session_duration);
            if !seen.contains(&looks) {
                seen.push(looks);
                let exposure = state.exposure();
                let beyond = exposure.beyond(&old, &new);
                prop_assert!(beyond.is_none(), "on the way, {:?} is possible, which no template says", beyond);
                prop_assert!(exposure.longer(&old, &new).is_none(), "on the way, sessions are longer than any template says");
            }
            if before.trust.is_none() && state.trust.is_none() {
                prop_assert!(state.permissions().is_subset(&before.permissions()), "granted under a trust that is not ours");
            }
        }
        check_guarded(&before, &states, &role)?;
        check_marked(&before, &states, &role)?;
    }

    #[test]
    fn another_region_is_told_of_whatever_the_home_region_would_change((before, once, delegation) in any_change()) {
        let live = before.live();
        let role = wish(&delegation, Some(&live));
        let plan = to_change(&live, &role, &once, Quotas::default());
        let guards = |operation: &Operation| matches!(operation, Operation::PutInline(name, _) if name == GUARDRAIL_POLICY);
        let (guarding, changing): (Vec<_>, Vec<_>) = plan.steps.iter().flatten().partition(|operation| guards(operation));
        // What was last written, and by which request, is no part of what the role is.
        let records = |operation: &Operation| {
            matches!(operation, Operation::Tag(tags) if tags.0.keys().all(|key| [STATE_TAG, REVOKE_TAG].contains(&key.as_str())))
        };
        let changing: Vec<_> = changing.into_iter().filter(|operation| !records(operation)).collect();
        let told = differences(&live, &role, &plan);
        for operation in changing.iter().filter(|operation| !follows_from_another(operation)) {
            let alone = Plan { steps: vec![vec![(*operation).clone()]], warnings: Vec::new() };
            prop_assert!(!differences(&live, &role, &alone).is_empty(), "not told: {:?}", operation);
        }
        prop_assert!(changing.is_empty() || !told.is_empty(), "not told: {:?}", changing);
        prop_assert!(!(changing.is_empty() && guarding.is_empty()) || told.is_empty(), "nothing changes: {:?}", told);
        if guarding.is_empty() {
            prop_assert!(!told.contains(GUARDRAIL_POLICY));
        }
        let end = carried_out(&before, &plan).live();
        let rest = to_change(&end, &role, &once, Quotas::default());
        prop_assert!(differences(&end, &role, &rest).is_empty());
    }

    #[test]
    fn a_role_full_of_tags_keeps_neither_a_trust_open_nor_sessions_alive((mut before, once, delegation) in any_change()) {
        before.tags.remove(REVOKE_TAG);
        let free = TAGS - before.tags.len();
        before.tags.extend((0..free).map(|number| (format!("filler-{number}"), String::new())));
        let role = wish(&delegation, Some(&before.live()));
        let mut plan = to_change(&before.live(), &role, &once, Quotas::default());
        // There is no room for tags of ours, which come last: IAM refuses them, and the rest stands.
        let tags = |step: &Vec<Operation>| step.iter().any(|operation| matches!(operation, Operation::Tag(_)));
        let refused = plan.steps.iter().position(tags).unwrap();
        plan.steps.truncate(refused);
        let states = states_on_the_way(Some(&before), &plan);
        let end = states.last().unwrap().clone().unwrap();
        prop_assert_eq!(end.trust.as_ref(), Some(&role.trust));
        check_marked(&before, &states, &role)?;
        check_sessions(&before, &end, &role)?;
    }

    #[test]
    fn a_create_ends_at_the_wish_and_never_shows_more(delegation in any_delegation()) {
        let role = wish(&delegation, None);
        let states = states_on_the_way(None, &to_create(&role));
        let end = states.last().unwrap().clone().unwrap();
        check_end(&end, None, &role, &OnceDeclared::default())?;
        for state in states.iter().flatten() {
            prop_assert!(state.permissions().is_subset(&end.permissions()));
            prop_assert_eq!(state.trust.as_ref(), Some(&role.trust));
            let guarded = state.inline.get(GUARDRAIL_POLICY) == Some(&role.guardrails());
            prop_assert!(guarded || state.permissions().is_empty(), "granted on a role that is not guarded");
        }
        prop_assert!(to_change(&end.live(), &role, &OnceDeclared::default(), Quotas::default()).is_empty());
    }

    #[test]
    fn a_removal_leaves_nothing_and_takes_allows_before_denies(before in any_role()) {
        let states = states_on_the_way(Some(&before), &to_remove(&before.live()));
        prop_assert!(states.last().unwrap().is_none());
        let denies = |model: &Model| {
            model.attached.iter().filter(|arn| arn.ends_with("AWSDenyAll")).count()
                + model.inline.values().filter(|policy| policy.only_denies()).count()
        };
        for state in states.iter().flatten() {
            prop_assert!(state.permissions().is_empty() || denies(state) == denies(&before), "a deny went before an allow");
        }
    }

    #[test]
    fn a_trust_is_read_back_as_it_was_written(trust in any_trust()) {
        prop_assert_eq!(Trust::from_document(&trust.to_document()), Some(trust));
    }

    #[test]
    fn trusts_compare_as_the_callers_they_admit(one in any_trust(), other in any_trust()) {
        let (now, earlier) = (admitted(Some(&one)), admitted(Some(&other)));
        // The comparison may be too careful, never too generous.
        match one.compared_with(&other) {
            Change::Same => prop_assert_eq!(now, earlier),
            Change::Narrower => prop_assert!(now.is_subset(&earlier)),
            Change::Wider => prop_assert!(earlier.is_subset(&now)),
            Change::Incomparable => {}
        }
    }
}

proptest! {
    // Each is many: one for every state that the process may die in.
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn dying_anywhere_loses_nothing((before, once, delegation) in any_change()) {
        let role = wish(&delegation, Some(&before.live()));
        let plan = to_change(&before.live(), &role, &once, Quotas::default());
        for left in states_on_the_way(Some(&before), &plan).into_iter().flatten() {
            // The next delivery sees what is there, not what was planned.
            let role = wish(&delegation, Some(&left.live()));
            let again = to_change(&left.live(), &role, &once, Quotas::default());
            let end = carried_out(&left, &again);
            check_end(&end, Some(&left), &role, &once)?;
            check_sessions(&before, &end, &role)?;
        }
    }
}

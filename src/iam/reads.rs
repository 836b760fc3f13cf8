//! What exists in IAM under a role name: nothing, our role, or a foreign role. It only reads.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::SystemTime;

use aws_sdk_iam::types::{AttachedPermissionsBoundary, Role, SummaryKeyType};
use delegated_role_core::audit::inspected::Inspected;
use delegated_role_core::identifiers::{PolicyArn, RoleName, RolePath};
use delegated_role_core::policy::Document;
use delegated_role_core::role::account_lookup::{AccountLookup, Quotas};
use delegated_role_core::role::delegation::{Delegation, PolicyOwnership};
use delegated_role_core::role::observed::{Effect, Foreign, Identity, LiveRole, Observed};
use delegated_role_core::role::ownership::{Claim, Claimant, Tags};
use delegated_role_core::role::trust::Trust;
use delegated_role_core::secrets::Secrets;
use delegated_role_core::timestamp::Timestamp;
use futures_util::future::try_join_all;

use crate::aws::{Failure, Iam, Kind, Patience};
use crate::backoff::{Schedule, poll_until};

/// Which attached policies to read, to know what they do.
#[derive(Clone, Copy, Debug)]
pub enum ReadAttached<'a> {
    /// None.
    Never,
    /// All but these. A policy that cannot be read is a failure.
    AllBut(&'a BTreeSet<PolicyArn>),
    /// All that can be read. The others may allow something.
    WhatCanBe,
}

impl<'a> ReadAttached<'a> {
    /// What an update to this delegation needs: policies of others are read only if they may be removed.
    pub fn for_update_to(delegation: &'a Delegation) -> Self {
        match delegation.policy_ownership {
            PolicyOwnership::Exclusive => Self::AllBut(&delegation.managed_policies),
            PolicyOwnership::Declared => Self::Never,
        }
    }
}

/// Looks at the role of this name.
pub async fn observe(
    iam: &Iam,
    claimant: &(impl Claimant + Sync),
    name: &RoleName,
    read_attached: ReadAttached<'_>,
) -> Result<Observed, Failure> {
    let (role, inline_names, attached_arns) =
        tokio::join!(get_role(iam, name), list_inline(iam, name), list_attached(iam, name));
    let Some(role) = role? else { return Ok(Observed::Absent) };
    let (spelling, path, tags) = marks(&role, name);
    let trust_document = role.assume_role_policy_document().and_then(|text| Document::from_encoded(text).ok());
    match claimant.claim(&spelling, &path, &tags) {
        Claim::Ours => {}
        claim => {
            let trusts = trust_document.as_ref().map_or_else(|| "no known principal".to_owned(), principals_of);
            return Ok(Observed::Foreign(Foreign { name: spelling, path, arn: role.arn().to_owned(), claim, trusts }));
        }
    }
    let read =
        async { tokio::try_join!(read_inline(iam, name, inline_names?), effects(iam, attached_arns?, read_attached)) };
    let (inline, attached) = match read.await {
        Ok(policies) => policies,
        // It was deleted between two reads, or is so new that IAM does not know it everywhere.
        Err(failure) if failure.kind == Kind::NoSuchRole => return Ok(Observed::Absent),
        Err(failure) => return Err(failure),
    };
    Ok(Observed::Ours(Box::new(LiveRole {
        name: spelling,
        path,
        arn: role.arn().to_owned(),
        id: role.role_id().to_owned(),
        created: created(&role),
        trust: trust_document.as_ref().and_then(Trust::from_document),
        description: role.description().unwrap_or_default().to_owned(),
        max_session_duration: session_duration(&role),
        permissions_boundary: boundary(&role),
        tags,
        inline,
        attached,
    })))
}

/// The roles under a path, each with its own path as IAM writes it: other programs make roles with paths that this function
/// would refuse. If a page cannot be read, those before it and the failure.
pub async fn list_roles(iam: &Iam, path: &RolePath) -> (Vec<(RoleName, String)>, Option<Failure>) {
    let mut roles = Vec::new();
    let mut marker = None;
    loop {
        let page = iam
            .call("iam:ListRoles", Patience::Usual, |client| {
                client.list_roles().path_prefix(path.as_str()).set_marker(marker.clone()).send()
            })
            .await;
        let page = match page {
            Ok(page) => page,
            Err(failure) => return (roles, Some(failure)),
        };
        let named = |role: &Role| Some((RoleName::parse(role.role_name()).ok()?, role.path().to_owned()));
        roles.extend(page.roles().iter().filter_map(named));
        marker = page.marker().filter(|_| page.is_truncated()).map(ToOwned::to_owned);
        if marker.is_none() {
            return (roles, None);
        }
    }
}

/// The role of this name as it is, also one of another owner. `None` if there is no such role any more.
///
/// # Errors
/// A call failed. The sentence does not contain the external IDs of the role.
pub async fn inspect(iam: &Iam, name: &RoleName) -> Result<Option<Inspected>, String> {
    let (role, inline, attached) = tokio::join!(
        get_role(iam, name),
        async { read_inline(iam, name, list_inline(iam, name).await?).await },
        list_attached(iam, name)
    );
    let Some(role) = role.map_err(|failure| failure.to_string())? else { return Ok(None) };
    let (spelling, path, tags) = marks(&role, name);
    let last_used = role.role_last_used().and_then(|used| used.last_used_date());
    let encoded = role.assume_role_policy_document().unwrap_or_default();
    let trust = Document::from_encoded(encoded).ok();
    let unreadable = if trust.is_none() { Secrets::of_unreadable_policy(encoded) } else { Secrets::default() };
    let mut role = Inspected {
        name: spelling,
        path,
        arn: role.arn().to_owned(),
        created: created(&role),
        last_used: last_used.and_then(|date| SystemTime::try_from(*date).ok()).map(Timestamp::from),
        trust,
        unreadable,
        description: role.description().unwrap_or_default().to_owned(),
        max_session_duration: session_duration(&role),
        permissions_boundary: boundary(&role),
        tags,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
    };
    match (inline, attached) {
        (Err(failure), _) | (_, Err(failure)) if failure.kind == Kind::NoSuchRole => Ok(None),
        (Err(failure), _) | (_, Err(failure)) => Err(role.secrets().hidden_in(&failure.to_string())),
        (Ok(inline), Ok(attached)) => {
            role.inline = inline;
            role.attached = attached.into_iter().collect();
            Ok(Some(role))
        }
    }
}

fn session_duration(role: &Role) -> u32 {
    role.max_session_duration().and_then(|seconds| seconds.try_into().ok()).unwrap_or(3_600)
}

fn boundary(role: &Role) -> Option<String> {
    let boundary = role.permissions_boundary();
    boundary.and_then(AttachedPermissionsBoundary::permissions_boundary_arn).map(ToOwned::to_owned)
}

/// Who owns the role with this name, and when IAM created it. `None` if there is no such role.
pub async fn claim(
    iam: &Iam,
    claimant: &impl Claimant,
    name: &RoleName,
) -> Result<Option<(Claim, Option<Timestamp>)>, Failure> {
    let role = get_role(iam, name).await?;
    Ok(role.map(|role| {
        let (spelling, path, tags) = marks(&role, name);
        (claimant.claim(&spelling, &path, &tags), created(&role))
    }))
}

/// What decides who owns a role.
fn marks(role: &Role, asked_for: &RoleName) -> (RoleName, RolePath, Tags) {
    let path = RolePath::parse(role.path()).unwrap_or_else(|_| root_path());
    let spelling = RoleName::parse(role.role_name()).unwrap_or_else(|_| asked_for.clone());
    let tags = Tags(role.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect());
    (spelling, path, tags)
}

/// The ARN and ID of an existing role. The reply to `CreateRole` is used, unless it has the unique ID in place of the
/// ARN, which can happen for a new role.
pub async fn identity(iam: &Iam, name: &RoleName, known: Option<Identity>) -> Result<Identity, Failure> {
    if let Some(known) = known.filter(|known| known.arn.starts_with("arn:")) {
        return Ok(known);
    }
    let seen = poll_until(iam.deadline(), Schedule::backoff(), async |attempt| match get_role(iam, name).await {
        Ok(Some(role)) => {
            ControlFlow::Break(Ok(Identity { arn: role.arn().to_owned(), id: role.role_id().to_owned() }))
        }
        Ok(None) => ControlFlow::Continue(attempt.number),
        Err(failure) => ControlFlow::Break(Err(failure)),
    });
    seen.await.unwrap_or_else(|attempts| Err(Failure::never_seen("iam:GetRole", attempts)))
}

/// Reads what the validation of a declaration needs to know about the account.
pub async fn account_lookup(iam: &Iam, policies: BTreeSet<PolicyArn>, quotas: bool) -> Result<AccountLookup, Failure> {
    let policies = try_join_all(policies.into_iter().map(async |arn| {
        let of_aws = arn.owner() == "aws";
        let patience = if of_aws { Patience::Usual } else { Patience::JustMade };
        let document = match read_managed(iam, arn.as_str(), patience).await {
            Ok(document) => Some(Some(document)),
            Err(failure) if matches!(failure.kind, Kind::NoSuchPolicy | Kind::NoSuchRole) => Some(None),
            // The function may be allowed to read only policies of its own account.
            Err(failure) if failure.kind == Kind::Denied && of_aws => None,
            Err(failure) => return Err(failure),
        };
        Ok((arn, document))
    }));
    let quotas = async { if quotas { read_quotas(iam).await } else { Quotas::default() } };
    let (policies, quotas) = tokio::join!(policies, quotas);
    let mut lookup = AccountLookup { quotas, ..AccountLookup::default() };
    for (arn, document) in policies? {
        match document {
            Some(document) => drop(lookup.policies.insert(arn, document)),
            None => drop(lookup.unreadable.insert(arn)),
        }
    }
    Ok(lookup)
}

/// The instance profiles that contain the role, which prevent its deletion.
pub async fn instance_profiles(iam: &Iam, name: &RoleName) -> Result<Vec<String>, Failure> {
    let mut profiles = Vec::new();
    let mut marker = None;
    loop {
        let page = iam
            .call("iam:ListInstanceProfilesForRole", Patience::Usual, |client| {
                client.list_instance_profiles_for_role().role_name(name.as_str()).set_marker(marker.clone()).send()
            })
            .await;
        let page = match page {
            Err(failure) if failure.kind == Kind::NoSuchRole => return Ok(profiles),
            other => other?,
        };
        profiles.extend(page.instance_profiles().iter().map(|profile| profile.instance_profile_name().to_owned()));
        marker = page.marker().filter(|_| page.is_truncated()).map(ToOwned::to_owned);
        if marker.is_none() {
            return Ok(profiles);
        }
    }
}

/// The principals in a trust policy, as text for people.
fn principals_of(document: &Document) -> String {
    let mut found = BTreeSet::new();
    for principal in document.statements().iter().filter_map(|statement| statement.get("Principal")) {
        let values = principal.as_object().map_or_else(|| vec![principal], |kinds| kinds.values().collect());
        for value in values {
            let items = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
            found.extend(items.iter().filter_map(|item| item.as_str()).map(ToOwned::to_owned));
        }
    }
    if found.is_empty() { "no known principal".to_owned() } else { found.into_iter().collect::<Vec<_>>().join(", ") }
}

fn root_path() -> RolePath {
    RolePath::parse("/").unwrap_or_else(|_| unreachable!("the root is a path"))
}

async fn get_role(iam: &Iam, name: &RoleName) -> Result<Option<Role>, Failure> {
    let settled = poll_until(iam.deadline(), Schedule::backoff(), async |_| {
        let answer =
            iam.call("iam:GetRole", Patience::Usual, |client| client.get_role().role_name(name.as_str()).send()).await;
        let role = match answer {
            Ok(answer) => answer.role,
            Err(failure) if failure.kind == Kind::NoSuchRole => return ControlFlow::Break(Ok(None)),
            Err(failure) => return ControlFlow::Break(Err(failure)),
        };
        // A new role can be returned with its unique ID in place of its ARN.
        if role.as_ref().is_none_or(|role| role.arn().starts_with("arn:")) {
            ControlFlow::Break(Ok(role))
        } else {
            ControlFlow::Continue(role)
        }
    });
    settled.await.unwrap_or_else(Ok)
}

async fn list_inline(iam: &Iam, name: &RoleName) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let page = iam
            .call("iam:ListRolePolicies", Patience::Usual, |client| {
                client.list_role_policies().role_name(name.as_str()).set_marker(marker.clone()).send()
            })
            .await?;
        names.extend(page.policy_names().iter().cloned());
        marker = page.marker().filter(|_| page.is_truncated()).map(ToOwned::to_owned);
        if marker.is_none() {
            return Ok(names);
        }
    }
}

async fn list_attached(iam: &Iam, name: &RoleName) -> Result<Vec<String>, Failure> {
    let mut arns = Vec::new();
    let mut marker = None;
    loop {
        let page = iam
            .call("iam:ListAttachedRolePolicies", Patience::Usual, |client| {
                client.list_attached_role_policies().role_name(name.as_str()).set_marker(marker.clone()).send()
            })
            .await?;
        arns.extend(page.attached_policies().iter().filter_map(|policy| policy.policy_arn()).map(ToOwned::to_owned));
        marker = page.marker().filter(|_| page.is_truncated()).map(ToOwned::to_owned);
        if marker.is_none() {
            return Ok(arns);
        }
    }
}

async fn read_inline(
    iam: &Iam,
    name: &RoleName,
    policies: Vec<String>,
) -> Result<BTreeMap<String, Option<Document>>, Failure> {
    let read = try_join_all(policies.into_iter().map(async |policy| {
        let answer = iam
            .call("iam:GetRolePolicy", Patience::Usual, |client| {
                client.get_role_policy().role_name(name.as_str()).policy_name(&policy).send()
            })
            .await;
        match answer {
            Ok(answer) => Ok(Some((policy, Document::from_encoded(answer.policy_document()).ok()))),
            // It was removed between the two calls.
            Err(failure) if failure.kind == Kind::NoSuchPolicy => Ok(None),
            Err(failure) => Err(failure),
        }
    }));
    Ok(read.await?.into_iter().flatten().collect())
}

async fn effects(
    iam: &Iam,
    arns: Vec<String>,
    read_attached: ReadAttached<'_>,
) -> Result<BTreeMap<String, Effect>, Failure> {
    let read = try_join_all(arns.into_iter().map(async |arn| {
        let wanted = match read_attached {
            ReadAttached::Never => false,
            ReadAttached::AllBut(expected) => !expected.iter().any(|expected| expected.as_str() == arn),
            ReadAttached::WhatCanBe => true,
        };
        if let Some(effect) = Effect::by_name(&arn) {
            return Ok((arn, effect));
        }
        if !wanted {
            return Ok((arn, Effect::MayAllow));
        }
        match read_managed(iam, &arn, Patience::Usual).await {
            Ok(document) if document.only_denies() => Ok((arn, Effect::OnlyDenies)),
            Ok(_) => Ok((arn, Effect::MayAllow)),
            // A policy that cannot be read may deny something, so it stays.
            Err(_) => Ok((arn, Effect::Unreadable)),
        }
    }));
    Ok(read.await?.into_iter().collect())
}

/// When IAM created the role.
fn created(role: &Role) -> Option<Timestamp> {
    SystemTime::try_from(*role.create_date()).ok().map(Timestamp::from)
}

/// The document of the default version of a managed policy.
async fn read_managed(iam: &Iam, arn: &str, patience: Patience) -> Result<Document, Failure> {
    let policy = iam.call("iam:GetPolicy", patience, |client| client.get_policy().policy_arn(arn).send()).await?;
    let version = policy.policy().and_then(|policy| policy.default_version_id()).unwrap_or("v1").to_owned();
    let answer = iam
        .call("iam:GetPolicyVersion", Patience::Usual, |client| {
            client.get_policy_version().policy_arn(arn).version_id(&version).send()
        })
        .await?;
    let text = answer.policy_version().and_then(|version| version.document()).unwrap_or_default();
    // A document that cannot be parsed is treated as one that allows everything.
    Ok(Document::from_encoded(text).unwrap_or_else(|_| {
        Document::new(vec![serde_json::json!({"Effect": "Allow", "Action": "*", "Resource": "*"})])
    }))
}

/// The quotas of the account. If they cannot be read, the lowest that an account can have.
async fn read_quotas(iam: &Iam) -> Quotas {
    let answer = iam.call("iam:GetAccountSummary", Patience::Usual, |client| client.get_account_summary().send()).await;
    let Ok(answer) = answer else { return Quotas::default() };
    let quota = |key: SummaryKeyType, default: usize| {
        let value = answer.summary_map().and_then(|summary| summary.get(&key));
        value.and_then(|value| usize::try_from(*value).ok()).unwrap_or(default)
    };
    let defaults = Quotas::default();
    Quotas {
        attached_policies: quota(SummaryKeyType::AttachedPoliciesPerRoleQuota, defaults.attached_policies),
        trust_policy_characters: quota(SummaryKeyType::AssumeRolePolicySizeQuota, defaults.trust_policy_characters),
    }
}

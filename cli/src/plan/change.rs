//! What becomes of one role.

use delegated_role_core::findings::{Finding, Problems, Severity};
#[cfg(feature = "account")]
use delegated_role_core::identifiers::RoleName;
use delegated_role_core::identifiers::{AccountId, ExternalId, Region};
use delegated_role_core::installation::Installation;
use delegated_role_core::role::account_lookup::AccountLookup;
use delegated_role_core::role::declaration::{Declaration, Previous};
use delegated_role_core::role::goal::Goal;
use delegated_role_core::role::name_conflict::not_in_place;
use delegated_role_core::role::observed::LiveRole;
use delegated_role_core::role::plan::{self, Operation, Plan};
use delegated_role_core::timestamp::Timestamp;
use delegated_role_core::values::Properties;

use super::{access, permissions};
use crate::deployment::Deployment;
use crate::judgement::{Declared, NO_ACCOUNT, Unknown, offline_lookup};
use crate::outcome::Unusable;
use crate::worlds::World;

/// What becomes of one role.
#[derive(Debug)]
pub struct Change {
    /// Its name in the template.
    pub logical_id: String,
    /// In one word.
    pub action: Action,
    /// Who and what gains access.
    pub gains: Vec<String>,
    /// Who and what loses access.
    pub loses: Vec<String>,
    /// Which sessions end; none do without an entry.
    pub ended: Vec<String>,
    /// The calls, in their order.
    pub operations: Operations,
    /// Why the function would refuse it, and its warnings.
    pub findings: Vec<Finding>,
    /// What only a deployment knows.
    pub unknown: Vec<Unknown>,
}

/// What becomes of one role, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// Another takes its place.
    Replace,
    /// It is removed.
    Delete,
    /// Nothing is written.
    None,
}

impl Action {
    /// The word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::None => "none",
        }
    }
}

/// The calls of a change: plans, one after the other.
#[derive(Debug, Default)]
pub struct Operations {
    plans: Vec<Plan>,
    /// The derived name, which is not known without the stack's ID.
    derived: Option<String>,
}

impl Operations {
    /// Each step, as its calls.
    pub fn steps(&self) -> Vec<Vec<String>> {
        let steps = self.plans.iter().flat_map(|plan| &plan.steps);
        steps.map(|step| step.iter().map(|operation| self.print(operation)).collect()).collect()
    }

    fn print(&self, operation: &Operation) -> String {
        let printed = operation.to_string();
        match &self.derived {
            Some(name) => printed.replace(name, "(a name derived from the stack)"),
            None => printed,
        }
    }

    fn end_sessions(&self) -> bool {
        let operations = self.plans.iter().flat_map(|plan| plan.steps.iter().flatten());
        operations.into_iter().any(|operation| matches!(operation, Operation::EndSessions(_)))
    }
}

/// A role as a template desires it.
struct Side<'a> {
    declared: &'a Declared,
    properties: Properties,
    installation: Installation,
}

impl<'a> Side<'a> {
    fn of(declared: &'a Declared, deployment: &Deployment) -> Result<Self, Unusable> {
        let account = deployment.inputs.account.clone().or_else(|| AccountId::parse(NO_ACCOUNT).ok());
        let region = deployment.inputs.region.clone().or_else(|| Region::parse("us-east-1").ok());
        let installation = account.zip(region).and_then(|(account, region)| deployment.installation(&account, &region));
        let installation =
            installation.ok_or_else(|| Unusable::new("The account and Region make no function's ARN."))?;
        Ok(Self { declared, properties: World::Planned.properties(&declared.properties), installation })
    }

    /// `sent` is when the request for it would be sent.
    fn declaration(&self, deployment: &Deployment, previous: Option<Previous>, sent: Option<Timestamp>) -> Declaration {
        Declaration {
            resource: self.declared.resource(&self.installation, deployment),
            properties: self.properties.clone(),
            previous,
            sent,
        }
    }

    /// The goal, or why the function refuses it. `lookup` is what was read of the account, if it was.
    fn goal<'g>(
        &'g self,
        declaration: &'g Declaration,
        deployment: &Deployment,
        lookup: Option<AccountLookup>,
        now: Timestamp,
    ) -> Result<Result<Goal<'g>, Problems>, Unusable> {
        let lookup = lookup.unwrap_or_else(|| offline_lookup(&self.properties, &self.installation));
        let fresh = ExternalId::from_random([0; ExternalId::RANDOM_BYTES]);
        let goal = Goal::read(declaration, &self.installation, lookup, now, fresh);
        let unknown: Vec<&str> = self.declared.not_known().map(|(name, _)| name).collect();
        // What the function refuses in any case is no question of what is unknown.
        let refused = || {
            let earlier = declaration.previous.as_ref().map(|previous| &previous.properties);
            let findings = self.declared.findings(deployment, now, earlier);
            findings.iter().any(|located| located.finding.severity == Severity::Error)
        };
        if goal.is_err() && !unknown.is_empty() && !refused() {
            return Err(Unusable::new(format!(
                "{} cannot be planned while these properties are known after deployment only: {}. Give --parameter or \
                 --parameters.",
                self.declared.logical_id,
                unknown.join(", ")
            )));
        }
        Ok(goal)
    }
}

/// A role as it is before the change.
#[derive(Debug)]
pub(super) struct Standing {
    /// The role.
    pub(super) live: LiveRole,
    /// The properties of its template; empty where that is not known.
    pub(super) properties: Properties,
}

/// The change from one template to the other.
///
/// # Errors
/// The old one is refused, or too little is known.
pub fn between(
    old: Option<&Declared>,
    new: Option<&Declared>,
    deployment: &Deployment,
    now: Timestamp,
) -> Result<Change, Unusable> {
    let logical_id = new.or(old).map(|declared| declared.logical_id.clone()).unwrap_or_default();
    let standing = old.map(|old| standing(old, deployment, now)).transpose()?.flatten();
    match new {
        Some(new) => change(standing.as_ref(), new, None, deployment, now),
        None => Ok(removal(&logical_id, standing.as_ref(), deployment)),
    }
}

/// The role of an old template; none when another Region's stack manages it.
fn standing(old: &Declared, deployment: &Deployment, now: Timestamp) -> Result<Option<Standing>, Unusable> {
    let side = Side::of(old, deployment)?;
    let declaration = side.declaration(deployment, Some(none_before()), None);
    let goal = side.goal(&declaration, deployment, None, now)?.map_err(|problems| {
        Unusable::new(format!("The old template's {} is one that the function refuses: {problems}", old.logical_id))
    })?;
    if goal.managed_in().is_some() {
        return Ok(None);
    }
    let role = goal.desired(&declaration.resource, &goal.external_ids(None, None, true));
    let live = role.as_made(side.installation.account());
    Ok(Some(Standing { live, properties: side.properties.clone() }))
}

/// The name that a role gets; none when its properties are refused or another Region's stack manages it.
///
/// # Errors
/// Too little is known.
#[cfg(feature = "account")]
pub(super) fn name(new: &Declared, deployment: &Deployment, now: Timestamp) -> Result<Option<RoleName>, Unusable> {
    let side = Side::of(new, deployment)?;
    let declaration = side.declaration(deployment, Some(none_before()), None);
    let goal = side.goal(&declaration, deployment, None, now)?;
    Ok(goal.ok().filter(|goal| goal.managed_in().is_none()).map(|goal| goal.name))
}

/// The change of what stands to a new template. `lookup` is what was read of the account, if it was.
///
/// # Errors
/// Too little is known.
pub(super) fn change(
    standing: Option<&Standing>,
    new: &Declared,
    lookup: Option<AccountLookup>,
    deployment: &Deployment,
    now: Timestamp,
) -> Result<Change, Unusable> {
    let earlier = standing.map(|standing| &standing.properties);
    let findings: Vec<Finding> =
        new.findings(deployment, now, earlier).into_iter().map(|located| located.finding).collect();
    let mut change = Change { findings, unknown: new.unknown(deployment), ..Change::none(&new.logical_id) };
    if change.findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Ok(change);
    }
    let side = Side::of(new, deployment)?;
    let previous = standing.map(|standing| Previous {
        physical_id: standing.live.name.to_string(),
        properties: standing.properties.clone(),
    });
    let declaration = side.declaration(deployment, previous, Some(now));
    let goal = match side.goal(&declaration, deployment, lookup, now)? {
        Ok(goal) => goal,
        Err(problems) => {
            change.findings.extend(problems.in_order().into_iter().cloned());
            return Ok(change);
        }
    };
    if goal.managed_in().is_some() {
        return Ok(change);
    }
    let live = standing.map(|standing| &standing.live);
    let in_place = live.filter(|live| live.name.same_role(&goal.name));
    if let Some(refused) = in_place.and_then(|live| not_in_place(live, &goal.name, &goal.delegation.path)) {
        change.findings.push(refused);
        return Ok(change);
    }
    let replaced = live.filter(|_| in_place.is_none());
    let ids = goal.external_ids(in_place, replaced, live.is_none());
    let role = goal.desired(&declaration.resource, &ids);
    let plans = match (in_place, replaced) {
        (Some(live), _) => vec![plan::to_change(live, &role, &goal.once_declared(), goal.lookup.quotas)],
        (None, Some(replaced)) => vec![plan::to_create(&role), plan::to_remove(replaced)],
        (None, None) => vec![plan::to_create(&role)],
    };
    if let Some((live, plan)) = in_place.zip(plans.first()) {
        change.findings.extend(plan::obstacle(live, &role, plan));
        change.findings.extend(plan.warnings.iter().cloned());
    }
    change.action = match (in_place, replaced) {
        (Some(_), _) if plans.iter().all(Plan::is_empty) => Action::None,
        (Some(_), _) => Action::Update,
        (None, Some(_)) => Action::Replace,
        (None, None) => Action::Create,
    };
    let derived = goal.delegation.role_name.is_none() && deployment.stack.is_none();
    change.operations = Operations { plans, derived: derived.then(|| goal.name.to_string()) };
    change.compare(live, Some(&role.as_made(side.installation.account())));
    Ok(change)
}

/// An update of the old template to itself: a time that was to come may be over by now.
fn none_before() -> Previous {
    Previous { physical_id: String::new(), properties: Properties::new() }
}

/// The removal of what stands.
pub(super) fn removal(logical_id: &str, standing: Option<&Standing>, deployment: &Deployment) -> Change {
    let mut change = Change::none(logical_id);
    if let Some(Standing { live, .. }) = standing {
        let derived = deployment.stack.is_none().then(|| live.name.to_string());
        change.action = Action::Delete;
        change.operations = Operations { plans: vec![plan::to_remove(live)], derived };
        change.compare(Some(live), None);
    }
    change
}

impl Change {
    fn none(logical_id: &str) -> Self {
        Self {
            logical_id: logical_id.to_owned(),
            action: Action::None,
            gains: Vec::new(),
            loses: Vec::new(),
            ended: Vec::new(),
            operations: Operations::default(),
            findings: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// One that the function refuses.
    #[cfg(feature = "account")]
    pub(super) fn refused(logical_id: &str, why: Finding) -> Self {
        Self { findings: vec![why], ..Self::none(logical_id) }
    }

    /// Says what the change means for callers and sessions.
    fn compare(&mut self, old: Option<&LiveRole>, new: Option<&LiveRole>) {
        access::compare(old, new, &mut self.gains, &mut self.loses);
        permissions::compare(old, new, &mut self.gains, &mut self.loses);
        self.ended = ended(self, new);
    }
}

/// Which sessions end, in words.
fn ended(change: &Change, new: Option<&LiveRole>) -> Vec<String> {
    let mut ended = Vec::new();
    match change.action {
        Action::Delete => ended.push("all sessions, since the role is removed".to_owned()),
        Action::Replace => ended.push("all sessions of the old role, since it is removed".to_owned()),
        _ if change.operations.end_sessions() => {
            ended.push("all sessions that were issued before the change".to_owned());
        }
        _ => {}
    }
    let expiry =
        new.and_then(|role| role.trust.as_ref()?.conditions.expires_at).filter(|_| change.action != Action::None);
    let sooner = change.loses.iter().any(|lost| lost.starts_with("access after"));
    ended.extend(expiry.filter(|_| sooner).map(|at| format!("all sessions at {at}")));
    ended
}

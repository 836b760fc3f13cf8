//! The roles that stand in the account of the caller's credentials. Nothing is written.

use std::collections::BTreeMap;

use delegated_role_core::findings::Finding;
use delegated_role_core::identifiers::RoleName;
use delegated_role_core::installation::Installation;
use delegated_role_core::role::account_lookup::{AccountLookup, needs_quotas, policies_to_judge};
use delegated_role_core::role::declaration::Declaration;
use delegated_role_core::role::name_conflict::taken;
use delegated_role_core::role::observed::{LiveRole, Observed};
use delegated_role_core::timestamp::Timestamp;
use service_provider_access::aws::{Iam, Patience};
use service_provider_access::iam::reads::{ReadAttached, account_lookup, observe};

use super::change::{Change, Standing, change, name, removal};
use crate::caller::{Caller, failed};
use crate::deployment::Deployment;
use crate::judgement::{Declared, ROLE};
use crate::outcome::Unusable;
use crate::worlds::World;

/// The stack in the account.
#[derive(Debug, Default)]
pub(super) struct StackInAccount {
    /// Its ID; none when there is no such stack.
    pub(super) id: Option<String>,
    /// The names of its roles by logical ID.
    roles: BTreeMap<String, String>,
}

/// Looks for the stack of this name or ID.
pub(super) async fn find_stack(caller: &Caller, stack: &str) -> Result<StackInAccount, Unusable> {
    let answer = caller
        .cloudformation()
        .call("cloudformation:DescribeStackResources", Patience::Usual, |client| {
            client.describe_stack_resources().stack_name(stack).send()
        })
        .await;
    let resources = match answer {
        Ok(answer) => answer.stack_resources.unwrap_or_default(),
        Err(failure) if failure.to_string().contains("does not exist") => return Ok(StackInAccount::default()),
        Err(failure) => return Err(failed("The stack cannot be read.", &failure)),
    };
    let id = resources.iter().find_map(|resource| resource.stack_id().map(ToOwned::to_owned));
    let roles = resources.iter().filter(|resource| resource.resource_type() == Some(ROLE)).filter_map(|resource| {
        Some((resource.logical_resource_id()?.to_owned(), resource.physical_resource_id()?.to_owned()))
    });
    Ok(StackInAccount { id, roles: roles.collect() })
}

/// What is looked at.
pub(super) struct Account<'a> {
    pub(super) iam: Iam,
    pub(super) stack: StackInAccount,
    pub(super) deployment: &'a Deployment,
    pub(super) installation: Installation,
}

impl Account<'_> {
    /// The changes from what stands to the new template. `old` are the roles of the template that the stack was made from,
    /// where it is given.
    pub(super) async fn changes(
        &self,
        old: &[Declared],
        new: &[Declared],
        now: Timestamp,
    ) -> Result<Vec<Change>, Unusable> {
        let mut changes = Vec::new();
        for declared in new {
            let before = old.iter().find(|old| old.logical_id == declared.logical_id);
            changes.push(self.change(before, declared, now).await?);
        }
        let gone = self.stack.roles.iter().filter(|(id, _)| !new.iter().any(|declared| declared.logical_id == **id));
        for (logical_id, physical_id) in gone {
            let Ok(name) = RoleName::parse(physical_id) else { continue };
            let live = self.look(&Declared::named(logical_id), &name).await?.unwrap_or_default();
            let standing = live.map(|live| Standing { live: *live, properties: serde_json::Map::new() });
            changes.push(removal(logical_id, standing.as_ref(), self.deployment));
        }
        Ok(changes)
    }

    async fn change(&self, old: Option<&Declared>, new: &Declared, now: Timestamp) -> Result<Change, Unusable> {
        let known = self.stack.roles.get(&new.logical_id).and_then(|name| RoleName::parse(name).ok());
        let wanted = name(new, self.deployment, now)?;
        let live = match known.or(wanted) {
            Some(name) => self.look(new, &name).await?,
            None => Ok(None),
        };
        let live = match live {
            Ok(live) => live,
            Err(refused) => return Ok(Change::refused(&new.logical_id, refused)),
        };
        let properties = old.map(|old| World::Planned.properties(&old.properties)).unwrap_or_default();
        let standing = live.map(|live| Standing { live: *live, properties });
        let lookup = self.lookup(new).await?;
        change(standing.as_ref(), new, Some(lookup), self.deployment, now)
    }

    /// The role of this name, if there is one; an error if it is that of others.
    async fn look(
        &self,
        declared: &Declared,
        name: &RoleName,
    ) -> Result<Result<Option<Box<LiveRole>>, Finding>, Unusable> {
        let resource = declared.resource(&self.installation, self.deployment);
        let observed = observe(&self.iam, &resource, name, ReadAttached::WhatCanBe).await;
        Ok(match observed.map_err(|failure| failed("The role cannot be read.", &failure))? {
            Observed::Absent => Ok(None),
            Observed::Ours(live) => Ok(Some(live)),
            Observed::Foreign(foreign) => {
                let properties = World::Planned.properties(&declared.properties);
                let declaration = Declaration { resource, properties, previous: None, sent: None };
                Err(taken(&foreign, &declaration, &self.installation, None))
            }
        })
    }

    /// What the function would read before it judges the properties.
    async fn lookup(&self, declared: &Declared) -> Result<AccountLookup, Unusable> {
        let properties = World::Planned.properties(&declared.properties);
        let policies = policies_to_judge(&properties, self.installation.account());
        let lookup = account_lookup(&self.iam, policies, needs_quotas(&properties)).await;
        lookup.map_err(|failure| failed("The policies cannot be read.", &failure))
    }
}

//! A valid declaration: the input for converging, planning and checking.

use super::account_lookup::AccountLookup;
use super::declaration::Declaration;
use super::delegation::Delegation;
use super::desired::{DesiredRole, ExternalIds, desired};
use super::observed::LiveRole;
use super::ownership::StackResource;
use super::plan;
use super::previous_template::{OnceDeclared, home_region_hint};
use crate::findings::{Finding, Problems};
use crate::identifiers::{ExternalId, Region, RoleName};
use crate::installation::Installation;
use crate::properties::Properties;
use crate::timestamp::Timestamp;

/// A valid declaration, with everything that determines the desired role.
#[derive(Debug)]
pub struct Goal<'a> {
    /// What the template declares.
    pub declaration: &'a Declaration,
    /// Where the function works and what its owner allows.
    pub installation: &'a Installation,
    /// The properties as values.
    pub delegation: Delegation,
    /// What was looked up in the account.
    pub lookup: AccountLookup,
    /// The current time.
    pub now: Timestamp,
    /// A new external ID, if one is needed.
    pub fresh_external_id: ExternalId,
    /// The name of the role: the given one, or the derived one.
    pub name: RoleName,
}

impl<'a> Goal<'a> {
    /// Validates a declaration.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn read(
        declaration: &'a Declaration,
        installation: &'a Installation,
        lookup: AccountLookup,
        now: Timestamp,
        fresh_external_id: ExternalId,
    ) -> Result<Self, Problems> {
        let Declaration { resource, properties, .. } = declaration;
        let first_time = first_time(declaration, installation);
        let delegation = Delegation::read(properties, resource, installation, &lookup, now, first_time)?;
        let name = delegation
            .role_name
            .clone()
            .unwrap_or_else(|| resource.derived_name(&delegation.path, &installation.limits.role_name_prefix));
        Ok(Self { declaration, installation, delegation, lookup, now, fresh_external_id, name })
    }

    /// The Region whose stack manages the role, if it is not this Region.
    pub fn managed_in(&self) -> Option<&Region> {
        self.delegation.home_region.as_ref().filter(|region| *region != self.installation.region())
    }

    /// The external IDs of the role. `live` is the role as it is, `replaced` is the role that it replaces. `none_yet`:
    /// no role was made for the resource yet.
    pub fn external_ids(&self, live: Option<&LiveRole>, replaced: Option<&LiveRole>, none_yet: bool) -> ExternalIds {
        ExternalIds::choose(&self.delegation.external_id, live, replaced, self.fresh_external_id.clone(), none_yet)
    }

    /// The role that is desired under these external IDs, managed for `resource`: that of the declaration, or for a
    /// stack outside the home Region the one in the home Region.
    pub fn desired(&self, resource: &StackResource, external_ids: &ExternalIds) -> DesiredRole {
        let Self { declaration, installation, delegation, name, .. } = self;
        desired(delegation, name, resource, installation, external_ids, declaration.sent)
    }

    /// Whether an older request may still arrive, although the role is as desired: a delete before this create, or the
    /// update before this update, if the template before desires another role than the observed one. In doubt, true.
    pub fn overtakes(&self, live: &LiveRole) -> bool {
        let Some(previous) = &self.declaration.previous else { return true };
        let before = Declaration { properties: previous.properties.clone(), sent: None, ..self.declaration.clone() };
        let lookup = self.lookup.clone();
        let Ok(before) = Goal::read(&before, self.installation, lookup, self.now, self.fresh_external_id.clone())
        else {
            return true;
        };
        let role = before.desired(&self.declaration.resource, &before.external_ids(Some(live), None, false));
        !plan::to_change(live, &role, &before.once_declared(), self.lookup.quotas).is_empty()
    }

    /// What the template before declared, as far as it can be read.
    pub fn once_declared(&self) -> OnceDeclared {
        let previous = self.declaration.previous.as_ref();
        previous.map(|previous| OnceDeclared::read(&previous.properties)).unwrap_or_default()
    }
}

/// All findings about a declaration before anything is read or written: the problems for which [`Goal::read`] refuses
/// it, and the warnings, including those about the role.
pub fn findings(
    declaration: &Declaration,
    installation: &Installation,
    lookup: &AccountLookup,
    now: Timestamp,
) -> Vec<Finding> {
    let Declaration { resource, properties, .. } = declaration;
    let first_time = first_time(declaration, installation);
    let mut found = Delegation::findings(properties, resource, installation, lookup, now, first_time);
    let stand_in = ExternalId::from_random([0; ExternalId::RANDOM_BYTES]);
    if let Ok(goal) = Goal::read(declaration, installation, lookup.clone(), now, stand_in) {
        found.extend(goal.desired(resource, &goal.external_ids(None, None, true)).warnings());
    }
    found
}

/// Whether the role is certainly not older than the resource. A role that the stack of another Region manages can be.
fn first_time(declaration: &Declaration, installation: &Installation) -> bool {
    declaration.previous.is_none() && other_region(&declaration.properties, installation).is_none()
}

/// The home Region in the properties, if it is not this Region.
pub fn other_region(properties: &Properties, installation: &Installation) -> Option<Region> {
    home_region_hint(properties).filter(|region| region != installation.region())
}

//! The function as it is installed in one account and Region.

use crate::identifiers::{Account, FunctionArn, PolicyArn, Region};
use crate::owner_limits::OwnerLimits;
use crate::policy::Terms;

/// Where the function works and what its owner allows. It never acts outside its own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The function's ARN, with its partition, account and Region.
    pub function: FunctionArn,
    /// What the function's owner allows.
    pub limits: OwnerLimits,
}

impl Installation {
    /// The account of the function, of its stacks and of its roles.
    pub fn account(&self) -> &Account {
        self.function.account()
    }

    /// Whether every role is under the boundary that the template ships, `service-provider-access-boundary-REGION`: then IAM
    /// itself denies it to pass or assume a role that the owner does not list.
    pub fn shipped_boundary_in_force(&self) -> bool {
        self.limits.required_permissions_boundary.as_ref().is_some_and(|boundary| {
            let region = boundary.name().strip_prefix("service-provider-access-boundary-");
            boundary.owner() == self.account().id.as_str() && region.is_some_and(|region| Region::parse(region).is_ok())
        })
    }

    /// The start of the path and name of the function's roles, without its first slash.
    pub fn role_prefix(&self) -> String {
        let path = self.limits.role_path_prefix.as_str();
        format!("{}{}", path.strip_prefix('/').unwrap_or(path), self.limits.role_name_prefix)
    }

    /// What the judgement of a policy needs. `role_prefix` is [`role_prefix`](Self::role_prefix).
    pub fn terms<'a>(&'a self, role_prefix: &'a str, allow_administrative: bool) -> Terms<'a> {
        let account = self.account();
        Terms {
            partition: account.partition.as_str(),
            account: account.id.as_str(),
            role_prefix,
            passable_roles: &self.limits.passable_roles,
            required_boundary: self.limits.required_permissions_boundary.as_ref().map(PolicyArn::as_str),
            boundary_in_force: self.shipped_boundary_in_force(),
            allow_administrative,
        }
    }

    /// The Region of the function and of its stacks.
    pub fn region(&self) -> &Region {
        self.function.region()
    }
}

//! The function as it is installed in one account and Region.

use crate::identifiers::{Account, FunctionArn, Region};
use crate::owner_limits::OwnerLimits;

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

    /// The Region of the function and of its stacks.
    pub fn region(&self) -> &Region {
        self.function.region()
    }
}

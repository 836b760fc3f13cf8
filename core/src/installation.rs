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

    /// The Region of the function and of its stacks.
    pub fn region(&self) -> &Region {
        self.function.region()
    }
}

//! What the function's owner sets for the audit.

use super::environment::Environment;
use crate::findings::Problems;

/// When the audit reports a role that is not used, or expires soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditSettings {
    /// A role that was not used for this number of days is reported.
    pub unused_after_days: u32,
    /// A role whose access ends within this number of days is reported.
    pub expiring_within_days: u32,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { unused_after_days: 90, expiring_within_days: 14 }
    }
}

impl AuditSettings {
    pub(super) fn read(mut environment: Environment<'_>) -> Result<Self, Problems> {
        let Self { unused_after_days, expiring_within_days } = Self::default();
        // IAM reports the last use of the last 400 days only.
        let unused_after_days = environment.number("UNUSED_AFTER_DAYS", &(1..=400), unused_after_days, "days");
        let expiring_within_days =
            environment.number("EXPIRING_WITHIN_DAYS", &(1..=3_650), expiring_within_days, "days");
        environment.problems.none().map(|()| Self { unused_after_days, expiring_within_days })
    }
}

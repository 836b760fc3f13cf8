//! What a report has.

use std::collections::BTreeMap;

use crate::audit::inspected::Inspected;
use crate::audit::reach::Reach;
use crate::findings::{Code, Finding};
use crate::identifiers::{AccountId, Region};
use crate::secrets::Secrets;
use crate::timestamp::Timestamp;

/// The version of the report. A new field does not change it; another meaning of a field does.
pub const VERSION: u32 = 1;

/// One role, with what was found in it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The role.
    pub role: Inspected,
    /// What its policies allow.
    pub reach: Reach,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// The report.
#[derive(Clone, Debug)]
pub struct Report {
    /// When the audit ran.
    pub audited_at: Timestamp,
    /// The account of the roles, and the Region of the function. `None` if nothing was audited.
    pub place: Option<(AccountId, Region)>,
    /// The roles that were read.
    pub entries: Vec<Entry>,
    /// What could not be read or looked up, as sentences. Empty: the audit is complete.
    pub gaps: Vec<String>,
}

impl Report {
    /// A report about an account, from a Region. No external ID of its roles is in the gaps.
    pub fn new(audited_at: Timestamp, place: (AccountId, Region), entries: Vec<Entry>, gaps: &[String]) -> Self {
        let secrets = entries.iter().fold(Secrets::default(), |all, entry| all.and_all(&entry.role.secrets()));
        let gaps = gaps.iter().map(|gap| secrets.hidden_in(gap)).collect();
        Self { audited_at, place: Some(place), entries, gaps }
    }

    /// Whether every role under the prefix was read, and every stack looked up.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// How many findings there are of each kind.
    pub fn count(&self) -> BTreeMap<Code, usize> {
        let mut count = BTreeMap::new();
        for finding in self.entries.iter().flat_map(|entry| &entry.findings) {
            *count.entry(finding.code).or_default() += 1;
        }
        count
    }
}

//! What was found in templates.

use delegated_role_core::findings::{Finding, Severity};

use crate::judgement::{Declared, Located, Unknown};

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// How many templates were read.
    pub templates: usize,
    /// Each resource of the function's, in the order of the templates.
    pub resources: Vec<Checked>,
}

/// What was found of one resource.
#[derive(Debug)]
pub struct Checked {
    /// The file.
    pub template: String,
    /// The resource.
    pub resource: Declared,
    /// Problems first, then warnings.
    pub findings: Vec<Located>,
    /// What only a deployment knows.
    pub unknown: Vec<Unknown>,
}

impl Report {
    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        let findings = self.resources.iter().flat_map(|checked| &checked.findings);
        findings.filter(|located| located.finding.severity == severity).count()
    }
}

/// The name of a severity.
pub fn severity(finding: &Finding) -> &'static str {
    finding.severity.name()
}

/// The sentences of a finding, without the code at their end.
pub fn message(finding: &Finding) -> String {
    let whole = finding.to_string();
    let code = format!(" [{}]", finding.code);
    whole.strip_suffix(&code).map(ToOwned::to_owned).unwrap_or(whole)
}

//! What the policies of a role give the provider, as findings about their properties.

use std::collections::BTreeMap;

use crate::findings::{Code, Finding, length};
use crate::identifiers::PolicyArn;
use crate::installation::Installation;
use crate::policy::{self, Author, ByArn, Document, Privilege, Severity, Terms};
use crate::properties::Reader;

/// How many examples a warning gives.
const EXAMPLES: usize = 3;
/// The bytes for the actions of an error, and for its resources: both fit into one answer.
const ROOM_FOR_ACTIONS: usize = 900;
const ROOM_FOR_RESOURCES: usize = 1_500;

/// Judges the policies of one role.
pub(super) struct Permissions<'a> {
    role_prefix: String,
    installation: &'a Installation,
    administrative: bool,
}

impl<'a> Permissions<'a> {
    /// `administrative`: template and owner permit an administrator.
    pub(super) fn new(installation: &'a Installation, administrative: bool) -> Self {
        let role_prefix = installation.role_prefix();
        Self { role_prefix, installation, administrative }
    }

    fn terms(&self) -> Terms<'_> {
        self.installation.terms(&self.role_prefix, self.administrative)
    }

    /// The judgement of the policies that one property names.
    pub(super) fn of<'b>(&'b self, property: &'b str) -> Judgement<'b> {
        Judgement { permissions: self, property, warnings: BTreeMap::new() }
    }
}

/// What the policies of one property give. Errors are reported one by one, warnings one for each code, at the end.
pub(super) struct Judgement<'p> {
    permissions: &'p Permissions<'p>,
    property: &'p str,
    /// For each code the policies that give it, as a sentence lists them.
    warnings: BTreeMap<policy::Code, Vec<String>>,
}

impl Judgement<'_> {
    /// Judges a document. `name` says which one it is, where the property has several.
    pub(super) fn document(
        &mut self,
        reader: &mut Reader<'_>,
        name: Option<&str>,
        author: Author,
        document: &Document,
    ) {
        let property = self.property;
        for privilege in document.privileges(author, &self.permissions.terms()) {
            let place = name.map(|name| format!("{name} in ")).unwrap_or_default();
            if privilege.severity == Severity::Error {
                let amounts_to = amounts_to(privilege.code, privilege.severity);
                let message = format!("{property} {amounts_to}: {place}{}.", all_of(&privilege));
                let finding = Finding::error(code_of(privilege.code), property, message);
                reader.push(finding.in_statement(name.unwrap_or(property), privilege.statement));
            } else {
                self.warn(privilege.code, format!("{place}{}", examples_of(&privilege)));
            }
        }
    }

    /// Judges an AWS managed policy of which the name is enough.
    pub(super) fn by_name(&mut self, reader: &mut Reader<'_>, arn: &PolicyArn, found: &[ByArn]) {
        let (property, administrative) = (self.property, self.permissions.administrative);
        let bounded = self.permissions.installation.shipped_boundary_in_force();
        for ByArn { code, severity } in found {
            let lifted = match code {
                policy::Code::Administrative => administrative,
                // The shipped boundary passes and assumes only what the owner lists.
                policy::Code::PassesRole => administrative || bounded,
                _ => false,
            };
            if *severity == Severity::Error && !lifted {
                let message = format!("{property} {}: {arn}.", amounts_to(*code, *severity));
                reader.push(Finding::error(code_of(*code), property, message).in_statement(arn.as_str(), 0));
            } else {
                self.warn(*code, arn.to_string());
            }
        }
    }

    fn warn(&mut self, code: policy::Code, policy: String) {
        let policies = self.warnings.entry(code).or_default();
        if !policies.contains(&policy) {
            policies.push(policy);
        }
    }

    /// Reports the warnings.
    pub(super) fn finish(self, reader: &mut Reader<'_>) {
        let property = self.property;
        for (code, policies) in self.warnings {
            let amounts_to = amounts_to(code, Severity::Warning);
            let more = policies.len().saturating_sub(EXAMPLES);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            let policies = policies[..policies.len().min(EXAMPLES)].join("; ");
            reader.warning(code_of(code), property, format!("{property} {amounts_to}: {policies}{more}."));
        }
    }
}

fn code_of(code: policy::Code) -> Code {
    match code {
        policy::Code::Administrative => Code::Administrative,
        policy::Code::PassesRole => Code::PassesRole,
        policy::Code::ActsAsWorkload => Code::ActsAsWorkload,
        policy::Code::Exposes => Code::Exposes,
        policy::Code::ReadsData => Code::ReadsData,
        policy::Code::AuditTrail => Code::AuditTrail,
        policy::Code::Organization => Code::Organization,
        policy::Code::Broad => Code::Broad,
    }
}

/// Continues a sentence after the name of a property.
fn amounts_to(code: policy::Code, severity: Severity) -> &'static str {
    match (code, severity) {
        (policy::Code::Administrative, Severity::Error) => "gives administrator-equivalent access",
        (policy::Code::Administrative, Severity::Warning) => "may give administrator-equivalent access",
        (policy::Code::PassesRole, _) => "passes or assumes roles that the owner does not list in PassableRoleArns",
        (policy::Code::ActsAsWorkload, _) => "acts under the roles of workloads",
        (policy::Code::Exposes, _) => "shares resources or changes their policies",
        (policy::Code::ReadsData, _) => "reads data or obtains credentials",
        (policy::Code::AuditTrail, _) => "stops or deletes audit records",
        (policy::Code::Organization, _) => "changes the organization",
        (policy::Code::Broad, _) => "is broad",
    }
}

/// "statement 1 (Sid Read) allows", "statements 1, 2 and 5 allow".
fn allows(privilege: &Privilege) -> String {
    let Privilege { statement, further_statements, sid, .. } = privilege;
    match (&further_statements[..], sid) {
        ([], Some(sid)) => format!("statement {statement} (Sid {sid}) allows"),
        ([], None) => format!("statement {statement} allows"),
        ([others @ .., last], _) => {
            let first = std::iter::once(statement).chain(others).map(usize::to_string).collect::<Vec<_>>().join(", ");
            format!("statements {first} and {last} allow")
        }
    }
}

/// "statement 1 allows iam:PutRolePolicy, iam:TagRole on *, arn:…".
fn all_of(privilege: &Privilege) -> String {
    let Privilege { actions, resources, .. } = privilege;
    let (actions, resources) = (counted(actions, ROOM_FOR_ACTIONS), counted(resources, ROOM_FOR_RESOURCES));
    format!("{} {actions} on {resources}", allows(privilege))
}

/// As many items from the start as fit into this number of bytes, at least one, and the number of the others.
fn counted(all: &[String], room: usize) -> String {
    let mut text = String::new();
    for (index, one) in all.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        if index > 0 && length(&text) + separator.len() + length(one) > room {
            return format!("{text} and {} more", all.len() - index);
        }
        text = text + separator + one;
    }
    text
}

/// "statements 1 and 3 allow 40 actions, such as s3:GetObject, …, on *".
fn examples_of(privilege: &Privilege) -> String {
    let Privilege { actions, resources, count, .. } = privilege;
    let more = resources.len().saturating_sub(EXAMPLES);
    let resources = resources.iter().take(EXAMPLES).map(String::as_str).collect::<Vec<_>>().join(", ");
    let resources = if more > 0 { format!("{resources} and {more} more") } else { resources };
    let (allows, examples) = (allows(privilege), actions.join(", "));
    if *count > actions.len() {
        format!("{allows} {count} actions, such as {examples}, on {resources}")
    } else {
        format!("{allows} {examples} on {resources}")
    }
}

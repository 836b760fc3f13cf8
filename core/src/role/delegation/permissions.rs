//! What the policies of a role give the provider, as findings of their properties.

use std::collections::BTreeMap;

use crate::findings::{Code, Finding};
use crate::identifiers::PolicyArn;
use crate::installation::Installation;
use crate::policy::{self, Author, ByArn, Document, Privilege, Severity, Terms};
use crate::properties::Reader;

/// How many examples a warning gives.
const EXAMPLES: usize = 3;

/// Judges the policies of one role.
pub(super) struct Permissions<'a> {
    role_prefix: &'a str,
    installation: &'a Installation,
    administrative: bool,
}

impl<'a> Permissions<'a> {
    /// `administrative`: template and owner permit an administrator.
    pub(super) fn new(installation: &'a Installation, administrative: bool) -> Self {
        let path = installation.limits.role_path_prefix.as_str();
        Self { role_prefix: path.strip_prefix('/').unwrap_or(path), installation, administrative }
    }

    fn terms(&self) -> Terms<'a> {
        let account = self.installation.account();
        Terms {
            partition: account.partition.as_str(),
            account: account.id.as_str(),
            role_prefix: self.role_prefix,
            passable_roles: &self.installation.limits.passable_roles,
            required_boundary: self.installation.limits.required_permissions_boundary.as_ref().map(PolicyArn::as_str),
            boundary_in_force: self.installation.limits.shipped_boundary_in_force(),
            allow_administrative: self.administrative,
        }
    }

    /// Reports what a document gives. `arn` names it where it is a managed policy.
    pub(super) fn judge(
        &self,
        reader: &mut Reader<'_>,
        property: &'static str,
        arn: Option<&PolicyArn>,
        document: &Document,
    ) {
        let author = if arn.is_some_and(|arn| arn.owner() == "aws") { Author::Aws } else { Author::Customer };
        for privilege in document.privileges(author, &self.terms()) {
            let place = arn.map(|arn| format!("{arn} in ")).unwrap_or_default();
            let amounts_to = amounts_to(privilege.code, privilege.severity);
            match privilege.severity {
                Severity::Error => {
                    let message = format!("{property} {amounts_to}: {place}{}.", all_of(&privilege));
                    let document = arn.map_or(property, PolicyArn::as_str);
                    let finding = Finding::error(code_of(privilege.code), property, message);
                    reader.push(finding.in_statement(document, privilege.statement));
                }
                Severity::Warning => {
                    let message = format!("{property} {amounts_to}: {place}{}.", examples_of(&privilege));
                    reader.warning(code_of(privilege.code), property, message);
                }
            }
        }
    }

    /// Reports what AWS-managed policies give of which the names are enough. One warning per code names them all.
    pub(super) fn by_name(
        &self,
        reader: &mut Reader<'_>,
        property: &'static str,
        policies: &[(&PolicyArn, Vec<ByArn>)],
    ) {
        let bounded = self.installation.limits.shipped_boundary_in_force();
        let mut warnings: BTreeMap<policy::Code, Vec<&PolicyArn>> = BTreeMap::new();
        for (arn, found) in policies {
            for ByArn { code, severity } in found {
                let lifted = match code {
                    policy::Code::Administrative => self.administrative,
                    // The shipped boundary passes and assumes only what the owner lists.
                    policy::Code::PassesRole => self.administrative || bounded,
                    _ => false,
                };
                if *severity == Severity::Error && !lifted {
                    let message = format!("{property} {}: {arn}.", amounts_to(*code, *severity));
                    reader.push(Finding::error(code_of(*code), property, message).in_statement(arn.as_str(), 0));
                } else {
                    let known = warnings.entry(*code).or_default();
                    if !known.contains(arn) {
                        known.push(arn);
                    }
                }
            }
        }
        for (code, arns) in warnings {
            let arns: Vec<_> = arns.into_iter().map(PolicyArn::to_string).collect();
            let amounts_to = amounts_to(code, Severity::Warning);
            reader.warning(code_of(code), property, format!("{property} {amounts_to}: {}.", arns.join(", ")));
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

fn place(privilege: &Privilege) -> String {
    match &privilege.sid {
        Some(sid) => format!("statement {} (Sid {sid})", privilege.statement),
        None => format!("statement {}", privilege.statement),
    }
}

/// "statement 1 allows iam:PutRolePolicy, iam:TagRole on *, arn:…".
fn all_of(privilege: &Privilege) -> String {
    let Privilege { actions, resources, .. } = privilege;
    format!("{} allows {} on {}", place(privilege), actions.join(", "), resources.join(", "))
}

/// "40 actions from statement 1 on, such as s3:GetObject, …, on *". A warning covers all statements.
fn examples_of(privilege: &Privilege) -> String {
    let Privilege { actions, resources, count, .. } = privilege;
    let more = resources.len().saturating_sub(EXAMPLES);
    let resources = resources.iter().take(EXAMPLES).map(String::as_str).collect::<Vec<_>>().join(", ");
    let resources = if more > 0 { format!("{resources} and {more} more") } else { resources };
    let (place, examples) = (place(privilege), actions.join(", "));
    if *count > actions.len() {
        format!("{place} allows {count} actions, such as {examples}, on {resources}")
    } else {
        format!("{place} allows {examples} on {resources}")
    }
}

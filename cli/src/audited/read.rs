//! Reading an audit from its JSON: every field that is shown must be as the schema says.

use delegated_role_core::audit::reach::Level;
use delegated_role_core::audit::report::VERSION;
use delegated_role_core::findings::Severity;
use delegated_role_core::timestamp::Timestamp;
use serde_json::Value;

use super::contents::{Audited, Finding, Reach, Role};
use crate::outcome::Unusable;

impl Audited {
    /// Reads the JSON of an audit.
    ///
    /// # Errors
    /// It is something else, or of another version: a sentence.
    pub fn read(json: &Value) -> Result<Self, Unusable> {
        let report = Place { value: json, path: String::new() };
        if !json.is_object() || json.get("AuditedAt").is_none() {
            return Err(Unusable::new("This is not an audit: it has no AuditedAt. Give the JSON of an audit."));
        }
        let version = report.member("Version")?;
        if version.number()? != u64::from(VERSION) {
            return Err(Unusable::new(format!(
                "The audit has Version {}, but this command reads Version {VERSION} only. Use the version of the command that \
                 made it.",
                version.value
            )));
        }
        let mut gaps = report.member("Gaps")?.texts()?;
        if !report.member("Complete")?.flag()? && gaps.is_empty() {
            gaps.push("The audit does not say what is missing.".to_owned());
        }
        let mut roles = report.member("Roles")?.each(Role::read)?;
        roles.sort_by(|a, b| a.order().cmp(&b.order()));
        Ok(Self {
            at: report.member("AuditedAt")?.moment()?,
            account: report.optional("AccountId", Place::text)?,
            region: report.optional("Region", Place::text)?,
            gaps,
            roles,
        })
    }
}

impl Role {
    fn read(role: &Place<'_>) -> Result<Self, Unusable> {
        let mut findings = role.member("Findings")?.each(Finding::read)?;
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Ok(Self {
            name: role.member("RoleName")?.text()?,
            arn: role.member("RoleArn")?.text()?,
            stack_id: role.optional("StackId", Place::text)?,
            logical_id: role.optional("LogicalId", Place::text)?,
            accounts: role.member("ExternalAwsAccountIds")?.texts()?,
            requires_external_id: role.member("RequiresExternalId")?.flag()?,
            requires_mfa: role.member("RequiresMfa")?.flag()?,
            longest_session: role.member("MaxSessionDuration")?.number()?,
            ends: role.optional("ExpiresAt", Place::moment)?,
            created: role.optional("CreatedAt", Place::moment)?,
            last_used: role.optional("LastUsedAt", Place::moment)?,
            policies: role.member("Policies")?.texts()?,
            reach: Reach::read(&role.member("Reach")?)?,
            findings,
        })
    }
}

impl Reach {
    fn read(reach: &Place<'_>) -> Result<Self, Unusable> {
        let place = reach.member("Level")?;
        let name = place.text()?;
        let level = Level::ALL.into_iter().find(|level| level.name() == name);
        Ok(Self {
            level: level.ok_or_else(|| place.wrong(&format!("one of {}", Level::ALL.map(Level::name).join(", "))))?,
            privileges: reach.member("Privileges")?.texts()?,
            services: reach.member("Services")?.texts()?,
        })
    }
}

impl Finding {
    fn read(finding: &Place<'_>) -> Result<Self, Unusable> {
        let place = finding.member("Severity")?;
        let name = place.text()?;
        let severity = [Severity::Error, Severity::Warning].into_iter().find(|severity| severity.name() == name);
        Ok(Self {
            code: finding.member("Code")?.text()?,
            severity: severity.ok_or_else(|| place.wrong("error or warning"))?,
            message: finding.member("Message")?.text()?,
        })
    }
}

/// A value, and the way to it.
struct Place<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Place<'a> {
    fn wrong(&self, allowed: &str) -> Unusable {
        Unusable::new(format!("This is not the JSON of an audit: {} must be {allowed}.", self.path))
    }

    fn member(&self, name: &str) -> Result<Self, Unusable> {
        let dot = if self.path.is_empty() { "" } else { "." };
        let path = format!("{}{dot}{name}", self.path);
        match self.value.get(name) {
            Some(value) => Ok(Self { value, path }),
            None => Err(Unusable::new(format!("This is not the JSON of an audit: {path} is missing."))),
        }
    }

    fn optional<T>(&self, name: &str, read: fn(&Self) -> Result<T, Unusable>) -> Result<Option<T>, Unusable> {
        let member = self.member(name)?;
        if member.value.is_null() { Ok(None) } else { read(&member).map(Some) }
    }

    fn each<T>(&self, read: impl Fn(&Self) -> Result<T, Unusable>) -> Result<Vec<T>, Unusable> {
        let items: &'a Vec<Value> = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        let place = |(index, value)| Self { value, path: format!("{}[{index}]", self.path) };
        items.iter().enumerate().map(|item| read(&place(item))).collect()
    }

    fn text(&self) -> Result<String, Unusable> {
        self.value.as_str().map(ToOwned::to_owned).ok_or_else(|| self.wrong("a text"))
    }

    fn texts(&self) -> Result<Vec<String>, Unusable> {
        self.each(Self::text)
    }

    fn flag(&self) -> Result<bool, Unusable> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    fn number(&self) -> Result<u64, Unusable> {
        self.value.as_u64().ok_or_else(|| self.wrong("a whole number"))
    }

    fn moment(&self) -> Result<Timestamp, Unusable> {
        let moment = self.text()?;
        Timestamp::read(&moment).ok_or_else(|| self.wrong("a moment such as 2027-01-31T18:00:00Z"))
    }
}

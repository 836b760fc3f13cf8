//! What is in the account.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use delegated_role_core::identifiers::Partition;
use serde_json::Value;

use super::super::query::{Api, Refusal};
use super::call::Call;
pub(crate) use super::document::Document;
use super::managed;

/// The whole account. A test may change all of it: see [`edit`](super::Account::edit).
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Oldest first.
    pub(crate) roles: Vec<Role>,
    /// AWS managed policies and customer managed policies.
    pub(crate) policies: Vec<Policy>,
    pub(crate) instance_profiles: Vec<InstanceProfile>,
    pub(crate) quotas: Quotas,
    /// The most entries in one page of a list.
    pub(crate) page_size: usize,
    /// IDs that no trust policy can name, because no account has them.
    pub(crate) nonexistent_accounts: Vec<String>,
    /// How many writes to a role just created find no such role.
    pub(crate) propagation_delay: u32,
    /// How long each answer takes.
    pub(crate) latency: Duration,
    /// What time it is for IAM, in seconds since 1970; `None` is what the real clock says.
    pub(crate) time: Option<u64>,
    pub(super) partition: &'static str,
    account: &'static str,
    /// How many things were made so far. Each has its own ID and creation time.
    made: u64,
    /// By role name: how many writes find no such role yet.
    unsettled: BTreeMap<String, u32>,
}

/// 2026-01-01, in seconds since 1970.
pub(super) const LONG_AGO: u64 = 1_767_225_600;

/// Builds with [`named`](Self::named) and the methods after it; `arn`, `id` and `created` come from
/// [`put_role`](super::Account::put_role).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) arn: String,
    pub(crate) id: String,
    pub(crate) trust: Document,
    pub(crate) description: Option<String>,
    pub(crate) max_session_duration: u32,
    pub(crate) permissions_boundary: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) inline_policies: BTreeMap<String, Document>,
    /// In the order of attachment.
    pub(crate) attached_policies: Vec<String>,
    /// When, in seconds since 1970. Roles that a test puts there are older than any request.
    pub(crate) created: u64,
    /// When it was last used, in seconds since 1970.
    pub(crate) last_used: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) arn: String,
    pub(crate) id: String,
    /// `v1` first.
    pub(crate) versions: Vec<Document>,
    /// `v2`.
    pub(crate) default_version: String,
}

#[derive(Clone, Debug)]
pub(crate) struct InstanceProfile {
    pub(crate) name: String,
    pub(crate) role: String,
}

/// IAM's adjustable limits, at their defaults.
#[derive(Clone, Debug)]
pub(crate) struct Quotas {
    pub(crate) attached_policies_per_role: usize,
    /// Of all inline policies of a role together, without white space.
    pub(crate) inline_policies_size: usize,
    /// Without white space.
    pub(crate) trust_size: usize,
    pub(crate) roles: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { attached_policies_per_role: 10, inline_policies_size: 10_240, trust_size: 2_048, roles: 1_000 }
    }
}

impl State {
    pub(crate) fn new(partition: &'static str, account: &'static str) -> Self {
        Self {
            roles: Vec::new(),
            policies: managed::policies(partition),
            instance_profiles: Vec::new(),
            quotas: Quotas::default(),
            page_size: 100,
            nonexistent_accounts: Vec::new(),
            propagation_delay: 0,
            latency: Duration::ZERO,
            time: Some(1_795_348_801),
            partition,
            account,
            made: 0,
            unsettled: BTreeMap::new(),
        }
    }

    // --- Finding ---

    pub(crate) fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name.eq_ignore_ascii_case(name))
    }

    /// For a test that knows it is there.
    pub(crate) fn role_mut(&mut self, name: &str) -> &mut Role {
        self.find_role_mut(name).unwrap_or_else(|| panic!("the account has no role {name}"))
    }

    pub(crate) fn policy(&self, arn: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.arn == arn)
    }

    pub(super) fn find_role(&self, name: &str) -> Result<&Role, Refusal> {
        self.role(name).ok_or_else(|| Refusal::no_such_role(name))
    }

    pub(super) fn find_role_mut(&mut self, name: &str) -> Option<&mut Role> {
        self.roles.iter_mut().find(|role| role.name.eq_ignore_ascii_case(name))
    }

    // --- Placing ---

    /// Puts a role there that is made now.
    pub(super) fn make_role(&mut self, role: Role) -> Role {
        let name = self.put_role(role).name;
        let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let time = self.time.unwrap_or_else(now);
        let role = self.role_mut(&name);
        role.created = time;
        role.clone()
    }

    pub(crate) fn put_role(&mut self, mut role: Role) -> Role {
        self.made += 1;
        role.created = LONG_AGO + self.made;
        role.id = format!("AROAEXAMPLE{:010}", self.made);
        role.arn = self.arn("role", &role.path, &role.name);
        self.roles.retain(|other| !other.name.eq_ignore_ascii_case(&role.name));
        self.unsettled.remove(&role.name.to_ascii_lowercase());
        self.roles.push(role.clone());
        role
    }

    pub(crate) fn put_policy(&mut self, mut policy: Policy) -> String {
        self.made += 1;
        policy.id = format!("ANPAEXAMPLE{:010}", self.made);
        policy.arn = self.arn("policy", &policy.path, &policy.name);
        self.policies.retain(|other| other.arn != policy.arn);
        let arn = policy.arn.clone();
        self.policies.push(policy);
        arn
    }

    pub(crate) fn put_instance_profile(&mut self, name: &str, role: &str) {
        self.instance_profiles.push(InstanceProfile { name: name.to_owned(), role: role.to_owned() });
    }

    // --- Propagation ---

    /// IAM is eventually consistent: writes to a role just made may not find it yet.
    pub(super) fn unsettle(&mut self, name: &str) {
        self.unsettled.insert(name.to_ascii_lowercase(), self.propagation_delay);
    }

    pub(super) fn settle(&mut self, call: &Call) -> Result<(), Refusal> {
        let name = call.required("RoleName")?;
        match self.unsettled.get_mut(&name.to_ascii_lowercase()) {
            // A second CreateRole fails at once: IAM reserves names before it shows the role.
            Some(writes) if *writes > 0 && call.action.name != "CreateRole" => {
                *writes -= 1;
                Err(Refusal::no_such_role(name))
            }
            _ => Ok(()),
        }
    }

    // --- Account and partition ---

    pub(crate) fn arn(&self, kind: &str, path: &str, name: &str) -> String {
        format!("arn:{}:iam::{}:{kind}{path}{name}", self.partition, self.account)
    }

    pub(super) fn api(&self) -> Api {
        let partition = Partition::parse(self.partition).expect("a partition of AWS");
        let endpoint = partition.iam_host();
        Api { name: "IAM", version: "2010-05-08", endpoint, signed_for: "/iam/aws4_request" }
    }

    /// The session of the function, as AWS writes it into denials.
    pub(super) fn caller(&self) -> String {
        let Self { partition, account, .. } = self;
        format!("arn:{partition}:sts::{account}:assumed-role/service-provider-access/service-provider-access")
    }
}

impl Role {
    /// A role with IAM's defaults that trusts EC2.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            path: "/".to_owned(),
            arn: String::new(),
            id: String::new(),
            trust: managed::trust_in_ec2().into(),
            description: None,
            max_session_duration: 3_600,
            permissions_boundary: None,
            tags: BTreeMap::new(),
            inline_policies: BTreeMap::new(),
            attached_policies: Vec::new(),
            created: 0,
            last_used: None,
        }
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub(crate) fn trust(mut self, trust: Value) -> Self {
        self.trust = trust.into();
        self
    }

    pub(crate) fn description(mut self, description: &str) -> Self {
        self.description = Some(description.to_owned());
        self
    }

    pub(crate) fn max_session_duration(mut self, seconds: u32) -> Self {
        self.max_session_duration = seconds;
        self
    }

    pub(crate) fn permissions_boundary(mut self, arn: &str) -> Self {
        self.permissions_boundary = Some(arn.to_owned());
        self
    }

    pub(crate) fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn inline(mut self, name: &str, document: Value) -> Self {
        self.inline_policies.insert(name.to_owned(), document.into());
        self
    }

    pub(crate) fn attach(mut self, arn: &str) -> Self {
        self.attached_policies.push(arn.to_owned());
        self
    }
}

impl Policy {
    pub(crate) fn named(name: &str, document: Value) -> Self {
        Self {
            name: name.to_owned(),
            path: "/".to_owned(),
            arn: String::new(),
            id: String::new(),
            versions: vec![document.into()],
            default_version: "v1".to_owned(),
        }
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// A further version, which becomes the default.
    pub(crate) fn version(mut self, document: Value) -> Self {
        self.versions.push(document.into());
        self.default_version = format!("v{}", self.versions.len());
        self
    }

    /// The document of a version, by its ID.
    pub(crate) fn document(&self, version: &str) -> Option<&Document> {
        let number: usize = version.strip_prefix('v')?.parse().ok()?;
        self.versions.get(number.checked_sub(1)?)
    }
}

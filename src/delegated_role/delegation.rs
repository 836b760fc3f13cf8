//! What the customer agrees to: who may come in, under which external ID, to do what.
//!
//! Read from the resource's properties in one go, with every problem told at once: what is malformed,
//! what the function's owner does not allow, what would make the third party an administrator, and
//! what IAM would refuse.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::trust::{Mfa, Trust};
use crate::guardrails::{Guardrails, TrustedAccounts};
use crate::identifiers::{
    AccountId, ExternalId, Invalid, OrganizationId, Partition, PolicyArn, PrincipalArn, PublicCidr, RoleName, RolePath,
};
use crate::policy::{Document, Finding, Standing, managed_policy_standing};
use crate::properties::{Problems, Reader, scalar};

/// What Terraform's modules for the same purpose call things.
const TERRAFORM_NAMES: [(&str, &str); 7] = [
    ("external_aws_account_id", "ExternalAwsAccountId"),
    ("external_id", "ExternalId"),
    ("require_mfa", "RequireMfa"),
    ("service_provider_requires_mfa", "RequireMfa"),
    ("max_session_duration", "MaxSessionDuration"),
    ("arns", "ManagedPolicyArns"),
    ("content", "CustomPolicy"),
];

/// Properties that have a meaning but no effect yet: refused, since ignoring one would promise a limit
/// that is not there.
const NOT_YET: [&str; 3] = ["ExpiresAt", "HomeRegion", "RevokeSessions"];

/// The prefix of our own tags.
pub const OUR_TAGS: &str = "service-provider-access:";

/// IAM's limit of tags on a role, and how many of them are ours.
const TAGS_ON_A_ROLE: usize = 50;
const TAGS_OF_OURS: usize = 4;

/// IAM's limit for all inline policies of a role together, in characters without white space.
const INLINE_POLICY_CHARACTERS: usize = 10_240;

/// The account that the role is made in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Its partition.
    pub partition: Partition,
    /// Its number.
    pub account: AccountId,
}

/// What must be known of the account to judge a wish: read before, decided here.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The account's own policies among those to attach; none for one that does not exist.
    pub policies: BTreeMap<PolicyArn, Option<Document>>,
    /// The account's quotas.
    pub quotas: Quotas,
}

/// The quotas that an account may have raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Managed policies on one role.
    pub attached_policies: usize,
    /// Characters of a trust policy, without white space.
    pub trust_policy_characters: usize,
}

impl Default for Quotas {
    /// What every account has from the start.
    fn default() -> Self {
        Self { attached_policies: 10, trust_policy_characters: 2_048 }
    }
}

/// How the provider's external ID is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalIdWish {
    /// By us: random, kept with the role.
    Generated,
    /// By the template: the first is the one in use, a second is accepted beside it.
    Explicit(Vec<ExternalId>),
    /// There is none.
    NotRequired,
}

/// What happens to policies that others put on the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyOwnership {
    /// They are taken off, unless all they do is deny.
    Exclusive,
    /// They stay.
    Declared,
}

/// A well-formed wish within the owner's limits.
#[derive(Clone, Debug)]
pub struct Delegation {
    /// The name, unless it is to be derived.
    pub role_name: Option<RoleName>,
    /// The path.
    pub path: RolePath,
    /// The accounts, in the order given.
    pub accounts: Vec<AccountId>,
    /// How the external ID is chosen.
    pub external_id: ExternalIdWish,
    /// Whether a second factor is required.
    pub mfa: Mfa,
    /// Roles and users within the accounts; empty: all.
    pub principals: BTreeSet<PrincipalArn>,
    /// The caller's organization, if it matters.
    pub organization: Option<OrganizationId>,
    /// Where requests must come from; empty: anywhere.
    pub source_ips: BTreeSet<PublicCidr>,
    /// The longest session, in seconds.
    pub max_session_duration: u32,
    /// The inline policy.
    pub custom_policy: Option<Document>,
    /// The policies to attach.
    pub managed_policies: BTreeSet<PolicyArn>,
    /// The boundary: the template's, or the owner's.
    pub permissions_boundary: Option<PolicyArn>,
    /// The description; empty: none.
    pub description: String,
    /// The template's own tags.
    pub tags: BTreeMap<String, String>,
    /// What happens to policies that others put on the role.
    pub policy_ownership: PolicyOwnership,
    /// What the template's author should know, though it is allowed.
    pub warnings: Vec<String>,
}

impl Delegation {
    /// Reads the properties.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn read(
        properties: &Map<String, Value>,
        home: &Home,
        guardrails: &Guardrails,
        facts: &Facts,
    ) -> Result<Self, Problems> {
        let mut reader = Reader::new(properties);
        let mut warnings = Vec::new();
        for property in NOT_YET {
            if reader.raw(property).is_some() {
                reader.problem(property, "is not supported yet; remove it.");
            }
        }
        // Asked for so that it is known; its only purpose is that a change of it sends an update.
        let _ = reader.free_text("Revision");

        let accounts = accounts(&mut reader, home, guardrails);
        let external_id = external_id(&mut reader, guardrails, &mut warnings);
        let mfa = mfa(&mut reader);
        let principals = principals(&mut reader, home, accounts.as_deref());
        let organization = reader.one("PrincipalOrgId", OrganizationId::parse);
        let source_ips = reader.list("SourceIps", 1..=100, PublicCidr::parse).unwrap_or_default();
        let max_session_duration = max_session_duration(&mut reader, guardrails, &mut warnings);
        let administrative = administrative_access(&mut reader, guardrails);
        let custom_policy = custom_policy(&mut reader, administrative, &mut warnings);
        let managed_policies = managed_policies(&mut reader, home, guardrails, facts, administrative, &mut warnings);
        let permissions_boundary = permissions_boundary(&mut reader, home, guardrails);
        let role_name = role_name(&mut reader);
        let path = path(&mut reader, guardrails);
        let description = reader.one("Description", description).unwrap_or_default();
        let tags = tags(&mut reader);
        let policy_ownership = reader
            .one("PolicyOwnership", |text| match text {
                "Exclusive" => Ok(PolicyOwnership::Exclusive),
                "Declared" => Ok(PolicyOwnership::Declared),
                _ => Err(Invalid::new("Exclusive or Declared")),
            })
            .unwrap_or(PolicyOwnership::Exclusive);

        let grants_nothing = custom_policy.as_ref().is_none_or(Document::grants_nothing) && managed_policies.is_empty();
        if grants_nothing {
            warnings.push("The role grants nothing: set CustomPolicy or ManagedPolicyArns.".to_owned());
        }
        let delegation = Self {
            role_name,
            path,
            accounts: accounts.unwrap_or_default(),
            external_id,
            mfa,
            principals,
            organization,
            source_ips: source_ips.into_iter().collect(),
            max_session_duration,
            custom_policy,
            managed_policies,
            permissions_boundary,
            description,
            tags,
            policy_ownership,
            warnings,
        };
        delegation.check_trust_size(&mut reader, home, facts.quotas);
        reader.finish(&TERRAFORM_NAMES).none().map(|()| delegation)
    }

    /// The trust under the external IDs in force.
    pub fn trust(&self, home: &Home, external_ids: &[ExternalId]) -> Trust {
        Trust {
            partition: home.partition.clone(),
            accounts: self.accounts.iter().cloned().collect(),
            external_ids: external_ids.iter().cloned().collect(),
            mfa: self.mfa,
            principals: self.principals.clone(),
            organization: self.organization.clone(),
            source_ips: self.source_ips.clone(),
        }
    }

    fn check_trust_size(&self, reader: &mut Reader<'_>, home: &Home, quotas: Quotas) {
        let stand_in = [ExternalId::from_random([0; ExternalId::RANDOM_BYTES])];
        let external_ids = match &self.external_id {
            ExternalIdWish::Explicit(ids) => ids.as_slice(),
            ExternalIdWish::Generated => &stand_in,
            ExternalIdWish::NotRequired => &[],
        };
        let (size, most) = (self.trust(home, external_ids).to_document().size(), quotas.trust_policy_characters);
        if size > most {
            reader.problem(
                "ExternalAwsAccountId, ExternalId, AllowedPrincipalArns and SourceIps",
                format_args!(
                    "together make a trust policy of {size} characters, {} more than the {most} that IAM allows in this \
                     account; shorten one of them, or raise the quota.",
                    size - most
                ),
            );
        }
    }
}

/// The account's own policies among those to attach: to be read before they are judged.
pub fn policies_to_judge(properties: &Map<String, Value>, home: &Home) -> BTreeSet<PolicyArn> {
    let own = |arn: &PolicyArn| arn.owner() == home.account.as_str() && arn.partition() == home.partition.as_str();
    texts(properties.get("ManagedPolicyArns")).iter().filter_map(|arn| PolicyArn::parse(arn).ok()).filter(own).collect()
}

/// Whether the wish may pass a quota that the account may have raised: only then are quotas read.
pub fn needs_quotas(properties: &Map<String, Value>) -> bool {
    let defaults = Quotas::default();
    let lengths = |names: &[&str]| -> usize {
        names.iter().flat_map(|name| texts(properties.get(*name))).map(|text| text.len()).sum()
    };
    // A trust policy without its lists takes less than 600 characters.
    texts(properties.get("ManagedPolicyArns")).len() > defaults.attached_policies
        || lengths(&["ExternalAwsAccountId", "ExternalId", "AllowedPrincipalArns", "SourceIps"]) + 600
            > defaults.trust_policy_characters
}

/// What an earlier version of the template declared, read leniently: it says what was once ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnceDeclared {
    /// Managed policies.
    pub managed_policies: BTreeSet<PolicyArn>,
    /// Whether there was a `CustomPolicy`.
    pub custom_policy: bool,
    /// Keys of tags.
    pub tag_keys: BTreeSet<String>,
}

impl OnceDeclared {
    /// Reads what can be read.
    pub fn read(properties: &Map<String, Value>) -> Self {
        let tags = properties.get("Tags").and_then(Value::as_array).into_iter().flatten();
        Self {
            managed_policies: texts(properties.get("ManagedPolicyArns"))
                .iter()
                .filter_map(|arn| PolicyArn::parse(arn).ok())
                .collect(),
            custom_policy: properties.contains_key("CustomPolicy"),
            tag_keys: tags
                .filter_map(|tag| tag.get("Key")?.as_str())
                .filter(|key| !key.starts_with(OUR_TAGS))
                .map(ToOwned::to_owned)
                .collect(),
        }
    }
}

/// The name and path that properties ask for, read leniently: a hint at where a role may be.
pub fn name_and_path_hint(properties: &Map<String, Value>) -> (Option<RoleName>, Option<RolePath>) {
    let text = |name: &str| properties.get(name).and_then(scalar);
    (
        text("RoleName").and_then(|name| RoleName::parse(&name).ok()),
        text("Path").and_then(|path| RolePath::parse(&path).ok()),
    )
}

/// The texts of a list, of a single value, or of a value with commas.
fn texts(value: Option<&Value>) -> Vec<String> {
    let items = match value {
        Some(Value::Array(items)) => items.iter().filter_map(scalar).collect(),
        Some(one) => vec![scalar(one).unwrap_or_default()],
        None => Vec::new(),
    };
    let split = items.iter().flat_map(|text| text.split(',')).map(|text| text.trim().to_owned());
    split.filter(|text| !text.is_empty()).collect()
}

fn accounts(reader: &mut Reader<'_>, home: &Home, guardrails: &Guardrails) -> Option<Vec<AccountId>> {
    const PROPERTY: &str = "ExternalAwsAccountId";
    if reader.raw(PROPERTY).is_none() {
        reader.problem(PROPERTY, "is missing; give the provider's AWS account ID of 12 digits.");
    }
    let accounts = reader.list(PROPERTY, 1..=10, AccountId::parse)?;
    for account in &accounts {
        if *account == home.account {
            reader.problem(PROPERTY, format_args!("is {account}, which is this account itself; give the provider's."));
        } else if !guardrails.trusted_accounts.include(account) {
            let allowed = match &guardrails.trusted_accounts {
                TrustedAccounts::Only(accounts) if !accounts.is_empty() => {
                    let accounts: Vec<_> = accounts.iter().map(AccountId::as_str).collect();
                    format!("only {}", accounts.join(", "))
                }
                _ => "none yet".to_owned(),
            };
            reader.problem(
                PROPERTY,
                format_args!(
                    "is {account}, which the function's owner does not let roles trust (TrustedAccountIds: {allowed}); \
                     ask the owner to add it."
                ),
            );
        }
    }
    Some(accounts)
}

fn external_id(reader: &mut Reader<'_>, guardrails: &Guardrails, warnings: &mut Vec<String>) -> ExternalIdWish {
    let required = reader.flag("RequireExternalId").unwrap_or(true);
    let given = reader.raw("ExternalId").is_some();
    let explicit = reader.list_hidden("ExternalId", 1..=2, ExternalId::parse);
    if !required && given {
        reader.problem("RequireExternalId", "is false, yet ExternalId is given; remove one of them.");
    }
    if !required && !guardrails.permit_missing_external_id {
        reader.problem(
            "RequireExternalId",
            "is false, which the function's owner does not permit (PermitMissingExternalId): without an external ID the \
             provider could be tricked into using this role for somebody else.",
        );
    }
    match explicit {
        Some(ids) => {
            let weak = ids.iter().enumerate().filter_map(|(index, id)| Some((index + 1, id.weakness()?)));
            warnings.extend(weak.map(|(number, why)| {
                let which = if ids.len() == 1 { String::new() } else { format!(" (number {number})") };
                format!("ExternalId{which} {why}. Let the provider make a random one, or leave ExternalId out.")
            }));
            ExternalIdWish::Explicit(ids)
        }
        None if required => ExternalIdWish::Generated,
        None => ExternalIdWish::NotRequired,
    }
}

fn mfa(reader: &mut Reader<'_>) -> Mfa {
    let required = reader.flag("RequireMfa").unwrap_or(false);
    let max_age = reader.number("MfaMaxAge", 1..=129_600, "seconds");
    match (required, max_age) {
        (false, Some(_)) => {
            reader
                .problem("MfaMaxAge", "has no effect without RequireMfa; set RequireMfa to true or remove MfaMaxAge.");
            Mfa::NotRequired
        }
        (false, None) => Mfa::NotRequired,
        (true, None) => Mfa::Required,
        (true, Some(seconds)) => Mfa::RequiredWithin(seconds),
    }
}

fn principals(reader: &mut Reader<'_>, home: &Home, accounts: Option<&[AccountId]>) -> BTreeSet<PrincipalArn> {
    const PROPERTY: &str = "AllowedPrincipalArns";
    let principals = reader.list(PROPERTY, 1..=100, PrincipalArn::parse).unwrap_or_default();
    for arn in &principals {
        if arn.partition() != home.partition.as_str() {
            reader.problem(PROPERTY, format_args!("names {arn}, which is not in this partition ({}).", home.partition));
        } else if accounts.is_some_and(|accounts| !accounts.iter().any(|account| account.as_str() == arn.account())) {
            reader.problem(
                PROPERTY,
                format_args!(
                    "names {arn}, whose account is not in ExternalAwsAccountId; add it there or remove the ARN."
                ),
            );
        }
    }
    principals.into_iter().collect()
}

fn max_session_duration(reader: &mut Reader<'_>, guardrails: &Guardrails, warnings: &mut Vec<String>) -> u32 {
    const PROPERTY: &str = "MaxSessionDuration";
    let seconds = reader.number(PROPERTY, 3_600..=43_200, "seconds").unwrap_or(3_600);
    let cap = guardrails.max_session_duration_cap;
    if seconds > cap {
        reader.problem(
            PROPERTY,
            format_args!(
                "is {seconds}, more than the {cap} seconds that the function's owner allows (MaxSessionDurationCap)."
            ),
        );
    }
    if seconds > 3_600 {
        warnings.push(format!(
            "MaxSessionDuration is {seconds} seconds, but a provider who comes from a role session (role chaining) gets one \
             hour at most."
        ));
    }
    seconds
}

/// Whether administrator-equivalent permissions are let through: the template asks and the owner permits.
fn administrative_access(reader: &mut Reader<'_>, guardrails: &Guardrails) -> bool {
    let asked = reader.flag("AllowAdministrativeAccess").unwrap_or(false);
    if asked && !guardrails.permit_administrative_access {
        reader.problem(
            "AllowAdministrativeAccess",
            "is true, which the function's owner does not permit (PermitAdministrativeAccess).",
        );
    }
    asked && guardrails.permit_administrative_access
}

/// How a refusal of administrator-equivalent permissions ends.
const NARROW_IT: &str =
    "Narrow it, or set AllowAdministrativeAccess to true if the third party is to be an administrator.";

fn custom_policy(reader: &mut Reader<'_>, administrative: bool, warnings: &mut Vec<String>) -> Option<Document> {
    const PROPERTY: &str = "CustomPolicy";
    let parsed = match reader.raw(PROPERTY)? {
        Value::String(text) if text.trim().is_empty() => {
            reader.problem(PROPERTY, "is an empty string; give a policy, or leave the property out (AWS::NoValue).");
            return None;
        }
        Value::String(text) => Document::parse(text),
        other => Document::from_value(other.clone()),
    };
    let document = match parsed {
        Ok(document) => document,
        Err(malformed) => {
            reader.problem(PROPERTY, format_args!("{malformed}."));
            return None;
        }
    };
    for problem in document.problems_as_identity_policy() {
        reader.problem(PROPERTY, format_args!("would be refused by IAM: {problem}"));
    }
    let size = document.size();
    if size > INLINE_POLICY_CHARACTERS {
        reader.problem(
            PROPERTY,
            format_args!(
                "has {size} characters without white space, {} more than the {INLINE_POLICY_CHARACTERS} that IAM allows for \
                 the inline policies of a role; move statements to a managed policy and name it in ManagedPolicyArns.",
                size - INLINE_POLICY_CHARACTERS
            ),
        );
    }
    if !administrative {
        for finding in document.administrative() {
            reader.problem(PROPERTY, format_args!("gives administrator-equivalent access: {finding}. {NARROW_IT}"));
        }
    }
    warnings.extend(document.broad().iter().map(|finding| format!("CustomPolicy is broad: {finding}.")));
    Some(document)
}

fn managed_policies(
    reader: &mut Reader<'_>,
    home: &Home,
    guardrails: &Guardrails,
    facts: &Facts,
    administrative: bool,
    warnings: &mut Vec<String>,
) -> BTreeSet<PolicyArn> {
    const PROPERTY: &str = "ManagedPolicyArns";
    let arns = reader.comma_list(PROPERTY, 0..=100, PolicyArn::parse).unwrap_or_default();
    let most = facts.quotas.attached_policies;
    if arns.len() > most {
        reader.problem(
            PROPERTY,
            format_args!(
                "names {} policies, {} more than the {most} that IAM lets one role have in this account; join some, or raise \
                 the quota.",
                arns.len(),
                arns.len() - most
            ),
        );
    }
    for arn in &arns {
        if arn.partition() != home.partition.as_str() {
            reader.problem(PROPERTY, format_args!("names {arn}, which is not in this partition ({}).", home.partition));
            continue;
        }
        if arn.owner() != "aws" && arn.owner() != home.account.as_str() {
            reader.problem(
                PROPERTY,
                format_args!("names {arn} of another account; only this account's own and AWS's can be attached."),
            );
            continue;
        }
        if !guardrails.allow_managed_policy(arn) {
            reader.problem(
                PROPERTY,
                format_args!("names {arn}, which the function's owner does not allow (AllowedManagedPolicyArns)."),
            );
        }
        let document = match facts.policies.get(arn) {
            Some(None) => {
                reader.problem(
                    PROPERTY,
                    format_args!("names {arn}, which does not exist; create it first or remove it."),
                );
                continue;
            }
            Some(Some(document)) => Some(document),
            None => None,
        };
        let (grave, broad) = standing(arn, document);
        if !administrative {
            for why in grave {
                reader
                    .problem(PROPERTY, format_args!("gives administrator-equivalent access: {arn} {why}. {NARROW_IT}"));
            }
        }
        warnings.extend(broad.iter().map(|why| format!("ManagedPolicyArns is broad: {arn} {why}.")));
    }
    arns.into_iter().collect()
}

/// What a policy amounts to: reasons why it makes an administrator, and reasons why it is merely broad.
/// They go on after its name.
fn standing(arn: &PolicyArn, document: Option<&Document>) -> (Vec<String>, Vec<String>) {
    if let Some(document) = document {
        let told = |findings: Vec<Finding>| findings.iter().map(|finding| format!("in {finding}")).collect();
        return (told(document.administrative()), told(document.broad()));
    }
    match managed_policy_standing(arn.as_str()) {
        Standing::Administrative(why) => (vec![why.to_string()], Vec::new()),
        Standing::Broad(why) => (Vec::new(), vec![why.to_string()]),
        Standing::Unremarkable => (Vec::new(), Vec::new()),
    }
}

fn permissions_boundary(reader: &mut Reader<'_>, home: &Home, guardrails: &Guardrails) -> Option<PolicyArn> {
    const PROPERTY: &str = "PermissionsBoundary";
    let given = reader.one(PROPERTY, PolicyArn::parse);
    if let Some(arn) = &given {
        let usable = arn.owner() == "aws" || arn.owner() == home.account.as_str();
        if !usable || arn.partition() != home.partition.as_str() {
            reader.problem(PROPERTY, format_args!("is {arn}, which is neither this account's own policy nor AWS's."));
        }
    }
    match (&guardrails.required_permissions_boundary, given) {
        (Some(required), Some(given)) if *required != given => {
            reader.problem(
                PROPERTY,
                format_args!(
                    "is {given}, but the function's owner requires {required} on every role (RequiredPermissionsBoundary); \
                     remove the property."
                ),
            );
            None
        }
        (Some(required), _) => Some(required.clone()),
        (None, given) => given,
    }
}

fn role_name(reader: &mut Reader<'_>) -> Option<RoleName> {
    const RESERVED: [&str; 6] = [
        "awsservicerolefor*",
        "awsreservedsso_*",
        "stacksets-exec-*",
        "organizationaccountaccessrole",
        "awscontroltowerexecution",
        "cdk-*",
    ];
    let name = reader.one("RoleName", RoleName::parse)?;
    let lower = name.as_str().to_ascii_lowercase();
    let reserved = RESERVED.iter().any(|reserved| match reserved.strip_suffix('*') {
        Some(start) => lower.starts_with(start),
        None => lower == *reserved,
    });
    if reserved {
        reader.problem(
            "RoleName",
            format_args!("is {name}, a name that AWS or the CDK keeps for its own roles; choose another."),
        );
    }
    Some(name)
}

fn path(reader: &mut Reader<'_>, guardrails: &Guardrails) -> RolePath {
    let prefix = &guardrails.role_path_prefix;
    let path = reader.one("Path", RolePath::parse).unwrap_or_else(|| prefix.clone());
    if ["/aws-service-role/", "/aws-reserved/"].iter().any(|reserved| path.as_str().starts_with(reserved)) {
        reader.problem("Path", format_args!("is {path}, which AWS keeps for its own roles; choose another."));
    }
    if !path.is_under(prefix) {
        reader.problem(
            "Path",
            format_args!(
                "is {path}, but the function's owner keeps every role under {prefix} (RolePathPrefix); start with that."
            ),
        );
    }
    path
}

fn description(text: &str) -> Result<String, Invalid> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if text.chars().count() <= 1_000 && text.chars().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(Invalid::new("up to 1000 characters, none above U+00FF (IAM takes Latin-1 only)"))
    }
}

fn tags(reader: &mut Reader<'_>) -> BTreeMap<String, String> {
    const PROPERTY: &str = "Tags";
    let mut tags = BTreeMap::<String, String>::new();
    let Some(value) = reader.raw(PROPERTY) else { return tags };
    let Value::Array(items) = value else {
        reader.problem(PROPERTY, "must be a list of objects with Key and Value.");
        return tags;
    };
    let most = TAGS_ON_A_ROLE - TAGS_OF_OURS;
    if items.len() > most {
        reader.problem(
            PROPERTY,
            format_args!(
                "has {} tags; IAM allows {TAGS_ON_A_ROLE} on a role and {TAGS_OF_OURS} of them are kept for this resource's \
                 own, so give at most {most}.",
                items.len()
            ),
        );
    }
    for (index, item) in items.iter().enumerate() {
        let place = format!("{PROPERTY}[{index}]");
        let field = |name: &str| item.get(name).and_then(scalar);
        let exact = item.as_object().is_some_and(|fields| fields.len() == 2);
        let (Some(key), Some(value), true) = (field("Key"), field("Value"), exact) else {
            reader.problem(&place, "must be an object with Key and Value, both strings, and nothing else.");
            continue;
        };
        let lower = key.to_lowercase();
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(is_tag_character) {
            reader.problem(&place, "has a Key that IAM refuses; give 1 to 128 letters, digits, spaces or _.:/=+-@.");
        } else if lower.starts_with("aws:") || lower.starts_with(OUR_TAGS) {
            reader.problem(&place, format_args!("has the Key {key}, whose prefix is reserved; choose another."));
        } else if value.chars().count() > 256 || !value.chars().all(is_tag_character) {
            reader.problem(&place, "has a Value that IAM refuses; give up to 256 letters, digits, spaces or _.:/=+-@.");
        } else if tags.keys().any(|other| other.to_lowercase() == lower) {
            reader.problem(&place, format_args!("repeats the Key {key}; IAM's tag keys ignore case, give each once."));
        } else {
            tags.insert(key, value);
        }
    }
    tags
}

/// IAM's `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
pub(super) fn is_tag_character(character: char) -> bool {
    character.is_alphanumeric()
        || (character.is_whitespace() && !character.is_control())
        || "_.:/=+-@".contains(character)
}

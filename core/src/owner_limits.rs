//! What the function's owner allows, whatever a template asks for.
//!
//! The owner sets these as parameters of the template that installs the function; the function reads them from its
//! environment. A template author cannot lift them. Where IAM has a condition key for a limit, the function's own policy
//! enforces it, too; SECURITY.md says which limits this code alone enforces.

mod audit;
mod environment;

use std::collections::BTreeSet;

pub use self::audit::AuditSettings;
use self::environment::Environment;
use crate::findings::Problems;
use crate::identifiers::{
    AccountId, BucketPrefix, PolicyArn, RoleArn, RoleNamePrefix, RolePath, RolePattern, StackArn, StackNamePattern,
};
use crate::policy::glob_matches;

/// What the owner set, as far as it is well-formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The path of the roles. Known even if another setting is malformed, because roles must still be removed.
    pub role_path_prefix: Option<RolePath>,
    /// What the names of roles begin with; known for the same reason.
    pub role_name_prefix: Option<RoleNamePrefix>,
    /// The limits, or all problems with them. With a problem, no role may be created or changed, because the limits are
    /// unknown.
    pub limits: Result<OwnerLimits, Problems>,
    /// The resource types that the function is installed for. Empty: all.
    pub resource_types: Vec<String>,
    /// When the audit reports a role that is not used, or expires soon. Or everything that is wrong with these settings.
    pub audit: Result<AuditSettings, Problems>,
}

impl Settings {
    /// Reads the function's environment. An unset or empty variable has its default.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let resource_types = variable("RESOURCE_TYPES").unwrap_or_default();
        let resource_types = resource_types.split(',').map(str::trim).filter(|name| !name.is_empty());
        Self {
            role_path_prefix: path_prefix(&Environment::new(&variable)),
            role_name_prefix: name_prefix(&mut Environment::new(&variable)),
            limits: OwnerLimits::read(Environment::new(&variable)),
            resource_types: resource_types.map(ToOwned::to_owned).collect(),
            audit: AuditSettings::read(Environment::new(&variable)),
        }
    }

    /// Whether the function is installed for this resource type. One without permissions in IAM could not even find out
    /// which stack a role belongs to.
    pub fn serves(&self, resource_type: &str) -> bool {
        self.resource_types.is_empty() || self.resource_types.iter().any(|served| served == resource_type)
    }
}

/// The owner's limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerLimits {
    /// The path of every role starts with this path.
    pub role_path_prefix: RolePath,
    /// The name of every role begins with it. Then every role has exactly the path above, which may be `/`.
    pub role_name_prefix: RoleNamePrefix,
    /// When set, every role gets this boundary, and no other is accepted.
    pub required_permissions_boundary: Option<PolicyArn>,
    /// The only accounts that a role may trust.
    pub trusted_accounts: TrustedAccounts,
    /// Patterns of the managed policies that may be attached. Empty: any that is not administrative.
    pub allowed_managed_policies: Vec<String>,
    /// The roles that may be named in `iam:PassRole` and `sts:AssumeRole`. Empty: none.
    pub passable_roles: Vec<RolePattern>,
    /// Whether a role may be assumable without an external ID.
    pub permit_missing_external_id: bool,
    /// The shortest external ID that a template may give, in characters.
    pub min_external_id_length: usize,
    /// The longest session that a role may allow, in seconds.
    pub max_session_duration_cap: u32,
    /// Whether a template may ask for administrator-equivalent permissions.
    pub permit_administrative_access: bool,
    /// Stacks that no role may change, besides its own and the function's.
    pub protected_stacks: Vec<StackNamePattern>,
    /// The start of the names of the buckets with the code of an organization, if they are not named after this project.
    pub code_bucket_prefix: Option<BucketPrefix>,
    /// The role that the function runs as, if it is known: the roles that it creates must not change that one.
    pub function_role: Option<RoleArn>,
    /// The stack that installed the function, if it is known: the roles must not change it, either.
    pub function_stack: Option<StackArn>,
}

/// The accounts that a role may trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedAccounts {
    /// Any account (`*`).
    Any,
    /// These and no others; possibly none.
    Only(BTreeSet<AccountId>),
}

impl TrustedAccounts {
    fn read(environment: &mut Environment<'_>) -> Self {
        let trusted = environment.list("TRUSTED_ACCOUNT_IDS");
        if trusted == ["*"] {
            return Self::Any;
        }
        let accounts = trusted.iter().map(|account| AccountId::parse(account)).collect::<Result<_, _>>();
        Self::Only(accounts.unwrap_or_else(|allowed| {
            environment.malformed("TRUSTED_ACCOUNT_IDS", format_args!("must be * alone, or a list; each {allowed}."));
            BTreeSet::new()
        }))
    }

    /// Whether a role may trust this account.
    pub fn include(&self, account: &AccountId) -> bool {
        match self {
            Self::Any => true,
            Self::Only(accounts) => accounts.contains(account),
        }
    }
}

/// How many patterns of stacks the owner may protect. Each takes up to 190 of the characters of a role's inline
/// policies.
const PROTECTED_STACKS: usize = 20;

impl OwnerLimits {
    fn read(mut environment: Environment<'_>) -> Result<Self, Problems> {
        let permit_missing_external_id = environment.flag("PERMIT_MISSING_EXTERNAL_ID");
        let permit_administrative_access = environment.flag("PERMIT_ADMINISTRATIVE_ACCESS");
        let role_name_prefix = name_prefix(&mut environment).unwrap_or_default();
        let role_path_prefix = path_prefix(&environment);
        if role_path_prefix.is_none() {
            let what = "must be a path of at least one segment that starts and ends in a slash, or / together with \
                        ROLE_NAME_PREFIX.";
            environment.malformed("ROLE_PATH_PREFIX", what);
        }
        let required_permissions_boundary = environment.one("REQUIRED_PERMISSIONS_BOUNDARY", PolicyArn::parse);
        let trusted_accounts = TrustedAccounts::read(&mut environment);
        let min_external_id_length = environment.number("MIN_EXTERNAL_ID_LENGTH", &(2..=1_224), 2, "characters");
        let max_session_duration_cap =
            environment.number("MAX_SESSION_DURATION_CAP", &(3_600..=43_200), 43_200, "seconds");
        let passable_roles = environment.each("PASSABLE_ROLE_ARNS", RolePattern::parse);
        let protected_stacks = environment.each("PROTECTED_STACK_NAMES", StackNamePattern::parse);
        if protected_stacks.len() > PROTECTED_STACKS {
            let what = format_args!(
                "has {} names; give at most {PROTECTED_STACKS}, since they take room in the inline policies of every role.",
                protected_stacks.len()
            );
            environment.malformed("PROTECTED_STACK_NAMES", what);
        }
        let code_bucket_prefix = environment.one("CODE_BUCKET_PREFIX", BucketPrefix::parse);
        let function_role = environment.one("FUNCTION_ROLE_ARN", RoleArn::parse);
        let function_stack = environment.one("FUNCTION_STACK_ID", StackArn::parse);
        if let (Some(function_role), Some(path)) = (&function_role, &role_path_prefix)
            && function_role.path_and_name().starts_with(&format!("{path}{role_name_prefix}"))
        {
            let what = format_args!(
                "is {function_role}, one of the roles that the function may change (ROLE_PATH_PREFIX and ROLE_NAME_PREFIX); \
                 choose another prefix."
            );
            environment.malformed("FUNCTION_ROLE_ARN", what);
        }
        let allowed_managed_policies = environment.list("ALLOWED_MANAGED_POLICY_ARNS");
        let Some(role_path_prefix) = role_path_prefix else { return Err(environment.problems) };
        environment.problems.none().map(|()| Self {
            role_path_prefix,
            role_name_prefix,
            required_permissions_boundary,
            trusted_accounts,
            allowed_managed_policies,
            passable_roles,
            permit_missing_external_id,
            min_external_id_length: min_external_id_length as usize,
            max_session_duration_cap,
            permit_administrative_access,
            protected_stacks,
            code_bucket_prefix,
            function_role,
            function_stack,
        })
    }

    /// Whether the owner lets this policy be attached.
    pub fn allow_managed_policy(&self, arn: &PolicyArn) -> bool {
        self.allowed_managed_policies.is_empty()
            || self.allowed_managed_policies.iter().any(|pattern| glob_matches(pattern, arn.as_str()))
    }
}

/// The role path prefix, if it is valid. With `/` alone, every role of the account would be the function's.
fn path_prefix(environment: &Environment<'_>) -> Option<RolePath> {
    let text = environment.given("ROLE_PATH_PREFIX").unwrap_or_else(|| "/delegated/".to_owned());
    RolePath::parse(&text).ok().filter(|path| path.as_str() != "/" || environment.given("ROLE_NAME_PREFIX").is_some())
}

/// The role name prefix, if it is valid: empty where none is set.
fn name_prefix(environment: &mut Environment<'_>) -> Option<RoleNamePrefix> {
    match environment.given("ROLE_NAME_PREFIX") {
        None => Some(RoleNamePrefix::default()),
        Some(_) => environment.one("ROLE_NAME_PREFIX", RoleNamePrefix::parse),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(settings: &[(&str, &str)], expected: &Expect) {
        let read = Settings::from_environment(|name| {
            settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        });
        expected.assert_eq(&match read.limits {
            Ok(limits) => format!("{limits:#?}"),
            Err(problems) => problems.to_string(),
        });
    }

    #[test]
    fn without_settings_no_account_may_be_trusted() {
        check(
            &[("TRUSTED_ACCOUNT_IDS", ""), ("REQUIRED_PERMISSIONS_BOUNDARY", " ")],
            &expect![[r#"
                OwnerLimits {
                    role_path_prefix: RolePath(
                        "/delegated/",
                    ),
                    role_name_prefix: RoleNamePrefix(
                        "",
                    ),
                    required_permissions_boundary: None,
                    trusted_accounts: Only(
                        {},
                    ),
                    allowed_managed_policies: [],
                    passable_roles: [],
                    permit_missing_external_id: false,
                    min_external_id_length: 2,
                    max_session_duration_cap: 43200,
                    permit_administrative_access: false,
                    protected_stacks: [],
                    code_bucket_prefix: None,
                    function_role: None,
                    function_stack: None,
                }"#]],
        );
    }

    #[test]
    fn settings_are_read() {
        check(
            &[
                ("ROLE_PATH_PREFIX", "/partners/eu/"),
                ("ROLE_NAME_PREFIX", "acme-"),
                ("REQUIRED_PERMISSIONS_BOUNDARY", "arn:aws:iam::111122223333:policy/Boundary"),
                ("TRUSTED_ACCOUNT_IDS", "444455556666, 777788889999"),
                (
                    "ALLOWED_MANAGED_POLICY_ARNS",
                    "arn:aws:iam::aws:policy/*ReadOnlyAccess,arn:aws:iam::aws:policy/SecurityAudit",
                ),
                (
                    "PASSABLE_ROLE_ARNS",
                    "arn:aws:iam::111122223333:role/app-*, arn:aws:iam::111122223333:role/cdk-deploy",
                ),
                ("PERMIT_MISSING_EXTERNAL_ID", "true"),
                ("MIN_EXTERNAL_ID_LENGTH", "16"),
                ("MAX_SESSION_DURATION_CAP", "7200"),
                ("PERMIT_ADMINISTRATIVE_ACCESS", "true"),
                ("PROTECTED_STACK_NAMES", "network-*, baseline"),
                ("CODE_BUCKET_PREFIX", "acme-code"),
                ("FUNCTION_ROLE_ARN", "arn:aws:iam::111122223333:role/FunctionRole"),
                ("FUNCTION_STACK_ID", "arn:aws:cloudformation:us-east-1:111122223333:stack/access/1f2e-3d"),
            ],
            &expect![[r#"
                OwnerLimits {
                    role_path_prefix: RolePath(
                        "/partners/eu/",
                    ),
                    role_name_prefix: RoleNamePrefix(
                        "acme-",
                    ),
                    required_permissions_boundary: Some(
                        PolicyArn(
                            "arn:aws:iam::111122223333:policy/Boundary",
                        ),
                    ),
                    trusted_accounts: Only(
                        {
                            AccountId(
                                "444455556666",
                            ),
                            AccountId(
                                "777788889999",
                            ),
                        },
                    ),
                    allowed_managed_policies: [
                        "arn:aws:iam::aws:policy/*ReadOnlyAccess",
                        "arn:aws:iam::aws:policy/SecurityAudit",
                    ],
                    passable_roles: [
                        RolePattern(
                            "arn:aws:iam::111122223333:role/app-*",
                        ),
                        RolePattern(
                            "arn:aws:iam::111122223333:role/cdk-deploy",
                        ),
                    ],
                    permit_missing_external_id: true,
                    min_external_id_length: 16,
                    max_session_duration_cap: 7200,
                    permit_administrative_access: true,
                    protected_stacks: [
                        StackNamePattern(
                            "network-*",
                        ),
                        StackNamePattern(
                            "baseline",
                        ),
                    ],
                    code_bucket_prefix: Some(
                        BucketPrefix(
                            "acme-code",
                        ),
                    ),
                    function_role: Some(
                        RoleArn {
                            text: "arn:aws:iam::111122223333:role/FunctionRole",
                            account: Account {
                                partition: Partition(
                                    "aws",
                                ),
                                id: AccountId(
                                    "111122223333",
                                ),
                            },
                        },
                    ),
                    function_stack: Some(
                        StackArn(
                            "arn:aws:cloudformation:us-east-1:111122223333:stack/access/1f2e-3d",
                        ),
                    ),
                }"#]],
        );
    }

    #[test]
    fn a_malformed_setting_permits_nothing() {
        check(
            &[
                ("ROLE_PATH_PREFIX", "/"),
                ("REQUIRED_PERMISSIONS_BOUNDARY", "Boundary"),
                ("TRUSTED_ACCOUNT_IDS", "*,111122223333"),
                ("PASSABLE_ROLE_ARNS", "arn:aws:iam::111122223333:role/app-*,*"),
                ("PERMIT_MISSING_EXTERNAL_ID", "yes"),
                ("MIN_EXTERNAL_ID_LENGTH", "1"),
                ("MAX_SESSION_DURATION_CAP", "86400"),
                ("PERMIT_ADMINISTRATIVE_ACCESS", "TRUE"),
                ("PROTECTED_STACK_NAMES", "stack/*"),
                ("CODE_BUCKET_PREFIX", "*"),
                ("FUNCTION_ROLE_ARN", "arn:aws:iam::111122223333:role/*"),
                ("FUNCTION_STACK_ID", "arn:aws:cloudformation:us-east-1:111122223333:stack/*/1f2e-3d"),
            ],
            &expect![
                "There are 12 problems. (1) PERMIT_MISSING_EXTERNAL_ID must be true or false. [invalid-setting] (2) PERMIT_ADMINISTRATIVE_ACCESS must be true or false. [invalid-setting] (3) ROLE_PATH_PREFIX must be a path of at least one segment that starts and ends in a slash, or / together with ROLE_NAME_PREFIX. [invalid-setting] (4) REQUIRED_PERMISSIONS_BOUNDARY must be the ARN of a managed policy, such as arn:aws:iam::aws:policy/SecurityAudit. [invalid-setting] (5) TRUSTED_ACCOUNT_IDS must be * alone, or a list; each an AWS account ID of 12 digits, in quotes where it starts with 0. [invalid-setting] (6) MIN_EXTERNAL_ID_LENGTH must be a whole number from 2 to 1224 (characters). [invalid-setting] (7) MAX_SESSION_DURATION_CAP must be a whole number from 3600 to 43200 (seconds). [invalid-setting] (8) PASSABLE_ROLE_ARNS must be a list; each the ARN of a role or a pattern of such ARNs, such as arn:aws:iam::111122223333:role/app-*. [invalid-setting] (9) PROTECTED_STACK_NAMES must be a list; each the name of a stack or a pattern of 1 to 128 characters of A-Za-z0-9-*?, such as network-*. [invalid-setting] (10) CODE_BUCKET_PREFIX must be 3 to 48 characters of a-z0-9- that neither begin nor end with a dash. [invalid-setting] (11) FUNCTION_ROLE_ARN must be the ARN of a role, such as arn:aws:iam::111122223333:role/NAME. [invalid-setting] (12) FUNCTION_STACK_ID must be the ID of a stack, which is its ARN. [invalid-setting]"
            ],
        );
    }
}

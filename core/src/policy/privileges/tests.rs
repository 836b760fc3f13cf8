mod administrative;
mod denies;
mod escalations;
mod malformed;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Author, Code, Severity, Terms};
use crate::policy::document::Document;

const TERMS: Terms<'_> = Terms {
    partition: "aws",
    account: "123456789012",
    role_prefix: "delegated/",
    passable_roles: &[],
    required_boundary: None,
    boundary_in_force: false,
    allow_administrative: false,
};

fn findings(document: &Document) -> String {
    let found = document.privileges(Author::Customer, &TERMS);
    let lines = found.iter().map(|found| {
        let level = if found.severity == Severity::Error { "error" } else { "warning" };
        let sid = found.sid.as_ref().map(|sid| format!(" (Sid {sid})")).unwrap_or_default();
        let (actions, resources) = (found.actions.join(", "), found.resources.join(", "));
        format!("{level}: {}, statement {}{sid}: {actions} on {resources}", found.code, found.statement)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The codes of errors.
fn errors(document: &Document) -> Vec<Code> {
    let found = document.privileges(Author::Customer, &TERMS);
    found.iter().filter(|found| found.severity == Severity::Error).map(|found| found.code).collect()
}

fn check_document(document: &Value, expect: &Expect) {
    let document = Document::from_value(document.clone()).expect("it is a document");
    expect.assert_eq(&findings(&document));
}

/// One statement per pair of actions and resources, all of them allowed.
fn check<const N: usize>(grants: [(Value, Value); N], expect: &Expect) {
    let statements =
        grants.into_iter().map(|(action, resource)| json!({"Effect": "Allow", "Action": action, "Resource": resource}));
    expect.assert_eq(&findings(&Document::new(statements.collect())));
}

fn is_administrative(action: &str, resource: &str) -> bool {
    let statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
    !errors(&Document::new(vec![statement])).is_empty()
}

#[test]
fn denies_and_conditions_make_nothing_look_safer() {
    check_document(
        &json!({"Statement": [
            {"Effect": "Deny", "Action": "*", "Resource": "*"},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
             "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}},
        ]}),
        &expect!["error: passes-role, statement 2: iam:PassRole on *"],
    );
}

#[test]
fn a_whole_service_on_everything_is_a_warning() {
    check(
        [
            (json!(["ec2:*", "s3:*", "logs:*", "S3:*", "s3:**"]), json!("*")),
            (json!("e*:*"), json!(["arn:aws:ec2:*:*:*", "arn:*"])),
            (json!("s3:*"), json!("*")),
        ],
        &expect![[r"
            warning: acts-as-workload, statement 1: ec2:CreateLaunchTemplateVersion + ec2:ModifyLaunchTemplate, ec2:ModifyInstanceAttribute + ec2:StartInstances + ec2:StopInstances, ec2:ReplaceIamInstanceProfileAssociation on *, arn:*, arn:aws:ec2:*:*:*
            warning: exposes, statement 1: s3:AssociateAccessGrantsIdentityCenter, s3:BypassGovernanceRetention, s3:CreateAccessGrant on *, arn:*, arn:aws:ec2:*:*:*
            warning: reads-data, statement 1: s3:GetObject, s3:GetObjectVersion, ec2:GetPasswordData on *, arn:*, arn:aws:ec2:*:*:*
            warning: organization, statement 1: ec2:EnableIpamOrganizationAdminAccount, eks:AssociateAccessPolicy, eks:CreateAccessEntry on *, arn:*
            warning: broad, statement 1: s3:*, ec2:*, e*:* on *, arn:*, arn:aws:ec2:*:*:*"]],
    );
    check(
        [
            (json!("s3:*"), json!("arn:aws:s3:::bucket/*")),
            (json!(["s3:Get*", "ec2:Describe*", "*:Describe*", "logs:*Events"]), json!("*")),
        ],
        &expect!["warning: reads-data, statement 2: s3:GetObject, s3:GetObjectVersion on *"],
    );
}

#[test]
fn a_finding_is_one_readable_line() {
    check_document(
        &json!({"Statement": {"Sid": "A\nB", "Effect": "Allow",
            "Action": format!("iam:{}", "*".repeat(500)), "Resource": "*\u{7}"}}),
        &expect![[r"error: administrative, statement 1 (Sid A\nB): iam:* on *\u{7}"]],
    );
}

proptest! {
    /// Adding a statement, or widening one, never makes a document look safer.
    #[test]
    fn more_rights_never_look_safer(
        action in "(iam|sts|s3|\\*):(PassRole|Assume\\*|Get\\*|\\*)",
        resource in "(\\*|arn:aws:iam::\\*:role/a|arn:aws:iam::1:role/a|arn:aws:s3:::a)",
        effect in "Allow|Deny",
    ) {
        let statement = json!({"Effect": "Allow", "Action": &action, "Resource": &resource});
        let alone = errors(&Document::new(vec![statement.clone()])).len();
        let other = json!({"Effect": effect, "Action": "s3:GetObject", "Resource": "*"});
        let with_other = errors(&Document::new(vec![other, statement])).len();
        prop_assert_eq!(with_other, alone);
        let widened = json!({"Effect": "Allow", "Action": [&action], "Resource": [&resource, "*"]});
        prop_assert!(errors(&Document::new(vec![widened])).len() >= alone);
    }
}

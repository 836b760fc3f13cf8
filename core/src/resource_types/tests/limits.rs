//! Values at and beyond the limits of every property.

use serde_json::{Value, json};

use super::super::{ACCESS_CHECK, DELEGATED_ROLE, EXTERNAL_ID, ResourceType};
use crate::identifiers::Partition;

/// A property, what it accepts, and what it refuses.
type Limits = (&'static str, Vec<Value>, Vec<Value>);

/// The limits of every property of a resource type, in the order of its table.
pub(super) fn of(resource_type: &ResourceType) -> Vec<Limits> {
    match resource_type.name {
        name if name == DELEGATED_ROLE.name => of_roles(),
        name if name == EXTERNAL_ID.name => of_external_ids(),
        name if name == ACCESS_CHECK.name => of_access_checks(),
        other => panic!("{other} has no limits here"),
    }
}

fn row(property: &'static str, accepted: &Value, refused: &Value) -> Limits {
    let list = |value: &Value| value.as_array().expect("a list").clone();
    (property, list(accepted), list(refused))
}

/// So many different values: `#` is their number.
fn numbered(count: usize, text: &str) -> Value {
    (0..count).map(|at| json!(text.replace('#', &at.to_string()))).collect()
}

fn in_every_partition(resource: &str) -> Vec<Value> {
    Partition::all().map(|partition| json!(format!("arn:{partition}:iam::{resource}"))).collect()
}

fn flag(property: &'static str) -> Limits {
    row(
        property,
        &json!([true, false, "true", "false", "TRUE", "False"]),
        &json!(["", "yes", "0", 0, 1, null, [], [true], {}, "true ", "truefalse"]),
    )
}

fn free_text(property: &'static str) -> Limits {
    row(property, &json!(["", "x", "é\n", 1, -1.5, true]), &json!([null, [], ["x"], {}]))
}

fn rotation(property: &'static str) -> Limits {
    row(property, &json!(["", "2", 2, true, "é".repeat(256)]), &json!([null, [], {}, "x".repeat(257)]))
}

#[rustfmt::skip]
fn external_id(property: &'static str) -> Limits {
    row(
        property,
        &json!(["ab", "A-Za-z0-9_+=,.@:/-", "x".repeat(1_224), 10, "10"]),
        &json!([
            "", "a", "x".repeat(1_225), "se cret", "sésame", 9, null, {}, [], ["ab", "cd", "ef"], ["ab", "ab"], ["ab", "c"], "ab\n",
        ]),
    )
}

#[rustfmt::skip]
fn account(property: &'static str) -> Limits {
    row(
        property,
        &json!(["222222222222", 222_222_222_222_u64, "012345678901", 100_000_000_000_u64, 999_999_999_999_u64]),
        &json!([
            "", "22222222222", "2222222222222", 22_222_222_222_u64, 2_222_222_222_222_u64, "22222222222a", null, {}, [], "*",
            "arn:aws:iam::222222222222:root", " 222222222222", "222222222222\n", ["222222222222", "1"],
        ]),
    )
}

#[rustfmt::skip]
fn policy_arn(property: &'static str) -> Limits {
    let longest = "x".repeat(2_048 - "arn:aws:iam::aws:policy/".len());
    let (_, mut accepted, refused) = row(
        property,
        &json!([format!("arn:aws:iam::aws:policy/{longest}")]),
        &json!([
            "", "SecurityAudit", "arn:aws:iam::aws:policy/", "arn:aws:iam::aws:policy//x", "arn:aws:iam::aws:policy/x/",
            "arn:aws:iam::12:policy/Read", "arn:aws:iam:us-east-1:aws:policy/Read", "arn:aws-xyz:iam::aws:policy/Read",
            "arn:aws:s3::222222222222:policy/Read", "arn:aws:iam::222222222222:role/Read", "arn:aws:iam::aws:policy/*", null, {},
            true, "arn:aws:iam::aws:policy/a b", [format!("arn:aws:iam::aws:policy/{longest}x")],
        ]),
    );
    accepted.extend(in_every_partition("aws:policy/SecurityAudit"));
    accepted.extend(in_every_partition("222222222222:policy/team/sub/Read_+=.@-"));
    (property, accepted, refused)
}

fn accounts() -> Limits {
    let (name, mut accepted, mut refused) = account("ExternalAwsAccountId");
    let many = |count: u64| -> Value { (0..count).map(|at| json!((222_222_222_222 + at).to_string())).collect() };
    accepted.extend([many(1), many(10), json!([222_222_222_222_u64, "222222222223"])]);
    refused.extend([many(11), json!(["222222222222", "222222222222"]), json!([["222222222222"]])]);
    (name, accepted, refused)
}

fn external_ids() -> Limits {
    let (name, mut accepted, refused) = external_id("ExternalId");
    accepted.push(json!(["old-external-id", "new-external-id"]));
    (name, accepted, refused)
}

#[rustfmt::skip]
fn principals() -> Limits {
    let principal = |name: &str| format!("arn:aws:iam::222222222222:{name}");
    let all = |names: &[&str]| names.iter().map(|name| json!(principal(name))).collect::<Vec<_>>();
    let many = |count| numbered(count, &principal("role/R#"));
    let mut accepted = in_every_partition("222222222222:role/Deploy");
    accepted.extend(all(&["role/ci/*", "role/*", "user/auditor", "role/ci-*", "role/a/b/c"]));
    accepted.extend([many(1), many(100)]);
    let mut refused = all(&[
        "*", "root", "role/", "role/a*b", "role/?", "role//a", "group/x", "role/a/", "role/**", "role//*", "role/a/*/b",
    ]);
    refused.extend([
        json!("*"), json!(""), json!([]), json!({}), json!(null), many(101), json!("arn:aws:iam::aws:role/x"),
        json!("arn:aws:sts::222222222222:assumed-role/Deploy/me"), json!([principal("role/a"), principal("role/a")]),
    ]);
    ("AllowedPrincipalArns", accepted, refused)
}

fn managed_policies() -> Limits {
    let (name, mut accepted, mut refused) = policy_arn("ManagedPolicyArns");
    let arn = "arn:aws:iam::aws:policy";
    let many = |count| numbered(count, &format!("{arn}/P#"));
    accepted.extend([json!([]), many(1), many(100), json!([format!("{arn}/a,b")])]);
    accepted.push(json!(format!("{arn}/A, {arn}/B ,arn:aws:iam::222222222222:policy/t/C")));
    refused.extend([many(101), json!(format!("{arn}/A,")), json!(format!("{arn}/A,b"))]);
    refused.push(json!([format!("{arn}/A"), format!("{arn}/A")]));
    (name, accepted, refused)
}

fn of_roles() -> Vec<Limits> {
    [who_gets_in(), what_they_may_do(), the_role_itself()].concat()
}

#[rustfmt::skip]
fn who_gets_in() -> Vec<Limits> {
    vec![
        accounts(),
        external_ids(),
        flag("RequireExternalId"),
        flag("RequireMfa"),
        row(
            "MfaMaxAge",
            &json!([1, "1", 129_600, "129600", "0060", 60]),
            &json!([0, "0", 129_601, "129601", -1, "-1", "+5", 1.5, "5.0", "", null, [], {}, true, "٥", " 5", [60], "5\n"]),
        ),
        principals(),
        row(
            "PrincipalOrgId",
            &json!(["o-a1b2c3d4e5", format!("o-{}", "a".repeat(32))]),
            &json!(["", "o-123456789", "o-ABCDEFGHIJ", "ou-abcdefghij", format!("o-{}", "a".repeat(33)), null, [], {}, 1]),
        ),
        row(
            "SourceIps",
            &json!(["203.0.113.0/24", ["8.8.8.8/32", "2001:db8::/32"], numbered(100, "8.8.8.#/32")]),
            &json!([
                "", "203.0.113.7", "x", [], {}, null, ["x"], "*", numbered(101, "8.8.8.#/32"), ["8.8.8.8/32", "8.8.8.8/32"], 5,
            ]),
        ),
        flag("AllowSessionTags"),
        flag("AllowSourceIdentity"),
        row(
            "ExpiresAt",
            &json!(["1970-01-01T00:00:00Z", "2027-01-31T18:00:00Z", "9999-12-31T23:59:59Z", "2028-02-29T00:00:00Z"]),
            &json!([
                "", "1969-12-31T23:59:59Z", "2027-01-31", "2027-01-31T18:00Z", "2027-01-31T18:00:00", "2027-13-01T00:00:00Z",
                "2027-00-01T00:00:00Z", "2027-01-32T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:60:00Z",
                "2027-01-01T00:00:60Z", "2027-01-31T18:00:00+01:00", "10000-01-01T00:00:00Z", "2027-01-31t18:00:00z", null, [],
                {}, 2027, "2027-01-31T18:00:00.000Z",
            ]),
        ),
    ]
}

#[rustfmt::skip]
fn what_they_may_do() -> Vec<Limits> {
    let document = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}});
    vec![
        managed_policies(),
        row(
            "CustomPolicy",
            &json!([document, document.to_string()]),
            &json!(["", " ", {}, {"Version": "2012-10-17"}, null, [], 1, true]),
        ),
        row(
            "Policies",
            &json!([
                [], [{"PolicyName": "A", "PolicyDocument": document}], [{"PolicyName": 7, "PolicyDocument": document.to_string()}],
                [{"PolicyName": "x".repeat(128), "PolicyDocument": document}, {"PolicyName": "_+=,.@-", "PolicyDocument": document}],
            ]),
            &json!([
                null, {}, "", "A", ["A"], [[]], [{}], [{"PolicyName": "A"}], [{"PolicyDocument": document}],
                {"PolicyName": "A", "PolicyDocument": document}, [{"PolicyName": "", "PolicyDocument": document}],
                [{"PolicyName": "x".repeat(129), "PolicyDocument": document}], [{"PolicyName": "a b", "PolicyDocument": document}],
                [{"PolicyName": "a/b", "PolicyDocument": document}], [{"PolicyName": null, "PolicyDocument": document}],
                [{"PolicyName": "A", "PolicyDocument": ""}], [{"PolicyName": "A", "PolicyDocument": {}}],
                [{"PolicyName": "A", "PolicyDocument": document, "X": 1}], [{"PolicyName": "A", "PolicyDocument": [document]}],
            ]),
        ),
        policy_arn("PermissionsBoundary"),
        row(
            "MaxSessionDuration",
            &json!([3_600, "3600", 43_200, "43200", 7_200, "07200"]),
            &json!([3_599, "3599", 43_201, "43201", 0, "", null, "1h", [3_600], {}, 3_600.5, "7200.0", -7_200]),
        ),
        flag("AllowAdministrativeAccess"),
        row(
            "PolicyOwnership",
            &json!(["Exclusive", "Declared"]),
            &json!(["", "exclusive", "Shared", true, null, [], {}, 0]),
        ),
        row("RevokeSessions", &json!(["OnNarrowing", "Never"]), &json!(["", "never", "Always", false, null, [], {}, 0])),
    ]
}

#[rustfmt::skip]
fn the_role_itself() -> Vec<Limits> {
    let tags = |count: usize| -> Value { (0..count).map(|at| json!({"Key": format!("k{at}"), "Value": "v"})).collect() };
    vec![
        row(
            "RoleName",
            &json!(["A", "x".repeat(64), "Acme_+=,.@-", 7]),
            &json!(["", "x".repeat(65), "a b", "a/b", "é", null, [], {}, "a:b", "a\n"]),
        ),
        row(
            "Path",
            &json!(["/", "/delegated/", "/delegated/a/b/", format!("/{}/", "x".repeat(510))]),
            &json!(["", "delegated/", "/delegated", "//", "/a//b/", "/a b/", format!("/{}/", "x".repeat(511)), null, [], {}, 1]),
        ),
        row(
            "Description",
            &json!(["x", "a b\tc\r\nd", "é ÿ ¡", "x".repeat(1_000), "é".repeat(1_000), 2_027]),
            &json!(["", "x".repeat(1_001), "\u{7f}", "\u{a0}", "€", "\u{0}", null, [], {}]),
        ),
        row(
            "Tags",
            &json!([
                [], tags(1), tags(45), [{"Key": "k".repeat(128), "Value": "v".repeat(256)}], [{"Key": "k", "Value": ""}],
                [{"Key": 1, "Value": true}],
            ]),
            &json!([
                null, {}, "", "a=b", tags(46), [{"Key": "", "Value": "v"}], [{"Key": "k".repeat(129), "Value": ""}],
                [{"Key": "k", "Value": "v".repeat(257)}], [{"Key": "k"}], [{"Value": "v"}], [{"Key": "k", "Value": "v", "X": 1}],
                [{"Key": "k", "Value": []}], ["k"], {"Key": "k", "Value": "v"},
            ]),
        ),
        row(
            "HomeRegion",
            &json!(["eu-west-1", "us-gov-east-1", "ap-southeast-12"]),
            &json!(["", "eu-west", "EU-WEST-1", "eu-west-123", "eu-1", "eu-west-1a", "eu--1", null, [], {}, 1, "eu-west-1 "]),
        ),
        free_text("Revision"),
    ]
}

fn of_external_ids() -> Vec<Limits> {
    vec![
        row(
            "Prefix",
            &json!(["a", "A-Za-z0-9-", "x".repeat(32), 7]),
            &json!(["", "x".repeat(33), "a_b", "a.b", "é", null, [], {}, ["a"]]),
        ),
        rotation("Rotation"),
        rotation("PreviousRotation"),
    ]
}

#[rustfmt::skip]
fn of_access_checks() -> Vec<Limits> {
    let role = |name: String| json!(format!("arn:aws:iam::222222222222:role/{name}"));
    let mut roles = in_every_partition("222222222222:role/Acme");
    roles.extend([role("delegated/Acme".into()), role("a/b/x_+=,.@-".into()), role("x".repeat(64))]);
    let no_roles = json!([
        "", "Acme", "arn:aws:iam::222222222222:role/", "arn:aws:iam::222222222222:user/x", "arn:aws:iam::22:role/x", null, [], {},
        "arn:aws:sts::222222222222:assumed-role/Acme/me", role("/x".into()), "arn:aws:iam::aws:role/x", 1, role("*".into()),
        "arn:aws-xyz:iam::222222222222:role/x", role("x".repeat(65)), [role("Acme".into())],
    ]);
    let (external_id, accepted, mut no_ids) = external_id("ExternalId");
    no_ids.push(json!(["old-external-id", "new-external-id"]));
    let (account, accounts, mut no_accounts) = account("CustomerAccountId");
    no_accounts.push(json!(["222222222222"]));
    vec![
        row("RoleArn", &roles.into(), &no_roles),
        (account, accounts, no_accounts),
        (external_id, accepted, no_ids),
        flag("RequireMfa"),
        row("OnInconclusive", &json!(["Fail", "Succeed"]), &json!(["", "fail", "Ignore", true, null, [], {}])),
        free_text("Revision"),
    ]
}

//! Who can assume the role: accounts, principals, organization and addresses.

use serde_json::{Value, json};

use super::{check_all_made, check_all_refused, check_made, check_refused, check_refuses_empty_and_compound_values};
use crate::fixtures::{ACCOUNT, OTHER_PROVIDER, PROVIDER};
use crate::stack::Stack;

#[tokio::test(start_paused = true)]
async fn external_aws_account_id() {
    let ten: Vec<String> = (1..=10).map(|number| format!("0000000000{number:02}")).collect();
    let roots: Vec<String> = ten.iter().map(|account| format!("arn:aws:iam::{account}:root")).collect();
    check_all_made([
        (json!({"ExternalAwsAccountId": 222_222_222_222_u64}), json!({})),
        (json!({"ExternalAwsAccountId": [PROVIDER]}), json!({})),
        (
            json!({"ExternalAwsAccountId": [OTHER_PROVIDER, PROVIDER]}),
            json!({
                "trust": {"Principal": {"AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"]}},
                "answer": {"ExternalAwsAccountId": "333333333333,222222222222"},
            }),
        ),
        (
            json!({"ExternalAwsAccountId": ten}),
            json!({"trust": {"Principal": {"AWS": roots}}, "answer": {"ExternalAwsAccountId": ten.join(",")}}),
        ),
    ])
    .await;

    // A malformed value may be the external ID in the wrong property.
    let digits = "is not well-formed (its value is not repeated here); it must be an AWS account ID of 12 digits, in quotes where it starts with 0. [invalid-value]";
    check_all_refused(
        "ExternalAwsAccountId",
        [
            (Value::Null, "is missing; give the provider's AWS account ID of 12 digits. [missing-property]"),
            (json!(""), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!("12345678901"), digits),
            (json!(12_345_678_901_u64), digits),
            (json!("1234567890123"), digits),
            (json!("22222222222x"), digits),
            (json!(" 222222222222"), digits),
            (json!("*"), digits),
            (json!("222222222222,333333333333"), digits),
            (json!({"Id": PROVIDER}), "is an object; give one value, not a list or an object. [invalid-value]"),
            (json!([]), "has 0 values; give 1 to 10. [invalid-value]"),
            (json!([PROVIDER, PROVIDER]), "contains the same value twice; give each value once. [repeated-value]"),
            (
                json!([PROVIDER, ""]),
                "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]",
            ),
            (
                json!((0..11).map(|n| format!("{n:012}")).collect::<Vec<_>>()),
                "has 11 values; give 1 to 10. [invalid-value]",
            ),
            (json!(ACCOUNT), "is 111111111111, which is this account; give the provider's account ID. [own-account]"),
            (
                json!([PROVIDER, ACCOUNT]),
                "is 111111111111, which is this account; give the provider's account ID. [own-account]",
            ),
        ],
    )
    .await;

    for (arn, instead) in [
        ("arn:aws:iam::222222222222:root", "give 222222222222 here"),
        ("arn:aws:iam::222222222222:role/ci/Deploy", "give 222222222222 here, and the ARN in AllowedPrincipalArns"),
        ("arn:aws:iam::222222222222:user/auditor", "give 222222222222 here, and the ARN in AllowedPrincipalArns"),
        (
            "arn:aws:sts::222222222222:assumed-role/Deploy/me",
            "give 222222222222 here, and the ARN of the role in AllowedPrincipalArns",
        ),
    ] {
        let sentence = format!(
            "ExternalAwsAccountId is not well-formed (its value is not repeated here); it must be an account ID, not an ARN: {instead}. \
             [invalid-value]"
        );
        check_refused(Stack::new(), json!({"ExternalAwsAccountId": arn}), &[&sentence]).await;
        check_refused(Stack::new(), json!({"ExternalAwsAccountId": [PROVIDER, arn]}), &[&sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn allowed_principal_arns() {
    let only = |arns: Value| json!({"trust": {"Condition": {"ArnLike": {"aws:PrincipalArn": arns}}}});
    let in_provider = |name: &str| format!("arn:aws:iam::222222222222:{name}");
    for name in
        ["role/Deploy", "role/ci/*", "role/ci-*", "role/*", "user/auditor", "role/aws-reserved/sso.amazonaws.com/*"]
    {
        let arn = in_provider(name);
        check_made(Stack::new(), json!({"AllowedPrincipalArns": arn}), only(json!(arn))).await;
        check_made(Stack::new(), json!({"AllowedPrincipalArns": [arn]}), only(json!(arn))).await;
    }
    let two = json!([in_provider("role/Deploy"), "arn:aws:iam::333333333333:user/auditor"]);
    let mut expected = only(two.clone());
    expected["trust"]["Principal"] =
        json!({"AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"]});
    expected["answer"] = json!({"ExternalAwsAccountId": "222222222222,333333333333"});
    check_made(
        Stack::new(),
        json!({"ExternalAwsAccountId": [PROVIDER, OTHER_PROVIDER], "AllowedPrincipalArns": two}),
        expected,
    )
    .await;

    for name in ["root", "*", "role/", "role/a*b", "role/?", "group/admins", "role/*/x"] {
        let arn = in_provider(name);
        let sentence = format!(
            "AllowedPrincipalArns is \"{arn}\"; it must be the ARN of a role or user, such as \
             arn:aws:iam::111122223333:role/Deploy, with at most one *, at its end. [invalid-value]"
        );
        check_refused(Stack::new(), json!({"AllowedPrincipalArns": [arn]}), &[sentence]).await;
    }
    check_all_refused(
        "AllowedPrincipalArns",
        [
            (json!(""), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!([]), "has 0 values; give 1 to 100. [invalid-value]"),
            (json!([in_provider("role/a"), in_provider("role/a")]), "contains the same value twice; give each value once. [repeated-value]"),
            (
                json!("*"),
                "is \"*\"; it must be the ARN of a role or user, such as arn:aws:iam::111122223333:role/Deploy, with at most one *, \
                 at its end. [invalid-value]",
            ),
            (
                json!("arn:aws:iam::*:role/Deploy"),
                "is \"arn:aws:iam::*:role/Deploy\"; it must be the ARN of a role or user, such as \
                 arn:aws:iam::111122223333:role/Deploy, with at most one *, at its end. [invalid-value]",
            ),
            (
                json!("arn:aws:sts::222222222222:assumed-role/Deploy/me"),
                "is \"arn:aws:sts::222222222222:assumed-role/Deploy/me\"; it must be the ARN of the role itself \
                 (arn:aws:iam::ACCOUNT:role/NAME): a condition on a session's ARN never matches, since aws:PrincipalArn holds the \
                 role's. [invalid-value]",
            ),
            (
                json!("arn:aws:iam::333333333333:role/Deploy"),
                "contains arn:aws:iam::333333333333:role/Deploy, whose account is not in ExternalAwsAccountId; add the account there, or \
                 remove the ARN. [other-account]",
            ),
            (
                json!("arn:aws-cn:iam::222222222222:role/Deploy"),
                "contains arn:aws-cn:iam::222222222222:role/Deploy, which is not in this partition (aws). [other-partition]",
            ),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn principal_org_id() {
    for id in ["o-a1b2c3d4e5", "o-abcdefghijklmnopqrstuvwxyz012345"] {
        check_made(
            Stack::new(),
            json!({"PrincipalOrgId": id}),
            json!({"trust": {"Condition": {"StringEquals": {"aws:PrincipalOrgID": id}}}}),
        )
        .await;
    }
    check_refuses_empty_and_compound_values("PrincipalOrgId").await;
    let longer = format!("o-{}", "a".repeat(33));
    for bad in ["o-a1b2c3d4e", &longer, "o-A1B2C3D4E5", "ou-a1b2c3d4e5", "a1b2c3d4e5", "o-*", "*"] {
        let sentence = format!(
            "PrincipalOrgId is \"{bad}\"; it must be an organization's ID: o- followed by 10 to 32 of a-z0-9. [invalid-value]"
        );
        check_refused(Stack::new(), json!({"PrincipalOrgId": bad}), &[sentence]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn source_ips() {
    let from = |ranges: Value| json!({"trust": {"Condition": {"IpAddress": {"aws:SourceIp": ranges}}}});
    check_all_made([
        (json!({"SourceIps": "203.0.113.0/24"}), from(json!("203.0.113.0/24"))),
        (json!({"SourceIps": ["198.51.100.7/32"]}), from(json!("198.51.100.7/32"))),
        (json!({"SourceIps": ["2001:db8::/32", "203.0.113.0/24"]}), from(json!(["2001:db8::/32", "203.0.113.0/24"]))),
    ])
    .await;
    for bad in [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.1.0/24",
        "127.0.0.1/32",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "0.0.0.0/0",
        "::/0",
        "fd00::/8",
        "0.0.0.0/1",
    ] {
        let sentence = format!(
            "SourceIps is \"{bad}\"; it must be a range of public addresses only: AWS sees the caller's public address, never a \
             private one. [invalid-value]"
        );
        check_refused(Stack::new(), json!({"SourceIps": [bad]}), &[sentence]).await;
    }
    let cidr = "it must be a range of public IP addresses in CIDR notation, such as 203.0.113.0/24. [invalid-value]";
    check_all_refused(
        "SourceIps",
        [
            (json!(""), "is an empty string; give a value, or leave the property out (AWS::NoValue). [empty-value]"),
            (json!([]), "has 0 values; give 1 to 100. [invalid-value]"),
            (json!(["203.0.113.0/24", "203.0.113.0/24"]), "contains the same value twice; give each value once. [repeated-value]"),
            (json!("office"), &format!("is \"office\"; {cidr}")),
            (json!("203.0.113.0/33"), &format!("is \"203.0.113.0/33\"; {cidr}")),
            (json!("203.0.113.0/24,198.51.100.0/24"), &format!("is \"203.0.113.0/24,198.51.100.0/24\"; {cidr}")),
            (
                json!("203.0.113.7"),
                "is \"203.0.113.7\"; it must be a range in CIDR notation: for this one address, 203.0.113.7/32. [invalid-value]",
            ),
            (
                json!("203.0.113.7/24"),
                "is \"203.0.113.7/24\"; it must be the network's first address with its length: 203.0.113.0/24. [invalid-value]",
            ),
        ],
    )
    .await;
}

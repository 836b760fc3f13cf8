//! JSON of any shape, and of the shapes that matter.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Keys that have a meaning.
const KEYS: &[&str] = &[
    "RequestType",
    "ResponseURL",
    "StackId",
    "RequestId",
    "ResourceType",
    "LogicalResourceId",
    "PhysicalResourceId",
    "ResourceProperties",
    "OldResourceProperties",
    "ServiceToken",
    "ServiceTimeout",
    "ExternalAwsAccountId",
    "ExternalId",
    "CustomPolicy",
    "Policies",
    "PolicyName",
    "PolicyDocument",
    "Version",
    "Statement",
    "Effect",
    "Principal",
    "Action",
    "Resource",
    "Condition",
    "Sid",
    "Key",
    "Value",
    "",
];

/// Texts that have a meaning.
const TEXTS: &[&str] = &[
    "",
    " ",
    "Create",
    "Update",
    "Delete",
    "Custom::DelegatedRole",
    "Custom::ExternalId",
    "Custom::AccessCheck",
    "true",
    "false",
    "0",
    "-1",
    "3600",
    "1e3",
    "111111111111",
    "222222222222",
    "*",
    "Allow",
    "Deny",
    "2012-10-17",
    "/",
    "//",
    "/delegated/",
    "arn:aws:iam::222222222222:root",
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "arn:aws:s3:::*",
    "${aws:username}",
    "null",
    "arn:aws:cloudformation:us-east-1:111111111111:stack/customer/1",
    "\u{0}",
    "\u{202e}",
    "é",
    "İ",
    "\u{1f600}",
    "2026-13-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "{\"Version\":\"2012-10-17\",\"Statement\":[]}",
    "{",
    "[[[[",
    "0.0.0.0/0",
    "::/0",
    "o-a1b2c3d4e5",
    "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/x",
    "99999999999999999999999999",
];

/// A text of any kind; some are long.
pub(super) fn any_text() -> BoxedStrategy<String> {
    prop_oneof![
        4 => select(TEXTS).prop_map(str::to_owned),
        3 => any::<String>(),
        1 => "[A-Za-z0-9_+=,.@:/*?-]{0,80}",
        1 => ("\\PC", 1_usize..6000).prop_map(|(character, times)| character.repeat(times)),
    ]
    .boxed()
}

/// The name of something, mostly one that means something.
pub(super) fn any_key() -> BoxedStrategy<String> {
    prop_oneof![4 => select(KEYS).prop_map(str::to_owned), 1 => any_text()].boxed()
}

/// A value of any shape, a few levels deep; some are very deep.
pub(super) fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        6 => any_text().prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(4, 48, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((any_key(), inner), 0..8).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    let deep = (1_usize..120, any::<bool>()).prop_map(|(levels, lists)| {
        (0..levels).fold(json!("x"), |inner, _| if lists { json!([inner]) } else { json!({ "Statement": inner }) })
    });
    prop_oneof![20 => tree, 1 => deep].boxed()
}

/// A policy as people write it, or nearly.
pub(super) fn any_policy() -> BoxedStrategy<Value> {
    let action = select(vec![
        json!("s3:GetObject"),
        json!("*"),
        json!("iam:*"),
        json!(["s3:Get*", "ec2:Describe*"]),
        json!("iam:P?ssRole"),
        json!([]),
        json!("s3"),
        json!({}),
        json!("sts:AssumeRole"),
        json!("S3:getobject"),
    ]);
    let resource = select(vec![
        json!("*"),
        json!("arn:aws:s3:::reports/*"),
        json!(["arn:aws:iam::111111111111:role/x", "arn:*"]),
        json!("arn"),
        json!(""),
        json!([[]]),
    ]);
    let condition = select(vec![
        json!({"StringEquals": {"aws:PrincipalTag/team": "a"}}),
        json!({"Bool": {"aws:MultiFactorAuthPresent": true}}),
        json!({"Bool": []}),
        json!({}),
        json!({"NumericLessThan": {"s3:max-keys": [1, 2.5]}}),
        json!("x"),
    ]);
    let effect = select(vec![json!("Allow"), json!("Deny"), json!("allow"), json!(1)]);
    let member = |name: &'static str, value: BoxedStrategy<Value>| {
        prop::option::weighted(0.9, value).prop_map(move |value| value.map(|value| (name.to_owned(), value)))
    };
    let spoilt = |of: BoxedStrategy<Value>| prop_oneof![15 => of, 1 => any_json()].boxed();
    let rarely = |name: &'static str, of: BoxedStrategy<Value>| {
        prop::option::weighted(0.15, of).prop_map(move |value| value.map(|value| (name.to_owned(), value)))
    };
    let statement = (
        member("Effect", spoilt(effect.boxed())),
        member("Action", spoilt(action.clone().boxed())),
        member("Resource", spoilt(resource.clone().boxed())),
        rarely("NotAction", action.boxed()),
        rarely("NotResource", resource.boxed()),
        rarely("Condition", spoilt(condition.boxed())),
        rarely("Sid", any_text().prop_map(Value::from).boxed()),
        rarely("Principal", any_json()),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| {
            Value::Object([a, b, c, d, e, f, g, h].into_iter().flatten().collect::<Map<_, _>>())
        });
    let statements = prop_oneof![
        8 => vec(statement.clone(), 0..4).prop_map(Value::from),
        2 => statement,
        1 => any_json(),
    ];
    let version = prop_oneof![8 => Just(json!("2012-10-17")), 1 => Just(json!("2008-10-17")), 1 => any_json()];
    (version, statements)
        .prop_map(|(version, statements)| json!({ "Version": version, "Statement": statements }))
        .boxed()
}

/// A name of something in AWS, or nearly.
pub(super) fn any_name() -> BoxedStrategy<String> {
    let part = || prop_oneof![4 => "[a-z0-9A-Z_+=,.@-]{0,20}", 1 => any_text()];
    prop_oneof![
        any_text(),
        "[0-9]{11,13}",
        "\\d{12}",
        "\\w{1,64}",
        "aws(-[a-z-]{0,6})?",
        "o-[a-z0-9]{8,34}",
        "[A-Za-z0-9_+=,.@:/-]{0,70}",
        "(/[a-z.]{0,4}){0,4}/?",
        "arn:aws(-cn)?:(iam|sts):[a-z]{0,1}:[0-9]{11,12}:(role|user|policy|assumed-role)/[a-z/*]{0,12}",
        "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.0/[0-9]{1,2}",
        "[0-9a-f]{1,4}:[0-9a-f]{1,4}::/[0-9]{1,3}",
        (part(), part()).prop_map(|(a, b)| format!("arn:aws:iam::222222222222:{a}/{b}")),
    ]
    .boxed()
}

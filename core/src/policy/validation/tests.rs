use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::identifiers::Partition;
use crate::policy::Document;

fn problems(document: Value, partition: &str) -> Vec<String> {
    let partition = Partition::parse(partition).expect("a partition");
    let document = Document::from_value(document).expect("it is a document");
    document.problems_as_identity_policy(&partition).into_iter().map(|rejected| rejected.sentence).collect()
}

fn check(document: Value, expect: &Expect) {
    expect.assert_eq(&problems(document, "aws").join("\n"));
}

/// A good statement with some members replaced or, by null, removed.
fn statement(changes: Value) -> Value {
    let mut statement = json!({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"});
    if let (Value::Object(members), Value::Object(changes)) = (&mut statement, changes) {
        for (key, value) in changes {
            match value {
                Value::Null => members.remove(&key),
                value => members.insert(key, value),
            };
        }
    }
    statement
}

fn check_statements<const N: usize>(changes: [Value; N], expect: &Expect) {
    let statements: Vec<_> = changes.into_iter().map(statement).collect();
    check(json!({"Version": "2012-10-17", "Statement": statements}), expect);
}

#[test]
fn good_policies_have_no_problems() {
    for document in [
        json!({"Version": "2012-10-17", "Statement": statement(json!({}))}),
        json!({"Version": "2008-10-17", "Id": "An id", "Statement": [statement(json!({}))]}),
        json!({"Statement": [statement(json!({"Sid": ""})), statement(json!({"Sid": ""}))]}),
        json!({"Statement": [
            statement(json!({"Sid": "A1", "Effect": "Deny"})),
            statement(json!({"Sid": "a1", "Action": null, "NotAction": ["*", "iam:*"]})),
            statement(json!({"Action": "execute-api:Invoke", "Resource": null, "NotResource": ["arn:aws:rds:*", "*"]})),
            statement(json!({"Resource": "arn:aws:iam::*:user/${aws:username}"})),
            statement(json!({"Condition": {}})),
            statement(json!({"Condition": {
                "StringEquals": {"a": "b", "c": ["d", "e"], "f": []},
                "ForAllValues:StringLikeIfExists": {"aws:TagKeys": "x"},
                "ForAnyValue:StringEquals": {},
                "Bool": {"aws:SecureTransport": true},
                "NumericLessThan": {"aws:MultiFactorAuthAge": 3600},
                "NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]},
                "DateGreaterThanEquals": {"aws:CurrentTime": "2030-01-01T00:00:00Z"},
            }})),
        ]}),
    ] {
        check(document, &expect![[""]]);
    }
}

#[test]
fn the_document_itself() {
    check(json!({}), &expect!["The policy has no Statement: add at least one statement."]);
    check(
        json!({"Version": "2012-10-18", "Id": 5, "Statements": [], "statement": [], "Statement": []}),
        &expect![[r#"
            The policy has the unknown key "Statements": remove it, or write one of Version, Id, Statement.
            The policy has the unknown key "statement": remove it, or write one of Version, Id, Statement.
            Version is "2012-10-18": write "2012-10-17", the current policy language.
            Id is a number: write a string.
            Statement is an empty list: add at least one statement."#]],
    );
    check(
        json!({"Version": 2012, "Statement": "Allow"}),
        &expect![[r#"
            Version is a number: write "2012-10-17".
            Statement is a string: write a list of statements."#]],
    );
    check(
        json!({"Statement": [5, "text", [], null, true, 1.5]}),
        &expect![[r"
            In statement 1, there is a number: write an object with Effect, Action and Resource.
            In statement 2, there is a string: write an object with Effect, Action and Resource.
            In statement 3, there is a list: write an object with Effect, Action and Resource.
            In statement 4, there is null: write an object with Effect, Action and Resource.
            In statement 5, there is true or false: write an object with Effect, Action and Resource.
            In statement 6, there is a number: write an object with Effect, Action and Resource."]],
    );
}

#[test]
fn effect() {
    check_statements(
        [
            json!({"Effect": null}),
            json!({"Effect": "allow"}),
            json!({"Effect": "Permit", "Sid": "Logs"}),
            json!({"Effect": ["Allow"]}),
        ],
        &expect![[r#"
            In statement 1, Effect is missing: add "Allow" or "Deny".
            In statement 2, Effect is "allow": write "Allow" or "Deny", in this letter case.
            In statement 3 (Sid Logs), Effect is "Permit": write "Allow" or "Deny", in this letter case.
            In statement 4, Effect is a list: write "Allow" or "Deny"."#]],
    );
}

#[test]
fn actions() {
    check_statements(
        [
            json!({"Action": null}),
            json!({"NotAction": "iam:*"}),
            json!({"Action": []}),
            json!({"Action": 5}),
            json!({"Action": ["s3:Get*", 5, ["s3:Put*"]]}),
            json!({"Action": ["", "s3", "s3:", ":Get", "s3:Get:Object", "s3:Get Object", " s3:Get", "**"]}),
            json!({"Action": ["i?m:*", "s*:Get", "*:Get*", "*:*", "s_3:Get", "s3:Gét", "s3:Get\n"]}),
            json!({"Action": null, "NotAction": "everything"}),
        ],
        &expect![[r#"
            In statement 1, Action is missing: add it, or NotAction.
            In statement 2, Action and NotAction are both given: keep one.
            In statement 3, Action is an empty list: name at least one.
            In statement 4, Action is a number: write a string, or a list of strings.
            In statement 5, Action has a number in its list: write strings only.
            In statement 5, Action has a list in its list: write strings only.
            In statement 6, "" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 6, "s3" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 6, "s3:" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 6, ":Get" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 6, "s3:Get:Object" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 6, "s3:Get Object" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 6, " s3:Get" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 6, "**" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 7, "i?m:*" has a wildcard in the service: write its full name, as in s3:Get*.
            In statement 7, "s*:Get" has a wildcard in the service: write its full name, as in s3:Get*.
            In statement 7, "*:Get*" has a wildcard in the service: write its full name, as in s3:Get*.
            In statement 7, "*:*" has a wildcard in the service: write *.
            In statement 7, "s_3:Get" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 7, "s3:Gét" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 7, "s3:Get\n" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 8, "everything" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*."#]],
    );
}

#[test]
fn resources() {
    check_statements(
        [
            json!({"Resource": null}),
            json!({"NotResource": "*"}),
            json!({"Resource": []}),
            json!({"Resource": {"Ref": "Bucket"}}),
            json!({"Resource": ["bucket", "", "**", "ARN:aws:s3:::b", "${aws:username}", "arn", "arn:*", "arn:aws:s3:b"]}),
            json!({"Resource": "arn:aws-cn:s3:::b"}),
            json!({"Resource": "arn:aws:iam:us-east-1:123456789012:role/x"}),
            json!({"Resource": "arn:aws:iam::123456789012:*/*"}),
            json!({"Resource": null, "NotResource": false}),
        ],
        &expect![[r#"
            In statement 1, Resource is missing: add it, or NotResource.
            In statement 2, Resource and NotResource are both given: keep one.
            In statement 3, Resource is an empty list: name at least one.
            In statement 4, Resource is an object: write a string, or a list of strings.
            In statement 5, "bucket" is not a resource: write an ARN of six parts, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, or *.
            In statement 5, "" is not a resource: write an ARN of six parts, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, or *.
            In statement 5, "**" is not a resource: write an ARN of six parts, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, or *.
            In statement 5, "ARN:aws:s3:::b" is not a resource: write an ARN of six parts, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, or *.
            In statement 5, "${aws:username}" is not a resource: write an ARN of six parts, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, or *.
            In statement 5, "arn" is not a resource: write an ARN of six parts, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, or *.
            In statement 5, "arn:*" has no full service name in its third part: write one without wildcards, such as s3.
            In statement 5, "arn:aws:s3:b" is not a resource: write an ARN of six parts, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, or *.
            In statement 6, "arn:aws-cn:s3:::b" names the partition "aws-cn": write aws, the partition of this account.
            In statement 7, "arn:aws:iam:us-east-1:123456789012:role/x" has a Region, but ARNs of iam have none: leave the fourth part empty.
            In statement 8, "arn:aws:iam::123456789012:*/*" does not name a type of IAM resource: let its sixth part be *, or start with a type such as role/, user/ or policy/.
            In statement 9, NotResource is true or false: write a string, or a list of strings."#]],
    );
}

#[test]
fn principals_and_unknown_keys() {
    check_statements(
        [
            json!({"Principal": "*", "NotPrincipal": {"AWS": "*"}}),
            json!({"Actions": "s3:Get*", "effect": "Deny", "Conditions\n": {}}),
        ],
        &expect![[r#"
            In statement 1, NotPrincipal is given: remove it, because the policy of a role applies to that role.
            In statement 1, Principal is given: remove it, because the policy of a role applies to that role.
            In statement 2, the key "Actions" is unknown: remove it, or write one of Sid, Effect, Action, NotAction, Resource, NotResource, Condition.
            In statement 2, the key "Conditions\n" is unknown: remove it, or write one of Sid, Effect, Action, NotAction, Resource, NotResource, Condition.
            In statement 2, the key "effect" is unknown: remove it, or write one of Sid, Effect, Action, NotAction, Resource, NotResource, Condition."#]],
    );
}

#[test]
fn sids() {
    check_statements(
        [
            json!({"Sid": "A"}),
            json!({"Sid": "Read logs"}),
            json!({"Sid": "A"}),
            json!({"Sid": "Ä"}),
            json!({"Sid": 1}),
            json!({"Sid": "A"}),
        ],
        &expect![[r"
            In statement 2 (Sid Read logs), Sid has characters other than A-Z, a-z and 0-9: remove them.
            In statement 3 (Sid A), Sid is the same as in statement 1: give each statement its own.
            In statement 4 (Sid Ä), Sid has characters other than A-Z, a-z and 0-9: remove them.
            In statement 5, Sid is a number: write a string.
            In statement 6 (Sid A), Sid is the same as in statement 1: give each statement its own."]],
    );
}

#[test]
fn conditions_without_quoting_their_values() {
    check_statements(
        [
            json!({"Condition": "secret"}),
            json!({"Condition": [{"StringEquals": {"a": "secret"}}]}),
            json!({"Condition": {"StringEquals": "secret"}}),
            json!({"Condition": {"StringEqual": {"a": "secret"}, "IfExists": {"a": "secret"}, "NullIfExists": {"a": "secret"}}}),
            json!({"Condition": {"bool": {"a": "secret"}, "forAllvalues:stringEqualsIFEXISTS": {"a": "secret"}}}),
            json!({"Condition": {"StringEquals": {"a": {"b": "secret"}, "c": [["secret"]], "d": ["x", {}]}}}),
            json!({"Condition": {"StringEquals": {"a": [null]}}}),
            json!({"Condition": {
                "ArnLike": {"a": ["*", "secret"]},
                "BinaryEquals": {"b": "secret"},
                "BoolIfExists": {"c": ["true", "secret"]},
                "DateLessThan": {"d": "secret"},
                "ForAnyValue:IpAddress": {"e": "secret"},
                "Null": {"f": "secret"},
                "NumericEquals": {"g": ["secret", "secret"], "h": true},
            }}),
        ],
        &expect![[r#"
            In statement 1, Condition is a string: write an object of condition operators.
            In statement 2, Condition is a list: write an object of condition operators.
            In statement 3, the condition operator StringEquals has a string: write an object of condition keys.
            In statement 4, "IfExists" is not a condition operator: write one that IAM has, such as StringEquals.
            In statement 4, "NullIfExists" is not a condition operator: write Null.
            In statement 4, "StringEqual" is not a condition operator: write one that IAM has, such as StringEquals.
            In statement 5, "bool" is not a condition operator: write Bool, in this letter case.
            In statement 5, "forAllvalues:stringEqualsIFEXISTS" is not a condition operator: write ForAllValues:StringEqualsIfExists, in this letter case.
            In statement 6, a value of the condition StringEquals a is an object: write a string.
            In statement 6, a value of the condition StringEquals c is a list: write a string.
            In statement 6, a value of the condition StringEquals d is an object: write a string.
            In statement 7, a value of the condition StringEquals a is null: write a string.
            In statement 8, a value of the condition ArnLike a is not an ARN: write one of six parts, or *.
            In statement 8, a value of the condition BinaryEquals b is not base64 with padding: encode it.
            In statement 8, a value of the condition BoolIfExists c is neither true nor false: write one of them.
            In statement 8, a value of the condition DateLessThan d is not a date: write one such as 2030-01-31T00:00:00Z, or the seconds since 1970.
            In statement 8, a value of the condition ForAnyValue:IpAddress e is not an IP address: write an address, or a range such as 203.0.113.0/24.
            In statement 8, a value of the condition Null f is neither true nor false: write one of them.
            In statement 8, a value of the condition NumericEquals g is not a number: write one such as 3600.
            In statement 8, a value of the condition NumericEquals h is not a number: write one such as 3600."#]],
    );
}

#[test]
fn all_problems_of_a_statement_are_reported() {
    check(
        json!({"Statement": {"Principal": "*", "Sid": "a b", "Effect": "x", "Action": "y", "Condition": 1}}),
        &expect![[r#"
            In statement 1 (Sid a b), Principal is given: remove it, because the policy of a role applies to that role.
            In statement 1 (Sid a b), Sid has characters other than A-Z, a-z and 0-9: remove them.
            In statement 1 (Sid a b), Effect is "x": write "Allow" or "Deny", in this letter case.
            In statement 1 (Sid a b), "y" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 1 (Sid a b), Resource is missing: add it, or NotResource.
            In statement 1 (Sid a b), Condition is a number: write an object of condition operators."#]],
    );
}

#[test]
fn characters() {
    check_statements(
        [
            json!({"Action": ["s3:Get*", "s3:“Put*”"]}),
            json!({"Resource": "arn:aws:s3:::a\u{2028}b"}),
            json!({"Condition": {"StringEquals": {"aws:PrincipalTag/team": "secret—"}}}),
            json!({"Condition": {"StringEquals": {"aws:PrincipalTag/\u{200b}": "a"}}}),
            json!({"Resource": "arn:aws:s3:::\t\n\r ~\u{7f}\u{80}ÿ"}),
        ],
        &expect![[r#"
            In statement 1, Action has the character U+201C: write a straight quotation mark (").
            In statement 1, "s3:“Put*”" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*.
            In statement 2, Resource has the character U+2028: write a space.
            In statement 3, Condition has the character U+2014: write a hyphen (-).
            In statement 4, Condition has the character U+200B, which is invisible: remove it."#]],
    );
    check(
        json!({"Id": "caf\u{e9} \u{2026}", "Statement": statement(json!({}))}),
        &expect!["Id has the character U+2026: write three dots (...)."],
    );
}

/// In each partition, IAM accepts its own name and a wildcard.
#[test]
fn partitions() {
    for own in ["aws", "aws-cn", "aws-us-gov", "aws-eusc"] {
        for named in ["aws", "aws-cn", "aws-us-gov", "aws-eusc", "*"] {
            let resource = format!("arn:{named}:s3:::reports");
            let found = problems(json!({"Statement": statement(json!({"Resource": &resource}))}), own);
            let expected = format!(
                "In statement 1, \"{resource}\" names the partition \"{named}\": write {own}, the partition of this account."
            );
            assert_eq!(found, if named == own || named == "*" { vec![] } else { vec![expected] });
        }
    }
}

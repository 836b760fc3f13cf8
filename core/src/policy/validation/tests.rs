use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::super::Document;

fn check(document: Value, expect: &Expect) {
    let document = Document::from_value(document).expect("it is a document");
    let problems = document.problems_as_identity_policy();
    expect.assert_eq(&problems.join("\n"));
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
            statement(json!({"Sid": "a1", "Action": null, "NotAction": ["*", "iam:*", "*:Get*"]})),
            statement(json!({"Action": "execute-api:Invoke", "Resource": null, "NotResource": ["arn:*", "*"]})),
            statement(json!({"Resource": "arn:aws:iam::*:user/${aws:username}"})),
            statement(json!({"Condition": {}})),
            statement(json!({"Condition": {
                "StringEquals": {"a": "b", "c": ["d", "e"], "f": []},
                "ForAllValues:StringLikeIfExists": {"aws:TagKeys": "x"},
                "ForAnyValue:StringEquals": {},
                "bool": {"aws:SecureTransport": true},
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
            json!({"Action": ["i?m:*", "s*:Get", "s_3:Get", "s3:Gét", "s3:Get\n"]}),
            json!({"Action": null, "NotAction": "everything"}),
        ],
        &expect![[r#"
            In statement 1, Action is missing: add it, or NotAction.
            In statement 2, Action and NotAction are both given: keep one.
            In statement 3, Action is an empty list: name at least one.
            In statement 4, Action is a number: write a string, or a list of strings.
            In statement 5, Action has a number in its list: write strings only.
            In statement 5, Action has a list in its list: write strings only.
            In statement 6, "" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 6, "s3" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 6, "s3:" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 6, ":Get" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 6, "s3:Get:Object" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 6, "s3:Get Object" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 6, " s3:Get" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 6, "**" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 7, "i?m:*" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 7, "s*:Get" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 7, "s_3:Get" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 7, "s3:Gét" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 7, "s3:Get\n" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 8, "everything" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out."#]],
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
            json!({"Resource": ["bucket", "", "**", "ARN:aws:s3:::b", "${aws:username}", "arn"]}),
            json!({"Resource": null, "NotResource": false}),
        ],
        &expect![[r#"
            In statement 1, Resource is missing: add it, or NotResource.
            In statement 2, Resource and NotResource are both given: keep one.
            In statement 3, Resource is an empty list: name at least one.
            In statement 4, Resource is an object: write a string, or a list of strings.
            In statement 5, "bucket" is no resource: write a whole ARN, which starts with arn: and has six parts, or *.
            In statement 5, "" is no resource: write a whole ARN, which starts with arn: and has six parts, or *.
            In statement 5, "**" is no resource: write a whole ARN, which starts with arn: and has six parts, or *.
            In statement 5, "ARN:aws:s3:::b" is no resource: write a whole ARN, which starts with arn: and has six parts, or *.
            In statement 5, "${aws:username}" is no resource: write a whole ARN, which starts with arn: and has six parts, or *.
            In statement 5, "arn" is no resource: write a whole ARN, which starts with arn: and has six parts, or *.
            In statement 6, NotResource is true or false: write a string, or a list of strings."#]],
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
            In statement 1, NotPrincipal is given: remove it, since the policy of a role applies to that role.
            In statement 1, Principal is given: remove it, since the policy of a role applies to that role.
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
            In statement 2 (Sid Read logs), Sid has other characters than A-Z, a-z and 0-9: remove those.
            In statement 3 (Sid A), Sid is the same as in statement 1: give each its own.
            In statement 4 (Sid Ä), Sid has other characters than A-Z, a-z and 0-9: remove those.
            In statement 5, Sid is a number: write a string.
            In statement 6 (Sid A), Sid is the same as in statement 1: give each its own."]],
    );
}

#[test]
fn conditions_without_quoting_their_values() {
    check_statements(
        [
            json!({"Condition": "secret"}),
            json!({"Condition": [{"StringEquals": {"a": "secret"}}]}),
            json!({"Condition": {"StringEquals": "secret"}}),
            json!({"Condition": {"StringEqual": {"a": "secret"}, "IfExists": {"a": "secret"}}}),
            json!({"Condition": {"StringEquals": {"a": {"b": "secret"}, "c": [["secret"]], "d": ["x", {}]}}}),
            json!({"Condition": {"StringEquals": {"a": [null]}}}),
        ],
        &expect![[r#"
            In statement 1, Condition is a string: write an object of condition operators.
            In statement 2, Condition is a list: write an object of condition operators.
            In statement 3, the condition operator StringEquals holds a string: write an object of condition keys.
            In statement 4, "IfExists" is no condition operator: write one that IAM knows, like StringEquals.
            In statement 4, "StringEqual" is no condition operator: write one that IAM knows, like StringEquals.
            In statement 5, the condition StringEquals a has an object for a value: write strings.
            In statement 5, the condition StringEquals c has a list for a value: write strings.
            In statement 5, the condition StringEquals d has an object for a value: write strings.
            In statement 6, the condition StringEquals a has null for a value: write strings."#]],
    );
}

#[test]
fn all_problems_of_a_statement_are_told() {
    check(
        json!({"Statement": {"Principal": "*", "Sid": "a b", "Effect": "x", "Action": "y", "Condition": 1}}),
        &expect![[r#"
            In statement 1 (Sid a b), Principal is given: remove it, since the policy of a role applies to that role.
            In statement 1 (Sid a b), Sid has other characters than A-Z, a-z and 0-9: remove those.
            In statement 1 (Sid a b), Effect is "x": write "Allow" or "Deny", in this letter case.
            In statement 1 (Sid a b), "y" is no action: write it like s3:GetObject or s3:Get*, with the service spelled out.
            In statement 1 (Sid a b), Resource is missing: add it, or NotResource.
            In statement 1 (Sid a b), Condition is a number: write an object of condition operators."#]],
    );
}

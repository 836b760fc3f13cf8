//! What `plan` prints.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::run::{Folder, Run};

const SECRET: &str = "a-secret-external-id-4711";

fn role(name: &str, properties: &str) -> String {
    format!(
        "  {name}:\n    Type: Custom::DelegatedRole\n    Properties: {{ServiceToken: !Ref AWS::NoValue, {properties}}}\n"
    )
}

fn template(roles: &[String]) -> String {
    let parameters = "Parameters:\n  Secret: {Type: String, NoEcho: true}\n  Provider: {Type: String}\n";
    format!("{parameters}Resources:\n  Topic: {{Type: AWS::SNS::Topic}}\n{}", roles.concat())
}

fn plan(old: &[String], new: &[String], options: &[&str]) -> Run {
    let secret = format!("Secret={SECRET}");
    let folder = Folder::new(&[("old.yaml", &template(old)), ("new.yaml", &template(new)), ("secret.txt", &secret)]);
    let run =
        folder.run(&[&["plan", "new.yaml", "--against", "old.yaml", "--parameters", "secret.txt"], options].concat());
    for text in [&run.printed, &run.remarks] {
        assert!(!text.contains(SECRET) && !text.contains("4711"), "the external ID is printed: {text}");
    }
    run
}

fn check(old: &[String], new: &[String], expected: &Expect) {
    let run = plan(old, new, &[]);
    assert_eq!((run.code, run.remarks.as_str()), (0, ""), "{}", run.printed);
    expected.assert_eq(&run.printed);
    let run = plan(old, new, &["--detailed-exitcode"]);
    let unchanged = run.printed.contains("Plan: 0 to create, 0 to update, 0 to replace, 0 to delete");
    assert_eq!(run.code, if unchanged { 0 } else { 2 });
}

#[test]
fn each_role_is_created_updated_replaced_removed_or_unchanged() {
    let read = "CustomPolicy: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Action: [s3:GetObject, s3:PutObject], \
                Resource: [\"arn:aws:s3:::a/*\"]}, {Effect: Deny, Action: s3:*, Resource: \"arn:aws:s3:::a/private/*\"}]}";
    let less = "CustomPolicy: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Action: s3:GetObject, Resource: \
                [\"arn:aws:s3:::a/*\", \"arn:aws:s3:::b/*\"]}]}";
    let audit = "ManagedPolicyArns: \"arn:aws:iam::aws:policy/SecurityAudit\"";
    let account = "ExternalAwsAccountId: \"444455556666\"";
    check(
        &[
            role("Same", &format!("{account}, {audit}")),
            role("Gone", &format!("{account}, {audit}, RoleName: Gone")),
            role("Moved", &format!("{account}, {audit}, RoleName: Before, ExternalId: !Ref Secret")),
            role(
                "Changed",
                &format!("{account}, {read}, RoleName: Changed, ExternalId: !Ref Secret, MaxSessionDuration: 7200"),
            ),
        ],
        &[
            role("Same", &format!("{account}, {audit}")),
            role("New", &format!("{account}, {audit}, ExternalId: !Ref Secret, ExpiresAt: \"2099-01-01T00:00:00Z\"")),
            role("Moved", &format!("{account}, {audit}, RoleName: After, ExternalId: !Ref Secret")),
            role(
                "Changed",
                &format!(
                    "ExternalAwsAccountId: \"777788889999\", {less}, {audit}, RoleName: Changed, RequireMfa: true"
                ),
            ),
        ],
        &expect![[r"
              Same does not change

            + New is created
                + account 444455556666
                + sessions of up to 3600 seconds
                + access until 2099-01-01T00:00:00Z
                + arn:aws:iam::aws:policy/SecurityAudit
                  1. iam:CreateRole (a name derived from the stack)
                  2. iam:PutRolePolicy ServiceProviderAccessGuardrails
                  3. iam:AttachRolePolicy arn:aws:iam::aws:policy/SecurityAudit

            -/+ Moved is replaced: a new role takes its place
                ! ends all sessions of the old role, since it is removed
                  1. iam:CreateRole After
                  2. iam:PutRolePolicy ServiceProviderAccessGuardrails
                  3. iam:AttachRolePolicy arn:aws:iam::aws:policy/SecurityAudit
                  4. iam:DetachRolePolicy arn:aws:iam::aws:policy/SecurityAudit
                  5. iam:DeleteRolePolicy ServiceProviderAccessGuardrails
                  6. iam:DeleteRole

            ~ Changed is changed
                + account 777788889999
                + arn:aws:iam::aws:policy/SecurityAudit
                + s3:GetObject on arn:aws:s3:::b/*
                + s3:* on arn:aws:s3:::a/private/*, which was denied
                - account 444455556666
                - callers without MFA
                - sessions of up to 7200 seconds (3600 from now on)
                - s3:PutObject on arn:aws:s3:::a/*
                ! ends all sessions that were issued before the change
                  1. iam:TagRole service-provider-access:revoke,service-provider-access:state
                  2. iam:UpdateRole
                  3. iam:PutRolePolicy CustomPolicy
                  4. iam:UpdateAssumeRolePolicy
                  5. iam:PutRolePolicy AWSRevokeOlderSessions
                  6. iam:UntagRole service-provider-access:revoke
                  7. iam:PutRolePolicy CustomPolicy; iam:AttachRolePolicy arn:aws:iam::aws:policy/SecurityAudit
                  8. iam:TagRole service-provider-access:external-id

            - Gone is removed
                - account 444455556666
                - arn:aws:iam::aws:policy/SecurityAudit
                ! ends all sessions, since the role is removed
                  1. iam:DetachRolePolicy arn:aws:iam::aws:policy/SecurityAudit
                  2. iam:DeleteRolePolicy ServiceProviderAccessGuardrails
                  3. iam:DeleteRole

            Plan: 1 to create, 1 to update, 1 to replace, 1 to delete, 1 unchanged.
        "]],
    );
}

#[test]
fn conditions_are_told_in_words() {
    let audit = "ManagedPolicyArns: \"arn:aws:iam::aws:policy/SecurityAudit\", RoleName: A, ExternalAwsAccountId: \"444455556666\"";
    let with = |more: &str| [role("A", &format!("{audit}{more}"))];
    let narrow = ", RequireMfa: true, MfaMaxAge: 600, SourceIps: [203.0.113.0/24], PrincipalOrgId: o-aaaaaaaaaa, ExpiresAt: \
                  \"2099-01-01T00:00:00Z\", AllowedPrincipalArns: \"arn:aws:iam::444455556666:role/a\", PermissionsBoundary: \
                  \"arn:aws:iam::aws:policy/PowerUserAccess\"";
    check(
        &with(""),
        &with(narrow),
        &expect![[r"
            ~ A is changed
                + principal arn:aws:iam::444455556666:role/a
                - account 444455556666
                - callers who used MFA more than 600 seconds ago
                - callers outside the organization o-aaaaaaaaaa
                - calls from outside 203.0.113.0/24
                - access after 2099-01-01T00:00:00Z
                - what the permissions boundary arn:aws:iam::aws:policy/PowerUserAccess does not allow
                ! ends all sessions that were issued before the change
                ! ends all sessions at 2099-01-01T00:00:00Z
                  1. iam:TagRole service-provider-access:revoke,service-provider-access:state
                  2. iam:PutRolePermissionsBoundary arn:aws:iam::aws:policy/PowerUserAccess
                  3. iam:PutRolePolicy ServiceProviderAccessGuardrails
                  4. iam:UpdateAssumeRolePolicy
                  5. iam:PutRolePolicy AWSRevokeOlderSessions
                  6. iam:UntagRole service-provider-access:revoke

            Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 unchanged.
        "]],
    );
    check(
        &with(narrow),
        &with(", ExpiresAt: \"2100-01-01T00:00:00Z\", SourceIps: [198.51.100.0/24]"),
        &expect![[r"
            ~ A is changed
                + account 444455556666
                + callers who used MFA more than 600 seconds ago
                + callers outside the organization o-aaaaaaaaaa
                + calls from 198.51.100.0/24
                + access until 2100-01-01T00:00:00Z (2099-01-01T00:00:00Z before)
                + what the permissions boundary arn:aws:iam::aws:policy/PowerUserAccess does not allow
                - principal arn:aws:iam::444455556666:role/a
                - calls from 203.0.113.0/24
                ! ends all sessions that were issued before the change
                  1. iam:TagRole service-provider-access:revoke,service-provider-access:state
                  2. iam:UpdateAssumeRolePolicy
                  3. iam:PutRolePolicy AWSRevokeOlderSessions
                  4. iam:UntagRole service-provider-access:revoke
                  5. iam:PutRolePolicy ServiceProviderAccessGuardrails
                  6. iam:DeleteRolePermissionsBoundary

            Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 unchanged.
        "]],
    );
    check(
        &with(""),
        &with(", Revision: 2"),
        &expect![[r"
              A does not change

            Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 1 unchanged.
        "]],
    );
}

#[test]
fn what_is_unknown_is_listed_and_the_rest_is_planned() {
    let unknown = "ExternalAwsAccountId: !Ref Provider, RoleName: !Sub \"${Topic.TopicName}-x\", ExternalId: !GetAtt Topic.Arn, \
                   ManagedPolicyArns: [!Ref Topic, \"arn:aws:iam::aws:policy/SecurityAudit\"]";
    check(
        &[],
        &[role("A", unknown)],
        &expect![[r"
            + A is created
                + an account that is known after deployment only
                + sessions of up to 3600 seconds
                + arn:aws:iam::aws:policy/SecurityAudit
                + arn:aws:iam::aws:policy/known-after-deployment
                ? ExternalAwsAccountId is known after deployment only: the parameter Provider, which has no value here.
                ? RoleName is known after deployment only: Fn::GetAtt of Topic.TopicName.
                ? ExternalId is known after deployment only: Fn::GetAtt of Topic.Arn.
                ? ManagedPolicyArns is known after deployment only: Ref of Topic.
                  1. iam:CreateRole (a name derived from the stack)
                  2. iam:PutRolePolicy ServiceProviderAccessGuardrails
                  3. iam:AttachRolePolicy arn:aws:iam::aws:policy/SecurityAudit; iam:AttachRolePolicy arn:aws:iam::aws:policy/known-after-deployment

            Plan: 1 to create, 0 to update, 0 to replace, 0 to delete, 0 unchanged.
        "]],
    );
    check(
        &[role("A", unknown)],
        &[role("A", &format!("{unknown}, MaxSessionDuration: 7200"))],
        &expect![[r"
            ~ A is changed
                + sessions of up to 7200 seconds (3600 before)
                warning: MaxSessionDuration is 7200 seconds, but a provider that calls from a role session (role chaining) gets one hour at most. [role-chaining]
                ? ExternalAwsAccountId is known after deployment only: the parameter Provider, which has no value here.
                ? RoleName is known after deployment only: Fn::GetAtt of Topic.TopicName.
                ? ExternalId is known after deployment only: Fn::GetAtt of Topic.Arn.
                ? ManagedPolicyArns is known after deployment only: Ref of Topic.
                  1. iam:TagRole service-provider-access:state
                  2. iam:UpdateRole

            Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 unchanged.
        "]],
    );
}

#[test]
fn what_the_function_would_refuse_is_said() {
    let audit = "ManagedPolicyArns: \"arn:aws:iam::aws:policy/SecurityAudit\", ExternalAwsAccountId: \"444455556666\"";
    let old = [role("A", &format!("{audit}, RoleName: a")), role("B", &format!("{audit}, RoleName: b"))];
    let run = plan(
        &old,
        &[
            role("A", &format!("{audit}, RoleName: a, Path: /delegated/x/")),
            role("B", &format!("{audit}, RoleName: b, RequireMFA: true")),
        ],
        &[],
    );
    assert_eq!((run.code, run.remarks.as_str()), (1, ""));
    expect![[r#"
          A is refused
            error: Path is /delegated/x/, but the role a is under /delegated/, and IAM cannot move a role. Change RoleName together with Path, so that a new role replaces this one. [cannot-change]

          B is refused
            error: "RequireMFA" is not a property of this resource: use RequireMfa. [unknown-property]

        Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 0 unchanged, 2 refused.
    "#]]
    .assert_eq(&run.printed);
    let run = plan(&[role("A", "RoleName: a")], &old, &[]);
    assert_eq!((run.code, run.printed.as_str()), (2, ""));
    expect![[r"
        delegated-role: The old template's A is one that the function refuses: ExternalAwsAccountId is missing; give the provider's AWS account ID of 12 digits. [missing-property]
    "]]
    .assert_eq(&run.remarks);
}

#[test]
fn a_rotation_of_the_external_id_is_planned_and_no_id_is_printed() {
    let with = |ids: &str| {
        let audit = "ManagedPolicyArns: \"arn:aws:iam::aws:policy/SecurityAudit\"";
        [role("A", &format!("RoleName: A, ExternalAwsAccountId: \"444455556666\", {audit}, ExternalId: {ids}"))]
    };
    let (first, both, second) = ("!Ref Secret", "[!Ref Secret, another-external-id-4711]", "another-external-id-4711");
    check(
        &with(first),
        &with(both),
        &expect![[r"
        ~ A is changed
            + callers with the new external ID
              1. iam:TagRole service-provider-access:state
              2. iam:UpdateAssumeRolePolicy

        Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 unchanged.
    "]],
    );
    check(
        &with(both),
        &with(second),
        &expect![[r"
        ~ A is changed
            - callers with an external ID that is no longer accepted
            ! ends all sessions that were issued before the change
              1. iam:TagRole service-provider-access:revoke,service-provider-access:state
              2. iam:UpdateAssumeRolePolicy
              3. iam:PutRolePolicy AWSRevokeOlderSessions
              4. iam:UntagRole service-provider-access:revoke

        Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 unchanged.
    "]],
    );
}

/// A stack's parameters change more often than its template.
#[test]
fn an_update_of_parameters_is_planned_with_those_of_the_old_template() {
    let access = template(&[role(
        "A",
        "RoleName: A, ExternalAwsAccountId: !Ref Provider, ManagedPolicyArns: \"arn:aws:iam::aws:policy/SecurityAudit\"",
    )]);
    let files = [
        ("a.yaml", &access[..]),
        ("old.json", "{\"Provider\": \"444455556666\"}"),
        ("new.txt", "Provider=777788889999"),
    ];
    let folder = Folder::new(&files);
    let against = ["plan", "a.yaml", "--against", "a.yaml", "--parameters", "new.txt"];
    let run = folder.run(&[&against[..], &["--against-parameters", "old.json"]].concat());
    assert_eq!((run.code, run.remarks.as_str()), (0, ""));
    expect![[r"
        ~ A is changed
            + account 777788889999
            - account 444455556666
            ! ends all sessions that were issued before the change
              1. iam:TagRole service-provider-access:revoke,service-provider-access:state
              2. iam:UpdateAssumeRolePolicy
              3. iam:PutRolePolicy AWSRevokeOlderSessions
              4. iam:UntagRole service-provider-access:revoke

        Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 unchanged.
    "]]
    .assert_eq(&run.printed);
    assert!(folder.run(&against).printed.contains("1 unchanged"));
}

/// What is refused in any case is said, also where something else is unknown. A service token usually is.
#[test]
fn what_is_unknown_is_not_blamed_for_what_is_refused() {
    let token = |properties: &str| {
        role("A", properties).replace("ServiceToken: !Ref AWS::NoValue", "ServiceToken: !GetAtt Topic.TopicArn")
    };
    let audit = "ManagedPolicyArns: \"arn:aws:iam::aws:policy/SecurityAudit\"";
    let right = token(&format!("{audit}, ExternalAwsAccountId: \"444455556666\""));
    let wrong = token(&format!("{audit}, ExternalAwsAccountId: [\"1\", !Ref Topic]"));
    let needed =
        token(&format!("{audit}, ExternalAwsAccountId: \"444455556666\", RequireMfa: !Ref Topic, MfaMaxAge: 600"));
    let mut remarks = String::new();
    for old in [wrong, needed] {
        let run = plan(&[old], std::slice::from_ref(&right), &[]);
        assert_eq!((run.code, run.printed.as_str()), (2, ""));
        remarks += &run.remarks;
    }
    expect![[r"
        delegated-role: The old template's A is one that the function refuses: ExternalAwsAccountId is not well-formed (its value is not repeated here); it must be an AWS account ID of 12 digits, in quotes where it starts with 0. [invalid-value]
        delegated-role: A cannot be planned while these properties are known after deployment only: RequireMfa. Give --parameter or --parameters.
    "]].assert_eq(&remarks);
}

#[test]
fn programs_read_the_same() {
    let audit = "ManagedPolicyArns: \"arn:aws:iam::aws:policy/SecurityAudit\", RoleName: A, ExternalId: !Ref Secret";
    let old = [role("A", &format!("{audit}, ExternalAwsAccountId: [\"444455556666\", \"777788889999\"]"))];
    let new = [role("A", &format!("{audit}, ExternalAwsAccountId: \"444455556666\""))];
    let json: Value = serde_json::from_str(&plan(&old, &new, &["--format", "json"]).printed).unwrap();
    assert_eq!(
        json,
        json!({"Resources": [{
            "LogicalId": "A", "Action": "update", "Gains": [], "Loses": ["account 777788889999"], "EndsSessions": true,
            "Operations": [
                "iam:TagRole service-provider-access:revoke,service-provider-access:state",
                "iam:UpdateAssumeRolePolicy",
                "iam:PutRolePolicy AWSRevokeOlderSessions",
                "iam:UntagRole service-provider-access:revoke",
            ],
        }]})
    );
}

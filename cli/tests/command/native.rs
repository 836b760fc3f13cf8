//! What `native` prints. `make templates` lints the printed templates.

use expect_test::{ExpectFile, expect, expect_file};

use crate::run::Folder;

const SECRET: &str = "a-secret-external-id-4711";

const TEMPLATE: &str = r#"Parameters:
  Secret: {Type: String, NoEcho: true}
  Unknown: {Type: String}
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Access:
    Type: Custom::DelegatedRole
    Properties:
      ServiceToken: !ImportValue service-provider-access-ServiceToken
      ExternalAwsAccountId: ["444455556666", "777788889999"]
      ExternalId: [!Ref Secret, another-external-id-4711]
      RequireMfa: true
      MfaMaxAge: 600
      SourceIps: [203.0.113.0/24, 198.51.100.0/24]
      RoleName: Auditor
      Description: "for the auditor: \"all\""
      Tags: [{Key: "team: a", Value: b}]
      ExpiresAt: "2099-01-01T00:00:00Z"
      ManagedPolicyArns: arn:aws:iam::aws:policy/SecurityAudit
      PermissionsBoundary: arn:aws:iam::aws:policy/PowerUserAccess
      RevokeSessions: Never
      PolicyOwnership: Declared
      CustomPolicy:
        Version: "2012-10-17"
        Statement:
          - Sid: ReadOwn
            Effect: Allow
            Action: [s3:GetObject, s3:ListBucket]
            Resource: ["arn:aws:s3:::a", !Sub "arn:aws:s3:::a/${!aws:username}/*"]
  Generated:
    Type: Custom::DelegatedRole
    Properties:
      ExternalAwsAccountId: "444455556666"
      ManagedPolicyArns: arn:aws:iam::aws:policy/SecurityAudit
"#;

fn check(template: &str, options: &[&str], expected: &ExpectFile) {
    let secret = format!("Secret={SECRET}");
    let folder = Folder::new(&[("a.yaml", template), ("secret.txt", &secret)]);
    let run = folder.run(&[&["native", "a.yaml", "--parameters", "secret.txt"], options].concat());
    assert_eq!((run.code, run.remarks.as_str()), (0, ""));
    assert!(!run.printed.contains("4711"), "an external ID is printed: {}", run.printed);
    expected.assert_eq(&run.printed);
}

#[test]
fn every_property_has_its_native_form() {
    check(TEMPLATE, &[], &expect_file!["../golden/native.yaml"]);
}

#[test]
fn what_is_unknown_is_a_comment() {
    let template = "Parameters: {Secret: {Type: String}}\nResources:\n  Topic: {Type: AWS::SNS::Topic}\n  Access:\n    Type: \
                    Custom::DelegatedRole\n    Properties: {ExternalAwsAccountId: !Ref Secret, ExternalId: !GetAtt Topic.TopicName, \
                    CustomPolicy: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Action: sns:Publish, Resource: !Ref Topic}]}}\n";
    let options = ["--account", "111122223333", "--stack-name", "access"];
    let template = template.replace("!Ref Secret", "\"444455556666\"");
    check(&template, &options, &expect_file!["../golden/native_with_unknowns.yaml"]);
}

#[test]
fn a_role_that_the_function_refuses_is_not_printed() {
    let template = "Resources:\n  Access:\n    Type: Custom::DelegatedRole\n    Properties: {}\n";
    let run = Folder::new(&[("a.yaml", template)]).run(&["native", "a.yaml"]);
    assert_eq!(run.code, 1);
    expect![[r"
        a.yaml:2:3: Access: ExternalAwsAccountId is missing; give the provider's AWS account ID of 12 digits. [missing-property]
    "]]
    .assert_eq(&run.remarks);
    assert!(run.printed.ends_with("Resources: {}\n"), "{}", run.printed);
}

//! What `check` prints.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::run::Folder;

const TEMPLATE: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Provider:
    Type: CommaDelimitedList
    Default: "444455556666, 777788889999"
  Mfa: {Type: String}
  Secret: {Type: String, NoEcho: true}
Mappings:
  Sessions:
    Long: {Seconds: 86400}
Conditions:
  Never: !Equals [a, b]
  InIreland: !Equals [!Ref AWS::Region, eu-west-1]
Resources:
  Gone:
    Type: Custom::DelegatedRole
    Condition: Never
    Properties: {}
  Access:
    Type: Custom::DelegatedRole
    Properties:
      ServiceToken: !Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:service-provider-access
      ExternalAwsAccountId: !Ref Provider
      RequireMFA: true
      MfaMaxAge: 3600
      RequireMfa: !Ref Mfa
      ExternalId: !GetAtt Id.ExternalId
      MaxSessionDuration: !FindInMap [Sessions, Long, Seconds]
      RoleName: !If [Never, "not a name", !Ref AWS::NoValue]
      Path: !If [InIreland, /elsewhere/, /delegated/]
      SourceIps:
        - 10.0.0.0/8
        - !Ref Secret
      CustomPolicy:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Action: s3:GetObject
            Resource: !Sub ${Bucket.Arn}/*
          - Effect: Allow
            Action: iam:PutRolePolicy
            Resource: "*"
  Id:
    Type: Custom::ExternalId
    Properties: {Prefix: "a b"}
  Probe:
    Type: Custom::AccessCheck
    Properties:
      RoleArn: !Sub arn:aws:iam::${Secret}:role/x
  Other:
    Type: AWS::S3::Bucket
"#;

fn check(options: &[&str], code: i32, expected: &Expect) {
    let run = Folder::new(&[("a.yaml", TEMPLATE)]).run(&[&["check", "a.yaml"], options].concat());
    assert_eq!((run.code, run.remarks.as_str()), (code, ""));
    expected.assert_eq(&run.printed);
}

#[test]
fn findings_have_their_place_and_what_is_unknown_is_listed() {
    check(
        &[],
        1,
        &expect![[r#"
            a.yaml:31:7   error[invalid-value]     SourceIps is "10.0.0.0/8"; it must be a range of public addresses only: AWS sees the caller's public address, never a private one.
            a.yaml:28:7   error[invalid-value]     MaxSessionDuration is "86400"; it must be a whole number from 3600 to 43200 (seconds).
            a.yaml:24:7   error[unknown-property]  "RequireMFA" is not a property of this resource: use RequireMfa.
            a.yaml:40:13  error[administrative]    CustomPolicy gives administrator-equivalent access: statement 2 allows iam:PutRolePolicy on *. Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true.
            a.yaml:26:7   unknown                  RequireMfa is known after deployment only: the parameter Mfa, which has no value here.
            a.yaml:27:7   unknown                  ExternalId is known after deployment only: Fn::GetAtt of Id.ExternalId.
            a.yaml:30:7   unknown                  Path is known after deployment only: the condition InIreland.
            a.yaml:31:7   unknown                  SourceIps is known after deployment only: the parameter Secret, which has no value here.
            a.yaml:34:7   unknown                  CustomPolicy is known after deployment only: Fn::GetAtt of Bucket.Arn.
            a.yaml:45:18  error[invalid-value]     Prefix is "a b"; it must be 1 to 32 characters of A-Za-z0-9-.
            a.yaml:46:3   error[missing-property]  ExternalId is missing; give the external ID of this customer.
            a.yaml:49:7   unknown                  RoleArn is known after deployment only: the parameter Secret, which has no value here.
            Checked 3 resources in 1 template: 6 errors, 0 warnings. 6 properties known after deployment only.
        "#]],
    );
}

#[test]
fn a_managed_policy_that_is_not_known_is_named_with_what_to_check() {
    let template = r#"
Resources:
  Role:
    Type: Custom::DelegatedRole
    Properties:
      ServiceToken: !ImportValue service-provider-access-ServiceToken
      ExternalAwsAccountId: "222222222222"
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/SecurityAudit
        - arn:aws:iam::aws:policy/SecurityAudits
        - arn:aws:iam::111122223333:policy/Own
"#;
    let run = Folder::new(&[("a.yaml", template)]).run(&["check", "a.yaml", "--account", "111122223333"]);
    assert_eq!((run.code, run.remarks.as_str()), (0, ""));
    expect![[r"
        a.yaml:8:7  unknown  ManagedPolicyArns is known after deployment only: what arn:aws:iam::111122223333:policy/Own allows, which depends on the account; what arn:aws:iam::aws:policy/SecurityAudits allows, since this version knows no AWS managed policy of that name (check its spelling).
        Checked 1 resource in 1 template: 0 errors, 0 warnings. 1 property known after deployment only.
    "]]
    .assert_eq(&run.printed);
}

#[test]
fn parameters_and_limits_are_judged() {
    check(
        &[
            "--parameter",
            "Mfa=false",
            "--region",
            "eu-west-1",
            "--account",
            "444455556666",
            "--limit",
            "TrustedAccountIds=444455556666",
            "--limit",
            "MAX_SESSION_DURATION_CAP=7200",
        ],
        1,
        &expect![[r#"
            a.yaml:23:7   error[own-account]             ExternalAwsAccountId is 444455556666, which is this account; give the provider's account ID.
            a.yaml:23:7   error[not-permitted-by-owner]  ExternalAwsAccountId is 777788889999, which the function's owner does not allow roles to trust (TrustedAccountIds: only 444455556666); ask the owner to add it.
            a.yaml:25:7   error[conflicting-properties]  MfaMaxAge has no effect without RequireMfa; set RequireMfa to true or remove MfaMaxAge.
            a.yaml:31:7   error[invalid-value]           SourceIps is "10.0.0.0/8"; it must be a range of public addresses only: AWS sees the caller's public address, never a private one.
            a.yaml:28:7   error[invalid-value]           MaxSessionDuration is "86400"; it must be a whole number from 3600 to 43200 (seconds).
            a.yaml:30:7   error[not-permitted-by-owner]  Path is /elsewhere/, but the function's owner requires paths that start with /delegated/ (RolePathPrefix).
            a.yaml:24:7   error[unknown-property]        "RequireMFA" is not a property of this resource: use RequireMfa.
            a.yaml:40:13  error[administrative]          CustomPolicy gives administrator-equivalent access: statement 2 allows iam:PutRolePolicy on *. Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true.
            a.yaml:27:7   unknown                        ExternalId is known after deployment only: Fn::GetAtt of Id.ExternalId.
            a.yaml:31:7   unknown                        SourceIps is known after deployment only: the parameter Secret, which has no value here.
            a.yaml:34:7   unknown                        CustomPolicy is known after deployment only: Fn::GetAtt of Bucket.Arn.
            a.yaml:45:18  error[invalid-value]           Prefix is "a b"; it must be 1 to 32 characters of A-Za-z0-9-.
            a.yaml:46:3   error[missing-property]        ExternalId is missing; give the external ID of this customer.
            a.yaml:49:7   unknown                        RoleArn is known after deployment only: the parameter Secret, which has no value here.
            Checked 3 resources in 1 template: 10 errors, 0 warnings. 4 properties known after deployment only.
        "#]],
    );
}

#[test]
fn programs_read_the_same() {
    let folder = Folder::new(&[("a b.yaml", TEMPLATE)]);
    let json: Value = serde_json::from_str(&folder.run(&["check", "a b.yaml", "--format", "json"]).printed).unwrap();
    let [access, id, probe] = json["Resources"].as_array().unwrap().as_slice() else { panic!("{json:#}") };
    assert_eq!(
        *id,
        json!({
            "Template": "a b.yaml", "LogicalId": "Id", "Type": "Custom::ExternalId", "Line": 43,
            "Findings": [{
                "Code": "invalid-value", "Severity": "error", "Property": "Prefix", "Line": 45,
                "Message": "Prefix is \"a b\"; it must be 1 to 32 characters of A-Za-z0-9-.",
            }],
            "Unknown": [],
        })
    );
    assert_eq!(access["Unknown"], json!(["RequireMfa", "ExternalId", "Path", "SourceIps", "CustomPolicy"]));
    assert_eq!(probe["Unknown"], json!(["RoleArn"]));
    let sarif: Value = serde_json::from_str(&folder.run(&["check", "a b.yaml", "--format", "sarif"]).printed).unwrap();
    let run = &sarif["runs"][0];
    let rules: Vec<_> = run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
    assert_eq!(sarif["version"], "2.1.0");
    for result in run["results"].as_array().unwrap() {
        assert!(rules.contains(&&result["ruleId"]), "{result:#}");
    }
    let found = run["results"].as_array().unwrap().iter().find(|result| result["ruleId"] == "administrative").unwrap();
    assert_eq!(
        (&found["level"], &found["locations"][0]["physicalLocation"]),
        (
            &json!("error"),
            &json!({"artifactLocation": {"uri": "a%20b.yaml"}, "region": {"startLine": 40, "startColumn": 13}})
        )
    );
}

/// The same role in every form of a template reads the same.
#[test]
fn json_and_the_long_form_read_the_same() {
    let yaml = "Parameters: {P: {Type: String, Default: \"0123\"}}\nResources:\n  A:\n    Type: Custom::DelegatedRole\n    \
                Properties:\n      ExternalAwsAccountId: !Sub \"${P}\"\n      Description: !Join [\"-\", [a, !Ref P]]\n      \
                Tags: [{Key: !Select [1, !Split [\",\", \"a,b\"]], Value: x}]\n";
    let json = json!({
        "Parameters": {"P": {"Type": "String", "Default": "0123"}},
        "Resources": {"A": {"Type": "Custom::DelegatedRole", "Properties": {
            "ExternalAwsAccountId": {"Fn::Sub": "${P}"},
            "Description": {"Fn::Join": ["-", ["a", {"Ref": "P"}]]},
            "Tags": [{"Key": {"Fn::Select": ["1", {"Fn::Split": [",", "a,b"]}]}, "Value": "x"}],
        }}},
    });
    let folder = Folder::new(&[("a.yaml", yaml), ("a.json", &format!("{json:#}"))]);
    let messages = |file: &str| {
        let run = folder.run(&["check", "--format", "json", file]);
        assert_eq!((run.code, run.remarks.as_str()), (1, ""));
        let json: Value = serde_json::from_str(&run.printed).unwrap();
        let findings = json["Resources"][0]["Findings"].as_array().unwrap().clone();
        findings.into_iter().map(|finding| finding["Message"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(messages("a.yaml"), messages("a.json"));
    assert_eq!(messages("a.yaml").len(), 2, "{:?}", messages("a.yaml"));
}

/// Scalars as CloudFormation passes them on: YAML 1.1.
#[test]
fn scalars_read_as_in_yaml_1_1() {
    let template = "Resources:\n  A:\n    Type: Custom::DelegatedRole\n    Properties:\n      ExternalAwsAccountId: 012345670123\n      \
                    RequireMfa: yes\n      MfaMaxAge: 3_600\n      MaxSessionDuration: 0x1c20\n      Description: \"yes\"\n";
    let run = Folder::new(&[("a.yaml", template)]).run(&["check", "a.yaml"]);
    expect![[r"
        a.yaml:5:7  error[invalid-value]     ExternalAwsAccountId is not well-formed (its value is not repeated here); it must be an AWS account ID of 12 digits, in quotes where it starts with 0.
        a.yaml:8:7  warning[role-chaining]   MaxSessionDuration is 7200 seconds, but a provider that calls from a role session (role chaining) gets one hour at most.
        a.yaml:2:3  warning[grants-nothing]  The role grants nothing: set CustomPolicy or ManagedPolicyArns.
        Checked 1 resource in 1 template: 1 error, 2 warnings.
    "]]
    .assert_eq(&run.printed);
}

#[test]
fn values_of_parameters_come_from_files_of_every_form() {
    let template = "Parameters:\n  P: {Type: String}\n  Q: {Type: String, NoEcho: true}\nResources:\n  A:\n    Type: \
                    Custom::DelegatedRole\n    Properties: {ExternalAwsAccountId: \"444455556666\", RoleName: !Ref P, ExternalId: !Ref Q}\n";
    let files = [
        (
            "a.json",
            r#"[{"ParameterKey": "P", "ParameterValue": "not a name"}, {"ParameterKey": "Q", "ParameterValue": "a=b c"}]"#,
        ),
        ("b.json", r#"["P=not a name", "Q=a=b c"]"#),
        ("c.json", r#"{"P": "not a name", "Q": "a=b c"}"#),
        ("d.json", r#"{"Parameters": {"P": "not a name", "Q": "a=b c"}}"#),
        (
            "e.toml",
            "version = 0.1\n[other.deploy.parameters]\nparameter_overrides = \"P=x\"\n[default.deploy.parameters]\nstack_name = \
             \"x\"\nparameter_overrides = \"P=\\\"not a name\\\" Q='a=b c'\"\n",
        ),
        ("f.toml", "[default.deploy.parameters]\nparameter_overrides = [\n  \"P=not a name\",\n  'Q=a=b c',\n]\n"),
        ("g.txt", "# values\nP=not a name\nQ=a=b c\n"),
    ];
    let folder = Folder::new(&[&[("t.yaml", template)][..], &files[..]].concat());
    let expected = folder.run(&["check", "t.yaml", "--parameters", "a.json"]);
    expect![[r#"
        t.yaml:7:74  error[invalid-value]     ExternalId is not well-formed (its value is not repeated here); it must be 2 to 1224 characters of A-Za-z0-9_+=,.@:/- (character 4 of 5 is none of them).
        t.yaml:7:56  error[invalid-value]     RoleName is "not a name"; it must be 1 to 64 characters of A-Za-z0-9_+=,.@-.
        t.yaml:5:3   warning[grants-nothing]  The role grants nothing: set CustomPolicy or ManagedPolicyArns.
        Checked 1 resource in 1 template: 2 errors, 1 warning.
    "#]]
    .assert_eq(&expected.printed);
    for (file, _) in files {
        let run = folder.run(&["check", "t.yaml", "--parameters", file]);
        assert_eq!(run.printed, expected.printed, "{file}: {}", run.remarks);
    }
}

/// Of a value that is not known, nothing is said; the rest is judged.
#[test]
fn what_is_unknown_makes_no_finding() {
    let template = |properties: &str| {
        format!(
            "Parameters: {{U: {{Type: String}}}}\nResources:\n  A:\n    Type: Custom::DelegatedRole\n    Properties: {properties}\n"
        )
    };
    for properties in [
        "{ExternalAwsAccountId: !Ref U, CustomPolicy: !Ref U}",
        "{ExternalAwsAccountId: !Ref U, ManagedPolicyArns: [!Ref U]}",
        "{ExternalAwsAccountId: !Ref U, ManagedPolicyArns: [!Sub \"arn:aws:iam::${AWS::AccountId}:policy/a\"]}",
        "{ExternalAwsAccountId: !Ref U, ManagedPolicyArns: [\"arn:aws:iam::111122223333:policy/a\"]}",
        "{ExternalAwsAccountId: [!Ref U], ManagedPolicyArns: !Ref U, RequireMfa: !Ref U, MfaMaxAge: 60}",
        "{ExternalAwsAccountId: \"444455556666\", ManagedPolicyArns: !Ref U, HomeRegion: eu-west-1, RoleName: a}",
        "{ExternalAwsAccountId: [\"444455556666\", !Ref U], ManagedPolicyArns: !Ref U, AllowedPrincipalArns: \
         [\"arn:aws:iam::777788889999:role/a\", !Sub \"arn:aws:iam::${U}:role/b\"]}",
        "{ExternalAwsAccountId: \"444455556666\", CustomPolicy: {Version: \"2012-10-17\", Statement: [{Effect: !Ref U, \
         Action: [!Ref U], Resource: !Sub \"${U}/*\"}, !Ref U]}}",
        "{ExternalAwsAccountId: \"444455556666\", ManagedPolicyArns: !Ref U, Tags: [{Key: a, Value: !Ref U}, !Ref U]}",
        "{ExternalAwsAccountId: \"444455556666\", Policies: !Ref U, AllowSessionTags: !Ref U}",
        "{ExternalAwsAccountId: \"444455556666\", Policies: [!Ref U, {PolicyName: !Ref U, PolicyDocument: !Ref U}]}",
    ] {
        let run = Folder::new(&[("a.yaml", &template(properties))]).run(&["check", "a.yaml"]);
        assert!(run.printed.contains(": 0 errors, 0 warnings."), "{properties}\n{}{}", run.printed, run.remarks);
        assert_eq!(run.code, 0);
    }
    let rest = "{ExternalAwsAccountId: [!Ref U, \"444455556666\"], ManagedPolicyArns: [!Ref U, \
                \"arn:aws:iam::aws:policy/AdministratorAccess\"], SourceIps: [!Ref U, 10.0.0.0/8, !Ref U], CustomPolicy: {Version: \"2012-10-17\", Statement: [!Ref U, {Effect: Allow, Action: [!Ref U, \"*\"], \
                Resource: [!Ref U, \"*\"]}]}}";
    let run = Folder::new(&[("a.yaml", &template(rest))]).run(&["check", "a.yaml", "--account", "444455556666"]);
    expect![[r#"
        a.yaml:5:18   error[own-account]     ExternalAwsAccountId is 444455556666, which is this account; give the provider's account ID.
        a.yaml:5:142  error[invalid-value]   SourceIps is "10.0.0.0/8"; it must be a range of public addresses only: AWS sees the caller's public address, never a private one.
        a.yaml:5:241  error[administrative]  CustomPolicy gives administrator-equivalent access: statement 2 allows * on *, (known after deployment). Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true.
        a.yaml:5:66   error[administrative]  ManagedPolicyArns gives administrator-equivalent access: arn:aws:iam::aws:policy/AdministratorAccess. Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true.
        a.yaml:5:18   unknown                ExternalAwsAccountId is known after deployment only: the parameter U, which has no value here.
        a.yaml:5:66   unknown                ManagedPolicyArns is known after deployment only: the parameter U, which has no value here.
        a.yaml:5:142  unknown                SourceIps is known after deployment only: the parameter U, which has no value here.
        a.yaml:5:183  unknown                CustomPolicy is known after deployment only: the parameter U, which has no value here.
        Checked 1 resource in 1 template: 4 errors, 0 warnings. 4 properties known after deployment only.
    "#]]
    .assert_eq(&run.printed);
}

#[test]
fn the_limits_are_those_of_the_template_that_installs_the_function() {
    let installation = include_str!("../../../template.yaml").replace("Default: /delegated/", "Default: /partners/");
    let template = "Resources:\n  A:\n    Type: Custom::DelegatedRole\n    Properties: {ExternalAwsAccountId: \"444455556666\", \
                    Path: /delegated/, ManagedPolicyArns: \"arn:aws:iam::aws:policy/SecurityAudit\"}\n";
    let folder = Folder::new(&[("a.yaml", template), ("template.yaml", &installation)]);
    let run = folder.run(&["check", "a.yaml", "--installed-by", "template.yaml"]);
    expect![[r"
        a.yaml:4:18  error[not-permitted-by-owner]  ExternalAwsAccountId is 444455556666, which the function's owner does not allow roles to trust (TrustedAccountIds: none); ask the owner to add it.
        a.yaml:4:56  error[not-permitted-by-owner]  Path is /delegated/, but the function's owner requires paths that start with /partners/ (RolePathPrefix).
        Checked 1 resource in 1 template: 2 errors, 0 warnings.
    "]]
    .assert_eq(&run.printed);
    let lifted = ["--limit", "RolePathPrefix=/delegated/", "--limit", "TrustedAccountIds=*"];
    let run = folder.run(&[&["check", "a.yaml", "--installed-by", "template.yaml"][..], &lifted].concat());
    assert_eq!(run.code, 0, "{}", run.printed);
}

/// `template.yaml` with a role: its parameters are the owner's, too.
#[test]
fn a_template_that_installs_the_function_beside_a_role_has_its_own_limits() {
    let folder = Folder::new(&[("template.yaml", include_str!("../../../template.yaml"))]);
    let place = ["--account", "111122223333", "--region", "us-east-1"];
    let parameters = ["--parameter", "ExternalAwsAccountId=444455556666"];
    let options = [&["check", "template.yaml", "--installed-by", "template.yaml"][..], &place, &parameters].concat();
    let run = folder.run(&options);
    assert_eq!((run.code, run.remarks.as_str()), (0, ""), "{}", run.printed);
    let run = folder.run(&[&options[..], &["--parameter", "TrustedAccountIds=777788889999"]].concat());
    assert!(run.printed.contains("(TrustedAccountIds: only 777788889999)"), "{}", run.printed);
}

#[test]
fn the_templates_of_this_repository_are_fine() {
    for (name, template) in [
        ("template.yaml", include_str!("../../../template.yaml")),
        ("provider.yaml", include_str!("../../../provider.yaml")),
        ("stackset.yaml", include_str!("../../../stackset.yaml")),
        ("customer.yaml", include_str!("../../../examples/customer.yaml")),
        ("customer-quickstart.yaml", include_str!("../../../examples/customer-quickstart.yaml")),
        ("provider-onboarding.yaml", include_str!("../../../examples/provider-onboarding.yaml")),
    ] {
        let run = Folder::new(&[(name, template)]).run(&["check", name]);
        assert_eq!((run.code, run.remarks.as_str()), (0, ""), "{name}: {}", run.printed);
    }
}

#[test]
fn standard_input_is_a_template_too() {
    let run = Folder::new(&[]).run_with_input(&["check", "-"], "Resources: {A: {Type: Custom::DelegatedRole}}");
    expect![[r"
        -:1:13  error[missing-property]  ExternalAwsAccountId is missing; give the provider's AWS account ID of 12 digits.
        -:1:13  warning[grants-nothing]  The role grants nothing: set CustomPolicy or ManagedPolicyArns.
        Checked 1 resource in 1 template: 1 error, 1 warning.
    "]]
    .assert_eq(&run.printed);
}

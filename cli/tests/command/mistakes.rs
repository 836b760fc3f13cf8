//! Mistakes that authors make, and what they read: the place, what is wrong, and what to do.

use expect_test::{Expect, expect};

use crate::run::Folder;

/// A template with a role of this type, with these lines after its account.
fn template(kind: &str, lines: &str) -> String {
    format!(
        "Resources:\n  Access:\n    Type: {kind}\n    Properties:\n      ServiceToken: !ImportValue service-provider-access-ServiceToken\n\
         \x20     ExternalAwsAccountId: \"444455556666\"\n      ManagedPolicyArns: arn:aws:iam::aws:policy/SecurityAudit\n{lines}"
    )
}

fn role(lines: &str) -> String {
    template("Custom::DelegatedRole", lines)
}

fn check(file: &str, text: &str, code: i32, expected: &Expect) {
    let run = Folder::new(&[(file, text)]).run(&["check", file]);
    assert_eq!(run.code, code, "{}{}", run.printed, run.remarks);
    expected.assert_eq(&(run.printed + &run.remarks));
}

#[test]
fn a_misspelled_type() {
    check(
        "a.yaml",
        &template("Custom::DelegateRole", ""),
        1,
        &expect![[r"
        a.yaml:2:3  error[unknown-resource-type]  Custom::DelegateRole is not a resource type of this function; use Custom::DelegatedRole, Custom::ExternalId or Custom::AccessCheck.
        Checked 1 resource in 1 template: 1 error, 0 warnings.
    "]],
    );
    // Also where the service token says nothing, such as a parameter.
    let token = template("Custom::ExternalIds", "").replace("!ImportValue service-provider-access-", "prefix-");
    check(
        "a.yaml",
        &token,
        1,
        &expect![[r"
        a.yaml:2:3  error[unknown-resource-type]  Custom::ExternalIds is not a resource type of this function; use Custom::DelegatedRole, Custom::ExternalId or Custom::AccessCheck.
        Checked 1 resource in 1 template: 1 error, 0 warnings.
    "]],
    );
    // Whatever it is called, it is sent to the function.
    check(
        "a.yaml",
        &template("Custom::VendorAccess", ""),
        1,
        &expect![[r"
        a.yaml:2:3  error[unknown-resource-type]  Custom::VendorAccess is not a resource type of this function; use Custom::DelegatedRole, Custom::ExternalId or Custom::AccessCheck.
        Checked 1 resource in 1 template: 1 error, 0 warnings.
    "]],
    );
    // The resource of another function.
    let other = template("Custom::Other", "").replace("service-provider-access-", "other-");
    check(
        "a.yaml",
        &other,
        0,
        &expect![[r"
        Checked 0 resources in 1 template: 0 errors, 0 warnings.
    "]],
    );
}

#[test]
fn properties_outside_properties() {
    check(
        "a.yaml",
        &role("    RequireMfa: true\n"),
        2,
        &expect![[r"
        delegated-role: a.yaml:8:5: RequireMfa is not a member of a resource; write it under Properties.
    "]],
    );
}

#[test]
fn an_attribute_that_the_resource_does_not_have() {
    for wrong in [
        "!GetAtt Access.RoleARN",
        "!GetAtt [Access, RoleARN]",
        "!Sub \"role ${Access.RoleARN}\"",
        "!Sub [\"${Access.RoleARN}\", {}]",
    ] {
        let run = Folder::new(&[("a.yaml", &role(&format!("Outputs:\n  Role:\n    Value: {wrong}\n")))])
            .run(&["check", "a.yaml"]);
        assert_eq!((run.code, run.printed.as_str()), (2, ""), "{wrong}");
        expect![[r"
            delegated-role: a.yaml:10:12: RoleARN is not an attribute of Access (Custom::DelegatedRole): it has RoleArn, Arn, RoleName, RoleId, ExternalId, ExternalAwsAccountId, MaxSessionDuration, SwitchRoleUrl, TerraformProvider, AwsConfigProfile, Warnings.
        "]].assert_eq(&run.remarks);
    }
    let deep = "Outputs:\n  Role:\n    Value: !Join [\"\", [a, !GetAtt Access.RoleARN]]\n";
    let run = Folder::new(&[("a.yaml", &role(deep))]).run(&["check", "a.yaml"]);
    assert!(run.remarks.starts_with("delegated-role: a.yaml:10:27: RoleARN is not an attribute"), "{}", run.remarks);
    let right = "Outputs:\n  Role:\n    Value: !Sub \"${Access.RoleArn} ${!Access.X} ${AWS::Region}\"\n  Topic: {Value: !GetAtt Topic.Arn}\n";
    check(
        "a.yaml",
        &role(right),
        0,
        &expect![[r"
        Checked 1 resource in 1 template: 0 errors, 0 warnings.
    "]],
    );
}

#[test]
fn bad_indentation() {
    check(
        "a.yaml",
        &role("     RequireMfa: true\n"),
        2,
        &expect![[r"
        delegated-role: a.yaml:8:6: This is not valid YAML: while parsing a block mapping, did not find expected key. Check the indentation of this line and of the line before it.
    "]],
    );
    check(
        "a.yaml",
        &role("      Tags:\n\t  - Key: a\n"),
        2,
        &expect![[r"
        delegated-role: a.yaml:9:4: This is not valid YAML: tabs disallowed within this context (block indentation). Indent with spaces, not with tabs.
    "]],
    );
}

#[test]
fn a_comma_too_many() {
    let text = "{\n  \"Resources\": {\n    \"Access\": {\n      \"Type\": \"Custom::DelegatedRole\",\n    }\n  }\n}\n";
    check(
        "a.json",
        text,
        2,
        &expect![[r"
        delegated-role: a.json:5:5: This is not valid JSON: the comma before this '}' is one too many.
    "]],
    );
}

#[test]
fn a_secret_that_is_short_and_an_administrator_by_parameter() {
    check(
        "a.yaml",
        &role("      ExternalId: acme\n"),
        0,
        &expect![[r"
        a.yaml:8:7  warning[weak-external-id]  ExternalId is shorter than 16 characters, which is easily guessed. Let the provider generate a random one, or leave ExternalId out.
        Checked 1 resource in 1 template: 0 errors, 1 warning.
    "]],
    );
    let policy = "Parameters:\n  Policy:\n    Type: String\n    Default: '{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \
                  \"Action\": \"iam:*\", \"Resource\": \"*\"}}'\n";
    check(
        "a.yaml",
        &(policy.to_owned() + &role("      CustomPolicy: !Ref Policy\n")),
        1,
        &expect![[r"
        a.yaml:12:7  error[administrative]  CustomPolicy gives administrator-equivalent access: statement 1 allows iam:* on *. Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true.
        Checked 1 resource in 1 template: 1 error, 0 warnings.
    "]],
    );
}

//! The texts that are handed to the provider: whole, with and without an external ID and MFA.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::fixtures::{AUDIT, ID, PROVIDER, merged};
use crate::stack::Stack;

async fn check(difference: Value, terraform: Expect, profile: Expect) {
    let properties = json!({
        "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "ManagedPolicyArns": AUDIT,
    });
    let stack = Stack::new().with("PERMIT_MISSING_EXTERNAL_ID", "true");
    let made = stack.create(merged(properties, &difference)).await;
    terraform.assert_eq(made.attribute("TerraformProvider"));
    profile.assert_eq(made.attribute("AwsConfigProfile"));
}

#[tokio::test(start_paused = true)]
async fn without_mfa_they_have_role_and_external_id() {
    check(
        json!({}),
        expect![[r#"
            provider "aws" {
              assume_role {
                role_arn    = "arn:aws:iam::111111111111:role/delegated/Auditor"
                external_id = "an-external-id-of-the-provider"
              }
            }
        "#]],
        expect![[r"
            [profile Auditor]
            role_arn = arn:aws:iam::111111111111:role/delegated/Auditor
            source_profile = default
            external_id = an-external-id-of-the-provider
        "]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn with_mfa_both_say_how_the_second_factor_is_given() {
    check(
        json!({"RequireMfa": true}),
        expect![[r#"
            # This role requires MFA, and Terraform cannot ask for a code. Run it with the credentials that this prints:
            # aws sts get-session-token --serial-number arn:aws:iam::ACCOUNT:mfa/DEVICE --token-code CODE
            provider "aws" {
              assume_role {
                role_arn    = "arn:aws:iam::111111111111:role/delegated/Auditor"
                external_id = "an-external-id-of-the-provider"
              }
            }
        "#]],
        expect![[r"
            [profile Auditor]
            role_arn = arn:aws:iam::111111111111:role/delegated/Auditor
            source_profile = default
            external_id = an-external-id-of-the-provider
            # This role requires MFA: give the ARN of your own device here.
            # mfa_serial = arn:aws:iam::ACCOUNT:mfa/DEVICE
        "]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn with_an_age_of_mfa_both_say_how_recent_it_must_be() {
    check(
        json!({"ExternalId": null, "RequireExternalId": false, "RequireMfa": true, "MfaMaxAge": 600}),
        expect![[r#"
            # This role requires MFA, used at most 600 seconds before, and Terraform cannot ask for a code. Run it with the credentials that this prints:
            # aws sts get-session-token --serial-number arn:aws:iam::ACCOUNT:mfa/DEVICE --token-code CODE
            provider "aws" {
              assume_role {
                role_arn = "arn:aws:iam::111111111111:role/delegated/Auditor"
              }
            }
        "#]],
        expect![[r"
            [profile Auditor]
            role_arn = arn:aws:iam::111111111111:role/delegated/Auditor
            source_profile = default
            # This role requires MFA, used at most 600 seconds before: give the ARN of your own device here.
            # mfa_serial = arn:aws:iam::ACCOUNT:mfa/DEVICE
        "]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_device_is_in_the_partition_of_the_role() {
    let stack = Stack::in_partition("aws-us-gov", "us-gov-west-1");
    let properties =
        json!({"ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Auditor", "RequireMfa": true});
    let made = stack.create(properties).await;
    for text in ["TerraformProvider", "AwsConfigProfile"] {
        assert!(made.attribute(text).contains(" arn:aws-us-gov:iam::ACCOUNT:mfa/DEVICE"), "{}", made.attribute(text));
    }
}

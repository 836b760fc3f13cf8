//! How vendors enter: one role of theirs, several accounts, their own kind of external ID.

use expect_test::expect;
use serde_json::json;

use super::{check_made, check_refused};
use crate::fixtures::{AUDIT, OTHER_PROVIDER, PROVIDER};
use crate::stack::Stack;

/// The vendor names one role of its own and sends no external ID.
#[tokio::test(start_paused = true)]
async fn a_vendor_with_one_role_and_no_external_id() {
    let properties = json!({
        "ExternalId": null, "RequireExternalId": false, "ManagedPolicyArns": AUDIT,
        "AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/appliance/Impersonation"],
    });
    check_refused(&Stack::new(), &properties, &expect!["RequireExternalId is false, which the function's owner does not permit (PermitMissingExternalId). Without an external ID, another customer of the provider could make the provider use this role. [not-permitted-by-owner]"]).await;
    let owner = Stack::new().with("PERMIT_MISSING_EXTERNAL_ID", "true");
    let made = check_made(&owner, &properties, &expect![[""]]).await;
    expect![[r#"{"Statement":[{"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222222222222:role/appliance/Impersonation"}},"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"}}],"Version":"2012-10-17"}"#]].assert_eq(&made.trust.json().to_string());
}

/// The vendor has a role for each customer, or for each Region, under a common prefix.
#[tokio::test(start_paused = true)]
async fn a_vendor_with_roles_under_a_prefix() {
    let made = check_made(
        &Stack::new(),
        &json!({"ManagedPolicyArns": AUDIT, "AllowedPrincipalArns": "arn:aws:iam::222222222222:role/collector-*"}),
        &expect![[""]],
    )
    .await;
    expect![[r#"{"Statement":[{"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222222222222:role/collector-*"},"StringEquals":{"sts:ExternalId":"an-external-id-of-the-provider"}},"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"}}],"Version":"2012-10-17"}"#]].assert_eq(&made.trust.json().to_string());
}

/// External IDs as vendors make them: UUIDs, base64, with a colon; and short or guessable ones.
#[tokio::test(start_paused = true)]
async fn external_ids_as_vendors_make_them() {
    for id in [
        "0aa5b6c7-1d2e-4f3a-9b8c-7d6e5f4a3b2c",
        "ACME_SFCRole=3_d/VxeHj001MxuXcAZNA/AbCdEfg=",
        "vendor:444455556666:aBcDeFgHiJkLmNoPqRsTuV",
        "9f2c4e6a8b0d1f3a",
    ] {
        check_made(&Stack::new(), &json!({"ManagedPolicyArns": AUDIT, "ExternalId": id}), &expect![[""]]).await;
    }
    check_made(&Stack::new(), &json!({"ManagedPolicyArns": AUDIT, "ExternalId": "48213"}), &expect!["ExternalId is made of digits only, which is easily guessed. Let the provider generate a random one, or leave ExternalId out. [weak-external-id]"]).await;
    // A pattern would admit any role that matches it.
    check_refused(&Stack::new(), &json!({"ManagedPolicyArns": AUDIT, "ExternalId": "acme@*@stack"}), &expect!["ExternalId is not well-formed (its value is not repeated here); it must be 2 to 1224 characters of A-Za-z0-9_+=,.@:/- (character 6 of 12 is none of them). [invalid-value]"])
        .await;
}

/// The vendor's production and its disaster recovery; the customer's own account has no place there.
#[tokio::test(start_paused = true)]
async fn a_vendor_with_two_accounts() {
    let accounts = json!({"ManagedPolicyArns": AUDIT, "ExternalAwsAccountId": [PROVIDER, OTHER_PROVIDER]});
    check_made(&Stack::new(), &accounts, &expect![[""]]).await;
    let own = json!({
        "ManagedPolicyArns": AUDIT, "ExternalAwsAccountId": [PROVIDER, "111111111111"],
        "AllowedPrincipalArns": ["arn:aws:iam::222222222222:role/Catalog", "arn:aws:iam::111111111111:role/delegated/Vendor"],
    });
    check_refused(
        &Stack::new(),
        &own,
        &expect![
            "ExternalAwsAccountId is 111111111111, which is this account; give the provider's account ID. [own-account]"
        ],
    )
    .await;
}

/// The vendor writes a path of its own, or the name of a role that AWS reserves.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_chooses_the_name_and_the_path() {
    let named = json!({"ManagedPolicyArns": AUDIT, "RoleName": "VendorIntegrationRole"});
    let made = check_made(&Stack::new(), &named, &expect![[""]]).await;
    assert_eq!(made.arn, "arn:aws:iam::111111111111:role/delegated/VendorIntegrationRole");
    check_refused(&Stack::new(), &json!({"ManagedPolicyArns": AUDIT, "Path": "/vendor/"}), &expect!["Path is /vendor/, but the function's owner requires paths that start with /delegated/ (RolePathPrefix). [not-permitted-by-owner]"]).await;
}

/// The vendor runs on EKS Pod Identity, whose sessions carry tags: without a second statement it could not enter.
#[tokio::test(start_paused = true)]
async fn a_vendor_whose_sessions_carry_tags() {
    let properties = json!({
        "ManagedPolicyArns": AUDIT, "AllowSessionTags": true, "AllowSourceIdentity": true,
        "AllowedPrincipalArns": "arn:aws:iam::222222222222:role/pods-collector",
    });
    let made = check_made(&Stack::new(), &properties, &expect![[""]]).await;
    expect![[r#"{"Statement":[{"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222222222222:role/pods-collector"},"StringEquals":{"sts:ExternalId":"an-external-id-of-the-provider"}},"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"}},{"Action":["sts:TagSession","sts:SetSourceIdentity"],"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222222222222:role/pods-collector"}},"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"}}],"Version":"2012-10-17"}"#]].assert_eq(&made.trust.json().to_string());
}

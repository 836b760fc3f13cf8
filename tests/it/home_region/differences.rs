//! What differs between the role and the properties of another Region's stack.

use std::time::Duration;

use expect_test::expect;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{check_untouched, created_at_home, properties, timed, two_regions, unchanged};
use crate::fixtures::{ACCOUNT, AUDIT, EC2, GUARDRAILS, ID, OTHER_PROVIDER, REVOKE_TAG, allow, deny, trust_everybody};
use crate::stack::Stack;
use crate::wire::iam::{Policy, Role};

#[tokio::test(start_paused = true)]
async fn the_reason_lists_all_differences() {
    let (home, other) = created_at_home().await;
    home.account.put_policy(Policy::named("Mine", allow("s3:GetObject", "*")));
    let standing = home.account.role("Auditor");
    let all = properties(&json!({
        "ExternalAwsAccountId": [OTHER_PROVIDER], "ExternalId": "another-external-id", "RequireMfa": true,
        "AllowedPrincipalArns": ["arn:aws:iam::333333333333:role/Deploy"], "PrincipalOrgId": "o-a1b2c3d4e5", "SourceIps": ["203.0.113.0/24"],
        "ExpiresAt": "2099-01-01T00:00:00Z", "MaxSessionDuration": 7200, "ManagedPolicyArns": [EC2], "Description": "else",
        "CustomPolicy": allow("s3:GetObject", "arn:aws:s3:::a/*"),
        "PermissionsBoundary": "arn:aws:iam::111111111111:policy/Mine", "Tags": [{"Key": "team", "Value": "else"}],
    }));
    home.account.clear_calls();
    let answer = other.create(all).await;
    expect!["HomeRegion is us-east-1, and the role Auditor, which the stack arn:aws:cloudformation:us-east-1:111111111111:stack/customer/11111111-2222-3333-4444-555555555555 manages there, is not what this stack declares. What differs: AllowedPrincipalArns; CustomPolicy; Description; ExpiresAt; ExternalAwsAccountId; ExternalId; ManagedPolicyArns (arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess is missing); MaxSessionDuration; PermissionsBoundary; PrincipalOrgId; RequireMfa; SourceIps; Tags (team); the policy arn:aws:iam::aws:policy/SecurityAudit, which is not in this stack's template. Give both stacks the same properties, the one in us-east-1 first. If the role was changed by hand, change Revision there. [home-region]"].assert_eq(answer.reason());
    check_untouched(&other, standing.as_ref());
}

#[tokio::test(start_paused = true)]
async fn each_single_difference_is_waited_for_and_reported() {
    let s3 = allow("s3:GetObject", "arn:aws:s3:::a/*");
    for (difference, expected) in [
        (json!({"ExternalId": "another-external-id"}), "ExternalId"),
        (json!({"ExternalId": [ID, "another-external-id"]}), "ExternalId"),
        (json!({"RequireMfa": true}), "RequireMfa"),
        (json!({"SourceIps": ["203.0.113.0/24"]}), "SourceIps"),
        (json!({"MaxSessionDuration": 7200}), "MaxSessionDuration"),
        (json!({"ManagedPolicyArns": [AUDIT, EC2]}), "ManagedPolicyArns"),
        (json!({"CustomPolicy": s3}), "CustomPolicy"),
        (json!({"Description": null}), "Description"),
        (json!({"Tags": [{"Key": "cost", "Value": "a"}]}), "Tags (cost)"),
        (json!({"PermissionsBoundary": AUDIT}), "PermissionsBoundary"),
        (json!({"ExpiresAt": "2099-01-01T00:00:00Z"}), "ExpiresAt"),
    ] {
        let (home, other) = created_at_home().await;
        let (answer, took) = timed(other.create(properties(&difference))).await;
        assert!(
            answer.reason().contains(&format!("What differs: {expected}"))
                || answer.reason().contains(&format!("; {expected}")),
            "{expected}: {}",
            answer.reason()
        );
        assert!(
            !answer.reason().contains("external-id-of") && !answer.reason().contains("another-ext"),
            "{}",
            answer.reason()
        );
        assert!(took > Duration::from_secs(45), "{expected} was not waited for: {took:?}");
        assert_eq!(home.account.writes(), Vec::<String>::new());
        // If the home Region makes the change in time, both agree.
        let late = async {
            sleep(Duration::from_secs(20)).await;
            home.update("Auditor", unchanged(), properties(&difference)).await
        };
        let (here, there) = tokio::join!(other.update("Auditor", unchanged(), properties(&difference)), late);
        assert!(here.succeeded(), "{expected}: {}", here.reason());
        assert_eq!(here.0["Data"], there.0["Data"], "{expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_home_region_reverts_changes_by_others() {
    type Tampering = Box<dyn FnOnce(&mut Role)>;
    let inline = |name: &'static str, policy: Option<Value>| -> Tampering {
        Box::new(move |role| match policy {
            Some(policy) => drop(role.inline_policies.insert(name.to_owned(), policy.into())),
            None => drop(role.inline_policies.remove(name)),
        })
    };
    let tampered: Vec<(Tampering, &str)> = vec![
        (inline(GUARDRAILS, Some(deny("s3:DeleteBucket"))), GUARDRAILS),
        (
            inline("Backdoor", Some(allow("s3:GetObject", "*"))),
            "the policy Backdoor, which is not in this stack's template",
        ),
        (inline(GUARDRAILS, None), GUARDRAILS),
        (
            Box::new(|role| {
                let policy = role.inline_policies.get_mut(GUARDRAILS).unwrap();
                let elsewhere = policy.text().replace("role/delegated/*", "role/delegated/other/*");
                *policy = serde_json::from_str::<Value>(&elsewhere).unwrap().into();
            }),
            GUARDRAILS,
        ),
        (inline(GUARDRAILS, Some(allow("s3:GetObject", "*"))), GUARDRAILS),
        (
            Box::new(|role| {
                role.trust = trust_everybody().into();
            }),
            "the trust policy, which is not one that this resource writes",
        ),
        (
            Box::new(|role| drop(role.tags.insert(REVOKE_TAG.into(), "pending".into()))),
            "sessions of an earlier trust, which are not ended yet",
        ),
    ];
    for (tamper, expected) in tampered {
        let (home, other) = created_at_home().await;
        home.account.edit(|aws| tamper(&mut aws.roles[0]));
        let answer = other.create(unchanged()).await;
        assert!(answer.reason().contains(expected), "{expected}: {}", answer.reason());
        assert_eq!(home.account.writes(), Vec::<String>::new());
        assert!(home.update("Auditor", unchanged(), properties(&json!({"Revision": "2"}))).await.succeeded());
        assert!(other.create(properties(&json!({"Revision": "2"}))).await.succeeded(), "{expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_installation_of_the_function_is_no_difference() {
    let (home, other) = two_regions();
    let role_of = |region: &str| format!("arn:aws:iam::{ACCOUNT}:role/service-provider-access-{region}");
    let stack_of =
        |region: &str| format!("arn:aws:cloudformation:{region}:{ACCOUNT}:stack/functions-{region}/0a1b2c3d");
    let installed = |stack: Stack, region| {
        stack.with("FUNCTION_ROLE_ARN", &role_of(region)).with("FUNCTION_STACK_ID", &stack_of(region))
    };
    let (home, other) = (installed(home, "us-east-1"), installed(other, "eu-west-1"));
    let expires = properties(&json!({"ExpiresAt": "2099-01-01T00:00:00Z"}));
    assert!(home.create(expires.clone()).await.succeeded());
    let role = home.account.role("Auditor").unwrap();
    let guardrails = role.inline_policies[GUARDRAILS].text();
    assert!(
        guardrails.contains(":role/service-provider-access-??-*-?\""),
        "the functions of all Regions: {guardrails}"
    );
    assert!(other.create(expires).await.succeeded());
}

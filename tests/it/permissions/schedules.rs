//! The schedules of `EventBridge`: what they send to a function, and that they, and no others, may invoke it.

use regex_lite::Regex;
use serde_json::{Value, json};

use super::deployed;
use crate::stack::Stack;
use crate::template::Deployment;

const CUSTOMERS_ROLE: &str = "arn:aws:iam::999999999999:role/delegated/ProviderAccess";
const ID: &str = "the-external-id-of-this-customer";
const PREVIOUS_ID: &str = "the-previous-id-of-this-customer";

fn onboarding() -> Deployment {
    Deployment::of_onboarding_template().with("CustomerRoleArn", CUSTOMERS_ROLE)
}

/// The only target of a rule, with its input as JSON.
fn target(deployment: &Deployment, rule: &str) -> (Value, Value) {
    let targets = deployment.resolved(&format!("/Resources/{rule}/Properties/Targets"));
    let [target] = &targets.as_array().unwrap()[..] else { panic!("not one target: {targets}") };
    let input = target["Input"].as_str().unwrap();
    assert!(input.len() <= 8192, "EventBridge takes no longer input");
    (target.clone(), serde_json::from_str(input).unwrap_or_else(|_| panic!("no JSON: {input}")))
}

/// Whether a permission lets a rule with this ARN invoke the function: `ArnLike`, part by part.
fn admits(permission: &Value, rule: &str) -> bool {
    let pattern = permission["SourceArn"].as_str().unwrap();
    let parts = pattern.splitn(6, ':').zip(rule.splitn(6, ':'));
    pattern.split(':').count() == rule.split(':').count()
        && parts.into_iter().all(|(pattern, part)| {
            let pattern = pattern.split('*').map(regex_lite::escape).collect::<Vec<_>>().join(".*");
            Regex::new(&format!("^{pattern}$")).unwrap().is_match(part)
        })
}

#[tokio::test(start_paused = true)]
async fn the_rule_of_the_audit_and_no_other_may_have_every_role_audited() {
    let (target, input) = target(&deployed(), "AuditRule");
    assert_eq!(
        target["Arn"],
        deployed()
            .resolved("/Resources/Function/Properties/FunctionName")
            .as_str()
            .map(|name| format!("arn:aws:lambda:us-east-1:111111111111:function:{name}"))
            .unwrap()
    );
    let report = Stack::new().call(input).await;
    assert_eq!((&report["Complete"], &report["Roles"]), (&json!(true), &json!([])), "{report:#}");
    let rule = "arn:aws:events:us-east-1:111111111111:rule/service-provider-access-AuditRule-AbCdEf";
    assert_eq!(
        deployed().resolved("/Resources/AuditPermission/Properties"),
        json!({
            "Action": "lambda:InvokeFunction",
            "FunctionName": "service-provider-access",
            "Principal": "events.amazonaws.com",
            "SourceAccount": "111111111111",
            "SourceArn": rule,
        })
    );
    for resource in ["AuditRule", "AuditPermission"] {
        assert_eq!(deployed().declared(&format!("/Resources/{resource}/Condition")), "HasAuditSchedule");
    }
    assert!(deployed().named_condition_holds("HasAuditSchedule"));
    assert!(!deployed().with("AuditSchedule", "").named_condition_holds("HasAuditSchedule"));
}

#[tokio::test(start_paused = true)]
async fn the_rule_of_a_customer_has_the_role_checked_with_the_id_in_use() {
    let ask = async |deployment: Deployment, id: &'static str| {
        let (target, input) = target(&deployment, "CheckRule");
        assert_eq!(target["Arn"], "arn:aws:lambda:us-east-1:111111111111:function:service-provider-access-provider");
        let provider = Stack::of("Custom::AccessCheck");
        provider.customer.trusts(move |asked| asked == Some(id));
        provider.call(input).await["Verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(ask(onboarding(), ID).await, "Safe");
    let rotating = onboarding().with("Rotation", "2").with("PreviousRotation", "1");
    assert_eq!(ask(rotating, PREVIOUS_ID).await, "Safe");
    let mfa = onboarding().with("RequireMfa", "true");
    assert_eq!(ask(mfa.clone(), ID).await, "Unsafe", "it opens without a second factor");
    let (_, input) = target(&mfa, "CheckRule");
    assert_eq!(input["AccessCheck"]["OnInconclusive"], "Succeed");
    let (_, input) = target(&onboarding(), "CheckRule");
    assert_eq!(
        input["AccessCheck"],
        json!({"RoleArn": CUSTOMERS_ROLE, "ExternalId": ID, "RequireMfa": "false", "OnInconclusive": "Fail"})
    );
}

#[test]
fn a_role_is_checked_again_only_if_there_is_one_and_a_schedule() {
    assert_eq!(onboarding().declared("/Resources/CheckRule/Condition"), "ChecksAgain");
    assert_eq!(onboarding().resolved("/Resources/CheckRule/Properties/ScheduleExpression"), "rate(1 day)");
    assert!(onboarding().named_condition_holds("ChecksAgain"));
    assert!(!onboarding().with("CheckEvery", "").named_condition_holds("ChecksAgain"));
    assert!(!Deployment::of_onboarding_template().named_condition_holds("ChecksAgain"));
    for (schedule, accepted) in [
        ("rate(12 hours)", true),
        ("cron(0 6 ? * MON-FRI *)", true),
        ("daily", false),
        ("rate(1 day); rate(2 days)", false),
    ] {
        assert_eq!(onboarding().accepts("CheckEvery", schedule), accepted, "{schedule}");
        assert_eq!(deployed().accepts("AuditSchedule", schedule), accepted, "{schedule}");
    }
}

#[test]
fn the_rules_of_customers_and_no_others_may_have_roles_checked() {
    let permission = Deployment::of_provider_template().resolved("/Resources/SchedulePermission/Properties");
    assert_eq!(
        permission,
        json!({
            "Action": "lambda:InvokeFunction",
            "FunctionName": "service-provider-access",
            "Principal": "events.amazonaws.com",
            "SourceAccount": "111111111111",
            "SourceArn": "arn:aws:events:us-east-1:111111111111:rule/service-provider-check-*",
        })
    );
    let name = onboarding().resolved("/Resources/CheckRule/Properties/Name");
    let name = name.as_str().unwrap();
    assert_eq!(name, "service-provider-check-11111111-2222-3333-4444-555555555555");
    assert!(name.len() <= 64, "EventBridge takes no longer name");
    assert!(admits(&permission, &format!("arn:aws:events:us-east-1:111111111111:rule/{name}")));
    for other in [
        "arn:aws:events:us-east-1:111111111111:rule/other",
        "arn:aws:events:us-east-1:111111111111:rule/my-service-provider-check-1",
        "arn:aws:events:us-east-1:111111111111:rule/bus/service-provider-check-1",
        "arn:aws:events:us-east-1:222222222222:rule/service-provider-check-1",
        "arn:aws:events:eu-west-1:111111111111:rule/service-provider-check-1",
    ] {
        assert!(!admits(&permission, other), "{other}");
    }
    // The customer's stack itself gives no one a right to invoke the function.
    let resources = onboarding().declared("/Resources").clone();
    let types: Vec<_> =
        resources.as_object().unwrap().values().map(|resource| resource["Type"].as_str().unwrap()).collect();
    let expected = ["Custom::AccessCheck", "AWS::Events::Rule", "Custom::ExternalId", "AWS::SSM::Parameter"];
    assert_eq!(types, expected);
}

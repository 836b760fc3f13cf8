//! What a role may do, as the report sums it up.

use serde_json::{Value, json};

use super::{by_hand, report, stack_with};
use crate::fixtures::{ADMINISTRATOR, DENY_ALL, EC2, READ_ONLY, allow, allow_everything, deny, policy};
use crate::stack::Stack;
use crate::wire::iam::{Policy, Role};

/// The reach of the only role: level, privileges and services.
async fn reach(stack: &Stack) -> Value {
    let report = report(stack).await;
    let reach = &report["Roles"][0]["Reach"];
    json!([reach["Level"], reach["Privileges"], reach["Services"]])
}

/// The reach of a role with these inline policies and these attached ones.
async fn reach_of(inline: &[Value], attached: &[&str]) -> Value {
    let stack = stack_with(json!({"CustomPolicy": null, "ManagedPolicyArns": EC2})).await;
    by_hand(&stack, |role| {
        role.attached_policies = attached.iter().map(|arn| (*arn).to_owned()).collect();
        for (number, policy) in inline.iter().enumerate() {
            role.inline_policies.insert(format!("Policy{number}"), policy.clone().into());
        }
    });
    reach(&stack).await
}

#[tokio::test(start_paused = true)]
async fn from_nothing_to_administrator() {
    assert_eq!(reach_of(&[], &[]).await, json!(["nothing", [], []]), "the guardrail policy grants nothing");
    assert_eq!(reach_of(&[deny("s3:*")], &[DENY_ALL]).await, json!(["nothing", [], []]));
    let limited = allow("S3:GetBucketLocation", "*");
    assert_eq!(reach_of(std::slice::from_ref(&limited), &[]).await, json!(["limited", [], ["s3"]]));
    assert_eq!(reach_of(&[], &[EC2]).await, json!(["limited", [], []]), "an AWS managed policy is known by its name");
    assert_eq!(reach_of(&[limited], &[READ_ONLY]).await, json!(["sensitive", ["reads-data"], ["s3"]]));
    assert_eq!(reach_of(&[], &[ADMINISTRATOR]).await[0], "administrator");
    assert_eq!(reach_of(&[allow_everything()], &[]).await, json!(["administrator", ["administrative"], ["*"]]));
    let all_but = policy(json!({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}));
    assert_eq!(reach_of(&[all_but], &[]).await[2], json!(["*"]));
}

/// What the owner permits is still an administrator.
#[tokio::test(start_paused = true)]
async fn a_permitted_administrator_is_one() {
    let stack = stack_with(json!({})).await.with("PERMIT_ADMINISTRATIVE_ACCESS", "true");
    by_hand(&stack, |role| drop(role.inline_policies.insert("CustomPolicy".into(), allow_everything().into())));
    assert_eq!(reach(&stack).await[0], "administrator");
}

#[tokio::test(start_paused = true)]
async fn a_customer_managed_policy_is_read_and_one_that_is_gone_is_not_known() {
    let stack = Stack::new();
    let own = stack.account.put_policy(Policy::named("Own", allow("sqs:SendMessage", "*")));
    stack.account.put_role(Role::named("Worker").path("/delegated/").attach(&own));
    assert_eq!(reach(&stack).await, json!(["limited", [], ["sqs"]]));
    stack.account.edit(|aws| aws.policies.retain(|policy| policy.arn != own));
    assert_eq!(reach(&stack).await, json!(["unknown", [], []]));
}

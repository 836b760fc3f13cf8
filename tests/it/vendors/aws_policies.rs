//! AWS managed policies: those that the function knows by name, and those that it has to read.

use expect_test::expect;
use serde_json::{Value, json};

use super::{attached, check_made, check_refused};
use crate::fixtures::{AUDIT, READ_ONLY, SCP_DENIAL, allow, read_bucket};
use crate::stack::Stack;
use crate::wire::iam::{Fault, Policy};

const NEW: &str = "arn:aws:iam::aws:policy/NewServiceReadOnlyAccess";

/// AWS made a policy after this version of the function.
fn with_new_policy(document: Value) -> Stack {
    let stack = Stack::new();
    stack.account.edit(|aws| {
        let policy =
            Policy { arn: NEW.into(), id: "ANPANEW".into(), ..Policy::named("NewServiceReadOnlyAccess", document) };
        aws.policies.push(policy);
    });
    stack
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_an_unknown_name_is_judged_by_its_document() {
    let properties = json!({"ManagedPolicyArns": [AUDIT, NEW]});
    let made = check_made(&with_new_policy(read_bucket()), &properties, &expect![[""]]).await;
    assert_eq!(attached(&made), [NEW, AUDIT]);
    check_made(&with_new_policy(allow("s3:GetObject", "*")), &properties, &expect!["ManagedPolicyArns reads data or obtains credentials: arn:aws:iam::aws:policy/NewServiceReadOnlyAccess in statement 1 allows s3:GetObject on *. [reads-data]"]).await;
    check_refused(&with_new_policy(allow("iam:Put*", "*")), &properties, &expect!["ManagedPolicyArns gives administrator-equivalent access: arn:aws:iam::aws:policy/NewServiceReadOnlyAccess in statement 1 allows iam:PutGroupPolicy, iam:PutRolePermissionsBoundary, iam:PutRolePolicy, iam:PutUserPermissionsBoundary, iam:PutUserPolicy on *. Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true. [administrative]"]).await;
}

/// Either of the two reads may be denied, for ever: then the policy is not known, which is no reason to refuse it.
#[tokio::test(start_paused = true)]
async fn an_unknown_policy_that_cannot_be_read_causes_a_warning() {
    let warnings = &expect![[r"
        ManagedPolicyArns contains arn:aws:iam::aws:policy/NewServiceReadOnlyAccess, which this version of the function does not know and may not read (iam:GetPolicy and iam:GetPolicyVersion), so it was not judged. [policy-not-read]
        ManagedPolicyArns reads data or obtains credentials: arn:aws:iam::aws:policy/ReadOnlyAccess. [reads-data]"]];
    for read in ["GetPolicy", "GetPolicyVersion"] {
        for denied in [Fault::denied_because(SCP_DENIAL), Fault::denied()] {
            let stack = with_new_policy(allow("*", "*"));
            stack.account.fail(denied.on(read).every());
            let made = check_made(&stack, &json!({"ManagedPolicyArns": [AUDIT, NEW, READ_ONLY]}), warnings).await;
            assert_eq!(attached(&made), [NEW, READ_ONLY, AUDIT]);
        }
    }
    // A denied read of a policy of the account itself is a failure: it may hold anything.
    let stack = Stack::new();
    let own = stack.account.put_policy(Policy::named("Own", read_bucket()));
    stack.account.fail(Fault::denied_because(SCP_DENIAL).on("GetPolicy").every());
    let answer = stack.create(super::role(&json!({"ManagedPolicyArns": [own]}))).await;
    expect!["iam:GetPolicy was denied: User: arn:aws:sts::111111111111:assumed-role/service-provider-access/service-provider-access is not authorized to perform: iam:GetPolicy on resource: policy arn:aws:iam::111111111111:policy/Own with an explicit deny in a service control policy. A service control policy of the organization denies iam:GetPolicy. Only the administrators of the organization can exempt the function's role (AWS request ID <id>). [denied]"].assert_eq(&answer.reason().replace(&stack.account.request_id("GetPolicy").unwrap(), "<id>"));
    assert_eq!(stack.account.writes(), Vec::<String>::new());
}

/// One warning for each code, whatever the number of policies.
#[tokio::test(start_paused = true)]
async fn policies_known_by_name_share_a_warning() {
    let arns = ["ReadOnlyAccess", "AmazonS3ReadOnlyAccess", "AmazonS3FullAccess"]
        .map(|name| format!("arn:aws:iam::aws:policy/{name}"));
    check_made(&Stack::new(), &json!({"ManagedPolicyArns": arns}), &expect![[r"
        ManagedPolicyArns shares resources or changes their policies: arn:aws:iam::aws:policy/AmazonS3FullAccess. [exposes]
        ManagedPolicyArns reads data or obtains credentials: arn:aws:iam::aws:policy/ReadOnlyAccess; arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess; arn:aws:iam::aws:policy/AmazonS3FullAccess. [reads-data]
        ManagedPolicyArns is broad: arn:aws:iam::aws:policy/AmazonS3FullAccess. [broad]"]]).await;
}

//! Vendors with more permissions than fit into a role's inline policies.

use expect_test::expect;
use serde_json::{Value, json};

use super::{attached, check_made, check_refused, document, role};
use crate::fixtures::GUARDRAILS;
use crate::stack::Stack;
use crate::wire::iam::Policy;

/// A vendor's permissions, one statement for each bucket of the range.
fn buckets(range: std::ops::Range<usize>) -> Value {
    let statement = |n: usize| {
        json!({"Sid": format!("Bucket{n:03}"), "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [format!("arn:aws:s3:::vendor-{n:03}"), format!("arn:aws:s3:::vendor-{n:03}/*")]})
    };
    document(&range.map(statement).collect::<Vec<_>>())
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_too_long_says_by_how_much_and_where_to_put_it() {
    let fits = check_made(&Stack::new(), &json!({"CustomPolicy": buckets(0..10)}), &expect![[""]]).await;
    let guardrails = fits.inline_policies[GUARDRAILS].json().to_string().len();
    for (revoke, kept, for_revocation) in
        [("OnNarrowing", 167, ", and AWSRevokeOlderSessions may need 167"), ("Never", 0, "")]
    {
        let properties = json!({"CustomPolicy": buckets(0..100), "RevokeSessions": revoke});
        let answer = Stack::new().create(role(&properties)).await;
        let room = 10_240 - guardrails - kept;
        let expected = format!(
            "CustomPolicy has 14638 characters without white space, {} more than the {room} that are left for it: IAM allows 10240 \
             for all inline policies of a role, ServiceProviderAccessGuardrails needs {guardrails} of them{for_revocation}. Move \
             statements to a managed policy and add it to ManagedPolicyArns. [quota-exceeded]",
            14_638 - room
        );
        assert_eq!(answer.reason(), expected);
    }
}

/// What the advice says works: the statements in managed policies of the account.
#[tokio::test(start_paused = true)]
async fn the_same_permissions_in_managed_policies_are_accepted() {
    let stack = Stack::new();
    let first = stack.account.put_policy(Policy::named("Vendor1", buckets(0..40)));
    let second = stack.account.put_policy(Policy::named("Vendor2", buckets(40..80)));
    let properties = json!({"ManagedPolicyArns": [first, second], "CustomPolicy": buckets(80..100)});
    let made = check_made(&stack, &properties, &expect![[""]]).await;
    assert_eq!(attached(&made), [first, second]);
    assert!(made.inline_policies["CustomPolicy"] == buckets(80..100));
}

#[tokio::test(start_paused = true)]
async fn more_policies_than_a_role_can_have_are_counted() {
    let stack = Stack::new();
    let own: Vec<_> =
        (0..12).map(|n| stack.account.put_policy(Policy::named(&format!("Vendor{n:02}"), buckets(n..n + 1)))).collect();
    check_refused(&stack, &json!({"ManagedPolicyArns": own}), &expect!["ManagedPolicyArns contains 12 policies, 2 more than the 10 that IAM allows on a role in this account; combine some, or raise the quota. [quota-exceeded]"]).await;
}

/// More resources than an answer has room for: the widest are named, the others counted.
#[tokio::test(start_paused = true)]
async fn resources_that_do_not_fit_into_the_answer_are_counted() {
    let roles = |team: &str| {
        (10..50).map(|n| format!("arn:aws:iam::111111111111:role/{team}/workload-{n}")).collect::<Vec<_>>()
    };
    let statement =
        |action: &str, resources: &[String]| json!({"Effect": "Allow", "Action": action, "Resource": resources});
    let every = "arn:aws:iam::111111111111:role/*".to_owned();
    let (web, data, batch) = (roles("web"), roles("data"), roles("batch"));
    let policy = document(&[
        statement("iam:Put*", &[&web[..], std::slice::from_ref(&every)].concat()),
        statement("iam:AttachRolePolicy", &data),
        statement("iam:UpdateAssumeRolePolicy", &batch),
    ]);
    let answer = Stack::new().create(role(&json!({"CustomPolicy": policy, "Path": "/elsewhere/"}))).await;
    let administrator = "CustomPolicy gives administrator-equivalent access:";
    let expected = format!(
        "There are 4 problems. (1) Path is /elsewhere/, but the function's owner requires paths that start with /delegated/ \
         (RolePathPrefix). [not-permitted-by-owner] (2) {administrator} statement 1 allows iam:PutRolePermissionsBoundary, \
         iam:PutRolePolicy on {every}, {} and 10 more. [administrative] (3) {administrator} statement 2 allows \
         iam:AttachRolePolicy on {} and 10 more. [administrative] and 1 more. Narrow the permissions; if the provider is to \
         be an administrator, AllowAdministrativeAccess and the owner's PermitAdministrativeAccess must both be true.",
        web[..30].join(", "),
        data[..30].join(", "),
    );
    assert_eq!(answer.reason(), expected);
}

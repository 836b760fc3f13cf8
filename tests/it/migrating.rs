//! What `docs/migrating.md` says of a role that is handed over: it stays the same role, without a gap.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::fixtures::{
    AUDIT, EC2, EXTERNAL_ID_TAG, ID, LOGICAL_ID_TAG, PROVIDER, READ_ONLY, STACK_TAG, allow, merged, policy,
    read_bucket, trust,
};
use crate::stack::{Answer, Stack};
use crate::wire::iam::{Policy, Role, Snapshot};

const HAND_OVER: &str = "service-provider-access:hand-over-to";

/// A role as a template with `AWS::IAM::Role`, or Terraform, made it: under the role path prefix, with a policy of its
/// own name, and with the tag that hands it over.
fn native(trust: Value) -> Role {
    Role::named("Vendor")
        .path("/delegated/")
        .trust(trust)
        .attach(AUDIT)
        .inline("VendorAccess", read_bucket())
        .tag("team", "platform")
        .tag("cost-center", "42")
        .tag(HAND_OVER, "customer/Access")
}

/// The resource that takes it over.
fn properties(difference: &Value) -> Value {
    let same = json!({
        "ExternalAwsAccountId": PROVIDER, "ExternalId": ID, "RoleName": "Vendor",
        "ManagedPolicyArns": AUDIT, "CustomPolicy": read_bucket(), "Tags": [{"Key": "team", "Value": "platform"}],
    });
    merged(same, difference)
}

async fn hand_over(role: Role, difference: &Value) -> (Stack, Role, Answer) {
    let stack = Stack::new();
    let before = stack.account.put_role(role);
    let answer = stack.create(properties(difference)).await;
    (stack, before, answer)
}

/// Each write, and what the role is open for after it.
fn check_writes(stack: &Stack, expect: &Expect) {
    let line = |snapshot: &Snapshot| {
        let [role] = &snapshot.roles[..] else { panic!("one role, always") };
        let policies = role.inline_policies.keys().chain(&role.attached_policies);
        let policies: Vec<_> = policies.map(|policy| policy.rsplit('/').next().unwrap()).collect();
        let write = snapshot.after.rsplit("policy/").next().unwrap();
        format!("{write}: {}\n", policies.join(", "))
    };
    expect.assert_eq(&stack.account.snapshots().iter().map(line).collect::<String>());
}

#[tokio::test(start_paused = true)]
async fn a_role_with_the_same_trust_is_taken_over_without_a_gap() {
    let (stack, before, answer) = hand_over(native(trust(ID)), &json!({})).await;
    expect!["VendorAccess was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive). [policy-removed]"].assert_eq(answer.attribute("Warnings"));
    check_writes(
        &stack,
        &expect![[r"
        CreateRole Vendor: VendorAccess, SecurityAudit
        TagRole Vendor service-provider-access:state: VendorAccess, SecurityAudit
        PutRolePolicy Vendor ServiceProviderAccessGuardrails: ServiceProviderAccessGuardrails, VendorAccess, SecurityAudit
        PutRolePolicy Vendor CustomPolicy: CustomPolicy, ServiceProviderAccessGuardrails, VendorAccess, SecurityAudit
        DeleteRolePolicy Vendor VendorAccess: CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
        TagRole Vendor service-provider-access:logical-id,service-provider-access:stack-id: CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
        UntagRole Vendor service-provider-access:hand-over-to: CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
    "]],
    );
    // The trust was never written: nothing changed for the provider, and no session ended.
    let after = stack.account.role("Vendor").unwrap();
    assert_eq!((&after.id, &after.arn, after.trust == trust(ID)), (&before.id, &before.arn, true));
    assert_eq!(after.tags[STACK_TAG], stack.id);
    assert_eq!(after.tags[LOGICAL_ID_TAG], "Access");
    assert!(!after.tags.contains_key(HAND_OVER), "{:?}", after.tags);
    // Tags that the template does not declare stay.
    assert_eq!((after.tags["team"].as_str(), after.tags["cost-center"].as_str()), ("platform", "42"));
}

/// Policies that keep their names stay as they are, with `PolicyOwnership: Declared`.
#[tokio::test(start_paused = true)]
async fn what_is_not_declared_stays_where_the_template_says_so() {
    let role = native(trust(ID)).attach(EC2);
    let declared = json!({"PolicyOwnership": "Declared", "CustomPolicy": null});
    let (stack, _, answer) = hand_over(role, &declared).await;
    expect![""].assert_eq(answer.attribute("Warnings"));
    check_writes(
        &stack,
        &expect![[r"
        CreateRole Vendor: VendorAccess, SecurityAudit, AmazonEC2ReadOnlyAccess
        TagRole Vendor service-provider-access:state: VendorAccess, SecurityAudit, AmazonEC2ReadOnlyAccess
        PutRolePolicy Vendor ServiceProviderAccessGuardrails: ServiceProviderAccessGuardrails, VendorAccess, SecurityAudit, AmazonEC2ReadOnlyAccess
        TagRole Vendor service-provider-access:logical-id,service-provider-access:stack-id: ServiceProviderAccessGuardrails, VendorAccess, SecurityAudit, AmazonEC2ReadOnlyAccess
        UntagRole Vendor service-provider-access:hand-over-to: ServiceProviderAccessGuardrails, VendorAccess, SecurityAudit, AmazonEC2ReadOnlyAccess
    "]],
    );
}

/// The external ID of the trust stays in force when the template names none.
#[tokio::test(start_paused = true)]
async fn the_external_id_is_taken_from_the_trust() {
    let (stack, _, answer) = hand_over(native(trust(ID)), &json!({"ExternalId": null})).await;
    assert_eq!(answer.attribute("ExternalId"), ID);
    let after = stack.account.role("Vendor").unwrap();
    assert!(after.trust == trust(ID));
    assert_eq!(after.tags.get(EXTERNAL_ID_TAG).map(String::as_str), Some(ID));
    // Of a trust of another form, it is not: then there is a new one.
    let other = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": PROVIDER},
        "Condition": {"StringLike": {"sts:ExternalId": ID}}});
    let (_, _, answer) = hand_over(native(policy(other)), &json!({"ExternalId": null})).await;
    assert_ne!(answer.attribute("ExternalId"), ID);
    expect!["VendorAccess was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive). [policy-removed]"].assert_eq(answer.attribute("Warnings"));
}

/// A trust that names a role of the provider as principal admits others than the account with a condition on that role.
#[tokio::test(start_paused = true)]
async fn a_trust_that_names_a_role_as_principal_is_replaced() {
    let principal = "arn:aws:iam::222222222222:role/Scanner";
    let named = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal},
        "Condition": {"StringEquals": {"sts:ExternalId": ID}}});
    let one_role = json!({"AllowedPrincipalArns": principal});
    let (stack, _, answer) = hand_over(native(policy(named.clone())), &one_role).await;
    expect!["VendorAccess was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive). [policy-removed]"].assert_eq(answer.attribute("Warnings"));
    check_writes(
        &stack,
        &expect![[r"
        CreateRole Vendor: VendorAccess, SecurityAudit
        TagRole Vendor service-provider-access:revoke,service-provider-access:state: VendorAccess, SecurityAudit
        PutRolePolicy Vendor ServiceProviderAccessGuardrails: ServiceProviderAccessGuardrails, VendorAccess, SecurityAudit
        DeleteRolePolicy Vendor VendorAccess: ServiceProviderAccessGuardrails, SecurityAudit
        UpdateAssumeRolePolicy Vendor: ServiceProviderAccessGuardrails, SecurityAudit
        PutRolePolicy Vendor AWSRevokeOlderSessions: AWSRevokeOlderSessions, ServiceProviderAccessGuardrails, SecurityAudit
        UntagRole Vendor service-provider-access:revoke: AWSRevokeOlderSessions, ServiceProviderAccessGuardrails, SecurityAudit
        PutRolePolicy Vendor CustomPolicy: AWSRevokeOlderSessions, CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
        TagRole Vendor service-provider-access:logical-id,service-provider-access:stack-id: AWSRevokeOlderSessions, CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
        UntagRole Vendor service-provider-access:hand-over-to: AWSRevokeOlderSessions, CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
    "]],
    );
    let keep = merged(one_role, &json!({"RevokeSessions": "Never"}));
    let (stack, _, answer) = hand_over(native(policy(named)), &keep).await;
    expect!["VendorAccess was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive). [policy-removed]"].assert_eq(answer.attribute("Warnings"));
    check_writes(
        &stack,
        &expect![[r"
        CreateRole Vendor: VendorAccess, SecurityAudit
        TagRole Vendor service-provider-access:state: VendorAccess, SecurityAudit
        PutRolePolicy Vendor ServiceProviderAccessGuardrails: ServiceProviderAccessGuardrails, VendorAccess, SecurityAudit
        DeleteRolePolicy Vendor VendorAccess: ServiceProviderAccessGuardrails, SecurityAudit
        UpdateAssumeRolePolicy Vendor: ServiceProviderAccessGuardrails, SecurityAudit
        PutRolePolicy Vendor CustomPolicy: CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
        TagRole Vendor service-provider-access:logical-id,service-provider-access:stack-id: CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
        UntagRole Vendor service-provider-access:hand-over-to: CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
    "]],
    );
}

/// The trust rewritten first, where the role still belongs to the old template, in the form that the function writes.
#[tokio::test(start_paused = true)]
async fn a_trust_in_our_form_is_not_replaced() {
    let principal = "arn:aws:iam::222222222222:role/Scanner";
    let rewritten = json!({"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
        "Condition": {"StringEquals": {"sts:ExternalId": ID}, "ArnLike": {"aws:PrincipalArn": principal}}});
    let role = native(policy(rewritten.clone()));
    let (stack, _, answer) = hand_over(role, &json!({"AllowedPrincipalArns": principal})).await;
    expect!["VendorAccess was on the role but is not declared, so it was removed (PolicyOwnership: Exclusive). [policy-removed]"].assert_eq(answer.attribute("Warnings"));
    check_writes(
        &stack,
        &expect![[r"
        CreateRole Vendor: VendorAccess, SecurityAudit
        TagRole Vendor service-provider-access:state: VendorAccess, SecurityAudit
        PutRolePolicy Vendor ServiceProviderAccessGuardrails: ServiceProviderAccessGuardrails, VendorAccess, SecurityAudit
        PutRolePolicy Vendor CustomPolicy: CustomPolicy, ServiceProviderAccessGuardrails, VendorAccess, SecurityAudit
        DeleteRolePolicy Vendor VendorAccess: CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
        TagRole Vendor service-provider-access:logical-id,service-provider-access:stack-id: CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
        UntagRole Vendor service-provider-access:hand-over-to: CustomPolicy, ServiceProviderAccessGuardrails, SecurityAudit
    "]],
    );
    assert!(stack.account.role("Vendor").unwrap().trust == policy(rewritten));
}

/// Where the owner requires a boundary, the role gets it first: without it, the function may not write to the role.
#[tokio::test(start_paused = true)]
async fn a_required_boundary_comes_before_everything_else() {
    const BOUNDARY: &str = "arn:aws:iam::111111111111:policy/Boundary";
    let stack = Stack::new().with("REQUIRED_PERMISSIONS_BOUNDARY", BOUNDARY);
    stack.account.put_policy(Policy::named("Boundary", allow("s3:*", "*")));
    stack.account.put_role(native(trust(ID)));
    let answer = stack.create(properties(&json!({}))).await;
    assert!(answer.succeeded(), "{}", answer.reason());
    expect![[r"
        CreateRole Vendor
        TagRole Vendor service-provider-access:state
        PutRolePermissionsBoundary Vendor arn:aws:iam::111111111111:policy/Boundary
        PutRolePolicy Vendor ServiceProviderAccessGuardrails
        PutRolePolicy Vendor CustomPolicy
        DeleteRolePolicy Vendor VendorAccess
        TagRole Vendor service-provider-access:logical-id,service-provider-access:stack-id
        UntagRole Vendor service-provider-access:hand-over-to"]]
    .assert_eq(&stack.account.writes().join("\n"));
    assert_eq!(stack.account.role("Vendor").unwrap().permissions_boundary.as_deref(), Some(BOUNDARY));
}

#[tokio::test(start_paused = true)]
async fn a_create_that_is_refused_leaves_the_role_as_it_was() {
    let (stack, before, answer) = hand_over(native(trust(ID)), &json!({"CustomPolicy": allow("iam:Put*", "*")})).await;
    assert!(answer.reason().ends_with("[administrative]"), "{}", answer.reason());
    assert!(stack.delete(answer.physical_id(), properties(&json!({}))).await.succeeded());
    assert_eq!(stack.account.role("Vendor"), Some(before));
}

/// The path of a role cannot change: for another path, a new role with another name is created.
#[tokio::test(start_paused = true)]
async fn a_role_outside_the_prefix_stays_and_the_provider_switches() {
    let (stack, before, answer) = hand_over(native(trust(ID)).path("/"), &json!({})).await;
    expect!["Path is /delegated/, but the role Vendor is under /, and IAM cannot move a role. Change RoleName together with Path, so that a new role replaces this one. [cannot-change]"].assert_eq(answer.reason());
    assert_eq!(stack.account.role("Vendor"), Some(before.clone()));
    // The new one has a name of its own and the same external ID; both are open until the old one is deleted.
    let beside = stack.create(properties(&json!({"RoleName": "Vendor2"}))).await;
    assert_eq!(beside.attribute("RoleArn"), "arn:aws:iam::111111111111:role/delegated/Vendor2");
    assert_eq!(beside.attribute("ExternalId"), ID);
    assert_eq!(stack.account.role("Vendor"), Some(before));
}

/// Where the owner lets the function work by name, under the path `/`, a role of such a name keeps its ARN.
#[tokio::test(start_paused = true)]
async fn a_role_with_the_owners_name_prefix_is_taken_over_where_it_is() {
    let stack = Stack::new().with("ROLE_PATH_PREFIX", "/").with("ROLE_NAME_PREFIX", "Ven");
    let before = stack.account.put_role(native(trust(ID)).path("/"));
    let answer = stack.create(properties(&json!({}))).await;
    assert_eq!(answer.attribute("RoleArn"), "arn:aws:iam::111111111111:role/Vendor");
    assert_eq!(stack.account.role("Vendor").unwrap().id, before.id);
}

/// The old stack forgets the role (`DeletionPolicy: Retain`, `terraform state rm`); the tag is written meanwhile. From
/// one resource of ours to another, the tag of the new one is believed, too.
#[tokio::test(start_paused = true)]
async fn a_role_moves_between_stacks() {
    let old = Stack::new();
    assert!(old.create(properties(&json!({}))).await.succeeded());
    let made = old.account.role("Vendor").unwrap();
    let new = Stack::in_account(old.account.clone(), "elsewhere");
    old.account.edit(|aws| aws.role_mut("Vendor").tags.insert(HAND_OVER.into(), "elsewhere/Access".into()));
    let answer = new.create(properties(&json!({}))).await;
    expect![""].assert_eq(answer.attribute("Warnings"));
    let after = new.account.role("Vendor").unwrap();
    assert_eq!((&after.id, &after.tags[STACK_TAG]), (&made.id, &new.id));
    // A delete in the old stack finds another's role and leaves it alone.
    assert!(old.delete("Vendor", properties(&json!({}))).await.succeeded());
    assert_eq!(new.account.role("Vendor"), Some(after));
}

/// The recipe for people and machines: two roles of one provider, each with its own conditions.
#[tokio::test(start_paused = true)]
async fn people_and_machines_have_two_roles() {
    let account = Stack::new().account;
    let resource =
        |logical_id: &str| Stack { logical_id: logical_id.into(), ..Stack::in_account(account.clone(), "acme") };
    let people = json!({"ExternalAwsAccountId": PROVIDER, "RequireMfa": true, "MfaMaxAge": 3600,
        "AllowedPrincipalArns": "arn:aws:iam::222222222222:user/oncall/*", "ManagedPolicyArns": READ_ONLY});
    let machines = json!({"ExternalAwsAccountId": PROVIDER,
        "AllowedPrincipalArns": "arn:aws:iam::222222222222:role/collector-*", "ManagedPolicyArns": AUDIT});
    let people = resource("AcmePeople").create(people).await;
    let machines = resource("AcmeMachines").create(machines).await;
    expect![
        "ManagedPolicyArns reads data or obtains credentials: arn:aws:iam::aws:policy/ReadOnlyAccess. [reads-data]"
    ]
    .assert_eq(people.attribute("Warnings"));
    expect![[""]].assert_eq(machines.attribute("Warnings"));
    assert_ne!(people.attribute("ExternalId"), machines.attribute("ExternalId"));
    let condition = |answer: &Answer| {
        let role = account.role(answer.physical_id()).unwrap();
        let condition = &role.trust.json()["Statement"][0]["Condition"];
        condition.to_string().replace(answer.attribute("ExternalId"), "<id>")
    };
    expect![[r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222222222222:user/oncall/*"},"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"3600"},"StringEquals":{"sts:ExternalId":"<id>"}}"#]].assert_eq(&condition(&people));
    expect![[r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222222222222:role/collector-*"},"StringEquals":{"sts:ExternalId":"<id>"}}"#]].assert_eq(&condition(&machines));
}

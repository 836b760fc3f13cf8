//! What IAM refuses, in IAM's words.

use super::*;

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let account = Account::new();
    account.put_role(Role::named("acme"));
    let iam = client(&account);

    assert_eq!(
        refusal(iam.get_role().role_name("absent").send()).await,
        "404 NoSuchEntity: The role with name absent cannot be found."
    );
    assert_eq!(
        refusal(iam.get_role_policy().role_name("acme").policy_name("p").send()).await,
        "404 NoSuchEntity: The role policy with name p cannot be found."
    );
    assert_eq!(
        refusal(iam.delete_role_policy().role_name("acme").policy_name("p").send()).await,
        "404 NoSuchEntity: The role policy with name p cannot be found."
    );
    let reserved = "arn:aws:iam::aws:policy/aws-service-role/AWSSupportServiceRolePolicy";
    assert_eq!(
        refusal(iam.attach_role_policy().role_name("acme").policy_arn(reserved).send()).await,
        "400 PolicyNotAttachable: Cannot attach a Service Role Policy to a Customer Role."
    );
    let absent = "arn:aws:iam::111111111111:policy/absent";
    assert_eq!(
        refusal(iam.attach_role_policy().role_name("acme").policy_arn(absent).send()).await,
        format!("404 NoSuchEntity: Policy {absent} does not exist or is not attachable.")
    );
    assert_eq!(
        refusal(iam.detach_role_policy().role_name("acme").policy_arn(READ_ONLY).send()).await,
        format!("404 NoSuchEntity: Policy {READ_ONLY} was not found.")
    );
    assert_eq!(
        refusal(iam.put_role_permissions_boundary().role_name("acme").permissions_boundary(absent).send()).await,
        format!("404 NoSuchEntity: Scope ARN: {absent} does not exist or is not attachable.")
    );
    assert_eq!(
        refusal(iam.get_policy().policy_arn(absent).send()).await,
        format!("404 NoSuchEntity: Policy {absent} was not found.")
    );
    assert_eq!(
        refusal(iam.get_policy_version().policy_arn(READ_ONLY).version_id("v9").send()).await,
        format!("404 NoSuchEntity: Policy {READ_ONLY} version v9 does not exist or is not attachable.")
    );
}

#[tokio::test]
async fn quotas_are_enforced_and_reported() {
    let account = Account::new();
    account.put_role(Role::named("acme").attach(DENY_ALL).inline("a", policy("s3:GetObject")));
    account.edit(|state| {
        state.quotas.attached_policies_per_role = 1;
        state.quotas.inline_policies_size = 200;
        state.quotas.trust_size = 150;
        state.quotas.roles = 1;
    });
    let iam = client(&account);

    assert_eq!(
        refusal(iam.attach_role_policy().role_name("acme").policy_arn(READ_ONLY).send()).await,
        "409 LimitExceeded: Cannot exceed quota for PoliciesPerRole: 1"
    );
    iam.attach_role_policy().role_name("acme").policy_arn(DENY_ALL).send().await.expect("it is attached already");

    // Each has 85 characters without white space: two fit, three do not, and replacing one adds nothing.
    let document = serde_json::to_string_pretty(&policy("s3:GetObject")).expect("it is JSON");
    let put = |name| iam.put_role_policy().role_name("acme").policy_name(name).policy_document(&document).send();
    put("b").await.expect("put");
    put("b").await.expect("replaced");
    assert_eq!(refusal(put("c")).await, "409 LimitExceeded: Maximum policy size of 200 bytes exceeded for role acme");

    assert_eq!(
        refusal(
            iam.update_assume_role_policy().role_name("acme").policy_document(trust("222222222222").to_string()).send()
        )
        .await,
        "409 LimitExceeded: Cannot exceed quota for ACLSizePerRole: 150"
    );
    let simple = super::super::managed::trust_in_ec2().to_string();
    assert_eq!(
        refusal(iam.create_role().role_name("other").assume_role_policy_document(&simple).send()).await,
        "409 LimitExceeded: Cannot exceed quota for RolesPerAccount: 1"
    );
    assert_eq!(
        refusal(iam.create_role().role_name("ACME").path("/other/").assume_role_policy_document(&simple).send()).await,
        "409 EntityAlreadyExists: Role with name ACME already exists."
    );

    let summary = iam.get_account_summary().send().await.expect("answered").summary_map.expect("there is a map");
    assert_eq!(summary[&SummaryKeyType::AttachedPoliciesPerRoleQuota], 1);
    assert_eq!(summary[&SummaryKeyType::AssumeRolePolicySizeQuota], 150);
    assert_eq!(summary[&SummaryKeyType::from("RolePolicySizeQuota")], 200);
}

#[tokio::test]
async fn malformed_values_are_refused() {
    let account = Account::new();
    account.put_role(Role::named("acme"));
    let iam = client(&account);
    let create = || iam.create_role().role_name("other").assume_role_policy_document(trust("222222222222").to_string());

    assert_eq!(
        refusal(create().role_name("a b").send()).await,
        "400 ValidationError: The specified value for roleName is invalid. It must contain only alphanumeric \
         characters and/or the following: +=,.@_-"
    );
    assert_eq!(
        refusal(create().role_name("a".repeat(65)).send()).await,
        format!(
            "400 ValidationError: 1 validation error detected: Value '{}' at 'roleName' failed to satisfy constraint: \
             Member must have length less than or equal to 64",
            "a".repeat(65)
        )
    );
    assert_eq!(
        refusal(create().path("delegated").send()).await,
        "400 ValidationError: The specified value for path is invalid. It must begin and end with / and contain only \
         alphanumeric characters and/or / characters."
    );
    assert_eq!(
        refusal(create().description("한").send()).await,
        "400 ValidationError: 1 validation error detected: Value '한' at 'description' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"
    );
    assert_eq!(
        refusal(create().max_session_duration(3_599).send()).await,
        "400 ValidationError: 1 validation error detected: Value '3599' at 'maxSessionDuration' failed to satisfy \
         constraint: Member must have value greater than or equal to 3600"
    );
    assert_eq!(
        refusal(iam.get_policy().policy_arn("arn:aws:iam::aws:role/policy").send()).await,
        "400 InvalidInput: ARN arn:aws:iam::aws:role/policy is not valid."
    );
    assert_eq!(
        refusal(iam.get_role().send()).await,
        "400 ValidationError: 1 validation error detected: Value null at 'roleName' failed to satisfy constraint: \
         Member must not be null"
    );

    let tagged = |key: &str, value: &str| iam.tag_role().role_name("acme").tags(tag(key, value)).send();
    assert_eq!(
        refusal(tagged("semi;colon", "")).await,
        "400 ValidationError: 1 validation error detected: Value 'semi;colon' at 'tags.1.member.key' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+"
    );
    assert!(refusal(tagged("key", &"v".repeat(257))).await.ends_with("length less than or equal to 256"));
    assert_eq!(
        refusal(tagged("AWS:x", "")).await,
        "400 InvalidInput: System tags cannot be added/updated by requester"
    );
    assert_eq!(
        refusal(iam.tag_role().role_name("acme").tags(tag("a", "1")).tags(tag("A", "2")).send()).await,
        "400 InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive."
    );
    let fifty: Vec<Tag> = (0..50).map(|n| tag(&n.to_string(), "")).collect();
    iam.tag_role().role_name("acme").set_tags(Some(fifty)).send().await.expect("fifty are allowed");
    assert_eq!(refusal(tagged("one more", "")).await, "409 LimitExceeded: Cannot exceed quota for TagsPerRole: 50");

    account.put_role(Role::named("AWSServiceRoleForX").path("/aws-service-role/x.amazonaws.com/"));
    assert_eq!(
        refusal(iam.delete_role().role_name("AWSServiceRoleForX").send()).await,
        "400 UnmodifiableEntity: Cannot perform the operation on the protected role 'AWSServiceRoleForX' - this role \
         is only modifiable by AWS"
    );
}

#[tokio::test]
async fn malformed_documents_are_refused() {
    let account = Account::new();
    account.put_role(Role::named("acme"));
    account.edit(|state| state.nonexistent_accounts.push("999999999999".to_owned()));
    let iam = client(&account);

    let statement = |change: fn(&mut Value)| {
        let mut document = trust("222222222222");
        change(&mut document["Statement"][0]);
        document.to_string()
    };
    for (document, expected) in [
        ("{".to_owned(), "This policy contains invalid Json"),
        ("[]".to_owned(), "Syntax errors in policy."),
        (json!({ "Version": "2012-10-17", "Statement": [] }).to_string(), "Syntax errors in policy."),
        (statement(|it| it["Effect"] = Value::Null), "Syntax errors in policy."),
        (statement(|it| it["Efect"] = json!("Allow")), "Syntax errors in policy."),
        (statement(|it| it["Principal"] = Value::Null), "Missing required field Principal"),
        (
            statement(|it| it["Principal"]["AWS"] = json!([])),
            "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: The passed in policy has a \
             statement with no principals!",
        ),
        (statement(|it| it["Resource"] = json!("*")), "Has prohibited field Resource"),
        (statement(|it| it["Action"] = json!([])), "Policy statement must contain actions."),
        (statement(|it| it["Action"] = json!("s3:*")), "AssumeRole policy may only specify STS AssumeRole actions."),
        (
            statement(|it| it["Principal"]["AWS"] = json!("arn:aws:iam::999999999999:root")),
            "Invalid principal in policy: \"AWS\":\"arn:aws:iam::999999999999:root\"",
        ),
    ] {
        assert_eq!(
            refusal(iam.update_assume_role_policy().role_name("acme").policy_document(&document).send()).await,
            format!("400 MalformedPolicyDocument: {expected}"),
            "{document}"
        );
    }

    for (document, expected) in [
        (statement(|_| ()), "Policy document should not specify a principal."),
        (policy("GetObject").to_string(), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        (
            json!({ "Statement": { "Effect": "Deny", "Action": "*" } }).to_string(),
            "Policy statement must contain resources.",
        ),
        (
            json!({ "Statement": { "Effect": "Deny", "Action": "*", "Resource": "bucket" } }).to_string(),
            "Resource bucket must be in ARN format or \"*\".",
        ),
        (
            json!({ "Statement": [
                { "Sid": "A", "Effect": "Deny", "Action": "*", "Resource": "*" },
                { "Sid": "A", "Effect": "Deny", "Action": "*", "Resource": "*" }
            ] })
            .to_string(),
            "Statement IDs (SID) in a single policy must be unique.",
        ),
    ] {
        assert_eq!(
            refusal(iam.put_role_policy().role_name("acme").policy_name("p").policy_document(&document).send()).await,
            format!("400 MalformedPolicyDocument: {expected}"),
            "{document}"
        );
    }
}

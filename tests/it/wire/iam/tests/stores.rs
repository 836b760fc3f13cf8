//! What the account stores, and how it returns it.

use super::*;

#[tokio::test]
async fn a_role_is_stored_as_iam_stores_it() {
    let account = Account::new();
    let boundary = account.put_policy(Policy::named("Boundary", policy("s3:*")));
    let iam = client(&account);

    let created = iam
        .create_role()
        .role_name("Acme")
        .path("/delegated/")
        .assume_role_policy_document(serde_json::to_string_pretty(&trust("222222222222")).expect("it is JSON"))
        .description("Für <Acme> & Co")
        .max_session_duration(7_200)
        .permissions_boundary(&boundary)
        .tags(tag("team", "one"))
        .send()
        .await
        .expect("the role is made");
    let role = created.role().expect("there is a role");
    assert_eq!((role.description(), role.max_session_duration()), (None, None), "only GetRole returns these");

    iam.tag_role().role_name("Acme").tags(tag("Team", "two")).tags(tag("owner", "")).send().await.expect("tagged");
    iam.untag_role().role_name("Acme").tag_keys("OWNER").tag_keys("absent").send().await.expect("untagged");
    iam.attach_role_policy().role_name("acme").policy_arn(READ_ONLY).send().await.expect("attached");
    iam.attach_role_policy().role_name("Acme").policy_arn(READ_ONLY).send().await.expect("attached again");
    let inline = serde_json::to_string_pretty(&policy("s3:GetObject")).expect("it is JSON");
    iam.put_role_policy().role_name("Acme").policy_name("Inline").policy_document(&inline).send().await.expect("put");

    let expected = Role {
        arn: "arn:aws:iam::111111111111:role/delegated/Acme".to_owned(),
        id: role.role_id().to_owned(),
        // Lists of one element became that element.
        trust: json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "AWS": "arn:aws:iam::222222222222:root" },
                "Action": "sts:AssumeRole",
                "Condition": { "StringEquals": { "sts:ExternalId": "0123456789abcdef" } }
            }]
        })
        .into(),
        created: 1_795_348_801,
        ..Role::named("Acme")
            .path("/delegated/")
            .description("Für <Acme> & Co")
            .max_session_duration(7_200)
            .permissions_boundary(&boundary)
            .tag("Team", "two")
            .attach(READ_ONLY)
    };
    let mut kept = account.role("ACME").expect("the role is there");
    assert_eq!(kept.inline_policies.remove("Inline").expect("it was put").text(), inline, "stored unchanged");
    assert_eq!(kept, expected);

    let got = iam.get_role().role_name("Acme").send().await.expect("the role is there").role.expect("there is a role");
    assert_eq!(got.arn(), expected.arn);
    assert_eq!(got.description(), Some("Für <Acme> & Co"));
    assert_eq!(got.max_session_duration(), Some(7_200));
    assert_eq!(got.tags(), [tag("Team", "two")]);
    assert_eq!(got.permissions_boundary().and_then(|it| it.permissions_boundary_arn()), Some(boundary.as_str()));
    let document = got.assume_role_policy_document().expect("there is a trust");
    assert!(document.starts_with("%7B%22") && document.contains("%22sts%3AAssumeRole%22"), "{document}");

    let got = iam.get_role_policy().role_name("Acme").policy_name("Inline").send().await.expect("it was put");
    assert!(got.policy_document().starts_with("%7B%0A%20%20%22"), "{}", got.policy_document());

    assert_eq!(
        account.writes(),
        [
            "CreateRole Acme",
            "TagRole Acme Team,owner",
            "UntagRole Acme OWNER,absent",
            "AttachRolePolicy acme arn:aws:iam::aws:policy/ReadOnlyAccess",
            "AttachRolePolicy Acme arn:aws:iam::aws:policy/ReadOnlyAccess",
            "PutRolePolicy Acme Inline",
        ]
    );
    account.clear_calls();
    assert_eq!(account.calls(), [""; 0]);
}

#[tokio::test]
async fn a_role_is_changed_and_deleted() {
    let account = Account::new();
    let iam = client(&account);
    account.put_role(
        Role::named("acme")
            .trust(trust("444444444444"))
            .description("old")
            .max_session_duration(7_200)
            .permissions_boundary(DENY_ALL)
            .inline("a", policy("s3:*"))
            .attach(READ_ONLY),
    );
    account.edit(|state| state.put_instance_profile("profile", "acme"));

    let foreign = account.role("acme").expect("it is there");
    assert_eq!(foreign.trust, trust("444444444444"), "a role placed by the test is not rewritten");
    iam.update_role().role_name("acme").description("").send().await.expect("updated");
    iam.update_assume_role_policy()
        .role_name("acme")
        .policy_document(json!({
            "Statement": { "Effect": "Allow", "Principal": { "AWS": ["222222222222", "333333333333"] }, "Action": "sts:AssumeRole" }
        }).to_string())
        .send()
        .await
        .expect("updated");
    let role = account.role("acme").expect("it is there");
    assert_eq!(role.description, None, "an empty description clears it");
    assert_eq!(role.max_session_duration, 3_600, "IAM resets what UpdateRole leaves out");
    let principals = role.trust.json()["Statement"]["Principal"]["AWS"].clone();
    assert_eq!(principals, json!(["arn:aws:iam::333333333333:root", "arn:aws:iam::222222222222:root"]));

    iam.put_role_permissions_boundary().role_name("acme").permissions_boundary(READ_ONLY).send().await.expect("put");
    assert_eq!(account.role("acme").and_then(|role| role.permissions_boundary).as_deref(), Some(READ_ONLY));
    iam.delete_role_permissions_boundary().role_name("acme").send().await.expect("deleted");
    assert_eq!(account.role("acme").and_then(|role| role.permissions_boundary), None);

    let delete = || iam.delete_role().role_name("acme").send();
    let profiles = iam.list_instance_profiles_for_role().role_name("acme").send().await.expect("listed");
    assert_eq!(profiles.instance_profiles()[0].instance_profile_name(), "profile");
    assert_eq!(
        refusal(delete()).await,
        "409 DeleteConflict: Cannot delete entity, must remove roles from instance profile first."
    );
    account.edit(|state| state.instance_profiles.clear());
    assert_eq!(refusal(delete()).await, "409 DeleteConflict: Cannot delete entity, must detach all policies first.");
    iam.detach_role_policy().role_name("acme").policy_arn(READ_ONLY).send().await.expect("detached");
    assert_eq!(refusal(delete()).await, "409 DeleteConflict: Cannot delete entity, must delete policies first.");
    iam.delete_role_policy().role_name("acme").policy_name("a").send().await.expect("deleted");
    delete().await.expect("deleted");
    assert_eq!(account.roles(), [""; 0]);
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let account = Account::new();
    let role = ["a", "b", "c"].iter().fold(Role::named("acme"), |role, name| role.inline(name, policy("s3:*")));
    account.put_role(role.attach(READ_ONLY).attach(DENY_ALL));
    account.edit(|state| state.page_size = 2);
    let iam = client(&account);

    let first = iam.list_role_policies().role_name("acme").send().await.expect("listed");
    assert_eq!((first.policy_names(), first.is_truncated()), (&["a".to_owned(), "b".to_owned()][..], true));
    let second = iam.list_role_policies().role_name("acme").set_marker(first.marker).send().await.expect("listed");
    assert_eq!((second.policy_names(), second.is_truncated()), (&["c".to_owned()][..], false));
    assert_eq!(second.marker(), None);

    let attached: Vec<_> = iam
        .list_attached_role_policies()
        .role_name("acme")
        .into_paginator()
        .page_size(1)
        .items()
        .send()
        .collect::<Result<_, _>>()
        .await
        .expect("listed");
    let arns: Vec<_> = attached.iter().filter_map(|policy| policy.policy_arn()).collect();
    assert_eq!(arns, [READ_ONLY, DENY_ALL]);
    assert_eq!(account.calls().iter().filter(|call| *call == "ListAttachedRolePolicies acme").count(), 2);
    assert_eq!(
        refusal(iam.list_role_policies().role_name("acme").marker("elsewhere").send()).await,
        "400 ValidationError: Invalid Marker."
    );
}

#[tokio::test]
async fn policies_are_read_by_version() {
    let account = Account::new();
    let arn = account.put_policy(Policy::named("Custom", policy("s3:*")).path("/team/").version(policy("ec2:*")));
    account.put_role(Role::named("acme").attach(&arn));
    let iam = client(&account);

    assert_eq!(arn, "arn:aws:iam::111111111111:policy/team/Custom");
    let got = iam.get_policy().policy_arn(&arn).send().await.expect("it is there").policy.expect("there is a policy");
    assert_eq!((got.default_version_id(), got.attachment_count()), (Some("v2"), Some(1)));
    let got = iam.get_policy_version().policy_arn(&arn).version_id("v1").send().await.expect("it is there");
    let version = got.policy_version().expect("there is a version");
    assert!(!version.is_default_version());
    assert!(version.document().expect("there is a document").contains("s3%3A%2A"));
}

#[tokio::test]
async fn other_partitions_have_their_own_names() {
    for (partition, region) in [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")] {
        let account = Account::in_partition(partition, "444444444444");
        let there = config().region(Region::new(region)).http_client(account.http_client()).build();
        create(&Client::from_conf(there), "acme").await;
        let arn = account.role("acme").expect("it was made").arn;
        assert_eq!(arn, format!("arn:{partition}:iam::444444444444:role/acme"));
    }
}

//! Faults, and what the record says of them.

use std::sync::Arc;

use futures_util::FutureExt;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_fault_applies_to_the_calls_that_it_is_set_for() {
    let account = Account::new();
    let iam = client(&account);
    let get = || iam.get_role().role_name("acme").send();

    account.fail(Fault::throttled().on("GetRole").nth(2));
    account.fail(Fault::unavailable().on_writes().every());
    account.fail(Fault::server_error().on("GetRole").naming("absent"));
    assert!(refusal(get()).await.starts_with("404"));
    assert_eq!(refusal(get()).await, "400 Throttling: Rate exceeded");
    assert!(refusal(get()).await.starts_with("404"));
    for _ in 0..2 {
        assert!(refusal(iam.delete_role().role_name("acme").send()).await.starts_with("503 ServiceUnavailable"));
    }
    assert_eq!(account.unused_faults(), ["500 InternalFailure on GetRole naming absent"]);

    let account = Account::new();
    let iam = client(&account);
    let get = || iam.get_role().role_name("acme").send();
    account.fail(Fault::concurrent_modification());
    account.fail(Fault::temporarily_unmodifiable());
    account.fail(Fault::refused(418, "Teapot", "short and stout"));
    account.fail(Fault::no_such_entity().first(2));
    account.fail(Fault::connection_cut().since(2));
    let existing = account.put_role(Role::named("acme"));
    assert!(refusal(get()).await.starts_with("409 ConcurrentModification: "));
    assert!(refusal(get()).await.starts_with("409 EntityTemporarilyUnmodifiable: "));
    assert_eq!(refusal(get()).await, "418 Teapot: short and stout");
    assert_eq!(refusal(get()).await, "404 NoSuchEntity: The role with name acme cannot be found.");
    assert_eq!(refusal(get()).await, "404 NoSuchEntity: The role with name acme cannot be found.");
    get().await.expect("no fault applies");
    assert_eq!(refusal(get()).await, "connection lost");
    assert_eq!(refusal(get()).await, "connection lost");
    assert_eq!(account.role("acme"), Some(existing));
    account.clear_faults();

    // `on_call` compares the whole line, and a waiter is notified at once.
    let waiter = Arc::default();
    account.fail(Fault::throttled().on_call("GetRole acm").every());
    account.fail(Fault::throttled().on_call("GetRole acme").run(2, 2).notifying(&waiter));
    get().await.expect("only the second and the third");
    assert!(waiter.notified().now_or_never().is_none(), "not yet");
    for _ in 0..2 {
        assert!(refusal(get()).await.starts_with("400 Throttling"));
    }
    assert!(waiter.notified().now_or_never().is_some());
    get().await.expect("only the second and the third");
}

#[tokio::test(start_paused = true)]
async fn the_roles_after_each_write_are_kept() {
    let account = Account::new();
    let iam = client(&account);
    account.put_role(Role::named("acme"));
    iam.get_role().role_name("acme").send().await.expect("it is there");
    iam.update_role().role_name("acme").max_session_duration(7200).send().await.expect("it is there");
    account.fail(Fault::reply_lost());
    assert_eq!(refusal(iam.delete_role().role_name("acme").send()).await, "connection lost");
    let snapshots: Vec<_> = account
        .snapshots()
        .into_iter()
        .map(|snapshot| {
            (snapshot.after, snapshot.roles.iter().map(|role| role.max_session_duration).collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(snapshots, [("UpdateRole acme".to_owned(), vec![7200]), ("DeleteRole acme".to_owned(), vec![])]);
}

#[tokio::test(start_paused = true)]
async fn denials_have_the_words_of_aws() {
    let account = Account::new();
    let iam = client(&account);
    account.fail(Fault::denied().every());
    let user = "403 AccessDenied: User: arn:aws:sts::111111111111:assumed-role/service-provider-access/service-provider-access";

    assert_eq!(
        refusal(iam.get_role().role_name("acme").send()).await,
        format!(
            "{user} is not authorized to perform: iam:GetRole on resource: role acme \
             because no identity-based policy allows the iam:GetRole action"
        )
    );
    let create = iam.create_role().role_name("acme").path("/delegated/").assume_role_policy_document("{}");
    assert!(
        refusal(create.send()).await.contains(" on resource: arn:aws:iam::111111111111:role/delegated/acme because ")
    );

    let account = Account::new();
    account.fail(Fault::denied_because("with an explicit deny in a service control policy"));
    assert_eq!(
        refusal(client(&account).get_account_summary().send()).await,
        format!(
            "{user} is not authorized to perform: iam:GetAccountSummary on resource: * \
             with an explicit deny in a service control policy"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_has_changed_the_account() {
    let account = Account::new();
    account.fail(Fault::reply_lost().on("CreateRole"));
    let iam = retrying(&account);
    let document = trust("222222222222").to_string();

    // The SDK retries and finds the role that its first attempt made.
    assert_eq!(
        refusal(iam.create_role().role_name("acme").assume_role_policy_document(document).send()).await,
        "409 EntityAlreadyExists: Role with name acme already exists."
    );
    assert_eq!(account.writes(), ["CreateRole acme", "CreateRole acme"]);

    account.fail(Fault::connection_cut().on("TagRole").first(2));
    iam.tag_role().role_name("acme").tags(tag("a", "1")).send().await.expect("the third attempt succeeds");
    assert_eq!(account.writes()[2..], ["TagRole acme a", "TagRole acme a", "TagRole acme a"]);
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_the_caller_times_out() {
    let account = Account::new();
    account.fail(Fault::hang().on("CreateRole").naming("hangs"));
    account.fail(Fault::reply_hangs().on("CreateRole"));
    account.edit(|state| state.latency = Duration::from_millis(30));
    let timeouts = TimeoutConfig::builder().read_timeout(Duration::from_secs(5)).build();
    let iam = Client::from_conf(config().http_client(account.http_client()).timeout_config(timeouts).build());
    let create =
        |name| iam.create_role().role_name(name).assume_role_policy_document(trust("222222222222").to_string()).send();

    let started = tokio::time::Instant::now();
    assert_eq!(refusal(create("hangs")).await, "timeout");
    assert_eq!(refusal(create("made")).await, "timeout");
    assert_eq!(started.elapsed().as_secs(), 10);
    assert_eq!(account.roles(), ["made"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_role_can_be_unknown_for_a_while() {
    let account = Account::new();
    account.edit(|state| state.propagation_delay = 2);
    account.fail(Fault::id_for_arn().on("GetRole"));
    let iam = client(&account);
    create(&iam, "acme").await;

    let attach = || iam.attach_role_policy().role_name("Acme").policy_arn(READ_ONLY).send();
    for _ in 0..2 {
        assert_eq!(refusal(attach()).await, "404 NoSuchEntity: The role with name Acme cannot be found.");
    }
    attach().await.expect("now the role is found");

    let arn = async || iam.get_role().role_name("acme").send().await.expect("it is there").role.expect("a role").arn;
    assert_eq!(arn().await, "AROAEXAMPLE0000000001");
    assert_eq!(arn().await, "arn:aws:iam::111111111111:role/acme");
}

#[tokio::test(start_paused = true)]
async fn concurrent_calls_are_one_round() {
    let account = Account::new();
    account.edit(|state| state.latency = Duration::from_millis(30));
    let iam = client(&account);

    let started = tokio::time::Instant::now();
    create(&iam, "acme").await;
    let attach = |arn| iam.attach_role_policy().role_name("acme").policy_arn(arn).send();
    let (a, b) = tokio::join!(attach(READ_ONLY), attach(DENY_ALL));
    a.and(b).expect("both are attached");
    let got = iam.get_role().role_name("acme").send().await.expect("it is there");

    assert_eq!(started.elapsed().as_millis(), 90);
    assert_eq!(
        account.rounds(),
        [
            vec!["CreateRole acme"],
            vec![
                "AttachRolePolicy acme arn:aws:iam::aws:policy/ReadOnlyAccess",
                "AttachRolePolicy acme arn:aws:iam::aws:policy/AWSDenyAll"
            ],
            vec!["GetRole acme"],
        ]
    );
    assert_eq!(account.max_in_flight(), 2);
    assert_eq!(account.request_id("GetRole").as_deref(), got.request_id());
}

#[test]
#[should_panic(expected = "a fault on CreateUser, which the fake IAM does not know")]
fn a_fault_on_an_unknown_action_is_a_panic() {
    let _ = Fault::throttled().on("CreateUser");
}

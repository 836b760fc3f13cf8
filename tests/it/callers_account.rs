//! What the command `delegated-role` does with the caller's own credentials: it reads, and probes.

use std::time::{Duration, SystemTime};

use clap::Parser;
use delegated_role_cli::arguments::{Arguments, Verb};
use delegated_role_cli::caller::Caller;
use delegated_role_cli::console::Console;
use delegated_role_cli::deployment::Deployment;
use delegated_role_cli::outcome::{Outcome, Unusable};
use delegated_role_cli::plan::{Action, Change, against_account};
use delegated_role_cli::probe::probe;
use delegated_role_cli::template::{Inputs, Template};
use delegated_role_core::identifiers::{Account, AccountId, Partition, StackArn};
use delegated_role_core::owner_limits::Settings;
use serde_json::{Value, json};

use crate::agreement::{LATER, at, calls, later};
use crate::fixtures::{ACCOUNT, AUDIT, EC2, ID, OTHER_PROVIDER, PROVIDER, READ_ONLY};
use crate::stack::Stack;
use crate::wire::sts::Customer;

fn caller(stack: &Stack) -> Caller {
    let handler = stack.handler();
    Caller {
        iam: handler.iam,
        sts: handler.sts,
        cloudformation: handler.cloudformation,
        account: Account { partition: Partition::parse("aws").unwrap(), id: AccountId::parse(ACCOUNT).unwrap() },
        region: stack.region.to_owned(),
    }
}

fn template(properties: Option<&Value>) -> (String, Template) {
    let resources = match properties {
        Some(properties) => json!({"Access": {"Type": "Custom::DelegatedRole", "Properties": properties}}),
        None => json!({}),
    };
    ("template.json".to_owned(), Template::read(&json!({ "Resources": resources }).to_string()).unwrap())
}

async fn plan(stack: &Stack, old: Option<&Value>, new: Option<&Value>) -> Result<Change, Unusable> {
    let limits = Settings::from_environment(|name| (name == "TRUSTED_ACCOUNT_IDS").then(|| "*".to_owned())).limits;
    let mut deployment = Deployment::new(Inputs::default(), limits.unwrap(), StackArn::parse(&stack.id).ok());
    let old = old.map(|old| template(Some(old)));
    stack.account.clear_calls();
    let changes = against_account(&caller(stack), &mut deployment, old.as_ref(), &template(new), at(LATER)).await?;
    assert_eq!(stack.account.writes(), Vec::<String>::new(), "a plan writes nothing");
    stack.account.clear_calls();
    Ok(changes.into_iter().next().unwrap())
}

/// What others changed since is part of the plan, and what is planned is what the next update does.
#[tokio::test(start_paused = true)]
async fn a_live_plan_is_what_the_next_update_does() {
    let old =
        json!({"ExternalAwsAccountId": [PROVIDER, OTHER_PROVIDER], "RoleName": "Auditor", "ManagedPolicyArns": AUDIT});
    let new = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": EC2});
    let stack = Stack::new();
    let created = stack.create(old.clone()).await;
    stack.cloudformation.set("CREATE_COMPLETE", created.physical_id());
    let mut role = stack.account.role("Auditor").unwrap();
    role.attached_policies.push(READ_ONLY.to_owned());
    stack.account.put_role(role);

    let change = plan(&stack, Some(&old), Some(&new)).await.unwrap();
    assert_eq!(change.action, Action::Update);
    assert_eq!(change.gains, [EC2]);
    assert_eq!(change.loses, [format!("account {OTHER_PROVIDER}"), READ_ONLY.to_owned(), AUDIT.to_owned()]);
    assert_eq!(change.ended, ["all sessions that were issued before the change"]);
    stack.cloudformation.set("UPDATE_IN_PROGRESS", created.physical_id());
    let updated = later(&stack, stack.update_event("Auditor", old, new.clone())).await;
    assert!(updated.succeeded(), "{}", updated.0);
    assert_eq!(stack.account.writes(), calls(&change.operations.steps(), ["Auditor"; 2]));

    let unchanged = plan(&stack, Some(&new), Some(&new)).await.unwrap();
    assert_eq!((unchanged.action, unchanged.operations.steps()), (Action::None, Vec::new()));
    let gone = plan(&stack, Some(&new), None).await.unwrap();
    assert_eq!(gone.action, Action::Delete);
    assert_eq!(gone.loses, [format!("account {PROVIDER}"), EC2.to_owned()]);
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_does_not_exist_has_no_roles_and_a_name_that_is_taken_is_said() {
    let new = json!({"ExternalAwsAccountId": PROVIDER, "RoleName": "Auditor", "ManagedPolicyArns": EC2});
    let stack = Stack::new();
    assert_eq!(plan(&stack, None, Some(&new)).await.unwrap().action, Action::Create);
    let others = Stack::in_account(stack.account.clone(), "others");
    assert!(others.create(new.clone()).await.succeeded());
    let refused = plan(&stack, None, Some(&new)).await.unwrap();
    assert_eq!(refused.action, Action::None);
    assert!(refused.findings[0].message.starts_with("The role name Auditor is taken: "), "{}", refused.findings[0]);
}

async fn probed(stack: &Stack, options: &[&str]) -> (Result<Outcome, Unusable>, String) {
    let arguments = Arguments::parse_from([&["delegated-role", "probe", Customer::ROLE][..], options].concat());
    let Verb::Probe(arguments) = arguments.verb else { panic!("{arguments:?}") };
    let (mut input, mut printed, mut remarks) = (std::io::empty(), Vec::new(), Vec::new());
    let mut console = Console::new(&mut input, &mut printed, &mut remarks, false);
    let now = (SystemTime::UNIX_EPOCH + Duration::from_secs(LATER)).into();
    let outcome = probe(&arguments, ID, &caller(stack), now, &mut console).await;
    let printed = String::from_utf8(printed).unwrap();
    assert!(!printed.contains(ID), "the external ID is printed: {printed}");
    (outcome, printed)
}

#[tokio::test(start_paused = true)]
async fn the_verdict_of_the_probes_is_the_outcome() {
    let stack = Stack::of("Custom::AccessCheck");
    stack.customer.trusts(|id| id == Some(ID));
    let (outcome, printed) = probed(&stack, &[]).await;
    assert_eq!(outcome, Ok(Outcome::Fine), "{printed}");
    assert!(printed.starts_with(&format!("Safe {}\n", Customer::ROLE)), "{printed}");
    assert_eq!(stack.customer.external_ids().len(), 10);

    stack.customer.trusts(|_| true);
    let (outcome, printed) = probed(&stack, &["--format", "json"]).await;
    assert_eq!(outcome, Ok(Outcome::Findings));
    let answer: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&answer["Verdict"], &answer["AccountId"]), (&json!("Unsafe"), &json!(Customer::ID)));

    let (outcome, printed) = probed(&stack, &["--customer-account", PROVIDER]).await;
    assert_eq!(printed, "");
    assert!(outcome.unwrap_err().to_string().contains("[other-account]"));
}

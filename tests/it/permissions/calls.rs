//! The policy allows the calls that the code makes, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use regex_lite::Regex;
use serde_json::{Value, json};

use super::judge::{Call, Judge};
use super::{
    BOUNDARY, SHIPPED_BOUNDARY, actions, deployed, with_administrators, with_all_limits, with_allowed_policies,
    with_boundary, without_boundary,
};
use crate::fixtures::{ADMINISTRATOR, AUDIT, DENY_ALL, EC2, PROVIDER, S3};
use crate::stack::{Answer, Stack};
use crate::template::Deployment;
use crate::wire::iam::{Account, Policy};

const OTHER_BOUNDARY: &str = "arn:aws:iam::111111111111:policy/boundaries/Other";

/// The actions of IAM and CloudFormation that the source text calls.
fn called() -> BTreeSet<String> {
    fn read(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { read(&path, text) } else { *text += &fs::read_to_string(path).unwrap() }
        }
    }
    let mut text = String::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let call = Regex::new(r#"\b(?:iam|cloudformation)\s*\.call\(\s*"((?:iam|cloudformation):[A-Za-z]+)""#).unwrap();
    let any = Regex::new(r"\b(?:iam|cloudformation)\s*\.call\(").unwrap();
    assert_eq!(call.find_iter(&text).count(), any.find_iter(&text).count(), "a call that does not name its action");
    call.captures_iter(&text).map(|found| found[1].to_owned()).collect()
}

/// Without this action, which must be one of them.
fn without(mut actions: BTreeSet<String>, action: &str) -> BTreeSet<String> {
    assert!(actions.remove(action), "{action} is not among them");
    actions
}

#[test]
fn the_policy_allows_the_actions_that_the_code_calls_and_no_other() {
    let mut needed = called();
    needed.extend(["logs:CreateLogStream", "logs:PutLogEvents"].map(str::to_owned));
    assert_eq!(actions(&without_boundary().policy(), "Allow"), needed);
    // If a boundary is required, the code never removes one.
    let needed = without(needed, "iam:DeleteRolePermissionsBoundary");
    let any_policy = with_allowed_policies("arn:aws:iam::aws:policy/*");
    for deployment in [deployed(), with_administrators(), any_policy, with_boundary(), with_all_limits()] {
        assert_eq!(actions(&deployment.policy(), "Allow"), needed);
    }
}

/// A stack whose function runs in the environment and under the policy that a deployment gives it.
struct Watched {
    stack: Stack,
    judge: Judge,
    seen: BTreeSet<String>,
}

/// By lower-case name: where each role is, and its boundary.
type Roles = BTreeMap<String, (String, Option<String>)>;

impl Watched {
    fn new(deployment: &Deployment) -> Self {
        let stack = Stack::new();
        stack.account.edit(|aws| aws.quotas.attached_policies_per_role = 20);
        let shipped = deployment.resolved("/Resources/Boundary/Properties/PolicyDocument");
        let name = SHIPPED_BOUNDARY.rsplit('/').next().unwrap();
        stack.account.put_policy(Policy::named(name, shipped));
        let mut watched = Self { stack, judge: Judge::of(&deployment.policy()), seen: BTreeSet::new() };
        watched.deploy(deployment);
        watched
    }

    /// The same account and roles, and a function that was deployed again.
    fn deploy(&mut self, deployment: &Deployment) {
        let settings = deployment.environment().into_iter();
        self.stack.settings = settings.map(|(name, value)| (&*name.leak(), value)).collect();
        self.judge = Judge::of(&deployment.policy());
    }

    async fn create(&mut self, properties: &Value) -> Answer {
        let before = self.begin();
        let answer = self.stack.create(properties.clone()).await;
        self.end(before);
        answer
    }

    /// The same create, delivered again so late that it asks whether its operation is still in progress.
    async fn create_late(&mut self, properties: &Value) -> Answer {
        let before = self.begin();
        let event = self.stack.event("Create", &json!({ "ResourceProperties": properties }));
        let late = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_890);
        let answer = self.stack.send_at(event, late).await;
        self.end(before);
        answer
    }

    async fn update(&mut self, name: &str, old: &Value, new: &Value) -> Answer {
        let before = self.begin();
        let answer = self.stack.update(name, old.clone(), new.clone()).await;
        self.end(before);
        answer
    }

    async fn delete(&mut self, name: &str, properties: &Value) -> Answer {
        let before = self.begin();
        let answer = self.stack.delete(name, properties.clone()).await;
        self.end(before);
        answer
    }

    async fn audit(&mut self) -> Value {
        let before = self.begin();
        let report = self.stack.call(json!({"Audit": {}})).await;
        self.end(before);
        report
    }

    fn begin(&self) -> Roles {
        self.stack.account.clear_calls();
        self.stack.cloudformation.edit(|report| report.calls.clear());
        self.roles()
    }

    /// Evaluates all calls since [`begin`](Self::begin), each with the roles at that time.
    fn end(&mut self, mut roles: Roles) {
        let after = self.roles();
        for line in self.stack.account.calls() {
            let words: Vec<_> = line.split(' ').collect();
            let action = format!("iam:{}", words[0]);
            let calls = calls(&action, &words[1..], &mut roles, &after);
            for call in calls {
                self.judge.must_allow(&call);
            }
            self.seen.insert(action);
        }
        for call in self.stack.cloudformation.edit(|report| report.calls.clone()) {
            let action = format!("cloudformation:{call}");
            self.judge.must_allow(&Call::on(&action, &self.stack.id));
            self.seen.insert(action);
        }
        // Otherwise the roles were not as expected.
        assert_eq!(roles.values().collect::<BTreeSet<_>>(), after.values().collect::<BTreeSet<_>>());
    }

    fn roles(&self) -> Roles {
        let role = |role: &crate::wire::iam::Role| {
            (role.name.to_ascii_lowercase(), (role.path.clone() + &role.name, role.permissions_boundary.clone()))
        };
        self.stack.account.edit(|aws| aws.roles.iter().map(role).collect())
    }
}

/// What AWS evaluates for one call with these roles, which the call changes.
fn calls(action: &str, words: &[&str], roles: &mut Roles, after: &Roles) -> Vec<Call> {
    let name = words.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    match (action, words) {
        ("iam:GetAccountSummary", []) | ("iam:ListRoles", _) => vec![Call::on_nothing(action)],
        ("iam:GetPolicy", [arn]) | ("iam:GetPolicyVersion", [arn, _]) => vec![Call::on(action, arn)],
        ("iam:CreateRole", [_]) => {
            let role = after.get(&name).expect("a role that was made is there").clone();
            let (place, boundary) = role.clone();
            roles.insert(name, role);
            let create = Call::on_role(action, &place).boundary(boundary.as_deref());
            // Its tags need a permission of their own.
            vec![create, Call::on_role("iam:TagRole", &place)]
        }
        (_, [_, rest @ ..]) => match roles.get_mut(&name) {
            Some((place, boundary)) => {
                if let ("iam:PutRolePermissionsBoundary", [arn]) = (action, rest) {
                    *boundary = Some((*arn).to_owned());
                }
                let mut call = Call::on_role(action, place).boundary(boundary.as_deref());
                if let ("iam:AttachRolePolicy" | "iam:DetachRolePolicy", [arn]) = (action, rest) {
                    call = call.policy(arn);
                }
                match action {
                    "iam:DeleteRolePermissionsBoundary" => *boundary = None,
                    // Otherwise it was refused.
                    "iam:DeleteRole" if !after.contains_key(&name) => drop(roles.remove(&name)),
                    _ => {}
                }
                vec![call]
            }
            // IAM does not know the path of a role that does not exist. The other calls are concurrent with this one,
            // and only its answer counts.
            None if action == "iam:GetRole" => vec![Call::on_role(action, &format!("/{}", words[0]))],
            None if ["iam:ListRolePolicies", "iam:ListAttachedRolePolicies"].contains(&action) => Vec::new(),
            None => panic!("{action} on {name}, which is not there"),
        },
        other => panic!("unknown: {other:?}"),
    }
}

fn read_bucket(bucket: &str) -> Value {
    let statement =
        json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*")});
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

/// Customer managed policies, more than a role can have by default.
fn own_policies(account: &Account) -> Vec<String> {
    for boundary in ["ServiceProviders", "Other"] {
        account.put_policy(Policy::named(boundary, read_bucket("all")).path("/boundaries/"));
    }
    let policy = |n| account.put_policy(Policy::named(&format!("Read{n}"), read_bucket("own")).path("/partners/"));
    (0..11).map(policy).collect()
}

/// All that can happen to a role, with these boundaries one after the other.
async fn live(deployment: &Deployment, boundaries: [Option<&str>; 3]) -> BTreeSet<String> {
    let mut watched = Watched::new(deployment);
    let account = watched.stack.account.clone();
    let own = own_policies(&account);
    let properties = |boundary: Option<&str>, mut properties: Value| {
        properties["ExternalAwsAccountId"] = json!(PROVIDER);
        if let Some(boundary) = boundary {
            properties["PermissionsBoundary"] = json!(boundary);
        }
        properties
    };

    // A create, and a replacement by a role with all properties.
    let bare = properties(None, json!({"RoleName": "Bare"}));
    assert_eq!(watched.create(&bare).await.physical_id(), "Bare");
    let first = properties(
        boundaries[0],
        json!({
            "RoleName": "First", "Description": "of the provider", "ManagedPolicyArns": [AUDIT, own[0]],
            "CustomPolicy": read_bucket("first"),
            "Tags": [{"Key": "team", "Value": "platform"}, {"Key": "stage", "Value": "test"}],
        }),
    );
    assert_eq!(watched.update("Bare", &bare, &first).await.attribute("RoleName"), "First");
    assert!(watched.delete("Bare", &bare).await.succeeded());

    // Changes by others and by its template, in all parts, and again.
    account.edit(|aws| {
        let role = aws.role_mut("First");
        role.attached_policies.extend([EC2.to_owned(), DENY_ALL.to_owned()]);
        role.inline_policies.insert("Stray".into(), read_bucket("stray").into());
    });
    let second = properties(
        boundaries[1],
        json!({
            "RoleName": "First", "Description": "of another", "ExternalId": "an-external-id-of-the-provider",
            "ManagedPolicyArns": S3, "CustomPolicy": read_bucket("second"),
            "Tags": [{"Key": "team", "Value": "security"}],
        }),
    );
    assert_eq!(watched.update("First", &first, &second).await.attribute("RoleName"), "First");
    let report = watched.audit().await;
    assert_eq!((&report["Complete"], &report["Roles"][0]["RoleName"]), (&json!(true), &json!("First")), "{report:#}");
    let third = properties(boundaries[2], json!({"RoleName": "First", "ManagedPolicyArns": own}));
    assert_eq!(watched.update("First", &second, &third).await.attribute("RoleName"), "First");

    // A repeated create, and a delete after a create without an answer.
    assert!(watched.create_late(&third).await.succeeded());
    assert!(watched.delete("customer-Access-1ABCDEFGHIJKL", &json!({"RoleName": "Other"})).await.succeeded());

    // In an instance profile, without it, deleted, and deleted again.
    account.edit(|aws| aws.put_instance_profile("Profile", "First"));
    assert!(watched.delete("First", &third).await.reason().contains("Profile"));
    account.edit(|aws| aws.instance_profiles.clear());
    assert!(watched.delete("First", &third).await.succeeded());
    assert!(watched.delete("First", &third).await.succeeded());
    assert_eq!(account.roles(), Vec::<String>::new());
    watched.seen
}

fn trusting(deployment: Deployment) -> Deployment {
    deployment.with("TrustedAccountIds", PROVIDER)
}

#[tokio::test(start_paused = true)]
async fn all_calls_in_the_life_of_a_role_are_allowed() {
    let some = [Some(BOUNDARY), Some(OTHER_BOUNDARY), None];
    let allowed = format!("{AUDIT},{S3},arn:aws:iam::111111111111:policy/partners/Read*");
    let elsewhere = without_boundary().with("RolePathPrefix", "/a/b/");
    let limited = without_boundary().with("AllowedManagedPolicyArns", &allowed);
    for deployment in [without_boundary(), elsewhere, limited] {
        assert_eq!(live(&trusting(deployment), some).await, called());
    }
    let required = |boundary| [None, Some(boundary), None];
    for (deployment, required) in [
        (deployed(), required(SHIPPED_BOUNDARY)),
        (with_allowed_policies(&allowed), required(SHIPPED_BOUNDARY)),
        (with_boundary(), required(BOUNDARY)),
        (with_all_limits(), required(BOUNDARY)),
    ] {
        let called = without(called(), "iam:DeleteRolePermissionsBoundary");
        let called = without(called, "iam:PutRolePermissionsBoundary");
        assert_eq!(live(&trusting(deployment), required).await, called);
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_without_the_required_boundary_gets_it_or_is_deleted() {
    let before = trusting(without_boundary());
    let properties =
        json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "Tags": [{"Key": "a", "Value": "b"}]});
    let other = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": S3, "Description": "new",
        "ExternalId": "an-external-id-of-the-provider", "CustomPolicy": read_bucket("new")});
    for (after, required) in [(deployed(), SHIPPED_BOUNDARY), (with_boundary(), BOUNDARY)] {
        let after = trusting(after);
        for boundary in [None, Some(OTHER_BOUNDARY)] {
            let mut watched = Watched::new(&before);
            own_policies(&watched.stack.account);
            let mut old = properties.clone();
            if let Some(boundary) = boundary {
                old["PermissionsBoundary"] = json!(boundary);
            }
            let name = watched.create(&old).await.attribute("RoleName").to_owned();
            watched.deploy(&after);
            assert_eq!(watched.update(&name, &old, &other).await.attribute("RoleName"), name);
            assert_eq!(watched.stack.account.role(&name).unwrap().permissions_boundary.as_deref(), Some(required));

            let mut watched = Watched::new(&before);
            own_policies(&watched.stack.account);
            let name = watched.create(&old).await.attribute("RoleName").to_owned();
            watched.deploy(&after);
            assert!(watched.delete(&name, &old).await.succeeded());
            assert_eq!(watched.stack.account.roles(), Vec::<String>::new());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_administrator_is_created_and_deleted() {
    let properties = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": ADMINISTRATOR, "AllowAdministrativeAccess": true});
    let mut watched = Watched::new(&trusting(with_administrators()));
    let name = watched.create(&properties).await.attribute("RoleName").to_owned();
    // Even after the owner no longer permits it.
    watched.deploy(&trusting(deployed()));
    assert!(watched.delete(&name, &properties).await.succeeded());
    assert_eq!(watched.stack.account.roles(), Vec::<String>::new());
}

//! The policy holds the calls that the code makes, and no other.

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

/// Without an action, if it is one of them.
fn without(mut actions: BTreeSet<String>, action: &str) -> BTreeSet<String> {
    assert!(actions.remove(action), "{action} is not among them");
    actions
}

#[test]
fn the_policy_allows_the_actions_that_the_code_calls_and_no_other() {
    let mut needed = called();
    needed.extend(["logs:CreateLogStream", "logs:PutLogEvents"].map(str::to_owned));
    assert_eq!(actions(&without_boundary().policy(), "Allow"), needed);
    // Where a boundary is required, the code never takes one off.
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

    /// The same account and roles, and a function that was deployed anew.
    fn deploy(&mut self, deployment: &Deployment) {
        let settings = deployment.environment().into_iter();
        self.stack.settings = settings.map(|(name, value)| (&*name.leak(), value)).collect();
        self.judge = Judge::of(&deployment.policy());
    }

    async fn create(&mut self, wish: &Value) -> Answer {
        let before = self.begin();
        let answer = self.stack.create(wish.clone()).await;
        self.end(before);
        answer
    }

    /// The same create, delivered again so late that it asks whether its operation is still in progress.
    async fn create_late(&mut self, wish: &Value) -> Answer {
        let before = self.begin();
        let event = self.stack.event("Create", &json!({ "ResourceProperties": wish }));
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

    async fn delete(&mut self, name: &str, wish: &Value) -> Answer {
        let before = self.begin();
        let answer = self.stack.delete(name, wish.clone()).await;
        self.end(before);
        answer
    }

    fn begin(&self) -> Roles {
        self.stack.account.clear_calls();
        self.stack.cloudformation.edit(|report| report.calls.clear());
        self.roles()
    }

    /// Judges every call since [`begin`](Self::begin), each in the world that it met.
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
        // Or the world was another than thought.
        assert_eq!(roles.values().collect::<BTreeSet<_>>(), after.values().collect::<BTreeSet<_>>());
    }

    fn roles(&self) -> Roles {
        let role = |role: &crate::wire::iam::Role| {
            (role.name.to_ascii_lowercase(), (role.path.clone() + &role.name, role.permissions_boundary.clone()))
        };
        self.stack.account.edit(|aws| aws.roles.iter().map(role).collect())
    }
}

/// What AWS asks about one call, given the roles that there are, which it changes.
fn calls(action: &str, words: &[&str], roles: &mut Roles, after: &Roles) -> Vec<Call> {
    let name = words.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    match (action, words) {
        ("iam:GetAccountSummary", []) => vec![Call::on_nothing(action)],
        ("iam:GetPolicy", [arn]) | ("iam:GetPolicyVersion", [arn, _]) => vec![Call::on(action, arn)],
        ("iam:CreateRole", [_]) => {
            let role = after.get(&name).expect("a role that was made is there").clone();
            let (place, boundary) = role.clone();
            roles.insert(name, role);
            let create = Call::on_role(action, &place).boundary(boundary.as_deref());
            // Its tags ask for themselves.
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
                    // Or it was refused.
                    "iam:DeleteRole" if !after.contains_key(&name) => drop(roles.remove(&name)),
                    _ => {}
                }
                vec![call]
            }
            // Of a role that is not there IAM knows no path. The others go side by side with this one, and
            // whatever they are told then, it is this one's answer that counts.
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

/// Policies of the account's own, more than a role may have by default.
fn own_policies(account: &Account) -> Vec<String> {
    for boundary in ["ServiceProviders", "Other"] {
        account.put_policy(Policy::named(boundary, read_bucket("all")).path("/boundaries/"));
    }
    let policy = |n| account.put_policy(Policy::named(&format!("Read{n}"), read_bucket("own")).path("/partners/"));
    (0..11).map(policy).collect()
}

/// Everything that can happen to a role, whose boundary is one of these after the other.
async fn live(deployment: &Deployment, boundaries: [Option<&str>; 3]) -> BTreeSet<String> {
    let mut watched = Watched::new(deployment);
    let account = watched.stack.account.clone();
    let own = own_policies(&account);
    let wish = |boundary: Option<&str>, mut properties: Value| {
        properties["ExternalAwsAccountId"] = json!(PROVIDER);
        if let Some(boundary) = boundary {
            properties["PermissionsBoundary"] = json!(boundary);
        }
        properties
    };

    // Made, and replaced by one that has everything.
    let bare = wish(None, json!({"RoleName": "Bare"}));
    assert_eq!(watched.create(&bare).await.physical_id(), "Bare");
    let first = wish(
        boundaries[0],
        json!({
            "RoleName": "First", "Description": "of the provider", "ManagedPolicyArns": [AUDIT, own[0]],
            "CustomPolicy": read_bucket("first"),
            "Tags": [{"Key": "team", "Value": "platform"}, {"Key": "stage", "Value": "test"}],
        }),
    );
    assert_eq!(watched.update("Bare", &bare, &first).await.attribute("RoleName"), "First");
    assert!(watched.delete("Bare", &bare).await.succeeded());

    // Changed by others and by its template, in every part, and once more.
    account.edit(|aws| {
        let role = aws.role_mut("First");
        role.attached_policies.extend([EC2.to_owned(), DENY_ALL.to_owned()]);
        role.inline_policies.insert("Stray".into(), read_bucket("stray").into());
    });
    let second = wish(
        boundaries[1],
        json!({
            "RoleName": "First", "Description": "of another", "ExternalId": "an-external-id-of-the-provider",
            "ManagedPolicyArns": S3, "CustomPolicy": read_bucket("second"),
            "Tags": [{"Key": "team", "Value": "security"}],
        }),
    );
    assert_eq!(watched.update("First", &first, &second).await.attribute("RoleName"), "First");
    let third = wish(boundaries[2], json!({"RoleName": "First", "ManagedPolicyArns": own}));
    assert_eq!(watched.update("First", &second, &third).await.attribute("RoleName"), "First");

    // Lambda delivers a create again, and CloudFormation knows no answer to another.
    assert!(watched.create_late(&third).await.succeeded());
    assert!(watched.delete("customer-Access-1ABCDEFGHIJKL", &json!({"RoleName": "Other"})).await.succeeded());

    // Held by an instance profile, let go, removed, and removed again.
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
async fn every_call_of_a_life_is_allowed() {
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
async fn a_role_from_before_the_boundary_was_required_gets_it_or_goes() {
    let before = trusting(without_boundary());
    let wish =
        json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": AUDIT, "Tags": [{"Key": "a", "Value": "b"}]});
    let other = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": S3, "Description": "new",
        "ExternalId": "an-external-id-of-the-provider", "CustomPolicy": read_bucket("new")});
    for (after, required) in [(deployed(), SHIPPED_BOUNDARY), (with_boundary(), BOUNDARY)] {
        let after = trusting(after);
        for boundary in [None, Some(OTHER_BOUNDARY)] {
            let mut watched = Watched::new(&before);
            own_policies(&watched.stack.account);
            let mut old = wish.clone();
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
async fn an_administrator_is_made_and_taken_down() {
    let wish = json!({"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": ADMINISTRATOR, "AllowAdministrativeAccess": true});
    let mut watched = Watched::new(&trusting(with_administrators()));
    let name = watched.create(&wish).await.attribute("RoleName").to_owned();
    // Even after the owner has changed their mind.
    watched.deploy(&trusting(deployed()));
    assert!(watched.delete(&name, &wish).await.succeeded());
    assert_eq!(watched.stack.account.roles(), Vec::<String>::new());
}

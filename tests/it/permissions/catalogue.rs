//! The actions of the catalogue that raise rights, each with everything that it can act upon.

use super::judge::Call;
use crate::fixtures::ACCOUNT;

const CATALOGUE: &str = include_str!("../../../core/src/policy/catalogue/permissions.txt");

/// An action, and samples of its resources.
pub(super) struct Action {
    pub(super) name: String,
    resources: Vec<String>,
}

impl Action {
    /// The action on a resource of each kind, on roles, policies and the function's role, and on nothing in particular.
    pub(super) fn calls(&self) -> impl Iterator<Item = Call> {
        let always =
            ["role/delegated/x", "role/service-provider-access-FunctionRole-AbCdEf", "user/x", "policy/x", "*"];
        let always = always.map(|resource| format!("arn:aws:iam::{ACCOUNT}:{resource}"));
        self.resources.iter().cloned().chain(always).map(|resource| Call::on(&self.name, &resource))
    }
}

/// The actions with one of these letters.
pub(super) fn actions(letters: &str) -> Vec<Action> {
    let mut found = Vec::new();
    let (mut service, mut resources) = ("", Vec::new());
    for line in CATALOGUE.lines() {
        let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
        if let Some(name) = key.strip_prefix('[').and_then(|key| key.strip_suffix(']')) {
            (service, resources) = (name, rest.split_whitespace().map(|resource| sample(name, resource)).collect());
        } else if key.len() == 1 && letters.contains(key) {
            found.extend(rest.split_whitespace().map(|word| {
                let mut parts = word.split('.');
                let name = format!("{service}:{}", parts.next().unwrap());
                let resources = parts.map(|number| resources[number.parse::<usize>().unwrap()].clone()).collect();
                Action { name, resources }
            }));
        }
    }
    found
}

/// The AWS managed policies that amount to administrative access.
pub(super) fn administrative_policies() -> Vec<String> {
    let mut name = String::new();
    let rows = include_str!("../../../core/src/policy/catalogue/aws_managed.txt").lines();
    let row = rows.filter(|row| !row.starts_with('#')).filter_map(|row| {
        // How many characters the name shares with the one before, the rest of it, and the letters of what was found.
        let (rest, letters) = row[2..].split_once(' ').unwrap_or((&row[2..], ""));
        name.truncate(row[..2].parse().unwrap());
        name.push_str(rest);
        letters.contains('A').then(|| name.clone())
    });
    row.collect()
}

/// The combinations with one of these letters: actions that count only together.
pub(super) fn combinations(letters: &str) -> Vec<Vec<String>> {
    let rows = CATALOGUE.lines().filter_map(|line| line.strip_prefix("together "));
    let rows = rows.filter_map(|row| row.split_once(' ')).filter(|(letter, _)| letters.contains(letter));
    rows.map(|(_, names)| names.split(' ').map(str::to_owned).collect()).collect()
}

/// An ARN of this shape, as `permissions.txt` writes it.
fn sample(service: &str, shape: &str) -> String {
    let (service, resource) = shape.split_once('|').unwrap_or((service, shape));
    let region = if ["account", "iam", "organizations", "sts"].contains(&service) { "" } else { "us-east-1" };
    format!("arn:aws:{service}:{region}:{ACCOUNT}:{}", resource.replace('^', "x"))
}

#[test]
fn the_catalogue_is_read_as_it_is_written() {
    let administrative = actions("A");
    assert!(administrative.len() >= 50, "{}", administrative.len());
    let named = |name: &str| administrative.iter().find(|action| action.name == name).unwrap();
    assert_eq!(named("iam:CreatePolicyVersion").resources, ["arn:aws:iam::111111111111:policy/x"]);
    assert_eq!(named("iam:PutRolePolicy").resources, ["arn:aws:iam::111111111111:role/x"]);
    assert_eq!(combinations("A"), [["iam:CreateSAMLProvider", "iam:DeleteSAMLProvider"]]);
}

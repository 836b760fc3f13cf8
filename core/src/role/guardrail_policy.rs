//! What no session of a role may touch, whatever its policies grant: the function that keeps the role, the
//! roles that it keeps, and the stacks of both. And nothing at all once the access has expired.
//!
//! It only denies, and it names what reads rather than what writes: an action that AWS adds is denied
//! until somebody finds it harmless.

use serde_json::{Value, json};

use super::ownership::StackResource;
use crate::identifiers::Account;
use crate::installation::Installation;
use crate::policy::Document;
use crate::timestamp::Timestamp;

/// The name of the inline policy that says so.
pub const GUARDRAIL_POLICY: &str = "ServiceProviderAccessGuardrails";

/// What reads a function, and no more: to invoke this one is to ask it for roles.
const READ_FUNCTIONS: [&str; 2] = ["lambda:Get*", "lambda:List*"];

/// What reads roles. To assume one is for its own trust to say.
const READ_ROLES: [&str; 5] =
    ["iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy", "sts:*"];

/// What reads stacks, or compares them with what there is.
const READ_STACKS: [&str; 4] =
    ["cloudformation:Describe*", "cloudformation:Detect*", "cloudformation:Get*", "cloudformation:List*"];

/// What keeps one role where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardrailPolicy {
    /// The function's ARN, without a qualifier, in any Region.
    function: String,
    /// The roles that the function keeps.
    kept: String,
    /// The role that it runs as, if that is known.
    function_role: Option<String>,
    /// The role's own stack.
    own_stack: String,
    /// The function's, if that is known and another.
    function_stack: Option<String>,
}

impl GuardrailPolicy {
    /// The guardrail policy of a role of this resource, managed by this function.
    pub fn new(installation: &Installation, resource: &StackResource) -> Self {
        let Installation { function, limits } = installation;
        let Account { partition, id: account } = function.account();
        let function = function.as_str();
        // There is a function of this name in each Region that has stacks, all keep the same roles, and a stack of the
        // same name may keep this one.
        let own_stack = in_any_region(&whatever_its_id(&resource.stack_id));
        let installed = limits.function_stack.as_ref().map(|stack| in_any_region(&whatever_its_id(stack.as_str())));
        Self {
            function: in_any_region(function),
            kept: format!("arn:{partition}:iam::{account}:role{}*", limits.role_path_prefix),
            function_role: limits.function_role.as_ref().map(|role| in_each_region(role.as_str(), function)),
            function_stack: installed.filter(|installed| *installed != own_stack),
            own_stack,
        }
    }

    /// The policy that says so, and that it is all over at `expires_at`.
    pub fn policy(&self, expires_at: Option<Timestamp>) -> Document {
        let installation = [&[][..], self.function_role.as_slice(), self.function_stack.as_slice()];
        let statements =
            self.statements().into_iter().zip(installation).map(|((sid, reads, mut resources), further)| {
                resources.extend_from_slice(further);
                json!({"Sid": sid, "Effect": "Deny", "NotAction": reads, "Resource": resources})
            });
        Document::new(statements.chain(expires_at.map(nothing_from)).collect())
    }

    /// Whether a policy guards the role as this one does, wherever the function that wrote it is installed.
    pub fn is_held_by(&self, policy: &Document) -> bool {
        let standing = policy.statements();
        let held = |(_, reads, resources): (&str, &[&str], Vec<String>)| {
            standing.iter().any(|statement| {
                let named = statement["Resource"].as_array().map_or(&[][..], Vec::as_slice);
                statement["Effect"] == "Deny"
                    && statement["NotAction"] == json!(reads)
                    && statement.get("Condition").is_none()
                    && resources.iter().all(|resource| named.contains(&json!(resource)))
            })
        };
        self.statements().into_iter().all(held)
    }

    /// What is denied on what, however the function is installed: all but these actions.
    fn statements(&self) -> [(&'static str, &'static [&'static str], Vec<String>); 3] {
        let Self { function, kept, own_stack, .. } = self;
        [
            ("KeepOffTheFunction", &READ_FUNCTIONS, vec![function.clone(), format!("{function}:*")]),
            ("KeepOffTheRoles", &READ_ROLES, vec![kept.clone()]),
            ("KeepOffTheStacks", &READ_STACKS, vec![own_stack.clone()]),
        ]
    }
}

/// When such a policy ends everything; none when it never does, or is not one.
pub fn expiry(policy: &Document) -> Option<Timestamp> {
    let over = policy.statements().iter().filter_map(|statement| {
        let date = statement.pointer("/Condition/DateGreaterThanEquals/aws:CurrentTime")?.as_str()?;
        let moment = Timestamp::parse(date).ok()?;
        let alike = Document::new(vec![statement.clone()]).same_meaning(&Document::new(vec![nothing_from(moment)]));
        alike.then_some(moment)
    });
    over.min()
}

fn nothing_from(moment: Timestamp) -> Value {
    json!({
        "Sid": "NothingOnceExpired",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": moment.to_string()}},
    })
}

/// The same name in whatever Region.
fn in_any_region(arn: &str) -> String {
    let mut parts: Vec<&str> = arn.splitn(6, ':').collect();
    if let Some(region) = parts.get_mut(3) {
        *region = "*";
    }
    parts.join(":")
}

/// The function's role, and, where its name ends in the function's Region, those of the functions of all Regions.
fn in_each_region(role: &str, function: &str) -> String {
    let region = function.split(':').nth(3).unwrap_or_default();
    let named = role.strip_suffix(region).filter(|named| named.ends_with('-'));
    match (named, region.split_once('-'), region.rsplit_once('-')) {
        (Some(named), Some((first, _)), Some((_, last))) => {
            // As long as those of the Region's own name: a name that only begins alike is another role's.
            let [first, last] = [first, last].map(|part| "?".repeat(part.len()));
            format!("{named}{first}-*-{last}")
        }
        _ => role.to_owned(),
    }
}

/// The stack of this ID under any ID: who names a stack by its name is asked about all that bear it. Of a stack
/// set, all its stacks, and those of the sets whose names begin alike: the Regions may be split among such.
fn whatever_its_id(stack: &str) -> String {
    let Some((named, _)) = stack.rsplit_once('/') else { return stack.to_owned() };
    let set = without_instance(named).filter(|set| set.contains(":stack/StackSet-"));
    let named = set.map_or_else(
        || named.to_owned(),
        |set| format!("{set}*{}", UUID.map(|length| format!("-{}", "?".repeat(length))).concat()),
    );
    format!("{named}/*")
}

/// The digits of a UUID, group by group.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];

/// The name of a stack set's stack without the UUID at its end, if there is one.
fn without_instance(named: &str) -> Option<&str> {
    UUID.iter().rev().try_fold(named, |rest, length| {
        let (before, group) = rest.rsplit_once('-')?;
        (group.len() == *length && group.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_of_a_stack_set_and_functions_named_after_their_region_are_named_for_all_regions() {
        let stack = |name: &str| whatever_its_id(&format!("arn:aws:cloudformation:eu-west-1:1:stack/{name}/0a1b"));
        let arn = |name: &str| format!("arn:aws:cloudformation:eu-west-1:1:stack/{name}/*");
        let id = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
        let any = "????????-????-????-????-????????????";
        assert_eq!(stack(&format!("StackSet-access-for-acme-{id}")), arn(&format!("StackSet-access-for-acme*-{any}")));
        for other in [format!("StackSet-{id}x"), format!("Stack-{id}"), "StackSet-access-0a1b2c3d".to_owned()] {
            assert_eq!(stack(&other), arn(&other));
        }
        let function = "arn:aws:lambda:eu-west-1:1:function:f";
        let role = |name: &str| in_each_region(&format!("arn:aws:iam::1:role/{name}"), function);
        assert_eq!(role("access-eu-west-1"), "arn:aws:iam::1:role/access-??-*-?");
        for other in ["access-us-east-1", "access", "eu-west-1", "accesseu-west-1"] {
            assert_eq!(role(other), format!("arn:aws:iam::1:role/{other}"));
        }
    }

    #[test]
    fn only_its_own_expiry_is_read_back() {
        let [function, kept, own_stack] = ["f", "r", "s"].map(ToOwned::to_owned);
        let guardrail_policy = GuardrailPolicy { function, kept, own_stack, function_role: None, function_stack: None };
        let noon = Timestamp::parse("2026-11-22T12:00:00Z").ok();
        assert_eq!((expiry(&guardrail_policy.policy(noon)), expiry(&guardrail_policy.policy(None))), (noon, None));
        for (place, value) in [
            ("/Effect", json!("Allow")),
            ("/Action", json!("s3:*")),
            ("/Resource", json!("arn:aws:s3:::a")),
            ("/Condition/DateGreaterThanEquals/aws:CurrentTime", json!("soon")),
            ("/Condition/DateGreaterThanEquals", json!({"aws:TokenIssueTime": "2026-11-22T12:00:00Z"})),
        ] {
            let mut statement = noon.map(nothing_from).expect("a statement");
            *statement.pointer_mut(place).expect("a place") = value;
            assert_eq!(expiry(&Document::new(vec![statement])), None, "{place}");
        }
    }
}

//! What no session of a role may touch, whatever its policies grant: the function that keeps the role, the
//! roles that it keeps, and the stacks of both. And nothing at all once the access has expired.
//!
//! It only denies, and it names what reads rather than what writes: an action that AWS adds is denied
//! until somebody finds it harmless.

use serde_json::{Value, json};

use super::moment::Moment;
use super::owner::Owner;
use crate::guardrails::Guardrails;
use crate::identifiers::Home;
use crate::policy::Document;

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
pub struct Cage {
    /// The function's ARN, without a qualifier, in any Region.
    function: String,
    /// The roles that the function keeps, and the one it runs as, if that is known.
    roles: Vec<String>,
    /// The role's own stack, and the function's, if that is known.
    stacks: Vec<String>,
}

impl Cage {
    /// The cage of a role of this owner's, kept by this function.
    pub fn new(function: &str, guardrails: &Guardrails, home: &Home, owner: &Owner) -> Self {
        let Home { partition, account } = home;
        let kept = format!("arn:{partition}:iam::{account}:role{}*", guardrails.role_path_prefix);
        let own_role = guardrails.function_role.as_ref().map(|role| in_each_region(role.as_str(), function));
        // There is a function of this name in each Region that has stacks, and all keep the same roles.
        let installed = guardrails.function_stack.as_ref().map(|stack| whatever_its_id(stack.as_str()));
        let own = Some(whatever_its_id(&owner.stack_id)).filter(|own| Some(own) != installed.as_ref());
        let stacks = own.into_iter().chain(installed.as_deref().map(in_any_region)).collect();
        let roles = [kept].into_iter().chain(own_role).collect();
        Self { function: in_any_region(function), roles, stacks }
    }

    /// The policy that says so, and that it is all over at `expires_at`.
    pub fn policy(&self, expires_at: Option<Moment>) -> Document {
        let Self { function, roles, stacks } = self;
        let function = [function.clone(), format!("{function}:*")];
        let but = |sid: &str, reads: &[&str], resources: &[String]| json!({"Sid": sid, "Effect": "Deny", "NotAction": reads, "Resource": resources});
        let mut statements = vec![
            but("KeepOffTheFunction", &READ_FUNCTIONS, &function),
            but("KeepOffTheRoles", &READ_ROLES, roles),
            but("KeepOffTheStacks", &READ_STACKS, stacks),
        ];
        statements.extend(expires_at.map(nothing_from));
        Document::new(statements)
    }
}

/// When such a policy ends everything; none when it never does, or is not one.
pub fn expiry(policy: &Document) -> Option<Moment> {
    let Some(Value::Array(statements)) = policy.members().get("Statement") else { return None };
    let over = statements.iter().filter_map(|statement| {
        let date = statement.pointer("/Condition/DateGreaterThanEquals/aws:CurrentTime")?.as_str()?;
        let moment = Moment::parse(date).ok()?;
        let alike = Document::new(vec![statement.clone()]).same_meaning(&Document::new(vec![nothing_from(moment)]));
        alike.then_some(moment)
    });
    over.min()
}

fn nothing_from(moment: Moment) -> Value {
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
    let named = role.strip_suffix(region).filter(|named| !region.is_empty() && named.ends_with('-'));
    named.map_or_else(|| role.to_owned(), |named| format!("{named}*"))
}

/// The stack of this ID under any ID: who names a stack by its name is asked about all that bear it. Of a stack
/// set, all its stacks.
fn whatever_its_id(stack: &str) -> String {
    let Some((named, _)) = stack.rsplit_once('/') else { return stack.to_owned() };
    let set = without_instance(named).filter(|set| set.contains(":stack/StackSet-"));
    format!("{}/*", set.map_or_else(|| named.to_owned(), |set| format!("{set}-*")))
}

/// The name of a stack set's stack without the UUID at its end, if there is one.
fn without_instance(named: &str) -> Option<&str> {
    const LENGTHS: [usize; 5] = [12, 4, 4, 4, 8];
    let mut rest = named;
    for length in LENGTHS {
        let (before, group) = rest.rsplit_once('-')?;
        if group.len() != length || !group.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        rest = before;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_of_a_stack_set_and_functions_named_after_their_region_stand_for_all_of_their_kind() {
        let stack = |name: &str| whatever_its_id(&format!("arn:aws:cloudformation:eu-west-1:1:stack/{name}/0a1b"));
        let arn = |name: &str| format!("arn:aws:cloudformation:eu-west-1:1:stack/{name}/*");
        let id = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
        assert_eq!(stack(&format!("StackSet-access-for-acme-{id}")), arn("StackSet-access-for-acme-*"));
        for other in [format!("StackSet-{id}x"), format!("Stack-{id}"), "StackSet-access-0a1b2c3d".to_owned()] {
            assert_eq!(stack(&other), arn(&other));
        }
        let function = "arn:aws:lambda:eu-west-1:1:function:f";
        let role = |name: &str| in_each_region(&format!("arn:aws:iam::1:role/{name}"), function);
        assert_eq!(role("access-eu-west-1"), "arn:aws:iam::1:role/access-*");
        for other in ["access-us-east-1", "access", "eu-west-1", "accesseu-west-1"] {
            assert_eq!(role(other), format!("arn:aws:iam::1:role/{other}"));
        }
    }

    #[test]
    fn its_end_is_read_back_and_nothing_else_is_taken_for_it() {
        let cage = Cage { function: "f".to_owned(), roles: Vec::new(), stacks: Vec::new() };
        let noon = Moment::parse("2026-11-22T12:00:00Z").ok();
        assert_eq!((expiry(&cage.policy(noon)), expiry(&cage.policy(None))), (noon, None));
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

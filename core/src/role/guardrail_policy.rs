//! What no session of a role may change, whatever its policies grant: the function that manages the role, the roles
//! that it manages, the stacks of both, and the code that other functions of the organization get. After the end of the
//! access it denies everything.
//!
//! It only denies. It names the actions that read, not those that write, so an action that AWS adds is denied until this
//! list names it.

use serde_json::{Value, json};

use super::ownership::StackResource;
use crate::identifiers::{Account, StackNamePattern};
use crate::installation::Installation;
use crate::policy::Document;
use crate::timestamp::Timestamp;

/// The name of the inline policy that says so.
pub const GUARDRAIL_POLICY: &str = "ServiceProviderAccessGuardrails";

/// Actions that read a function. Invoking is not among them: anyone who invokes this function can create roles.
const READ_FUNCTIONS: [&str; 2] = ["lambda:Get*", "lambda:List*"];

/// Actions that read roles. A role's own trust policy says who may assume it.
const READ_ROLES: [&str; 5] =
    ["iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy", "sts:*"];

/// Actions that read stacks and stack sets, or compare them with their resources.
const READ_STACKS: [&str; 4] =
    ["cloudformation:Describe*", "cloudformation:Detect*", "cloudformation:Get*", "cloudformation:List*"];

/// Actions that read buckets and objects.
const READ_OBJECTS: [&str; 2] = ["s3:Get*", "s3:List*"];

/// How the names of the project's own stack sets and code buckets begin.
const OUR_NAMES: &str = "service-provider-access";

/// What the sessions of one role may not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardrailPolicy {
    partition: String,
    /// The function's ARN, without a qualifier, in any Region.
    function: String,
    /// The roles that the function manages.
    managed_roles: String,
    /// The role that it runs as, if that is known.
    function_role: Option<String>,
    /// The role's own stack.
    own_stack: String,
    /// The function's, if that is known and another, and those that the owner protects.
    other_stacks: Vec<String>,
    /// The code buckets that are not named after this project.
    other_code: Option<String>,
}

/// One statement: all actions but these are denied on these resources.
struct Denial {
    sid: &'static str,
    but: &'static [&'static str],
    /// Independent of the installation of the function.
    resources: Vec<String>,
    /// Dependent on the installation of the function.
    installed: Vec<String>,
    condition: Option<Value>,
}

impl GuardrailPolicy {
    /// The guardrail policy of a role of this resource, managed by this function.
    pub fn new(installation: &Installation, resource: &StackResource) -> Self {
        let Installation { function, limits } = installation;
        let Account { partition, id: account } = function.account();
        let function = function.as_str();
        // There is a function of this name in each Region that has stacks, all manage the same roles, and a stack of the
        // same name may manage this one.
        let own_stack = in_any_region(&with_any_id(&literally(&resource.stack_id)));
        let installed = limits.function_stack.as_ref().map(|stack| in_any_region(&with_any_id(stack.as_str())));
        let protected = |name: &StackNamePattern| format!("arn:{partition}:cloudformation:*:{account}:stack/{name}/*");
        Self {
            partition: partition.to_string(),
            function: in_any_region(function),
            managed_roles: format!(
                "arn:{partition}:iam::{account}:role{}{}*",
                limits.role_path_prefix, limits.role_name_prefix
            ),
            function_role: limits.function_role.as_ref().map(|role| in_each_region(role.as_str(), function)),
            other_stacks: installed
                .into_iter()
                .chain(limits.protected_stacks.iter().map(protected))
                .filter(|stack| *stack != own_stack)
                .collect(),
            own_stack,
            other_code: limits
                .code_bucket_prefix
                .as_ref()
                .map(|prefix| code_buckets(partition.as_str(), prefix.as_str()))
                .filter(|buckets| !buckets.starts_with(&code_buckets(partition.as_str(), OUR_NAMES).replace('*', ""))),
        }
    }

    /// The policy, with a deny of everything after `expires_at`.
    pub fn policy(&self, expires_at: Option<Timestamp>) -> Document {
        let statements = self.denials().into_iter().map(Denial::statement);
        Document::new(statements.chain(expires_at.map(nothing_from)).collect())
    }

    /// Whether a policy guards the role as this one does, wherever the function that wrote it is installed, and whatever
    /// stacks its owner protects.
    pub fn is_held_by(&self, policy: &Document) -> bool {
        let standing = policy.statements();
        self.denials().into_iter().all(|Denial { but, resources, condition, .. }| {
            standing.iter().any(|statement| {
                let named = statement["Resource"].as_array().map_or(&[][..], Vec::as_slice);
                statement["Effect"] == "Deny"
                    && statement["NotAction"] == json!(but)
                    && statement.get("Condition") == condition.as_ref()
                    && resources.iter().all(|resource| named.contains(&json!(resource)))
            })
        })
    }

    fn denials(&self) -> [Denial; 5] {
        let Self { partition, function, managed_roles, own_stack, .. } = self;
        let function = vec![function.clone(), format!("{function}:*")];
        // Where a delegated administrator manages stack sets, their ARNs have another account.
        let stack_sets = ["stackset", "stackset-target"]
            .map(|kind| format!("arn:{partition}:cloudformation:*:*:{kind}/{OUR_NAMES}*"));
        [
            Denial::of("DenyFunctionChanges", &READ_FUNCTIONS, function.clone()),
            // An event source mapping has its own ARN, which does not contain that of the function. Only requests about
            // such a mapping have this key.
            Denial {
                condition: Some(json!({"ArnLike": {"lambda:FunctionArn": function}})),
                ..Denial::of("DenyEventSourceChanges", &READ_FUNCTIONS, vec!["*".to_owned()])
            },
            Denial {
                installed: self.function_role.iter().cloned().collect(),
                ..Denial::of("DenyRoleChanges", &READ_ROLES, vec![managed_roles.clone()])
            },
            Denial {
                installed: self.other_stacks.clone(),
                ..Denial::of("DenyStackChanges", &READ_STACKS, [std::slice::from_ref(own_stack), &stack_sets].concat())
            },
            Denial {
                installed: self.other_code.iter().cloned().collect(),
                ..Denial::of("DenyCodeChanges", &READ_OBJECTS, vec![code_buckets(partition, OUR_NAMES)])
            },
        ]
    }
}

impl Denial {
    fn of(sid: &'static str, but: &'static [&'static str], resources: Vec<String>) -> Self {
        Self { sid, but, resources, installed: Vec::new(), condition: None }
    }

    fn statement(self) -> Value {
        let Self { sid, but, resources, installed, condition } = self;
        let resources = [resources, installed].concat();
        let mut statement = json!({"Sid": sid, "Effect": "Deny", "NotAction": but, "Resource": resources});
        if let Some(condition) = condition {
            statement["Condition"] = condition;
        }
        statement
    }
}

/// What is in its place while policies change whose denies do not fit together: it denies everything.
pub fn lock() -> Document {
    Document::new(vec![json!({"Sid": "NothingWhilePoliciesChange", "Effect": "Deny", "Action": "*", "Resource": "*"})])
}

/// When a guardrail policy denies everything. `None` if it never does, or is no guardrail policy.
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
        "Sid": "DenyAllAfterExpiry",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": moment.to_string()}},
    })
}

/// A text for a resource of a policy, with its wildcards and variables escaped, so that IAM matches it literally.
fn literally(text: &str) -> String {
    let escaped = |c: char| if matches!(c, '*' | '?' | '$') { format!("${{{c}}}") } else { c.to_string() };
    text.chars().map(escaped).collect()
}

/// The code buckets of all Regions, and everything in them.
fn code_buckets(partition: &str, prefix: &str) -> String {
    format!("arn:{partition}:s3:::{prefix}-*")
}

/// The same name in any Region.
fn in_any_region(arn: &str) -> String {
    let mut parts: Vec<&str> = arn.splitn(6, ':').collect();
    if let Some(region) = parts.get_mut(3) {
        *region = "*";
    }
    parts.join(":")
}

/// The function's role, and, if its name ends in the function's Region, those of the functions of all Regions.
fn in_each_region(role: &str, function: &str) -> String {
    let region = function.split(':').nth(3).unwrap_or_default();
    let named = role.strip_suffix(region).filter(|named| named.ends_with('-'));
    match (named, region.split_once('-'), region.rsplit_once('-')) {
        (Some(named), Some((first, _)), Some((_, last))) => {
            // As many characters as in the name of the Region: a name that only starts the same belongs to another role.
            let [first, last] = [first, last].map(|part| "?".repeat(part.len()));
            format!("{named}{first}-*-{last}")
        }
        _ => role.to_owned(),
    }
}

/// The stack with any ID: for a call that gives only the name of a stack, IAM evaluates an ARN without a certain ID.
/// For a stack of a stack set, all stacks of that set, and of sets whose names start the same, because the Regions may
/// be split among such sets.
fn with_any_id(stack: &str) -> String {
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

/// The name of the stack of a stack set without the UUID at its end, if it has one.
fn without_instance(named: &str) -> Option<&str> {
    UUID.iter().rev().try_fold(named, |rest, length| {
        let (before, group) = rest.rsplit_once('-')?;
        (group.len() == *length && group.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifiers::FunctionArn;
    use crate::owner_limits::Settings;

    #[test]
    fn stacks_of_a_stack_set_and_functions_named_after_their_region_are_named_for_all_regions() {
        let stack = |name: &str| with_any_id(&format!("arn:aws:cloudformation:eu-west-1:1:stack/{name}/0a1b"));
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
    fn a_stack_id_is_no_pattern() {
        let installation = Installation {
            function: FunctionArn::parse("arn:aws:lambda:eu-west-1:111122223333:function:f").expect("an ARN"),
            limits: Settings::from_environment(|_| None).limits.expect("no setting is no mistake"),
        };
        let stack = |name: &str| StackResource {
            stack_id: format!("arn:aws:cloudformation:eu-west-1:111122223333:stack/{name}/0a1b"),
            stack_name: name.to_owned(),
            logical_id: "Role".to_owned(),
        };
        let denied = |name: &str| GuardrailPolicy::new(&installation, &stack(name)).own_stack;
        let arn = |name: &str| format!("arn:aws:cloudformation:*:111122223333:stack/{name}/*");
        assert_eq!(denied("customer"), arn("customer"));
        assert_eq!(denied("a*b?c${aws:username}"), arn("a${*}b${?}c${$}{aws:username}"));
    }

    #[test]
    fn only_its_own_expiry_is_read_back() {
        let [partition, function, managed_roles, own_stack] = ["p", "f", "r", "s"].map(ToOwned::to_owned);
        let other_stacks = Vec::new();
        let guardrail_policy = GuardrailPolicy {
            partition,
            function,
            managed_roles,
            own_stack,
            function_role: None,
            other_stacks,
            other_code: None,
        };
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

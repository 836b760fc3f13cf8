//! Reads every role of the function and reports what is found. It writes nothing.
//!
//! Each role is read, its policies and its stack are looked up, and then the core judges it. Several roles are read at
//! the same time. What cannot be read in time is a gap in the report, never silence.

mod attached;

use std::time::Duration;

use delegated_role_core::audit::findings::{Terms, findings};
use delegated_role_core::audit::inspected::Inspected;
use delegated_role_core::audit::limits::policies_to_read;
use delegated_role_core::audit::reach::Reach;
use delegated_role_core::audit::report::{Entry, Report};
use delegated_role_core::audit::stack_lookup::StackLookup;
use delegated_role_core::identifiers::{RoleName, StackArn};
use delegated_role_core::role::ownership::StackResource;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::timeout_at;

use self::attached::Attached;
use crate::aws::{Aws, Failure};
use crate::cloudformation::look_up;
use crate::iam::reads::{inspect, list_roles};

/// How many roles are read at the same time. Each takes three calls at a time, and IAM throttles a caller that makes many.
const SIDE_BY_SIDE: usize = 8;

/// No role is begun when less time is left.
const FOR_ONE: Duration = Duration::from_millis(500);

/// The names of unread roles in a report. The others are counted.
const EXAMPLES: usize = 5;

/// Audits every role under the prefix. Ends at the deadline of the calls at the latest.
///
/// # Guarantees
/// - No call writes. No external ID is in the report.
/// - A role under the prefix is in the report, or the report says that it is not complete.
///
/// # Assumptions
/// - IAM lists a role within seconds after it was made.
///
/// # Caveats
/// - The roles are not read at one moment: an audit during an update of a role can see a part of the update.
pub async fn audit(aws: &Aws, terms: &Terms) -> Report {
    audit_with_progress(aws, terms, |_| {}).await
}

/// How far an audit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many roles were read.
    pub read: usize,
    /// How many there are.
    pub all: usize,
}

/// Like [`audit`]. `progress` is called before the first role is read, and after each.
pub async fn audit_with_progress(aws: &Aws, terms: &Terms, mut progress: impl FnMut(Progress)) -> Report {
    let limits = &terms.installation.limits;
    let (roles, failure) = list_roles(&aws.iam, &limits.role_path_prefix).await;
    let mut gaps: Vec<String> =
        failure.map(|failure| format!("The roles could not all be listed. {failure}")).into_iter().collect();
    // With a name prefix, every role of the function has exactly the path.
    let prefix = &limits.role_name_prefix;
    let ours = |name: &RoleName, path: &str| {
        prefix.is_empty() || (prefix.begins(name) && limits.role_path_prefix.as_str() == path)
    };
    let roles: Vec<RoleName> =
        roles.into_iter().filter(|(name, path)| ours(name, path)).map(|(name, _)| name).collect();
    let mut seen = Progress { read: 0, all: roles.len() };
    progress(seen);
    let mut waiting = roles.into_iter();
    let attached = Attached::default();
    let mut running = FuturesUnordered::new();
    let mut entries = Vec::new();
    let mut begun: Vec<RoleName> = Vec::new();
    loop {
        while running.len() < SIDE_BY_SIDE
            && aws.iam.has_time_for(FOR_ONE)
            && let Some(name) = waiting.next()
        {
            begun.push(name.clone());
            running.push(Box::pin(audit_role(aws, terms, &attached, name)));
        }
        match timeout_at(aws.iam.deadline(), running.next()).await {
            Ok(Some((name, audited))) => {
                begun.retain(|begun| *begun != name);
                let Audited { entry, gap } = audited;
                entries.extend(entry);
                gaps.extend(gap);
                seen.read += 1;
                progress(seen);
            }
            Ok(None) | Err(_) => break,
        }
    }
    // What was begun and what was not.
    drop(running);
    let unread: Vec<RoleName> = begun.into_iter().chain(waiting).collect();
    gaps.extend(late(&unread));
    let place = (terms.installation.account().id.clone(), terms.installation.region().clone());
    Report::new(terms.now, place, entries, &gaps)
}

/// What is known of one role.
#[derive(Default)]
struct Audited {
    /// None if the role is gone, or could not be read.
    entry: Option<Entry>,
    /// What could not be read.
    gap: Option<String>,
}

async fn audit_role(aws: &Aws, terms: &Terms, attached: &Attached, name: RoleName) -> (RoleName, Audited) {
    let audited = match read_role(aws, terms, attached, &name).await {
        Ok(audited) => audited,
        Err(why) => {
            let gap = Some(format!("The role {name} was not audited. {why}"));
            Audited { entry: None, gap }
        }
    };
    (name, audited)
}

/// An error is a sentence without the external IDs of the role.
async fn read_role(aws: &Aws, terms: &Terms, attached: &Attached, name: &RoleName) -> Result<Audited, String> {
    let Some(role) = inspect(&aws.iam, name).await? else { return Ok(Audited::default()) };
    let hidden = |failure: Failure| role.secrets().hidden_in(&failure.to_string());
    let policies = policies_to_read(&role, &terms.installation);
    let (lookup, stack) = tokio::join!(attached.look_up(&aws.iam, policies), look_up_stack(aws, terms, &role));
    let (stack, gap) = match stack {
        Ok(stack) => (stack, None),
        Err(failure) => {
            let gap = format!("It is not known whether a stack still manages the role {name}. {}", hidden(failure));
            (StackLookup::Unknown, Some(gap))
        }
    };
    let lookup = lookup.map_err(hidden)?;
    let findings = findings(&role, &stack, &lookup, terms);
    let reach = Reach::of(&role, &terms.installation, &lookup);
    Ok(Audited { entry: Some(Entry { role, reach, findings }), gap })
}

async fn look_up_stack(aws: &Aws, terms: &Terms, role: &Inspected) -> Result<StackLookup, Failure> {
    let Some(resource) = role.resource() else { return Ok(StackLookup::Unknown) };
    match place(terms, &resource) {
        Place::Here => look_up(&aws.cloudformation, &role.name, &resource).await,
        Place::OtherRegion => Ok(StackLookup::OtherRegion),
        // No stack of another account manages a role of this one.
        Place::OtherAccount => Ok(StackLookup::Gone("the stack in its tags is in another account".to_owned())),
    }
}

/// Where a stack is, seen from the function.
enum Place {
    Here,
    OtherRegion,
    OtherAccount,
}

fn place(terms: &Terms, resource: &StackResource) -> Place {
    let installation = &terms.installation;
    match StackArn::parse(&resource.stack_id) {
        Ok(stack) if stack.account() != installation.account().id.as_str() => Place::OtherAccount,
        Ok(stack) if stack.region() != installation.region().as_str() => Place::OtherRegion,
        _ => Place::Here,
    }
}

fn late(unread: &[RoleName]) -> Option<String> {
    let names: Vec<&str> = unread.iter().take(EXAMPLES).map(RoleName::as_str).collect();
    let more = unread.len().saturating_sub(EXAMPLES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!unread.is_empty()).then(|| {
        format!(
            "The time was over before these roles were audited: {}{more}. Give the function a longer timeout, or audit again.",
            names.join(", ")
        )
    })
}

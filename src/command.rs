//! What a request asks for, as a value that runs.
//!
//! A command knows its resource's physical ID before anything is written, so that every result (a denied permission, a
//! panic, the deadline) can be answered with the true one.

use std::time::Duration;

use delegated_role_core::access_check::answer::Verdict;
use delegated_role_core::access_check::question::Check;
use delegated_role_core::external_id;
use delegated_role_core::findings::{Code, Finding, Problems, Reason};
use delegated_role_core::identifiers::{Account, ExternalId, FunctionArn, Invalid, RoleName, StackArn};
use delegated_role_core::installation::Installation;
use delegated_role_core::owner_limits::Settings;
use delegated_role_core::resource_types;
use delegated_role_core::role::attributes::{HANDOFF, WARNINGS};
use delegated_role_core::role::declaration::{Declaration, Previous};
use delegated_role_core::role::ownership::{Claim, StackResource, is_refused_id};
use delegated_role_core::seed::Seed;
use delegated_role_core::timestamp::Timestamp;

use crate::access_check::{Checked, PROBES, check};
use crate::aws::{Aws, Iam, Kind};
use crate::iam::reads::claim;
use crate::request::{Envelope, Intent};
use crate::response::{Attributes, Cause, Response};
use crate::role::converge::ensure;
use crate::role::outcome::{LeftBehind, NotConverged};
use crate::role::remove::{Removal, remove};

/// A resource type of this function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResourceType {
    /// The customer's side: a role for a service provider.
    DelegatedRole,
    /// The provider's side: an external ID for one customer.
    ExternalId,
    /// The provider's side: whether a customer's role can be assumed with it, and not without it.
    AccessCheck,
}

impl ResourceType {
    const ALL: [Self; 3] = [Self::DelegatedRole, Self::ExternalId, Self::AccessCheck];

    fn name(self) -> &'static str {
        match self {
            Self::DelegatedRole => "Custom::DelegatedRole",
            Self::ExternalId => "Custom::ExternalId",
            Self::AccessCheck => "Custom::AccessCheck",
        }
    }

    fn parse(text: &str) -> Result<Self, Finding> {
        Self::ALL
            .into_iter()
            .find(|known| known.name() == text)
            .ok_or_else(|| resource_types::ResourceType::unknown(text))
    }

    /// Whether a resource of this type has something in the account that a delete must remove.
    fn makes_something(self) -> bool {
        match self {
            Self::DelegatedRole => true,
            Self::ExternalId | Self::AccessCheck => false,
        }
    }
}

/// The name of the resource type that a request is about, if it is one of ours.
pub fn known_type(envelope: &Envelope) -> Option<&'static str> {
    ResourceType::parse(&envelope.resource_type).ok().map(ResourceType::name)
}

/// The ID for the answer to a request if only its envelope is known: the ID of the resource, or one that no role can
/// have.
pub fn id_of_refusal(envelope: &Envelope) -> String {
    envelope.physical_id.clone().unwrap_or_else(|| resource_of(envelope).refused_id())
}

fn resource_of(envelope: &Envelope) -> StackResource {
    StackResource {
        stack_id: envelope.stack_id.clone(),
        stack_name: StackArn::parse(&envelope.stack_id).map(|stack| stack.name().to_owned()).unwrap_or_default(),
        logical_id: envelope.logical_id.clone(),
    }
}

const UNKNOWN_ACCOUNT: &str =
    "Lambda did not pass the function's own ARN, so its account is unknown. Run the operation again.";

/// When a request was sent, and the current time.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// From the signature of the presigned URL. Unknown for emulators.
    pub sent: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// What to do, with all that is needed for it.
#[derive(Debug)]
pub enum Command {
    /// Make a role as the template declares it.
    EnsureRole {
        /// What the template declares.
        declaration: Box<Declaration>,
        /// Where the function works and what its owner allows, or why this is unknown.
        installation: Result<Box<Installation>, Problems>,
        /// The name that the role will have, as far as it is known before the declaration is validated.
        expected: Option<RoleName>,
        /// The ID to answer with while it is unknown whether the role exists.
        physical_id: String,
    },
    /// Remove a role.
    RemoveRole {
        /// What to remove.
        removal: Removal,
        /// The physical ID to answer with.
        physical_id: String,
    },
    /// Derive a provider's external ID.
    DeriveExternalId {
        /// Its properties.
        derivation: external_id::Derivation,
        /// The handle so far, or an ID that is no handle.
        physical_id: String,
    },
    /// Check whether a customer's role is safe.
    CheckAccess {
        /// The question.
        check: Box<Check>,
        /// The answer so far, if there is one.
        before: Option<String>,
        /// The current time.
        now: Timestamp,
        /// The ID to answer with while there is no answer.
        physical_id: String,
    },
    /// Nothing exists that could be removed.
    NothingToRemove {
        /// The ID of a refused create, or of a resource that only consists of its answer.
        physical_id: String,
    },
}

/// A request that is refused without a single call to AWS.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The ID to answer with.
    pub physical_id: String,
    /// Why.
    pub reason: Reason,
}

impl Refusal {
    fn of(envelope: &Envelope, reason: impl Into<Reason>) -> Self {
        Self { physical_id: id_of_refusal(envelope), reason: reason.into() }
    }
}

impl Command {
    /// Reads what a request asks of this function.
    ///
    /// # Errors
    /// When it is not for this function, too old, malformed, or about an unknown resource type.
    pub fn read(
        envelope: &Envelope,
        intent: Result<Intent, Finding>,
        function: Result<FunctionArn, Invalid>,
        settings: &Settings,
        timing: Timing,
    ) -> Result<Self, Refusal> {
        let stack = StackArn::parse(&envelope.stack_id).ok();
        let resource = resource_of(envelope);
        // Creates are refused under an ID that no role can have, so that the delete that follows is
        // harmless; an update that fails keeps its ID.
        let known = envelope.physical_id.clone();
        let refuse = |reason: Finding| Refusal::of(envelope, reason);

        // This comes first: a mistake in the create must not make its delete fail, too.
        let resource_type = ResourceType::parse(&envelope.resource_type);
        let only_answered = resource_type.as_ref().is_ok_and(|known| !known.makes_something());
        if envelope.request_type == "Delete"
            && (resource_type.is_err() || only_answered || known.as_deref().is_some_and(is_refused_id))
        {
            return Ok(Self::NothingToRemove { physical_id: known.unwrap_or_else(|| resource.refused_id()) });
        }
        let function = function.map_err(|_| refuse(Finding::failure(Code::InternalError, UNKNOWN_ACCOUNT)))?;
        check_place(stack.as_ref(), &function).map_err(refuse)?;
        check_age(envelope.service_timeout, timing).map_err(refuse)?;
        let resource_type = resource_type.map_err(refuse)?;
        if !settings.serves(&envelope.resource_type) {
            let message = format!(
                "This function is not installed for {}. Use the ServiceToken of a function that is.",
                envelope.resource_type
            );
            return Err(refuse(Finding::failure(Code::WrongFunction, message)));
        }
        let intent = intent.map_err(refuse)?;
        let before = intent.physical_id().map(ToOwned::to_owned);
        let physical_id = before.clone().unwrap_or_else(|| resource.refused_id());
        match resource_type {
            ResourceType::DelegatedRole => {
                Ok(Self::about_a_role(resource, intent, function, settings.clone(), timing.sent))
            }
            ResourceType::ExternalId => external_id::Derivation::read(intent.properties(), before.as_deref())
                .map(|derivation| Self::DeriveExternalId { derivation, physical_id })
                .map_err(|problems| Refusal::of(envelope, problems)),
            ResourceType::AccessCheck => {
                Check::read(intent.properties(), function.account(), &resource.stack_id, &resource.logical_id)
                    .map(|check| Self::CheckAccess { check: Box::new(check), before, now: timing.now, physical_id })
                    .map_err(|problems| Refusal::of(envelope, problems))
            }
        }
    }

    fn about_a_role(
        resource: StackResource,
        intent: Intent,
        function: FunctionArn,
        settings: Settings,
        sent: Option<Timestamp>,
    ) -> Self {
        let Settings { role_path_prefix: prefix, role_name_prefix: name_prefix, limits, .. } = settings;
        let (properties, previous) = match intent {
            Intent::Delete { physical_id, properties } => {
                let region = function.region().clone();
                let known = physical_id.clone();
                let removal = Removal { resource, physical_id: known, properties, prefix, name_prefix, region, sent };
                return Self::RemoveRole { removal, physical_id };
            }
            Intent::Create { properties } => (properties, None),
            Intent::Update { physical_id, properties, old_properties } => {
                (properties, Some(Previous { physical_id, properties: old_properties }))
            }
        };
        let expected = resource.name_hint(&properties, prefix.as_ref(), name_prefix.as_ref());
        let physical_id = match (&previous, &expected) {
            (Some(previous), _) => previous.physical_id.clone(),
            (None, Some(name)) => name.to_string(),
            (None, None) => resource.refused_id(),
        };
        let declaration = Box::new(Declaration { resource, properties, previous, sent });
        let installation = limits.map(|limits| Box::new(Installation { function, limits }));
        Self::EnsureRole { declaration, installation, expected, physical_id }
    }

    /// The ID to answer with if it is unknown how far the command got.
    pub fn physical_id(&self) -> &str {
        match self {
            Self::EnsureRole { physical_id, .. }
            | Self::RemoveRole { physical_id, .. }
            | Self::DeriveExternalId { physical_id, .. }
            | Self::CheckAccess { physical_id, .. }
            | Self::NothingToRemove { physical_id } => physical_id,
        }
    }

    /// Runs the command. The seed is its only randomness.
    pub async fn run(self, aws: &Aws, seed: &Seed) -> Response {
        match self {
            Self::EnsureRole { declaration, installation, expected, .. } => {
                let converged = match &installation {
                    Ok(installation) => {
                        ensure(aws, &declaration, installation, ExternalId::from_random(seed.first())).await
                    }
                    Err(problems) => Err(NotConverged::untouched(Reason::from(problems.clone()).after(
                        "The function's settings are wrong, so it creates and changes no role. Its owner must correct them.",
                    ))),
                };
                match converged {
                    Ok(role) => Response::Success {
                        physical_id: role.name.to_string(),
                        attributes: Attributes { values: role.attributes, dispensable: HANDOFF, cuttable: WARNINGS },
                    },
                    Err(NotConverged { reason, left_behind }) => {
                        let cause = if installation.is_err() { Cause::Settings } else { cause(aws) };
                        let physical_id = failed_id(&aws.iam, &declaration, expected, left_behind).await;
                        Response::Failed { physical_id, reason, cause }
                    }
                }
            }
            Self::RemoveRole { removal, physical_id } => match remove(aws, &removal).await {
                Ok(()) => Response::Success { physical_id, attributes: Attributes::default() },
                Err(reason) => {
                    let cause = match cause(aws) {
                        Cause::Refused if removal.prefix.is_none() => Cause::Settings,
                        cause => cause,
                    };
                    Response::Failed { physical_id, reason: reason.into(), cause }
                }
            },
            Self::DeriveExternalId { derivation, .. } => {
                let (handle, values) = external_id::derive(derivation, seed);
                let attributes = Attributes { values, ..Attributes::default() };
                Response::Success { physical_id: handle.expose().to_owned(), attributes }
            }
            Self::CheckAccess { check: asked, before, now, physical_id } => {
                let Checked { answer, result } = check(&asked, before.as_deref(), &aws.sts, seed, now).await;
                match result {
                    Ok(values) => {
                        let attributes = Attributes { values, cuttable: PROBES, ..Attributes::default() };
                        Response::Success { physical_id: answer.to_string(), attributes }
                    }
                    // An update that fails keeps its ID, which the rollback must find.
                    Err(reason) => Response::Failed {
                        physical_id: if before.is_some() { physical_id } else { answer.to_string() },
                        reason: reason.into(),
                        cause: cause_of(answer.verdict),
                    },
                }
            }
            Self::NothingToRemove { physical_id } => {
                Response::Success { physical_id, attributes: Attributes::default() }
            }
        }
    }
}

/// Why a check with this verdict failed.
pub fn cause_of(verdict: Verdict) -> Cause {
    match verdict {
        Verdict::Unsafe => Cause::Unsafe,
        Verdict::Shut => Cause::Shut,
        Verdict::Inconclusive | Verdict::Safe => Cause::Inconclusive,
    }
}

/// Why a command failed: the kind of the first call that failed for good. If there is none, the request was refused.
pub fn cause(aws: &Aws) -> Cause {
    match aws.gave_up() {
        Some(Kind::Denied) => Cause::Denied,
        Some(Kind::Throttled) => Cause::Throttled,
        Some(Kind::Unavailable | Kind::Busy | Kind::WrongClock) => Cause::Unavailable,
        Some(Kind::Other) => Cause::Other,
        Some(_) | None => Cause::Refused,
    }
}

/// The ID for the answer to a declaration that failed. An update keeps its ID. A create answers with the name of the
/// role that it may have left, so that the delete that follows finds it. It answers with an ID that finds nothing only
/// if there is no role: an earlier delivery of the same create may have got further than this one.
async fn failed_id(
    iam: &Iam,
    declaration: &Declaration,
    expected: Option<RoleName>,
    left_behind: LeftBehind,
) -> String {
    if let Some(previous) = &declaration.previous {
        return previous.physical_id.clone();
    }
    let resource = &declaration.resource;
    let (name, written) = match (left_behind, expected) {
        (LeftBehind::Role(name), _) => (name, true),
        (LeftBehind::Unknown, Some(name)) => (name, false),
        (LeftBehind::Nothing, _) | (LeftBehind::Unknown, None) => return resource.refused_id(),
    };
    match claim(iam, resource, &name).await {
        Ok(Some((Claim::Others { .. } | Claim::Unmarked, _))) => resource.refused_id(),
        // A create that did not make the role does not remove it either.
        Ok(Some((Claim::Ours, Some(created)))) if declaration.sent.is_some_and(|sent| created < sent) => {
            resource.refused_id()
        }
        // What this delivery wrote may exist although IAM does not return it yet.
        Ok(None) if !written => resource.refused_id(),
        // In doubt, a delete that finds nothing does no harm.
        Ok(_) | Err(_) => name.to_string(),
    }
}

/// The function acts in its own account and Region only. CloudFormation there sends no event that names another.
fn check_place(stack: Option<&StackArn>, function: &FunctionArn) -> Result<(), Finding> {
    let malformed = || Finding::failure(Code::MalformedRequest, "The request's StackId is not the ARN of a stack.");
    let stack = stack.ok_or_else(malformed)?;
    let Account { partition, id: account } = function.account();
    let region = function.region();
    if stack.account() == account.as_str()
        && stack.region() == region.as_str()
        && stack.partition() == partition.as_str()
    {
        return Ok(());
    }
    let message = format!(
        "The stack is in account {} and Region {}, but this function works for stacks in account {account} and Region {region} \
         only. Install the function there and use its own ServiceToken.",
        stack.account(),
        stack.region()
    );
    Err(Finding::failure(Code::WrongFunction, message))
}

/// A delivery after the end of its operation must not restore anything.
fn check_age(service_timeout: Duration, timing: Timing) -> Result<(), Finding> {
    let Some(age) = timing.sent.map(|sent| sent.until(timing.now)) else { return Ok(()) };
    if age <= service_timeout {
        return Ok(());
    }
    let message = format!(
        "This request was sent {} seconds ago, but its operation timed out after {} (ServiceTimeout). Nothing was changed. Run \
         the operation again.",
        age.as_secs(),
        service_timeout.as_secs()
    );
    Err(Finding::failure(Code::LateRequest, message))
}

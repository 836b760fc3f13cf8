//! One IAM call per operation, and no decisions. The only file that writes to IAM.

use aws_sdk_iam::types::Tag;
use delegated_role_core::identifiers::RoleName;
use delegated_role_core::policy::Document;
use delegated_role_core::role::desired::DesiredRole;
use delegated_role_core::role::observed::Identity;
use delegated_role_core::role::ownership::Tags;
use delegated_role_core::role::plan::{Operation, Plan};
use delegated_role_core::role::session_revocation::{REVOCATION_POLICY, cut_off_after, extended};
use delegated_role_core::timestamp::Timestamp;
use futures_util::future::join_all;

use crate::aws::{Failure, Iam, Kind, Patience};

/// The result of a plan, or of a part of it.
#[derive(Debug, Default)]
pub struct Done {
    /// The role that was created.
    pub created: Option<Identity>,
    /// Sessions that are issued before this moment can do nothing.
    pub sessions_ended_until: Option<Timestamp>,
}

impl Done {
    fn and(self, more: Self) -> Self {
        Self {
            created: self.created.or(more.created),
            sessions_ended_until: self.sessions_ended_until.max(more.sessions_ended_until),
        }
    }
}

/// A plan that was not executed completely. What was done is safe to leave as it is, and the next delivery completes it.
#[derive(Debug)]
pub struct Interrupted {
    /// The call that failed.
    pub failure: Failure,
    /// Whether the role was created before.
    pub created: bool,
}

/// Executes a plan, one step after the other. The operations of one step are concurrent. `patience` is for an existing
/// role. A role that the plan itself creates is new.
///
/// # Errors
/// The first failure of a step. The steps after it are not started.
pub async fn execute(iam: &Iam, name: &RoleName, plan: &Plan, patience: Patience) -> Result<Done, Interrupted> {
    let mut done = Done::default();
    let mut patience = patience;
    for step in &plan.steps {
        let results = join_all(step.iter().map(|operation| perform(iam, name, operation, patience))).await;
        let created = done.created.is_some();
        for result in results {
            done = done.and(result.map_err(|failure| Interrupted { failure, created })?);
        }
        if step.iter().any(|operation| matches!(operation, Operation::Create(_) | Operation::PutBoundary(_))) {
            patience = Patience::Settling;
        }
    }
    Ok(done)
}

async fn perform(iam: &Iam, name: &RoleName, operation: &Operation, patience: Patience) -> Result<Done, Failure> {
    let role = name.as_str();
    let done = match operation {
        Operation::Create(desired) => return create(iam, desired).await,
        Operation::EndSessions(standing) => return end_sessions(iam, name, standing.as_ref(), patience).await,
        Operation::PutBoundary(arn) => iam
            .call("iam:PutRolePermissionsBoundary", patience, |client| {
                client.put_role_permissions_boundary().role_name(role).permissions_boundary(arn.as_str()).send()
            })
            .await
            .map(drop),
        Operation::DeleteBoundary => gone(
            iam.call("iam:DeleteRolePermissionsBoundary", patience, |client| {
                client.delete_role_permissions_boundary().role_name(role).send()
            })
            .await,
        ),
        Operation::SetTrust(trust) => iam
            .call("iam:UpdateAssumeRolePolicy", patience, |client| {
                client.update_assume_role_policy().role_name(role).policy_document(trust.to_document().to_json()).send()
            })
            .await
            .map(drop),
        Operation::SetSettings { description, max_session_duration } => iam
            .call("iam:UpdateRole", patience, |client| {
                client
                    .update_role()
                    .role_name(role)
                    .description(description)
                    .max_session_duration(seconds(*max_session_duration))
                    .send()
            })
            .await
            .map(drop),
        Operation::Tag(tags) => iam
            .call("iam:TagRole", patience, |client| {
                client.tag_role().role_name(role).set_tags(Some(sdk_tags(tags))).send()
            })
            .await
            .map(drop),
        Operation::Untag(keys) => gone(
            iam.call("iam:UntagRole", patience, |client| {
                client.untag_role().role_name(role).set_tag_keys(Some(keys.clone())).send()
            })
            .await,
        ),
        Operation::PutInline(policy, document) => iam
            .call("iam:PutRolePolicy", patience, |client| {
                client.put_role_policy().role_name(role).policy_name(policy).policy_document(document.to_json()).send()
            })
            .await
            .map(drop),
        Operation::DeleteInline(policy) => gone(
            iam.call("iam:DeleteRolePolicy", patience, |client| {
                client.delete_role_policy().role_name(role).policy_name(policy).send()
            })
            .await,
        ),
        Operation::Attach(arn) => iam
            .call("iam:AttachRolePolicy", patience, |client| {
                client.attach_role_policy().role_name(role).policy_arn(arn.as_str()).send()
            })
            .await
            .map(drop),
        Operation::Detach(arn) => gone(
            iam.call("iam:DetachRolePolicy", patience, |client| {
                client.detach_role_policy().role_name(role).policy_arn(arn).send()
            })
            .await,
        ),
        Operation::DeleteRole => {
            gone(iam.call("iam:DeleteRole", patience, |client| client.delete_role().role_name(role).send()).await)
        }
    };
    done.map(|()| Done::default())
}

/// The cut-off is calculated from the time at which the trust was written, however long the call takes.
async fn end_sessions(
    iam: &Iam,
    name: &RoleName,
    standing: Option<&Document>,
    patience: Patience,
) -> Result<Done, Failure> {
    let (policy, cut_off) = extended(standing, cut_off_after(iam.now().into()));
    iam.call("iam:PutRolePolicy", patience, |client| {
        let put = client.put_role_policy().role_name(name.as_str()).policy_name(REVOCATION_POLICY);
        put.policy_document(policy.to_json()).send()
    })
    .await?;
    Ok(Done { sessions_ended_until: Some(cut_off), ..Done::default() })
}

async fn create(iam: &Iam, desired: &DesiredRole) -> Result<Done, Failure> {
    let answer = iam
        .call("iam:CreateRole", Patience::Usual, |client| {
            client
                .create_role()
                .role_name(desired.name.as_str())
                .path(desired.path.as_str())
                .assume_role_policy_document(desired.trust.to_document().to_json())
                .max_session_duration(seconds(desired.max_session_duration))
                .set_description(Some(desired.description.clone()).filter(|text| !text.is_empty()))
                .set_permissions_boundary(desired.permissions_boundary.as_ref().map(ToString::to_string))
                .set_tags(Some(sdk_tags(&desired.tags_at_creation())))
                .send()
        })
        .await?;
    let role = answer.role();
    let created = Identity {
        arn: role.map(|role| role.arn().to_owned()).unwrap_or_default(),
        id: role.map(|role| role.role_id().to_owned()).unwrap_or_default(),
    };
    Ok(Done { created: Some(created), ..Done::default() })
}

/// A removal of what no longer exists is a success.
fn gone<T>(answer: Result<T, Failure>) -> Result<(), Failure> {
    match answer {
        Err(failure) if !matches!(failure.kind, Kind::NoSuchRole | Kind::NoSuchPolicy) => Err(failure),
        _ => Ok(()),
    }
}

fn sdk_tags(tags: &Tags) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| {
        // Never left out: a role without its ownership tags would belong to no stack.
        Tag::builder().key(key).value(value).build().unwrap_or_else(|_| unreachable!("key and value are given"))
    };
    tags.0.iter().map(tag).collect()
}

/// At most 43,200, because each delegation was checked.
fn seconds(seconds: u32) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

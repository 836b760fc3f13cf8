//! The three conditions that lower a finding. Other conditions make no difference: they are easy to meet, or do not
//! apply to the dangerous call.

use super::terms::{Author, Terms};
use crate::policy::catalogue::CATALOGUE;
use crate::policy::statement::Statement;

/// Whether the AWS-managed policy of a name makes an administrator; nothing for a name that is not known.
pub(in crate::policy) type AwsPolicies<'a> = &'a dyn Fn(&str) -> Option<bool>;

/// What names a policy, and can be limited to some.
const BY_POLICY: [&str; 6] = [
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:AttachGroupPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:DetachGroupPolicy",
];

/// What can be limited to identities with a boundary.
const BY_BOUNDARY: [&str; 8] = [
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
];

/// The conditions of a statement.
pub(super) struct Conditions<'d>(Vec<(String, String, Vec<&'d str>)>);

impl<'d> Conditions<'d> {
    pub(super) fn of(statement: &Statement<'d>) -> Self {
        Self(statement.conditions())
    }

    /// Whether the action can attach or detach only AWS policies that make no administrator.
    pub(super) fn limit_policy(&self, action: &str, author: Author, administrative: AwsPolicies<'_>) -> bool {
        BY_POLICY.contains(&action)
            && self.limited("iam:policyarn", |arn| {
                // In a policy of AWS, `*` for the account means AWS. In another one, its author may make a policy of
                // that name.
                is_harmless_aws_policy(arn, author == Author::Aws, administrative)
            })
    }

    /// Whether the action can change only identities whose boundary limits them.
    pub(super) fn limit_boundary(
        &self,
        action: &str,
        author: Author,
        terms: &Terms<'_>,
        administrative: AwsPolicies<'_>,
    ) -> bool {
        BY_BOUNDARY.contains(&action)
            && self.limited("iam:permissionsboundary", |arn| match author {
                Author::Customer => terms.required_boundary == Some(arn),
                Author::Aws => {
                    terms.required_boundary == Some(arn) || is_harmless_aws_policy(arn, false, administrative)
                }
            })
    }

    /// Whether roles can be passed only to services that neither run code nor issue credentials.
    pub(super) fn pass_to_movers_only(&self) -> bool {
        self.limited("iam:passedtoservice", |service| CATALOGUE.only_moves_data(service))
    }

    /// Whether a condition admits only these values of a key. A condition that also admits requests without the key
    /// (`…IfExists`, `ForAllValues:…`) does not.
    fn limited(&self, key: &str, admissible: impl Fn(&str) -> bool) -> bool {
        const LIMITING: [&str; 4] = ["stringequals", "stringlike", "arnequals", "arnlike"];
        self.0.iter().any(|(operator, name, values)| {
            name == key
                && LIMITING.contains(&operator.as_str())
                && !values.is_empty()
                && values.iter().all(|value| admissible(value))
        })
    }
}

/// Whether it is the ARN of one policy of AWS that is known to make no administrator.
fn is_harmless_aws_policy(arn: &str, any_account: bool, administrative: AwsPolicies<'_>) -> bool {
    let mut parts = arn.splitn(6, ':');
    let (Some("arn"), Some(_), Some("iam"), Some(""), Some(account), Some(resource)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let name = resource.strip_prefix("policy/").and_then(|path| path.rsplit('/').next());
    (account == "aws" || (any_account && account == "*")) && name.and_then(administrative) == Some(false)
}

//! Whose policy denied a call. AWS tells by its wording alone, see [access denied error messages].
//!
//! [access denied error messages]: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html

/// A kind of policy that can deny a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeniedBy {
    /// Those of the caller's role.
    IdentityPolicy,
    /// The boundary of the caller's role.
    PermissionsBoundary,
    /// Those of the caller's organization.
    ServiceControlPolicy,
    /// That of the credentials that the caller runs with.
    SessionPolicy,
    /// That of the network's way to AWS.
    EndpointPolicy,
    /// Those of the organization that the resource belongs to.
    ResourceControlPolicy,
    /// The resource's own, a role's trust policy among them.
    ResourcePolicy,
    /// AWS does not say.
    Untold,
}

/// AWS's names for them, as they stand in its messages.
const NAMES: [(&str, DeniedBy); 8] = [
    ("identity-based policy", DeniedBy::IdentityPolicy),
    ("permissions boundary", DeniedBy::PermissionsBoundary),
    ("service control policy", DeniedBy::ServiceControlPolicy),
    ("session policy", DeniedBy::SessionPolicy),
    ("VPC endpoint policy", DeniedBy::EndpointPolicy),
    ("resource control policy", DeniedBy::ResourceControlPolicy),
    ("resource-based policy", DeniedBy::ResourcePolicy),
    ("role trust policy", DeniedBy::ResourcePolicy),
];

impl DeniedBy {
    /// Reads AWS's words: `... because no identity-based policy allows the iam:CreateRole action`, or `... with
    /// an explicit deny in a service control policy`, often with the policy's ARN after it. No name of anything
    /// can pass for such words, since names in IAM have no spaces.
    pub fn read(words: &str) -> Self {
        let words = words.to_ascii_lowercase();
        let named = NAMES.iter().find(|(name, _)| words.contains(&name.to_ascii_lowercase()));
        named.map_or(Self::Untold, |(_, by)| *by)
    }

    /// Whether it is on the caller's side: then what was asked for never had a say.
    pub fn is_the_callers(self) -> bool {
        matches!(
            self,
            Self::IdentityPolicy
                | Self::PermissionsBoundary
                | Self::ServiceControlPolicy
                | Self::SessionPolicy
                | Self::EndpointPolicy
        )
    }

    /// What it takes to get the call through, and who can do it, as sentences. What is denied `explicitly` cannot
    /// be helped by allowing it somewhere else.
    pub(super) fn remedy(self, action: &str, explicitly: bool) -> String {
        match (self, explicitly) {
            (Self::IdentityPolicy, false) => format!(
                "The function's role lacks {action} on what AWS names. The function's owner can bring the function's stack \
                 up to date, or allow it in a policy of that role; the owner's limits (path prefix, boundary, managed \
                 policies) stand there, too"
            ),
            (Self::IdentityPolicy, true) => format!(
                "A policy of the function's own role denies {action} there. The function's owner can change it, if that is \
                 not one of the owner's limits; to allow it elsewhere does not help"
            ),
            (Self::PermissionsBoundary, false) => format!(
                "The permissions boundary of the function's role leaves {action} out. Whoever set that boundary must allow \
                 it there, too, or give the function's role another one"
            ),
            (Self::PermissionsBoundary, true) => format!(
                "The permissions boundary of the function's role denies {action} there. Whoever set that boundary must \
                 except the function's role, or give it another one"
            ),
            (Self::ServiceControlPolicy, false) => format!(
                "The service control policies of the organization do not allow {action} in this account. Only the \
                 organization's administrators can change that: nothing in this account can"
            ),
            (Self::ServiceControlPolicy, true) => format!(
                "A service control policy of the organization denies {action}. Only the organization's administrators can \
                 except the function's role from it: nothing in this account can"
            ),
            (Self::ResourceControlPolicy, _) => format!(
                "A resource control policy of the organization that the resource belongs to stops {action}. Only that \
                 organization's administrators can except the function's role from it"
            ),
            (Self::ResourcePolicy, _) => {
                "The resource's own policy stops it. Whoever owns what AWS names must let the function's role in"
                    .to_owned()
            }
            (Self::SessionPolicy, _) => format!(
                "The credentials that the function runs with are narrowed by a session policy. Lambda sets none by itself: \
                 whoever hands them out must leave {action} in"
            ),
            (Self::EndpointPolicy, _) => format!(
                "The policy of the VPC endpoint that the call went through stops {action}. Whoever runs that network must \
                 allow it there for the function's role"
            ),
            (Self::Untold, true) => format!(
                "AWS does not say which policy denies it. Look for a Deny of {action} in the service control policies of the \
                 organization, then in the policies and the permissions boundary of the function's role"
            ),
            (Self::Untold, false) => format!(
                "AWS does not say which policy is in the way. See first whether a policy of the function's role allows \
                 {action}, then its permissions boundary and the service control policies of the organization"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wording_tells_whose_policy_it_is() {
        use DeniedBy::*;
        let told = |because: &str| {
            let start = "User: arn:aws:sts::111111111111:assumed-role/x/y is not authorized to perform: iam:CreateRole on \
                         resource: arn:aws:iam::111111111111:role/delegated/identity-based-policy";
            DeniedBy::read(&format!("{start} {because}"))
        };
        for (kind, article, by) in [
            ("identity-based policy", "an", IdentityPolicy),
            ("permissions boundary", "a", PermissionsBoundary),
            ("service control policy", "a", ServiceControlPolicy),
            ("session policy", "a", SessionPolicy),
            ("VPC endpoint policy", "a", EndpointPolicy),
            ("resource control policy", "a", ResourceControlPolicy),
            ("resource-based policy", "a", ResourcePolicy),
            ("role trust policy", "a", ResourcePolicy),
        ] {
            assert_eq!(told(&format!("because no {kind} allows the iam:CreateRole action")), by);
            assert_eq!(told(&format!("with an explicit deny in {article} {kind}")), by);
            assert_eq!(
                told(&format!("with an explicit deny in {article} {kind}: arn:aws:iam::111111111111:policy/p")),
                by
            );
        }
        // As it once was, and still is where the policy is nobody's business.
        assert_eq!([told(""), told("with an explicit deny")], [Untold; 2]);
        assert_eq!(told("with an explicit deny in a Service Control Policy"), ServiceControlPolicy);
    }

    #[test]
    fn only_what_denies_on_the_callers_side_leaves_the_resource_unasked() {
        use DeniedBy::*;
        let callers = NAMES.iter().map(|(_, by)| *by).chain([Untold]).filter(|by| by.is_the_callers());
        assert_eq!(
            callers.collect::<Vec<_>>(),
            [IdentityPolicy, PermissionsBoundary, ServiceControlPolicy, SessionPolicy, EndpointPolicy]
        );
    }
}

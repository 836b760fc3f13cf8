//! Whose policy denied a call. Only the text of AWS's message says it, see [access denied error messages].
//!
//! [access denied error messages]: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html

/// A kind of policy that can deny a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeniedBy {
    /// A policy of the caller's role.
    IdentityPolicy,
    /// The permissions boundary of the caller's role.
    PermissionsBoundary,
    /// An SCP of the caller's organization.
    ServiceControlPolicy,
    /// The session policy of the caller's credentials.
    SessionPolicy,
    /// The policy of the VPC endpoint through which the call went.
    EndpointPolicy,
    /// An RCP of the organization of the resource.
    ResourceControlPolicy,
    /// The policy of the resource, such as a role's trust policy.
    ResourcePolicy,
    /// AWS does not say.
    Unknown,
}

/// AWS's names for them, as in its messages.
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
    /// Reads AWS's message: `... because no identity-based policy allows the iam:CreateRole action`, or `... with
    /// an explicit deny in a service control policy`, often followed by the policy's ARN. No resource name can be mistaken
    /// for these words, because names in IAM have no spaces.
    pub fn read(message: &str) -> Self {
        let message = message.to_ascii_lowercase();
        let named = NAMES.iter().find(|(name, _)| message.contains(&name.to_ascii_lowercase()));
        named.map_or(Self::Unknown, |(_, by)| *by)
    }

    /// Whether the policy applies to the caller. Then AWS did not evaluate the policy of the resource.
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

    /// What has to change so that the call is allowed, and who can change it, as sentences. An `explicit` deny cannot be
    /// lifted by an allow in another policy.
    pub(super) fn remedy(self, action: &str, explicit: bool) -> String {
        match (self, explicit) {
            (Self::IdentityPolicy, false) => format!(
                "No policy of the function's role allows {action} on the resource that AWS names. The function's owner must \
                 update the function's stack, or allow it in a policy of that role. The owner's limits (path prefix, \
                 boundary, managed policies) are enforced there too"
            ),
            (Self::IdentityPolicy, true) => format!(
                "A policy of the function's role denies {action} on that resource. The function's owner must change that \
                 policy, unless it enforces one of the owner's limits; an allow in another policy has no effect"
            ),
            (Self::PermissionsBoundary, false) => format!(
                "The permissions boundary of the function's role does not allow {action}. The owner of the boundary must \
                 allow it there too, or set another boundary on the function's role"
            ),
            (Self::PermissionsBoundary, true) => format!(
                "The permissions boundary of the function's role denies {action}. The owner of the boundary must exempt the \
                 function's role, or set another boundary on it"
            ),
            (Self::ServiceControlPolicy, false) => format!(
                "The service control policies of the organization do not allow {action} in this account. Only the \
                 administrators of the organization can change that"
            ),
            (Self::ServiceControlPolicy, true) => format!(
                "A service control policy of the organization denies {action}. Only the administrators of the organization \
                 can exempt the function's role"
            ),
            (Self::ResourceControlPolicy, _) => format!(
                "A resource control policy of the resource's organization denies {action}. Only the administrators of that \
                 organization can exempt the function's role"
            ),
            (Self::ResourcePolicy, _) => {
                "The policy of the resource that AWS names does not allow it. The owner of that resource must allow the \
                 function's role"
                    .to_owned()
            }
            (Self::SessionPolicy, _) => format!(
                "The function's credentials have a session policy that does not allow {action}. Lambda sets no session \
                 policy: the program that provides these credentials must allow it"
            ),
            (Self::EndpointPolicy, _) => format!(
                "The policy of the VPC endpoint does not allow {action}. The owner of the network must allow it for the \
                 function's role"
            ),
            (Self::Unknown, true) => format!(
                "AWS does not say which policy denies it. Look for a Deny of {action} in the service control policies of the \
                 organization, then in the policies and the permissions boundary of the function's role"
            ),
            (Self::Unknown, false) => format!(
                "AWS does not say which policy lacks the permission. Check whether a policy of the function's role allows \
                 {action}, then check its permissions boundary and the service control policies of the organization"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_whose_policy_it_is() {
        use DeniedBy::*;
        let read = |because: &str| {
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
            assert_eq!(read(&format!("because no {kind} allows the iam:CreateRole action")), by);
            assert_eq!(read(&format!("with an explicit deny in {article} {kind}")), by);
            assert_eq!(
                read(&format!("with an explicit deny in {article} {kind}: arn:aws:iam::111111111111:policy/p")),
                by
            );
        }
        // The form without a policy: older messages, and calls whose policies AWS does not disclose.
        assert_eq!([read(""), read("with an explicit deny")], [Unknown; 2]);
        assert_eq!(read("with an explicit deny in a Service Control Policy"), ServiceControlPolicy);
    }

    #[test]
    fn policies_of_the_caller_and_of_the_resource_are_distinguished() {
        use DeniedBy::*;
        let callers = NAMES.iter().map(|(_, by)| *by).chain([Unknown]).filter(|by| by.is_the_callers());
        assert_eq!(
            callers.collect::<Vec<_>>(),
            [IdentityPolicy, PermissionsBoundary, ServiceControlPolicy, SessionPolicy, EndpointPolicy]
        );
    }
}

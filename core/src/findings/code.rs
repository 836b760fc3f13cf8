//! The codes of findings: stable names, each with its cause and its remedy.

use std::fmt;

/// Defines the codes. A row is one code: its variant, its name, what causes it, and what to do.
macro_rules! codes {
    ($($variant:ident $name:literal $cause:literal $remedy:literal)*) => {
        /// What kind of finding it is. Names never change: people search for them, programs compare them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $cause] $variant,)*
        }

        impl Code {
            /// Every code, in the order of `docs/messages.md`.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name, such as `unknown-property`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What causes a finding of this kind.
            pub fn cause(self) -> &'static str {
                match self {
                    $(Self::$variant => $cause,)*
                }
            }

            /// What to do about it.
            pub fn remedy(self) -> &'static str {
                match self {
                    $(Self::$variant => $remedy,)*
                }
            }
        }
    };
}

#[rustfmt::skip]
codes! {
    // A property by itself.
    UnknownProperty "unknown-property"
        "The resource type has no property of this name."
        "Use the name that the message gives, or remove the property."
    MissingProperty "missing-property"
        "A required property is missing, or one that another property needs."
        "Add it."
    EmptyValue "empty-value"
        "An empty string where a value is needed."
        "Give a value, or leave the property out with `AWS::NoValue`."
    InvalidValue "invalid-value"
        "A value is malformed, out of range, or of the wrong type."
        "Write what the message allows."
    RepeatedValue "repeated-value"
        "A list contains the same value twice."
        "Give each value once."
    InThePast "in-the-past"
        "`ExpiresAt` of a new role is in the past."
        "Give a time in the future, in UTC."
    ReservedName "reserved-name"
        "AWS, the CDK or this function reserves the name, path or tag for itself."
        "Choose another."

    // A property among others.
    ConflictingProperties "conflicting-properties"
        "Two properties contradict each other, or one has no effect without the other."
        "Change or remove one of them."
    CannotChange "cannot-change"
        "The property of an existing resource cannot change."
        "Put the old value back, or create a new resource under another logical ID."

    // The account.
    OwnAccount "own-account"
        "An account ID or ARN is that of the account in which the function runs."
        "Give the account or role of the other party."
    OtherAccount "other-account"
        "An ARN is in an account where it cannot be used."
        "Give the ARN in the account that the message names, or remove it."
    OtherPartition "other-partition"
        "An ARN is in another AWS partition. Nothing crosses partitions."
        "Give an ARN in the partition that the message names."
    PolicyNotFound "policy-not-found"
        "A managed policy does not exist."
        "Create it first, or correct its ARN."
    PolicyNotRead "policy-not-read"
        "A managed policy was not read, so its permissions are not known."
        "Name it once, by its exact ARN."
    QuotaExceeded "quota-exceeded"
        "The role would exceed an IAM quota."
        "Shorten or remove what the message names. Some quotas can be raised in Service Quotas."

    // The owner.
    NotPermittedByOwner "not-permitted-by-owner"
        "The owner of the function does not permit it. The message names the parameter."
        "Stay within the limit, or ask the owner to change the parameter."
    InvalidSetting "invalid-setting"
        "A setting of the function is malformed, so it creates and changes no role."
        "The owner corrects the parameter and deploys the function again."

    // Permissions.
    InvalidPolicy "invalid-policy"
        "IAM would reject the policy document."
        "Correct what the message names."
    Administrative "administrative"
        "The permissions make the provider an administrator, or let it become one."
        "Narrow them. If the provider is to be an administrator, set `AllowAdministrativeAccess`, and the owner sets `PermitAdministrativeAccess`."
    PassesRole "passes-role"
        "The permissions hand roles to services, or assume roles, and so act with the rights of those roles. The owner of the function does not list these roles in `PassableRoleArns`."
        "Name only roles that are listed. Or the owner adds the roles, by ARN or by a pattern that includes them. What can be a reserved role (`cdk-*`, `OrganizationAccountAccessRole` and others) must be listed exactly as the policy names it."
    ActsAsWorkload "acts-as-workload"
        "The permissions act under the role of something that runs already: an instance, a stack, a build."
        "Limit them to the resources that the provider operates."
    Exposes "exposes"
        "The permissions share resources or change their policies, so that others get access."
        "Leave them out, or limit them to the resources that the provider shares."
    ReadsData "reads-data"
        "The permissions read secrets, parameters, objects or tables of everything, or obtain credentials of a service."
        "Limit them to the data that the provider needs."
    AuditTrail "audit-trail"
        "The permissions stop or delete what records: CloudTrail, GuardDuty, Config, Security Hub."
        "Leave them out."
    Organization "organization"
        "The permissions change the organization, or access in its accounts."
        "Leave them out."
    Broad "broad"
        "The permissions cover every action of a service on every resource."
        "Narrow them to what the provider needs."
    GrantsNothing "grants-nothing"
        "The role has no policy that allows anything."
        "Set `CustomPolicy` or `ManagedPolicyArns`."

    // Policies that the template does not declare.
    PolicyRemoved "policy-removed"
        "A policy was on the role but is not in the template, so it was removed."
        "Nothing, or declare the policy. `PolicyOwnership: Declared` leaves such policies on the role."
    PolicyKept "policy-kept"
        "A policy is on the role but not in the template, and was not removed, because it only denies or could not be read."
        "Remove it from the role when it is no longer needed, or declare it."

    // Who has access, and for how long.
    WeakExternalId "weak-external-id"
        "Others can guess or know the external ID."
        "Let the provider generate a random one, or leave `ExternalId` out."
    SharedExternalIds "shared-external-ids"
        "Several accounts and several external IDs: each ID admits each account."
        "If the accounts belong to different providers, use a role for each."
    NoExternalId "no-external-id"
        "The role trusts a whole account without an external ID, so the provider could be made to use it for another customer."
        "Require an external ID, or name the provider's roles in `AllowedPrincipalArns`."
    NewExternalId "new-external-id"
        "The role had no external ID that could be read, so a new one was generated."
        "Send the new external ID to the provider."
    RoleChaining "role-chaining"
        "`MaxSessionDuration` is more than an hour. A caller that uses a role session gets one hour at most."
        "Nothing, if the provider calls as an IAM user. Otherwise set 3600."
    Expired "expired"
        "`ExpiresAt` is in the past, so the role is closed."
        "Nothing, or give a time in the future."
    SessionsEnding "sessions-ending"
        "Sessions issued in the next seconds end at once, and the function had no time to wait."
        "Wait until the time in the message, then assume the role."
    LongName "long-name"
        "Path and name of the role are too long for the console's role switcher."
        "Shorten `RoleName` or `Path` if people use the console."
    // The existing role.
    NameTaken "name-taken"
        "Another role has the name."
        "Choose another `RoleName`, or hand the role over by the tag that the message names."
    Unmarked "unmarked"
        "The role has no tags of a resource, so it is not known which stack manages it, and it is not deleted."
        "Restore the tags that the message names, retain the resource, or remove the role by hand."
    RoleNotFound "role-not-found"
        "The role does not exist, or IAM does not return it yet."
        "Update the stack again."
    RoleInUse "role-in-use"
        "The role cannot be deleted while an instance profile or another resource uses it."
        "Remove it from what the message names, and delete again."
    HomeRegion "home-region"
        "The stack in the home Region does not manage the role, or the role differs from the properties here."
        "Deploy the home Region first, with the same properties."

    // The request.
    LateRequest "late-request"
        "The request was delivered late or again: its operation is over, or a newer request wrote the role."
        "Nothing, if a newer operation has succeeded. Otherwise run the operation again."
    MalformedRequest "malformed-request"
        "The event is not a request of CloudFormation for a custom resource, or its properties cannot be read."
        "Correct the template."
    UnknownResourceType "unknown-resource-type"
        "The function has no such resource type."
        "Use a type that the message names."
    WrongFunction "wrong-function"
        "The function is not installed for this resource type, or works in another account or Region."
        "Use the `ServiceToken` of the function in the stack's account and Region."

    // Calls to AWS.
    Denied "denied"
        "A policy denies a call to AWS, or none allows it."
        "Correct the policy that the message names."
    Throttled "throttled"
        "AWS throttled a call in all attempts."
        "Try again when fewer calls are made in the account."
    ConcurrentChange "concurrent-change"
        "Another change to the same role is in progress."
        "Try again when it is complete."
    Unavailable "unavailable"
        "AWS gave no usable answer: a server error, a failed connection, or a wrong clock."
        "Try again later."
    UnknownAccount "unknown-account"
        "IAM does not know the account that the role is to trust."
        "Check `ExternalAwsAccountId` with the provider."
    CallFailed "call-failed"
        "A call to AWS failed for another reason."
        "Read AWS's message."
    TimedOut "timed-out"
        "The function ran out of time before all calls to AWS completed."
        "Try again. What was done is safe to leave."
    InternalError "internal-error"
        "The function has an error."
        "Update the stack again. Report the error if it persists."

    // The access check.
    Unsafe "unsafe"
        "The customer's role opens with less than its external ID."
        "The customer replaces the trust policy by the statement in the message."
    Shut "shut"
        "The customer's role does not open with its external ID."
        "Check the causes that the message names."
    Inconclusive "inconclusive"
        "The check has no verdict: a call was throttled or not answered, or a policy of the caller denied it."
        "Check again."

    // The audit.
    Drifted "drifted"
        "A part of the role is not as the function wrote it: it was changed by hand."
        "Find out who changed it. To restore it, change `Revision` and update the stack."
    NotRecorded "not-recorded"
        "The role has no tag that records what the function wrote, so changes by hand cannot be recognized."
        "Change `Revision` and update the stack: the function then writes the tag."
    Open "open"
        "The trust policy lets in more than a trust policy of this function can."
        "Restore the trust policy at once: change `Revision` and update the stack."
    GuardrailsMissing "guardrails-missing"
        "The guardrail policy of the role is gone or changed, so its sessions may be able to change the role itself."
        "Change `Revision` and update the stack."
    OverLimits "over-limits"
        "The owner's limits of today, or today's judgement of the policies, would refuse the role."
        "Change the template as the message says, or ask the owner to change the parameter."
    Orphaned "orphaned"
        "The stack of the role is gone, or no longer has the resource, so no stack manages the role."
        "Delete the role if the provider no longer needs access. Otherwise hand it over to a stack."
    RevocationPending "revocation-pending"
        "Access was narrowed, but the sessions that were issued before were not ended."
        "Change `Revision` and update the stack: the function then ends them."
    Unused "unused"
        "The provider has not used the role for longer than `UnusedAfterDays`."
        "Ask the provider whether it still needs the role. If not, delete the stack."
    Expiring "expiring"
        "`ExpiresAt` is within the next days (`ExpiringWithinDays`)."
        "Nothing, or give a later time if the provider still needs access."

    AnswerShortened "answer-shortened"
        "The answer to CloudFormation would have exceeded 4,096 bytes."
        "Read the values from the other attributes."
}

impl Code {
    /// The remedy for all problems of this kind. If a reason has several, the remedy is given once, at the end.
    pub(super) fn advice(self) -> Option<&'static str> {
        match self {
            Self::Administrative => Some(
                "Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the owner's \
                 PermitAdministrativeAccess must both be true.",
            ),
            Self::PassesRole => Some(
                "Name only roles that the owner lists, or ask the owner to add them; reserved roles, such as cdk-*, must be listed \
                 exactly as the policy names them.",
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;

    use expect_test::expect_file;

    use super::Code;

    #[test]
    fn codes_are_distinct_words_in_kebab_case() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for name in names {
            let words =
                name.split('-').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()));
            assert!(words, "{name}");
        }
    }

    #[test]
    fn a_cause_and_a_remedy_are_sentences_that_fit_a_table() {
        for code in Code::ALL {
            for text in [code.cause(), code.remedy()] {
                assert!(text.ends_with('.') && !text.contains(['|', '\n']), "{code}: {text}");
            }
        }
    }

    /// `UPDATE_EXPECT=1 cargo test -p delegated-role-core messages` writes the page again.
    #[test]
    fn the_page_of_messages_is_current() {
        let mut page = String::from(
            "# Messages\n\n\
             Every reason for which a request fails ends with a code in square brackets, such as `[unknown-property]`, and so does \
             every line of the attribute `Warnings`. Where a reason lists several problems, each ends with its own. The codes are \
             stable.\n\n\
             This page is generated from `core/src/findings/code.rs`: change it there.\n\n\
             | code | cause | what to do |\n| --- | --- | --- |\n",
        );
        for code in Code::ALL {
            let _ = writeln!(page, "| `{code}` | {} | {} |", code.cause(), code.remedy());
        }
        expect_file!["../../../docs/messages.md"].assert_eq(&page);
    }
}

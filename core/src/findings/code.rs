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
    AnswerShortened "answer-shortened"
        "The answer to CloudFormation would have exceeded 4,096 bytes."
        "Read the values from the other attributes."
}

impl Code {
    /// What to do about every problem of this kind. Where a reason has several, it is said once, at the end.
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
             Every problem in the properties of a resource, in the policies that they name, and in the owner's settings ends with a \
             code in square brackets, such as `[unknown-property]`. So does every line of the attribute `Warnings`. Other reasons, \
             such as a denied call, a role name that is taken, the verdict of an access check or a late request, have no code yet. \
             The codes are stable.\n\n\
             This page is generated from `core/src/findings/code.rs`: change it there.\n\n\
             | code | cause | what to do |\n| --- | --- | --- |\n",
        );
        for code in Code::ALL {
            let _ = writeln!(page, "| `{code}` | {} | {} |", code.cause(), code.remedy());
        }
        expect_file!["../../../docs/messages.md"].assert_eq(&page);
    }
}

//! The properties and attributes of `Custom::DelegatedRole`, in the order of `docs/properties.md`.

use super::form::{Form, Property, Relation};
use super::text::{
    ACCOUNT, DESCRIPTION, EXTERNAL_ID, ORGANIZATION, POLICY_ARN, PRINCIPAL_ARN, PUBLIC_CIDR, REGION, ROLE_NAME,
    ROLE_PATH, TIMESTAMP,
};

const fn optional(name: &'static str, form: Form, summary: &'static str) -> Property {
    Property { name, form, required: false, summary }
}

pub(super) static PROPERTIES: &[Property] = &[
    // Who has access.
    Property {
        name: "ExternalAwsAccountId",
        form: Form::List { item: ACCOUNT, count: 1..=10, commas: false },
        required: true,
        summary: "The accounts of the provider, which may assume the role. Not this account.",
    },
    optional(
        "ExternalId",
        Form::List { item: EXTERNAL_ID, count: 1..=2, commas: false },
        "What the provider must send to assume the role. With two, both are accepted. Left out, one is generated.",
    ),
    optional("RequireExternalId", Form::Flag { default: true }, "Whether the provider must send an external ID."),
    optional("RequireMfa", Form::Flag { default: false }, "Whether callers must have used a second factor."),
    optional(
        "MfaMaxAge",
        Form::Number { allowed: 1..=129_600, unit: "seconds", default: None },
        "How long ago the second factor was used, at most. Needs RequireMfa.",
    ),
    optional(
        "AllowedPrincipalArns",
        Form::List { item: PRINCIPAL_ARN, count: 1..=100, commas: false },
        "The only roles and users of the accounts that may assume the role. Left out, the whole accounts may.",
    ),
    optional("PrincipalOrgId", Form::Text(ORGANIZATION), "The organization that callers must belong to."),
    optional(
        "SourceIps",
        Form::List { item: PUBLIC_CIDR, count: 1..=100, commas: false },
        "The only public addresses that may assume the role.",
    ),
    optional(
        "AllowSessionTags",
        Form::Flag { default: false },
        "Whether callers may pass session tags, and may have transitive ones.",
    ),
    optional("AllowSourceIdentity", Form::Flag { default: false }, "Whether callers may set a source identity."),
    optional("ExpiresAt", Form::Text(TIMESTAMP), "When access ends, running sessions included."),
    // What they may do.
    optional(
        "ManagedPolicyArns",
        Form::List { item: POLICY_ARN, count: 0..=100, commas: true },
        "Managed policies to attach: those of AWS, or of this account.",
    ),
    optional("CustomPolicy", Form::Policy, "The inline policy of the name CustomPolicy."),
    optional("Policies", Form::Policies, "Further inline policies under their own names, as on the native role."),
    optional("PermissionsBoundary", Form::Text(POLICY_ARN), "The permissions boundary, as on the native role."),
    optional(
        "MaxSessionDuration",
        Form::Number { allowed: 3_600..=43_200, unit: "seconds", default: Some(3_600) },
        "How long a session lasts, at most.",
    ),
    optional(
        "AllowAdministrativeAccess",
        Form::Flag { default: false },
        "Accepts administrator-equivalent permissions, if the function's owner permits it.",
    ),
    optional(
        "PolicyOwnership",
        Form::Choice(&["Exclusive", "Declared"]),
        "Exclusive removes policies that others put on the role; Declared leaves them.",
    ),
    optional(
        "RevokeSessions",
        Form::Choice(&["OnNarrowing", "Never"]),
        "Whether a narrower trust also ends the sessions that were issued before it.",
    ),
    // The role itself.
    optional(
        "RoleName",
        Form::Text(ROLE_NAME),
        "The role's name. Changing it replaces the role. Left out, it is derived.",
    ),
    optional(
        "Path",
        Form::Text(ROLE_PATH),
        "The role's path, under the owner's role path prefix, which is the default.",
    ),
    optional("Description", Form::Text(DESCRIPTION), "The role's description, as on the native role."),
    optional("Tags", Form::Tags { most: 45 }, "The role's tags, as on the native role."),
    optional(
        "HomeRegion",
        Form::Text(REGION),
        "The Region whose stack manages the role for all Regions. Needs RoleName.",
    ),
    optional(
        "Revision",
        Form::FreeText { longest: None },
        "Any string. Change it to have changes that were made by hand corrected.",
    ),
];

pub(super) static RELATIONS: &[Relation] = &[
    Relation::FalseExcludes {
        flag: "RequireExternalId",
        property: "ExternalId",
        message: "is false, but ExternalId is given; remove one of them",
    },
    Relation::NeedsTrue {
        property: "MfaMaxAge",
        flag: "RequireMfa",
        message: "has no effect without RequireMfa; set RequireMfa to true or remove MfaMaxAge",
    },
    Relation::Needs {
        property: "HomeRegion",
        other: "RoleName",
        message: "needs RoleName, because a derived name differs from Region to Region; give one",
    },
];

pub(super) static ATTRIBUTES: &[(&str, &str)] = &[
    ("RoleArn", "The ARN of the role."),
    ("Arn", "The same as RoleArn, under the name that it has on AWS::IAM::Role."),
    ("RoleName", "The name of the role."),
    ("RoleId", "The unique ID of the role."),
    ("ExternalId", "The external ID that the provider must send; empty with RequireExternalId: false."),
    ("ExternalAwsAccountId", "The accounts that may assume the role, separated by commas."),
    ("MaxSessionDuration", "How long a session lasts at most, in seconds."),
    ("SwitchRoleUrl", "The console's switch-role link; empty when an external ID is required."),
    ("TerraformProvider", "A provider block for Terraform."),
    ("AwsConfigProfile", "A profile for ~/.aws/config."),
    ("Warnings", "The warnings, one per line."),
];

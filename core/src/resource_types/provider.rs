//! The properties and attributes of `Custom::ExternalId` and `Custom::AccessCheck`.

use super::form::{Form, Property};
use super::text;

pub(super) static EXTERNAL_ID: &[Property] = &[
    Property {
        name: "Prefix",
        form: Form::Text(text::EXTERNAL_ID_PREFIX),
        required: false,
        summary: "How the external ID begins. It cannot be changed.",
    },
    Property {
        name: "Rotation",
        form: Form::FreeText { longest: Some(256) },
        required: false,
        summary: "Any string. Change it for a new external ID; an earlier one brings its external ID back.",
    },
    Property {
        name: "PreviousRotation",
        form: Form::FreeText { longest: Some(256) },
        required: false,
        summary: "The earlier Rotation whose external ID PreviousExternalId returns.",
    },
];

pub(super) static EXTERNAL_ID_ATTRIBUTES: &[(&str, &str)] = &[
    ("ExternalId", "The external ID."),
    ("PreviousExternalId", "The external ID of PreviousRotation; empty without it."),
    ("Rotation", "The rotation in force."),
];

pub(super) static ACCESS_CHECK: &[Property] = &[
    Property {
        name: "RoleArn",
        form: Form::Text(text::ROLE_ARN),
        required: true,
        summary: "The customer's role, in another account.",
    },
    Property {
        name: "CustomerAccountId",
        form: Form::Text(text::ACCOUNT),
        required: false,
        summary: "The account that the role must be in.",
    },
    Property {
        name: "ExternalId",
        form: Form::Text(text::EXTERNAL_ID),
        required: true,
        summary: "The external ID that must open the role.",
    },
    Property {
        name: "RequireMfa",
        form: Form::Flag { default: false },
        required: false,
        summary: "Whether the role is expected to require MFA, so that no probe may succeed.",
    },
    Property {
        name: "OnInconclusive",
        form: Form::Choice(&["Fail", "Succeed"]),
        required: false,
        summary: "What happens when the check is inconclusive.",
    },
    Property {
        name: "Revision",
        form: Form::FreeText { longest: None },
        required: false,
        summary: "Any string. Change it to check again.",
    },
];

pub(super) static ACCESS_CHECK_ATTRIBUTES: &[(&str, &str)] = &[
    ("Verdict", "Safe, or Inconclusive with OnInconclusive: Succeed."),
    ("RoleArn", "The role that was checked."),
    ("AccountId", "The account of the role."),
    ("Probes", "Each probe and its result, one per line."),
    ("CheckedAt", "When the check ran."),
];

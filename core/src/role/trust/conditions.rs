//! The conditions of a trust policy, beside the external ID: one row of [`CONDITIONS`] each.
//!
//! A row says which property sets the condition, how it is written in a policy, how it is read back, and when it admits
//! all callers that another value admits. For another condition, add a field to [`Conditions`] and a row to the table,
//! and read its property in `delegation.rs`.

use std::collections::BTreeSet;

use crate::identifiers::{OrganizationId, PrincipalArn, PublicCidr};
use crate::timestamp::Timestamp;

/// The conditions beside the external ID. Each of them can only narrow the trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Whether the caller must have used MFA, and how long ago at most.
    pub mfa: Mfa,
    /// The roles and users that may assume the role, within the trusted accounts. Empty: all.
    pub principals: BTreeSet<PrincipalArn>,
    /// The organization that the caller must belong to.
    pub organization: Option<OrganizationId>,
    /// The addresses that the request must come from. Empty: any.
    pub source_ips: BTreeSet<PublicCidr>,
    /// When access ends. None: never.
    pub expires_at: Option<Timestamp>,
}

/// The requirement of MFA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mfa {
    /// None.
    #[default]
    NotRequired,
    /// Used at any time in the caller's session.
    Required,
    /// Used at most this number of seconds ago.
    RequiredWithin(u32),
}

/// One condition.
pub(super) struct Condition {
    /// The property that sets it.
    pub(super) property: &'static str,
    /// The condition operator.
    pub(super) operator: &'static str,
    /// The condition key.
    pub(super) key: &'static str,
    /// The values in the policy. None: the condition is left out.
    pub(super) values: fn(&Conditions) -> Vec<String>,
    /// Reads the values in a policy. False if they do not have the form that we write.
    pub(super) read: fn(&mut Conditions, &[String]) -> bool,
    /// Whether the first admits all callers that the second admits. False in doubt.
    pub(super) admits: fn(&Conditions, &Conditions) -> bool,
    /// Whether requests for the session actions carry the key, too. Where they do not, a condition on it is never fulfilled.
    pub(super) session_actions: bool,
}

/// All conditions. `RequireMfa` comes before `MfaMaxAge`, which is read after it.
pub(super) const CONDITIONS: [Condition; 6] = [
    Condition {
        property: "PrincipalOrgId",
        operator: "StringEquals",
        key: "aws:PrincipalOrgID",
        values: |conditions| conditions.organization.iter().map(ToString::to_string).collect(),
        read: |conditions, values| {
            conditions.organization = one(values).and_then(|value| OrganizationId::parse(value).ok());
            conditions.organization.is_some()
        },
        admits: |own, other| own.organization.is_none() || own.organization == other.organization,
        session_actions: true,
    },
    Condition {
        property: "RequireMfa",
        operator: "Bool",
        key: "aws:MultiFactorAuthPresent",
        values: |conditions| if conditions.mfa == Mfa::NotRequired { Vec::new() } else { vec!["true".to_owned()] },
        read: |conditions, values| {
            conditions.mfa = Mfa::Required;
            one(values) == Some("true")
        },
        admits: |own, other| own.mfa == Mfa::NotRequired || other.mfa != Mfa::NotRequired,
        session_actions: false,
    },
    Condition {
        property: "MfaMaxAge",
        operator: "NumericLessThanEquals",
        key: "aws:MultiFactorAuthAge",
        values: |conditions| conditions.mfa.max_age().iter().map(ToString::to_string).collect(),
        read: |conditions, values| {
            let age = one(values).and_then(|value| value.parse().ok());
            // We never write an age without the requirement of MFA.
            let required = conditions.mfa == Mfa::Required;
            conditions.mfa = age.map_or(Mfa::NotRequired, Mfa::RequiredWithin);
            required && age.is_some()
        },
        admits: |own, other| match (own.mfa.max_age(), other.mfa.max_age()) {
            (None, _) => true,
            (Some(own), Some(other)) => other <= own,
            (Some(_), None) => false,
        },
        session_actions: false,
    },
    Condition {
        property: "AllowedPrincipalArns",
        operator: "ArnLike",
        key: "aws:PrincipalArn",
        values: |conditions| conditions.principals.iter().map(ToString::to_string).collect(),
        read: |conditions, values| all(values, PrincipalArn::parse, &mut conditions.principals),
        admits: |own, other| within(&own.principals, &other.principals, PrincipalArn::covers),
        session_actions: true,
    },
    Condition {
        property: "SourceIps",
        operator: "IpAddress",
        key: "aws:SourceIp",
        values: |conditions| conditions.source_ips.iter().map(ToString::to_string).collect(),
        read: |conditions, values| all(values, PublicCidr::parse, &mut conditions.source_ips),
        admits: |own, other| within(&own.source_ips, &other.source_ips, PublicCidr::contains),
        session_actions: true,
    },
    Condition {
        property: "ExpiresAt",
        operator: "DateLessThan",
        key: "aws:CurrentTime",
        values: |conditions| conditions.expires_at.iter().map(ToString::to_string).collect(),
        read: |conditions, values| {
            conditions.expires_at = one(values).and_then(|value| Timestamp::parse(value).ok());
            conditions.expires_at.is_some()
        },
        admits: |own, other| match (own.expires_at, other.expires_at) {
            (None, _) => true,
            (Some(own), Some(other)) => other <= own,
            (Some(_), None) => false,
        },
        session_actions: true,
    },
];

impl Mfa {
    fn max_age(self) -> Option<u32> {
        if let Self::RequiredWithin(seconds) = self { Some(seconds) } else { None }
    }
}

impl Conditions {
    /// Whether these admit all callers that the others admit. False in doubt.
    pub(super) fn admit_all_of(&self, other: &Self) -> bool {
        CONDITIONS.iter().all(|condition| (condition.admits)(self, other))
    }

    /// The properties by which the two differ.
    pub(super) fn differing_properties(&self, other: &Self) -> impl Iterator<Item = &'static str> {
        let differ = |condition: &&Condition| (condition.values)(self) != (condition.values)(other);
        CONDITIONS.iter().filter(differ).map(|condition| condition.property).collect::<Vec<_>>().into_iter()
    }
}

fn one(values: &[String]) -> Option<&str> {
    if let [value] = values { Some(value) } else { None }
}

fn all<T: Ord, E>(values: &[String], parse: fn(&str) -> Result<T, E>, into: &mut BTreeSet<T>) -> bool {
    let parsed: Option<BTreeSet<T>> = values.iter().map(|value| parse(value).ok()).collect();
    *into = parsed.unwrap_or_default();
    !into.is_empty()
}

/// Whether each pattern of `other` is included in one of `own`. No pattern at all matches everything.
fn within<T>(own: &BTreeSet<T>, other: &BTreeSet<T>, covers: fn(&T, &T) -> bool) -> bool {
    own.is_empty() || (!other.is_empty() && other.iter().all(|other| own.iter().any(|own| covers(own, other))))
}

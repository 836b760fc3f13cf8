//! The names of the inline policies that are ours.

use super::guardrail_policy::GUARDRAIL_POLICY;
use super::session_revocation::REVOCATION_POLICY;

/// The name of the inline policy that holds `CustomPolicy`.
pub const CUSTOM_POLICY: &str = "CustomPolicy";

/// The names that a template cannot give to a policy of its own.
pub const RESERVED: [&str; 3] = [CUSTOM_POLICY, GUARDRAIL_POLICY, REVOCATION_POLICY];

/// Whether a name is reserved. IAM may take names that differ in letter case for the same.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}

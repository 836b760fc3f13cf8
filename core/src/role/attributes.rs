//! The attributes of a finished role, among them the texts for the provider.

use std::collections::BTreeMap;
use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::desired::DesiredRole;
use super::trust::Mfa;
use crate::findings::Finding;
use crate::identifiers::ExternalId;

/// The attributes that are emptied first when the answer would be too long.
pub const HANDOFF: &[&str] = &["TerraformProvider", "AwsConfigProfile"];

/// The attribute that is cut when the answer is still too long.
pub const WARNINGS: &str = "Warnings";

/// The characters that are not escaped in a query parameter.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The attributes of a finished role: always the same keys, since `Fn::GetAtt` of a missing one fails
/// the stack.
pub fn attributes(
    role: &DesiredRole,
    arn: &str,
    id: &str,
    accounts: &str,
    external_id: Option<&ExternalId>,
    warnings: &[Finding],
) -> BTreeMap<&'static str, String> {
    let external_id = external_id.map(ExternalId::expose);
    BTreeMap::from([
        ("RoleArn", arn.to_owned()),
        // The same value under the name that the native role uses.
        ("Arn", arn.to_owned()),
        ("RoleName", role.name.to_string()),
        ("RoleId", id.to_owned()),
        ("ExternalId", external_id.unwrap_or_default().to_owned()),
        ("ExternalAwsAccountId", accounts.to_owned()),
        ("MaxSessionDuration", role.max_session_duration.to_string()),
        ("SwitchRoleUrl", if external_id.is_none() { switch_role_url(role, arn) } else { String::new() }),
        ("TerraformProvider", terraform_provider(role, arn, external_id)),
        ("AwsConfigProfile", aws_config_profile(role, arn, external_id)),
        (WARNINGS, warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    ])
}

/// The console's role switcher. It cannot send an external ID.
fn switch_role_url(role: &DesiredRole, arn: &str) -> String {
    let account = arn.split(':').nth(4).unwrap_or_default();
    let host = role.trust.partition.sign_in_host();
    let name = format!("{}{}", &role.path.as_str()[1..], role.name);
    format!("https://{host}/switchrole?account={account}&roleName={}", utf8_percent_encode(&name, UNRESERVED))
}

/// A provider block as `terraform fmt` leaves it. Terraform never asks for an MFA code: the credentials that it starts
/// from must have used one.
fn terraform_provider(role: &DesiredRole, arn: &str, external_id: Option<&str>) -> String {
    let mfa = match role.trust.conditions.mfa {
        Mfa::NotRequired => String::new(),
        Mfa::Required | Mfa::RequiredWithin(_) => format!(
            "# This role requires MFA{}, and Terraform cannot ask for a code. Run it with the credentials that this prints:\n\
             # aws sts get-session-token --serial-number {} --token-code CODE\n",
            how_recent(role),
            mfa_device(role)
        ),
    };
    let assumed = match external_id {
        Some(id) => format!("    role_arn    = \"{arn}\"\n    external_id = \"{id}\"\n"),
        None => format!("    role_arn = \"{arn}\"\n"),
    };
    format!("{mfa}provider \"aws\" {{\n  assume_role {{\n{assumed}  }}\n}}\n")
}

/// A profile for `~/.aws/config`.
fn aws_config_profile(role: &DesiredRole, arn: &str, external_id: Option<&str>) -> String {
    let mut profile = format!("[profile {}]\nrole_arn = {arn}\nsource_profile = default\n", role.name);
    if let Some(id) = external_id {
        let _ = writeln!(profile, "external_id = {id}");
    }
    if role.trust.conditions.mfa != Mfa::NotRequired {
        let _ =
            writeln!(profile, "# This role requires MFA{}: give the ARN of your own device here.", how_recent(role));
        let _ = writeln!(profile, "# mfa_serial = {}", mfa_device(role));
    }
    profile
}

/// What `MfaMaxAge` requires, as part of a sentence.
fn how_recent(role: &DesiredRole) -> String {
    match role.trust.conditions.mfa {
        Mfa::RequiredWithin(seconds) => format!(", used at most {seconds} seconds before"),
        Mfa::NotRequired | Mfa::Required => String::new(),
    }
}

/// The ARN of a device of a user in the provider's account, to be completed by that user.
fn mfa_device(role: &DesiredRole) -> String {
    format!("arn:{}:iam::ACCOUNT:mfa/DEVICE", role.trust.partition)
}

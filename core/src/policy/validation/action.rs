//! Actions as IAM accepts them: `*`, or a service and a name.

use crate::policy::wording::shown;

/// Why IAM refuses an action, if it does. Only the name may have wildcards.
pub(super) fn problem(action: &str) -> Option<String> {
    if action == "*" {
        return None;
    }
    let quoted = shown(action);
    let (service, name) = action.split_once(':').unwrap_or(("", ""));
    if service.contains(['*', '?']) && !name.is_empty() {
        let everything = [service, name].iter().all(|part| part.chars().all(|c| c == '*'));
        let instead = if everything { "*" } else { "its full name, as in s3:Get*" };
        return Some(format!("\"{quoted}\" has a wildcard in the service: write {instead}"));
    }
    let service_is_valid =
        !service.is_empty() && service.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
    let name_is_valid = !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic() && c != ':');
    (!service_is_valid || !name_is_valid).then(|| {
        format!("\"{quoted}\" is not an action: write a service and an action name, such as s3:GetObject or s3:Get*")
    })
}

//! What IAM requires of single values, in its words.

use std::collections::BTreeMap;

use super::super::query::Refusal;
use super::call::{Call, camel_case};

const TAGS: usize = 50;
const TAG_PATTERN: &str = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]";

/// The `RoleName` of a call.
pub(crate) fn role_name(call: &Call) -> Result<&str, Refusal> {
    name(call, "RoleName", 64)
}

/// The `PolicyName` of an inline policy.
pub(crate) fn policy_name(call: &Call) -> Result<&str, Refusal> {
    name(call, "PolicyName", 128)
}

fn name<'a>(call: &'a Call, parameter: &str, longest: usize) -> Result<&'a str, Refusal> {
    let name = call.required(parameter)?;
    length(name, &camel_case(parameter), 1, longest)?;
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)) {
        return Err(Refusal::invalid(format!(
            "The specified value for {} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-",
            camel_case(parameter)
        )));
    }
    Ok(name)
}

pub(crate) fn path(call: &Call) -> Result<&str, Refusal> {
    let path = call.optional("Path").unwrap_or("/");
    length(path, "path", 1, 512)?;
    let slashes = path.starts_with('/') && path.ends_with('/');
    if !slashes || !path.chars().all(|c| ('!'..='~').contains(&c)) {
        return Err(Refusal::invalid(
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
             characters and/or / characters.",
        ));
    }
    Ok(path)
}

/// An empty one is none.
pub(crate) fn description(call: &Call) -> Result<Option<&str>, Refusal> {
    let Some(description) = call.optional("Description") else { return Ok(None) };
    length(description, "description", 0, 1_000)?;
    if !description.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{A1}'..='\u{FF}')) {
        return Err(violation(
            description,
            "description",
            r"satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*",
        ));
    }
    Ok(Some(description))
}

/// An hour when the call does not say, on creation and on update alike.
pub(crate) fn max_session_duration(call: &Call) -> Result<u32, Refusal> {
    let seconds = call.number("MaxSessionDuration")?.unwrap_or(3_600);
    match seconds {
        ..3_600 => Err(violation(seconds, "maxSessionDuration", "have value greater than or equal to 3600")),
        43_201.. => Err(violation(seconds, "maxSessionDuration", "have value less than or equal to 43200")),
        seconds => Ok(seconds),
    }
}

/// The ARN of a policy, of which there may be none.
pub(crate) fn policy_arn<'a>(call: &'a Call, parameter: &str) -> Result<&'a str, Refusal> {
    let arn = call.required(parameter)?;
    length(arn, &camel_case(parameter), 20, 2_048)?;
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "iam", "", _, resource] if resource.starts_with("policy/") => Ok(arn),
        _ => Err(Refusal::new(400, "InvalidInput", format!("ARN {arn} is not valid."))),
    }
}

/// Adds the call's tags to those that are there. Keys of roles ignore letter case: the new spelling wins.
pub(crate) fn add_tags(call: &Call, tags: &mut BTreeMap<String, String>) -> Result<(), Refusal> {
    let added = call.tags();
    if added.len() > TAGS {
        return Err(violation("tags", "tags", &format!("have length less than or equal to {TAGS}")));
    }
    for (n, (key, value)) in (1..).zip(&added) {
        tag_text(key, &format!("tags.{n}.member.key"), 1, 128)?;
        tag_text(value, &format!("tags.{n}.member.value"), 0, 256)?;
        if key.to_lowercase().starts_with("aws:") {
            return Err(Refusal::new(400, "InvalidInput", "System tags cannot be added/updated by requester"));
        }
        if added.iter().filter(|(other, _)| other.to_lowercase() == key.to_lowercase()).count() > 1 {
            return Err(Refusal::new(
                400,
                "InvalidInput",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
    }
    let mut all = tags.clone();
    for (key, value) in added {
        all.retain(|other, _| other.to_lowercase() != key.to_lowercase());
        all.insert(key.to_owned(), value.to_owned());
    }
    if all.len() > TAGS {
        return Err(Refusal::limit(format!("Cannot exceed quota for TagsPerRole: {TAGS}")));
    }
    *tags = all;
    Ok(())
}

fn tag_text(text: &str, at: &str, shortest: usize, longest: usize) -> Result<(), Refusal> {
    length(text, at, shortest, longest)?;
    // `is_alphabetic` is a little wider than `\p{L}`; white space that is no control is `\p{Z}`.
    let allowed = |c: char| {
        c.is_alphabetic() || c.is_numeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
    };
    if text.chars().all(allowed) {
        return Ok(());
    }
    let repeated = if shortest == 0 { "*" } else { "+" };
    Err(violation(text, at, &format!("satisfy regular expression pattern: {TAG_PATTERN}{repeated}")))
}

fn length(text: &str, at: &str, shortest: usize, longest: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length < shortest {
        Err(violation(text, at, &format!("have length greater than or equal to {shortest}")))
    } else if length > longest {
        Err(violation(text, at, &format!("have length less than or equal to {longest}")))
    } else {
        Ok(())
    }
}

fn violation(value: impl std::fmt::Display, at: &str, must: &str) -> Refusal {
    Refusal::invalid(format!(
        "1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: Member must {must}"
    ))
}

//! The role itself: its name, path, description and tags.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::findings::Code;
use crate::identifiers::{Invalid, Region, RoleName, RolePath, is_tag_character};
use crate::owner_limits::OwnerLimits;
use crate::properties::{Reader, scalar};
use crate::role::ownership::{OUR_TAGS, TAGS_OF_OURS, TAGS_ON_A_ROLE};

pub(super) fn role_name(reader: &mut Reader<'_>, limits: &OwnerLimits) -> Option<RoleName> {
    let name = reader.word("RoleName", RoleName::parse)?;
    if name.is_reserved() {
        let what = format_args!(
            "is {name}, a name that AWS, the CDK or this function reserves for its own roles; choose another."
        );
        reader.problem(Code::ReservedName, "RoleName", what);
    }
    let prefix = &limits.role_name_prefix;
    if !prefix.begins(&name) {
        let what = format_args!(
            "is {name}, but the function's owner requires names that begin with {prefix} (RoleNamePrefix)."
        );
        reader.problem(Code::NotPermittedByOwner, "RoleName", what);
    }
    Some(name)
}

pub(super) fn home_region(reader: &mut Reader<'_>) -> Option<Region> {
    const PROPERTY: &str = "HomeRegion";
    let region = reader.one(PROPERTY, Region::parse);
    if reader.raw(PROPERTY).is_some() && reader.raw("RoleName").is_none() {
        let what = "needs RoleName, because a derived name differs from Region to Region; give one.";
        reader.problem(Code::MissingProperty, PROPERTY, what);
    }
    region
}

pub(super) fn path(reader: &mut Reader<'_>, limits: &OwnerLimits) -> RolePath {
    let prefix = &limits.role_path_prefix;
    let path = reader.one("Path", RolePath::parse).unwrap_or_else(|| prefix.clone());
    if ["/aws-service-role/", "/aws-reserved/"].iter().any(|reserved| path.as_str().starts_with(reserved)) {
        let what = format_args!("is {path}, which AWS reserves for its own roles; choose another.");
        reader.problem(Code::ReservedName, "Path", what);
    }
    // The function's IAM policy names roles by their path and the beginning of their name, one after the other.
    if !limits.role_name_prefix.is_empty() && path != *prefix {
        let what = format_args!(
            "is {path}, but the function's owner requires the path {prefix} (RolePathPrefix) where names have a prefix \
             (RoleNamePrefix)."
        );
        reader.problem(Code::NotPermittedByOwner, "Path", what);
    } else if !path.is_under(prefix) {
        reader.problem(
            Code::NotPermittedByOwner,
            "Path",
            format_args!(
                "is {path}, but the function's owner requires paths that start with {prefix} (RolePathPrefix)."
            ),
        );
    }
    path
}

pub(super) fn description(text: &str) -> Result<String, Invalid> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if text.chars().count() <= 1_000 && text.chars().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(Invalid::new("up to 1000 characters of Latin-1 (up to U+00FF) without control characters"))
    }
}

pub(super) fn tags(reader: &mut Reader<'_>) -> BTreeMap<String, String> {
    const PROPERTY: &str = "Tags";
    let mut tags = BTreeMap::<String, String>::new();
    let Some(value) = reader.raw(PROPERTY) else { return tags };
    let Value::Array(items) = value else {
        reader.problem(Code::InvalidValue, PROPERTY, "must be a list of objects with Key and Value.");
        return tags;
    };
    let most = TAGS_ON_A_ROLE - TAGS_OF_OURS;
    if items.len() > most {
        reader.problem(
            Code::QuotaExceeded,
            PROPERTY,
            format_args!(
                "has {} tags; IAM allows {TAGS_ON_A_ROLE} on a role, and this resource needs {TAGS_OF_OURS} of them, so give at \
                 most {most}.",
                items.len()
            ),
        );
    }
    for (index, item) in items.iter().enumerate() {
        let place = format!("{PROPERTY}[{index}]");
        let field = |name: &str| item.get(name).and_then(scalar);
        let exact = item.as_object().is_some_and(|fields| fields.len() == 2);
        let (Some(key), Some(value), true) = (field("Key"), field("Value"), exact) else {
            let what = "must be an object with Key and Value, both strings, and nothing else.";
            reader.problem(Code::InvalidValue, &place, what);
            continue;
        };
        let lower = key.to_lowercase();
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(is_tag_character) {
            let what = "has a Key that IAM rejects; give 1 to 128 letters, digits, spaces or _.:/=+-@.";
            reader.problem(Code::InvalidValue, &place, what);
        } else if lower.starts_with("aws:") || lower.starts_with(OUR_TAGS) {
            let what = format_args!("has the Key {key}, whose prefix is reserved; choose another.");
            reader.problem(Code::ReservedName, &place, what);
        } else if value.chars().count() > 256 || !value.chars().all(is_tag_character) {
            let what = "has a Value that IAM rejects; give up to 256 letters, digits, spaces or _.:/=+-@.";
            reader.problem(Code::InvalidValue, &place, what);
        } else if tags.keys().any(|other| other.to_lowercase() == lower) {
            let what = format_args!("repeats the Key {key}; IAM ignores letter case in tag keys, give each once.");
            reader.problem(Code::RepeatedValue, &place, what);
        } else {
            tags.insert(key, value);
        }
    }
    tags
}

//! Who owns a role: by its tags, and by a name that only one resource derives.

use std::collections::BTreeMap;
use std::fmt;

use crate::identifiers::{ExternalId, RoleName, RoleNamePrefix, RolePath, digest};

/// The tag that names the stack.
pub const STACK_TAG: &str = "service-provider-access:stack-id";
/// The tag that names the resource within the stack.
pub const LOGICAL_ID_TAG: &str = "service-provider-access:logical-id";
/// The tag with the generated external ID.
pub const EXTERNAL_ID_TAG: &str = "service-provider-access:external-id";
/// The tag that is on the role as long as sessions must still be ended, even if the process dies.
pub const REVOKE_TAG: &str = "service-provider-access:revoke";
/// The value of that tag.
pub const REVOKE_PENDING: &str = "pending";

/// The tag with which a person hands a role over: `STACK-NAME/LogicalId` of the resource whose create may take it over.
pub const HAND_OVER_TAG: &str = "service-provider-access:hand-over-to";

/// IAM's limit of tags on a role.
pub const TAGS_ON_A_ROLE: usize = 50;
/// At most this many of them belong to the function: stack, resource, external ID, state, and pending revocation.
pub const TAGS_OF_OURS: usize = 5;

/// The prefix of all tags of the function. Templates cannot set them.
pub const OUR_TAGS: &str = "service-provider-access:";

/// The start of the ID of a refused create. No role can have this name, so the delete has nothing to do.
const REFUSED: &str = "refused-";

/// The resource that a role belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackResource {
    /// The ARN of the stack, which is never reused.
    pub stack_id: String,
    /// The stack's name.
    pub stack_name: String,
    /// The resource's name in the template.
    pub logical_id: String,
}

/// Who owns a role, from the point of view of one claimant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The claimant.
    Ours,
    /// Another resource, by its tags.
    Others {
        /// The stack in its tags. Empty if that tag is missing.
        stack_id: String,
        /// The resource in its tags. Empty if that tag is missing.
        logical_id: String,
    },
    /// Unknown: a tag is missing, and the name could belong to any resource.
    Unmarked,
}

/// Someone who may own a role.
pub trait Claimant {
    /// Who owns the role with this name, path and tags.
    fn claim(&self, name: &RoleName, path: &RolePath, tags: &Tags) -> Claim;
}

impl Claimant for StackResource {
    /// Tags of another resource decide, so that new tags hand a role over. If tags are missing, the derived name
    /// decides.
    fn claim(&self, name: &RoleName, path: &RolePath, tags: &Tags) -> Claim {
        let (stack, logical) = (tags.get(STACK_TAG), tags.get(LOGICAL_ID_TAG));
        let contradicts = |tag: Option<&str>, own: &str| tag.is_some_and(|tag| tag != own);
        if contradicts(stack, &self.stack_id) || contradicts(logical, &self.logical_id) {
            return Claim::others(tags);
        }
        let marked = stack.is_some() && logical.is_some();
        if marked || self.derives(name, path) { Claim::Ours } else { Claim::Unmarked }
    }
}

/// A resource that is being created: it also takes over a role that was handed over to it.
#[derive(Clone, Copy, Debug)]
pub struct Creating<'a>(pub &'a StackResource);

impl Claimant for Creating<'_> {
    fn claim(&self, name: &RoleName, path: &RolePath, tags: &Tags) -> Claim {
        let handed_over = tags.get(HAND_OVER_TAG) == Some(&self.0.hand_over_mark());
        if handed_over { Claim::Ours } else { self.0.claim(name, path, tags) }
    }
}

impl Claim {
    /// The tags name another resource.
    pub fn others(tags: &Tags) -> Self {
        let said = |tag| tags.get(tag).unwrap_or_default().to_owned();
        Self::Others { stack_id: said(STACK_TAG), logical_id: said(LOGICAL_ID_TAG) }
    }
}

impl StackResource {
    /// The ownership tags of this resource.
    pub fn mark(&self) -> [(String, String); 2] {
        [(STACK_TAG.to_owned(), self.stack_id.clone()), (LOGICAL_ID_TAG.to_owned(), self.logical_id.clone())]
    }

    /// The value of [`HAND_OVER_TAG`] that hands a role over to this resource.
    pub fn hand_over_mark(&self) -> String {
        format!("{}/{}", self.stack_name, self.logical_id)
    }

    /// The role name if the template gives none: readable, and the same in each retry.
    pub fn derived_name(&self, path: &RolePath, prefix: &RoleNamePrefix) -> RoleName {
        self.name_with(prefix.as_str(), path, &self.name_digest(path))
    }

    /// Whether it is the derived name under some prefix: the owner may have set another one since.
    fn derives(&self, name: &RoleName, path: &RolePath) -> bool {
        let digest = self.name_digest(path);
        let name_ends_so = name.as_str().to_ascii_lowercase().ends_with(&digest);
        let prefixes = || (0..=RoleNamePrefix::LONGEST).filter_map(|length| name.as_str().get(..length));
        name_ends_so && prefixes().any(|prefix| self.name_with(prefix, path, &digest).same_role(name))
    }

    fn name_digest(&self, path: &RolePath) -> String {
        clip(&digest(&[&self.stack_id, &self.logical_id, path.as_str()]), NAME_DIGITS)
    }

    fn name_with(&self, prefix: &str, path: &RolePath, digest: &str) -> RoleName {
        // Path and name together fit the console's role switcher, as long as the path leaves room for that.
        let shortest = if prefix.is_empty() { SHORTEST_NAME } else { prefix.len() + SHORTEST_AFTER_PREFIX };
        let longest = CONSOLE_NAME.saturating_sub(path.as_str().len()).max(shortest);
        let room = longest - NAME_DIGITS - 2 - prefix.len();
        let stack_length = self.stack_name.len().min(room.saturating_sub(self.logical_id.len()).max(room / 2));
        let (stack, logical) = (clip(&self.stack_name, stack_length), clip(&self.logical_id, room - stack_length));
        let name = RoleName::parse(&format!("{prefix}{stack}-{logical}-{digest}")).ok();
        name.filter(|name| !name.is_reserved_by_others()).unwrap_or_else(|| {
            // A stack can have the name `cdk-…`, and an event can contain what CloudFormation never sends.
            let name = RoleName::parse(&format!("{prefix}delegated-{digest}"));
            name.unwrap_or_else(|_| unreachable!("a digest is hexadecimal"))
        })
    }

    /// The physical ID of a create that was refused before anything was written.
    pub fn refused_id(&self) -> String {
        format!("{REFUSED}{}", digest(&[&self.stack_id, &self.logical_id]))
    }
}

/// Whether a physical ID is that of a refused create, whose delete must change nothing.
pub fn is_refused_id(physical_id: &str) -> bool {
    physical_id.strip_prefix(REFUSED).is_some_and(|rest| {
        rest.len() == DIGEST_DIGITS && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// The longest path and role name together that the console's role switcher accepts.
pub const CONSOLE_NAME: usize = 64;

/// The minimum length of a derived name, even under a long path, so that it is readable.
const SHORTEST_NAME: usize = 36;

/// What a derived name has after the owner's prefix, even under a long path.
const SHORTEST_AFTER_PREFIX: usize = 30;

/// Hexadecimal digits of a SHA-256 hash. With its prefix, a refused ID is longer than a role name can be.
const DIGEST_DIGITS: usize = 64;

/// The digits in a derived name. 64 bits are enough, because a collision also needs the same stack name and logical ID.
const NAME_DIGITS: usize = 16;

fn clip(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}

/// A role's tags. Prints its keys only: the external ID is among the values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tags(pub BTreeMap<String, String>);

impl Tags {
    /// The value of a tag.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The generated external ID in the tag, if it is still there and valid.
    pub fn kept_external_id(&self) -> Option<ExternalId> {
        ExternalId::parse(self.get(EXTERNAL_ID_TAG)?).ok()
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> StackResource {
        StackResource { stack_id: "arn:stack/a/1".into(), stack_name: "a".into(), logical_id: "Role".into() }
    }

    fn path(text: &str) -> RolePath {
        RolePath::parse(text).expect("a path")
    }

    fn claim(name: &str, tags: &[(&str, &str)]) -> Claim {
        let tags = Tags(tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect());
        owner().claim(&RoleName::parse(name).expect("a name"), &path("/delegated/"), &tags)
    }

    #[test]
    fn a_derived_name_is_stable_readable_and_short_enough() {
        let name = owner().derived_name(&path("/delegated/"), &RoleNamePrefix::default());
        assert_eq!(name.as_str(), "a-Role-ce04cda2aa858ada");
        assert_ne!(name, owner().derived_name(&path("/delegated/other/"), &RoleNamePrefix::default()));
        let long = StackResource { stack_name: "s".repeat(128), logical_id: "L".repeat(255), ..owner() };
        for (path_length, name_length) in [(1, 63), (11, 53), (40, 36), (512, 36)] {
            let path =
                path(&format!("/{}", format!("{}/", "p".repeat(path_length.max(2) - 2)).trim_start_matches('/')));
            assert_eq!(long.derived_name(&path, &RoleNamePrefix::default()).as_str().len(), name_length, "{path}");
        }
        let name = long.derived_name(&path("/delegated/"), &RoleNamePrefix::default());
        assert!(
            name.as_str().starts_with("sssssssssssssssss-LLLLLLLLLLLLLLLLLL-"),
            "both parts are in the name: {name}"
        );
        for odd in ["ä", "cdk-customer", "StackSets-exec-1"] {
            let odd = StackResource { stack_name: odd.into(), ..owner() };
            assert!(odd.derived_name(&path("/"), &RoleNamePrefix::default()).as_str().starts_with("delegated-"));
        }
    }

    #[test]
    fn a_derived_name_begins_with_the_owners_prefix_and_is_known_without_it() {
        let acme = RoleNamePrefix::parse("acme-").expect("a prefix");
        let root = path("/");
        let name = owner().derived_name(&root, &acme);
        assert_eq!(name.as_str(), "acme-a-Role-371c8b30ffabbc96");
        let long = StackResource { stack_name: "s".repeat(128), logical_id: "L".repeat(255), ..owner() };
        let longest = RoleNamePrefix::parse(&"p".repeat(32)).expect("a prefix");
        for (at, length) in [("/", 63), ("/delegated/", 62)] {
            let name = long.derived_name(&path(at), &longest);
            assert!(name.as_str().starts_with(longest.as_str()) && name.as_str().len() == length, "{name}");
        }
        let odd = StackResource { stack_name: "cdk-customer".into(), ..owner() };
        assert!(odd.derived_name(&root, &acme).as_str().starts_with("acme-cdk-customer-"));
        // Without its tags it is still recognized, under any prefix, but not as the role of another resource.
        let unmarked = |owner: &StackResource| owner.claim(&name, &root, &Tags::default());
        assert_eq!(unmarked(&owner()), Claim::Ours);
        assert_eq!(unmarked(&StackResource { logical_id: "Other".into(), ..owner() }), Claim::Unmarked);
        assert_eq!(owner().claim(&name, &path("/delegated/"), &Tags::default()), Claim::Unmarked);
        let made_up = RoleName::parse("x-371c8b30ffabbc96").expect("a name");
        assert_eq!(owner().claim(&made_up, &root, &Tags::default()), Claim::Unmarked);
    }

    #[test]
    fn tags_decide_who_owns_a_role_and_without_tags_the_derived_name_does() {
        let (stack, logical) = ((STACK_TAG, "arn:stack/a/1"), (LOGICAL_ID_TAG, "Role"));
        let derived = owner().derived_name(&path("/delegated/"), &RoleNamePrefix::default());
        assert_eq!(claim("Chosen", &[stack, logical]), Claim::Ours);
        assert_eq!(claim("Chosen", &[]), Claim::Unmarked);
        assert_eq!(claim("Chosen", &[stack]), Claim::Unmarked);
        assert_eq!(claim(derived.as_str(), &[]), Claim::Ours);
        assert_eq!(claim(derived.as_str(), &[logical]), Claim::Ours);
        let others = |stack_id: &str, logical_id: &str| Claim::Others {
            stack_id: stack_id.into(),
            logical_id: logical_id.into(),
        };
        assert_eq!(claim("Chosen", &[(STACK_TAG, "other"), logical]), others("other", "Role"));
        assert_eq!(claim("Chosen", &[stack, (LOGICAL_ID_TAG, "Other")]), others("arn:stack/a/1", "Other"));
        assert_eq!(claim(derived.as_str(), &[(STACK_TAG, "other")]), others("other", ""));
    }

    #[test]
    fn a_refused_id_is_recognized_and_is_no_role_name() {
        assert!(is_refused_id(&owner().refused_id()));
        assert!(RoleName::parse(&owner().refused_id()).is_err());
        for other in ["refused-", "refused-0123456789abcdef", &owner().refused_id().to_uppercase()] {
            assert!(!is_refused_id(other), "{other}");
        }
    }

    #[test]
    fn tags_print_no_values() {
        let tags = Tags([(EXTERNAL_ID_TAG.to_owned(), "secret".to_owned())].into());
        assert_eq!(format!("{tags:?}"), r#"{"service-provider-access:external-id"}"#);
    }
}

//! What AWS's actions amount to in the hands of a third party: data, made by `make catalogue`.
//!
//! The data comes from pinned packages and from `catalogue/additions.txt`, which gives a reason for each entry of
//! our own. Nothing here decides: see `privileges`.

mod aws_managed;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::pattern::Pattern;

pub use aws_managed::{ByArn, aws_managed};

const PERMISSIONS: &str = include_str!("catalogue/permissions.txt");

/// The whole catalogue, read once.
pub(super) static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read(PERMISSIONS));

/// What an action does, as far as the judgement cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Raises rights: any identity that it reaches counts.
    Administrative,
    /// Raises rights by the code that runs under a role, if it reaches every resource.
    Code,
    /// Touches identities, but raises rights only together with something else.
    Doubtful,
    /// Gives roles to the users of a service.
    BindsRoles,
    /// Takes a restriction off a role: raises rights where that can be its own role.
    Restricts,
    /// Changes the tags by which the function knows its roles.
    Marks,
    /// Hands a role on, or takes it on.
    PassesRole,
    /// Acts under the role of something that runs already.
    ActsAsWorkload,
    /// Shares a resource, or changes its policy.
    Exposes,
    /// Reads contents or obtains credentials.
    ReadsData,
    /// Stops or deletes what records.
    AuditTrail,
    /// Writes to the organization.
    Organization,
    /// Nothing by itself: a part of a combination.
    Part,
}

impl Effect {
    fn of_letter(letter: &str) -> Option<Self> {
        Some(match letter {
            "A" => Self::Administrative,
            "C" => Self::Code,
            "D" => Self::Doubtful,
            "B" => Self::BindsRoles,
            "R" => Self::Restricts,
            "M" => Self::Marks,
            "P" => Self::PassesRole,
            "w" => Self::ActsAsWorkload,
            "x" => Self::Exposes,
            "r" => Self::ReadsData,
            "t" => Self::AuditTrail,
            "o" => Self::Organization,
            "-" => Self::Part,
            _ => return None,
        })
    }
}

/// An action that the catalogue knows.
pub(super) struct Action {
    /// As AWS writes it: `iam:PutRolePolicy`.
    pub(super) name: String,
    /// The part after the colon in lower case.
    pub(super) lower: String,
    pub(super) effect: Effect,
    /// Indexes into the service's resources. None: it acts upon no resource, and only `*` allows it.
    pub(super) resources: Vec<usize>,
}

/// The ARNs of one resource type.
pub(super) struct Shape {
    /// Unique in the catalogue.
    pub(super) id: usize,
    /// The service in those ARNs, in lower case.
    pub(super) service: String,
    /// Each of them.
    pub(super) any: Pattern,
    /// What reaches every one of them.
    pub(super) every: Pattern,
}

/// The actions of a service, and what they act upon.
#[derive(Default)]
pub(super) struct Service {
    pub(super) resources: Vec<Shape>,
    pub(super) actions: Vec<Action>,
}

/// Actions that count only together.
pub(super) struct Combination {
    pub(super) effect: Effect,
    /// In lower case.
    pub(super) actions: Vec<&'static str>,
}

/// Everything that was generated.
#[derive(Default)]
pub(super) struct Catalogue {
    /// The packages that it was made from, with their versions.
    pub(super) packages: Vec<(&'static str, &'static str)>,
    /// By name, in lower case.
    pub(super) services: BTreeMap<&'static str, Service>,
    pub(super) combinations: Vec<Combination>,
    /// Services in whose ARNs a name comes first, so that `name/*` is not everything of a type.
    named_first: Vec<&'static str>,
    moves: Vec<&'static str>,
    /// Patterns of roles that are named only by listing them exactly.
    pub(super) reserved_roles: Vec<&'static str>,
}

impl Catalogue {
    fn read(text: &'static str) -> Self {
        let mut catalogue = Self::default();
        let mut current = None;
        let mut shapes = 0;
        for line in text.lines() {
            let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
            let mut words = rest.split(' ').filter(|word| !word.is_empty());
            match key {
                "package" => catalogue.packages.extend(words.next().zip(words.next())),
                "together" => {
                    if let Some(effect) = words.next().and_then(Effect::of_letter) {
                        catalogue.combinations.push(Combination { effect, actions: words.collect() });
                    }
                }
                "named-first" => catalogue.named_first = words.collect(),
                "moves" => catalogue.moves = words.collect(),
                "reserved" => catalogue.reserved_roles = words.collect(),
                _ => {
                    if let Some(name) = key.strip_prefix('[').and_then(|key| key.strip_suffix(']')) {
                        let resources: Vec<_> =
                            words.enumerate().map(|(index, word)| Shape::read(shapes + index, name, word)).collect();
                        shapes += resources.len();
                        catalogue.services.insert(name, Service { resources, actions: Vec::new() });
                        current = Some(name);
                    } else if let (Some(effect), Some(name)) = (Effect::of_letter(key), current)
                        && let Some(service) = catalogue.services.get_mut(name)
                    {
                        service.actions.extend(words.map(|word| Action::read(name, word, effect)));
                    }
                }
            }
        }
        catalogue
    }

    /// Whether an action is a part of a combination.
    pub(super) fn combines(&self, action: &str) -> bool {
        self.combinations
            .iter()
            .any(|combination| combination.actions.iter().any(|part| part.eq_ignore_ascii_case(action)))
    }

    /// Whether a name may come first in this service's ARNs, where others have a type.
    pub(super) fn puts_names_first(&self, service: &str) -> bool {
        self.named_first.contains(&service)
    }

    /// Whether a service, as `iam:PassedToService` names it, neither runs its caller's code under the role that it
    /// gets nor hands out credentials. A service that the catalogue does not know may do both.
    pub(super) fn only_moves_data(&self, principal: &str) -> bool {
        let principal = principal.to_ascii_lowercase();
        let name = principal
            .strip_suffix(".amazonaws.com")
            .or_else(|| principal.strip_suffix(".amazonaws.com.cn"))
            .or_else(|| principal.strip_suffix(".amazonaws.com*"));
        name.is_some_and(|name| self.moves.contains(&name))
    }
}

impl Action {
    fn read(service: &str, word: &str, effect: Effect) -> Self {
        let mut parts = word.split('.');
        let name = parts.next().unwrap_or_default();
        Self {
            name: format!("{service}:{name}"),
            lower: name.to_ascii_lowercase(),
            effect,
            resources: parts.filter_map(|index| index.parse().ok()).collect(),
        }
    }
}

impl Shape {
    fn read(id: usize, service: &str, written: &str) -> Self {
        let lower = written.to_ascii_lowercase();
        let (service, resource) = lower.split_once('|').unwrap_or((service, &lower));
        let arns = |name: &str| Pattern::arns(&format!("arn:~:{service}:~:~:{}", resource.replace('^', name)));
        Self { id, service: service.to_owned(), any: arns("~"), every: arns("^") }
    }
}

#[cfg(test)]
mod tests;

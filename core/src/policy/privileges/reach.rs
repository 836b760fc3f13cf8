//! What the resources of a statement can match.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::policy::catalogue::{Action, CATALOGUE, Service, Shape};
use crate::policy::pattern::{Pattern, globs_intersect};
use crate::policy::statement::Statement;
use crate::policy::wording::{everything_but, shown_resource};

/// Everything that IAM's own actions act upon.
const ANYTHING_OF_IAM: &str = "arn:~:iam:*";
/// A name with fewer fixed characters hardly limits a pattern.
const FEWEST_CHARACTERS: usize = 3;

/// How many of the resources of a type a pattern matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Extent {
    /// Some, by their names.
    Named,
    /// All whose names begin or end in a letter or two.
    Nearly,
    /// Every one.
    Every,
}

/// A resource of a statement that an action reaches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    index: Option<usize>,
    pub(super) extent: Extent,
}

/// The resources of a statement.
pub(super) struct Reach<'d> {
    /// In words, if the statement names no resource, or all but some.
    unlimited: Option<String>,
    resources: Vec<Resource<'d>>,
    cache: RefCell<HashMap<usize, Vec<Reached>>>,
}

struct Resource<'d> {
    written: &'d str,
    /// As written, fit for a sentence.
    shown: String,
    /// As written, and with the parts that IAM reads into an ARN that has too few.
    patterns: Vec<Pattern>,
    /// The same with a name of a letter or two left out.
    nearly: Option<Pattern>,
    /// The service in the ARN in lower case, if it is spelled out.
    service: Option<String>,
}

impl<'d> Reach<'d> {
    pub(super) fn of(statement: &Statement<'d>) -> Self {
        let written = statement.strings("Resource");
        let unlimited = if statement.has("NotResource") {
            Some(everything_but(&statement.strings("NotResource")))
        } else if written.is_empty() {
            Some("*".to_owned())
        } else {
            None
        };
        let resources = written.into_iter().filter(|written| !is_out_of_reach(written)).map(Resource::new).collect();
        Self { unlimited, resources, cache: RefCell::default() }
    }

    /// Whether a role can use none of the resources that it names.
    pub(super) fn is_nothing(&self) -> bool {
        self.unlimited.is_none() && self.resources.is_empty()
    }

    /// All its resources, for an action that counts on any resource.
    pub(super) fn everything(&self) -> Vec<Reached> {
        self.select(|resource| Some(if resource.is_all() { Extent::Every } else { Extent::Named }))
    }

    pub(super) fn touches_iam(&self) -> bool {
        let iam = Pattern::arns(ANYTHING_OF_IAM);
        self.unlimited.is_some() || self.resources.iter().any(|resource| resource.meets(&iam))
    }

    /// Whether what an action reached is in this family of ARNs, too.
    pub(super) fn touches(&self, reached: Reached, family: &Pattern) -> bool {
        reached.index.and_then(|index| self.resources.get(index)).is_none_or(|resource| resource.meets(family))
    }

    /// The resource as a sentence shows it.
    pub(super) fn shown(&self, reached: Reached) -> &str {
        let resource = reached.index.and_then(|index| self.resources.get(index));
        resource.map_or(self.unlimited.as_deref().unwrap_or("*"), |resource| &resource.shown)
    }

    /// The resource as the document has it.
    pub(super) fn written(&self, reached: Reached) -> &str {
        reached.index.and_then(|index| self.resources.get(index)).map_or("*", |resource| resource.written)
    }

    /// The resources that the action acts upon.
    pub(super) fn of_action(&self, service: &Service, action: &Action) -> Vec<Reached> {
        if action.resources.is_empty() {
            return self.select(|resource| resource.is_all().then_some(Extent::Every));
        }
        let mut all: Vec<Reached> = Vec::new();
        for shape in action.resources.iter().filter_map(|index| service.resources.get(*index)) {
            for reached in self.of_shape(shape) {
                match all.iter_mut().find(|known| known.index == reached.index) {
                    Some(known) => known.extent = known.extent.max(reached.extent),
                    None => all.push(reached),
                }
            }
        }
        all
    }

    fn of_shape(&self, shape: &Shape) -> Vec<Reached> {
        let mut cache = self.cache.borrow_mut();
        cache.entry(shape.id).or_insert_with(|| self.select(|resource| resource.extent(shape))).clone()
    }

    /// The resources that are everything of the services that this pattern of a name means.
    pub(super) fn whole_service(&self, service: &str) -> Vec<Reached> {
        self.select(|resource| resource.is_whole_service(service).then_some(Extent::Every))
    }

    fn select(&self, extent: impl Fn(&Resource<'d>) -> Option<Extent>) -> Vec<Reached> {
        if self.unlimited.is_some() {
            return vec![Reached { index: None, extent: Extent::Every }];
        }
        let reached = |(index, resource): (usize, &Resource<'d>)| {
            let extent = extent(resource)?;
            Some(Reached { index: Some(index), extent })
        };
        self.resources.iter().enumerate().filter_map(reached).collect()
    }
}

impl<'d> Resource<'d> {
    fn new(written: &'d str) -> Self {
        let whole = completed(written);
        let mut patterns = vec![Pattern::resource(written)];
        if whole != written {
            patterns.push(Pattern::resource(&whole));
        }
        // A wildcard before it could match more than one part.
        let mut parts = whole.splitn(4, ':');
        let spelled_out = |part: &&str| !part.contains(['*', '?', '$']);
        let service = match (parts.next(), parts.next().filter(spelled_out), parts.next().filter(spelled_out)) {
            (Some("arn"), Some(_), Some(service)) => Some(service.to_ascii_lowercase()),
            _ => None,
        };
        Self {
            written,
            shown: shown_resource(written),
            nearly: without_short_name(&whole).map(|text| Pattern::resource(&text)),
            service,
            patterns,
        }
    }

    fn meets(&self, family: &Pattern) -> bool {
        self.patterns.iter().any(|pattern| pattern.intersects(family))
    }

    fn extent(&self, shape: &Shape) -> Option<Extent> {
        if self.service.as_ref().is_some_and(|service| *service != shape.service) || !self.meets(&shape.any) {
            None
        } else if self.meets(&shape.every) {
            Some(Extent::Every)
        } else if self.nearly.as_ref().is_some_and(|nearly| nearly.intersects(&shape.every)) {
            Some(Extent::Nearly)
        } else {
            Some(Extent::Named)
        }
    }

    /// Whether it is `*`, and so allows actions that act upon no resource.
    fn is_all(&self) -> bool {
        is_wild(self.written, &['*', '?'])
    }

    /// Whether it is everything of a service: `*`, `arn:aws:s3:::*`, or everything of one type of its resources.
    fn is_whole_service(&self, service: &str) -> bool {
        let whole = completed(self.written);
        let mut parts = whole.splitn(6, ':');
        let (Some(named), Some(resource)) = (parts.nth(2), parts.nth(2)) else { return self.is_all() };
        let named = named.to_ascii_lowercase();
        if !globs_intersect(&named, service) {
            return false;
        }
        let separators = ['*', '?', '/', ':'];
        let kind_and_names = resource.strip_prefix('/').unwrap_or(resource).split_once(['/', ':']);
        let of_a_type = kind_and_names.is_some_and(|(kind, names)| {
            !CATALOGUE.puts_names_first(&named) && !kind.contains("${") && is_wild(names, &separators)
        });
        is_wild(resource, &separators) || of_a_type
    }
}

/// Whether a text has a `*` and nothing that limits it.
fn is_wild(text: &str, allowed: &[char]) -> bool {
    text.contains('*') && text.chars().all(|c| allowed.contains(&c))
}

/// The resources that no role can use: service-linked roles, which IAM does not let customers edit, and the user who is
/// the caller, because the caller is a role.
fn is_out_of_reach(written: &str) -> bool {
    let lower = written.to_ascii_lowercase();
    let mut parts = lower.splitn(6, ':');
    let (Some("iam"), Some(resource)) = (parts.nth(2), parts.nth(2)) else { return false };
    resource.starts_with("role/aws-service-role/")
        || (resource.starts_with("user/") && resource.contains("${aws:username}"))
}

/// IAM reads an ARN with too few parts as if every missing one were `*`.
fn completed(resource: &str) -> String {
    let missing = 5_usize.saturating_sub(resource.matches(':').count());
    if resource.contains(':') { format!("{resource}{}", ":*".repeat(missing)) } else { resource.to_owned() }
}

/// The pattern without the few characters that its last name has beside a `*`, if they are so few.
fn without_short_name(text: &str) -> Option<String> {
    let start = text.rfind(['/', ':'])? + 1;
    let (before, name) = text.split_at(start);
    let own = name.chars().filter(|c| !matches!(c, '*' | '?')).count();
    (name.contains('*') && !name.contains('$') && (1..FEWEST_CHARACTERS).contains(&own)).then(|| format!("{before}*"))
}

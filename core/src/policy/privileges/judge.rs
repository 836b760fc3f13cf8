//! The judgement of a document: what each statement allows, compared with the catalogue.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::code::{Code, Severity};
use super::conditions::{AwsPolicies, Conditions};
use super::found::Found;
use super::privilege::Privilege;
use super::reach::{Extent, Reach, Reached};
use super::roles::{self, Roles};
use super::terms::{Author, Terms};
use crate::policy::catalogue::{Action, CATALOGUE, Combination, Effect, Service};
use crate::policy::document::Document;
use crate::policy::pattern::{Pattern, glob_matches, is_everything};
use crate::policy::statement::{Place, Statement, statements};
use crate::policy::wording::everything_but;

/// The name of this function, which never changes. A caller that can change its code can create any role.
const OWN_FUNCTION: &str = "arn:~:lambda:~:~:function:service-provider-access";

/// Judges a document; see [`Document::privileges`].
pub(in crate::policy) fn judge(
    document: &Document,
    author: Author,
    terms: &Terms<'_>,
    aws_policy: AwsPolicies<'_>,
) -> Vec<Privilege> {
    let mut judge = Judge { author, terms, aws_policy, found: BTreeMap::new(), granted: BTreeMap::new() };
    for statement in statements(document).iter().filter(|statement| statement.may_allow()) {
        judge.statement(statement);
    }
    judge.combinations();
    judge.privileges()
}

struct Judge<'a> {
    author: Author,
    terms: &'a Terms<'a>,
    aws_policy: AwsPolicies<'a>,
    /// By severity, code, and for errors the number of the statement: that is how they are reported.
    found: BTreeMap<(Severity, Code, usize), Found>,
    /// What each part of a combination was granted on, and where.
    granted: BTreeMap<String, Granted>,
}

struct Granted {
    place: Place,
    name: String,
    resources: Vec<(String, Extent)>,
}

impl Granted {
    fn widest(&self) -> Option<Extent> {
        self.resources.iter().map(|(_, extent)| *extent).max()
    }
}

impl Judge<'_> {
    fn statement(&mut self, statement: &Statement<'_>) {
        let reach = Reach::of(statement);
        if reach.is_nothing() {
            return;
        }
        let place = &statement.place;
        if statement.has("NotAction") {
            let grant = everything_but(&statement.strings("NotAction"));
            self.add(Severity::Error, Code::Administrative, (place, &reach), grant, &reach.everything());
        }
        let conditions = Conditions::of(statement);
        let mut done: HashMap<&str, bool> = HashMap::new();
        let mut actions: Vec<_> = statement.strings("Action").into_iter().map(str::to_ascii_lowercase).collect();
        actions.sort_unstable();
        actions.dedup();
        for action in &actions {
            // Without a colon it is `*`, or invalid for IAM: then it is judged as the worst that it could mean.
            let (service, name) =
                action.split_once(':').unwrap_or(if is_everything(action) { ("*", "*") } else { ("", action) });
            let whole_service = is_everything(name);
            if whole_service && is_everything(service) && reach.touches_iam() {
                self.add(Severity::Error, Code::Administrative, (place, &reach), "*".to_owned(), &reach.everything());
                continue;
            }
            let iam = whole_service && !is_everything(service) && glob_matches(service, "iam");
            if iam {
                self.add(
                    Severity::Error,
                    Code::Administrative,
                    (place, &reach),
                    "iam:*".to_owned(),
                    &reach.everything(),
                );
            }
            let mut raises = iam;
            for (known, of) in matching(service) {
                if iam && *known == "iam" {
                    continue;
                }
                for known in &of.actions {
                    let matches = if service.is_empty() {
                        glob_matches(name, &known.name.to_ascii_lowercase())
                    } else {
                        glob_matches(name, &known.lower)
                    };
                    if matches {
                        // Many patterns can mean the same action.
                        raises |= *done
                            .entry(known.name.as_str())
                            .or_insert_with(|| self.action(place, &reach, &conditions, of, known));
                    }
                }
            }
            if whole_service && !raises {
                let wide = reach.whole_service(service);
                if !wide.is_empty() {
                    self.add(Severity::Warning, Code::Broad, (place, &reach), format!("{service}:*"), &wide);
                }
            }
        }
    }

    /// What one action of the catalogue gives here, and whether it raises rights.
    fn action(
        &mut self,
        place: &Place,
        reach: &Reach<'_>,
        conditions: &Conditions<'_>,
        service: &Service,
        action: &Action,
    ) -> bool {
        let reached = reach.of_action(service, action);
        if reached.is_empty() {
            return false;
        }
        let name = || action.name.clone();
        if matches!(action.effect, Effect::Part) || CATALOGUE.combines(&action.name) {
            let resources: Vec<_> =
                reached.iter().map(|reached| (reach.shown(*reached).to_owned(), reached.extent)).collect();
            let granted = Granted { place: place.clone(), name: name(), resources };
            match self.granted.entry(action.name.to_ascii_lowercase()) {
                Entry::Vacant(entry) => {
                    entry.insert(granted);
                }
                Entry::Occupied(mut entry) if granted.widest() > entry.get().widest() => {
                    entry.insert(granted);
                }
                Entry::Occupied(_) => {}
            }
        }
        let wide: Vec<_> = reached.iter().filter(|reached| reached.extent >= Extent::Nearly).copied().collect();
        match action.effect {
            Effect::Administrative | Effect::Restricts => {
                let raising = if action.effect == Effect::Restricts { self.kept(reach, &reached) } else { reached };
                if raising.is_empty() {
                    return false;
                }
                let lowered = conditions.limit_policy(&action.name, self.author, self.aws_policy)
                    || conditions.limit_boundary(&action.name, self.author, self.terms, self.aws_policy);
                let severity = if lowered { Severity::Warning } else { Severity::Error };
                self.add(severity, Code::Administrative, (place, reach), name(), &raising);
                return !lowered;
            }
            Effect::Code => {
                let own = Pattern::arns(OWN_FUNCTION);
                let grave = |reached: &&Reached| {
                    reached.extent == Extent::Every
                        || (action.name.starts_with("lambda:") && reach.touches(**reached, &own))
                };
                let all: Vec<_> = reached.iter().filter(grave).copied().collect();
                if !all.is_empty() {
                    self.add(Severity::Error, Code::Administrative, (place, reach), name(), &all);
                    return true;
                }
                self.warn(Code::ActsAsWorkload, (place, reach), name(), &wide);
            }
            Effect::PassesRole => return self.passes_role(place, reach, conditions, action, &reached),
            Effect::BindsRoles if self.author == Author::Customer => {
                self.add(Severity::Error, Code::Administrative, (place, reach), name(), &reached);
                return true;
            }
            Effect::Doubtful | Effect::BindsRoles => self.warn(Code::Administrative, (place, reach), name(), &reached),
            Effect::Marks => self.warn(Code::Administrative, (place, reach), name(), &self.kept(reach, &reached)),
            Effect::ActsAsWorkload => self.warn(Code::ActsAsWorkload, (place, reach), name(), &wide),
            Effect::Exposes => self.warn(Code::Exposes, (place, reach), name(), &wide),
            Effect::ReadsData => self.warn(Code::ReadsData, (place, reach), name(), &wide),
            Effect::AuditTrail => self.warn(Code::AuditTrail, (place, reach), name(), &reached),
            Effect::Organization => self.warn(Code::Organization, (place, reach), name(), &reached),
            Effect::Part => {}
        }
        false
    }

    /// Resources that can be roles of the function, and so the judged role itself.
    fn kept(&self, reach: &Reach<'_>, reached: &[Reached]) -> Vec<Reached> {
        let kept = Pattern::arns(&format!("arn:~:iam::~:role/{}~", self.terms.role_prefix.to_ascii_lowercase()));
        reached.iter().filter(|reached| reach.touches(**reached, &kept)).copied().collect()
    }

    fn passes_role(
        &mut self,
        place: &Place,
        reach: &Reach<'_>,
        conditions: &Conditions<'_>,
        action: &Action,
        reached: &[Reached],
    ) -> bool {
        let roles = Roles { terms: self.terms, own_account_only: action.lower == "passrole" };
        let mut raises = false;
        for one in reached.iter().filter(|reached| !roles.permit(reach.written(**reached))) {
            let grave = match self.author {
                Author::Customer => true,
                Author::Aws if self.terms.boundary_in_force => false,
                Author::Aws if roles::is_reserved(reach.written(*one)) => true,
                Author::Aws => one.extent >= Extent::Nearly && !conditions.pass_to_movers_only(),
            };
            let severity = if grave { Severity::Error } else { Severity::Warning };
            self.add(severity, Code::PassesRole, (place, reach), action.name.clone(), std::slice::from_ref(one));
            raises |= grave;
        }
        raises
    }

    fn combinations(&mut self) {
        for Combination { effect, actions } in &CATALOGUE.combinations {
            let parts: Vec<_> =
                actions.iter().filter_map(|action| self.granted.remove_entry(&action.to_ascii_lowercase())).collect();
            let wide = |part: &Granted| part.widest() >= Some(Extent::Nearly);
            let all_wide = parts.iter().all(|(_, part)| wide(part));
            if parts.len() == actions.len()
                && let Some((_, first)) = parts.iter().min_by_key(|(_, part)| part.place.number())
            {
                let name = parts.iter().map(|(_, part)| part.name.as_str()).collect::<Vec<_>>().join(" + ");
                let (severity, code) = match effect {
                    Effect::Administrative => (Severity::Error, Code::Administrative),
                    Effect::Doubtful => (Severity::Warning, Code::Administrative),
                    _ => (Severity::Warning, Code::ActsAsWorkload),
                };
                if all_wide || code == Code::Administrative {
                    let resources = parts.iter().flat_map(|(_, part)| &part.resources);
                    let resources = resources.map(|(shown, extent)| (shown.as_str(), *extent));
                    let found = self.report(severity, code, &first.place, name, resources);
                    for (_, part) in &parts {
                        found.covers(&part.place);
                    }
                }
            }
            self.granted.extend(parts);
        }
    }

    fn warn(&mut self, code: Code, (place, reach): (&Place, &Reach<'_>), action: String, reached: &[Reached]) {
        if !reached.is_empty() {
            self.add(Severity::Warning, code, (place, reach), action, reached);
        }
    }

    fn add(
        &mut self,
        severity: Severity,
        code: Code,
        (place, reach): (&Place, &Reach<'_>),
        action: String,
        reached: &[Reached],
    ) {
        let resources = reached.iter().map(|reached| (reach.shown(*reached), reached.extent));
        self.report(severity, code, place, action, resources);
    }

    fn report<'r>(
        &mut self,
        severity: Severity,
        code: Code,
        place: &Place,
        action: String,
        resources: impl Iterator<Item = (&'r str, Extent)>,
    ) -> &mut Found {
        let lifted = self.terms.allow_administrative && matches!(code, Code::Administrative | Code::PassesRole);
        let severity = if lifted { Severity::Warning } else { severity };
        let statement = if severity == Severity::Error { place.number() } else { 0 };
        let found = self.found.entry((severity, code, statement)).or_insert_with(|| Found::at(place));
        found.add(place, action, resources);
        found
    }

    /// Errors by statement, then warnings by code.
    fn privileges(self) -> Vec<Privilege> {
        let found = self.found.into_iter();
        let mut privileges: Vec<_> =
            found.map(|((severity, code, _), found)| found.privilege(severity, code)).collect();
        privileges.sort_by_key(|found| match found.severity {
            Severity::Error => (found.severity, found.statement, found.code),
            Severity::Warning => (found.severity, 0, found.code),
        });
        privileges
    }
}

/// The services of the catalogue that the part before the colon can mean: any, where there is none.
fn matching(service: &str) -> impl Iterator<Item = (&'static &'static str, &'static Service)> {
    let service = if service.is_empty() { "*" } else { service };
    let open = service.contains(['*', '?']);
    let exact = if open { None } else { CATALOGUE.services.get_key_value(service) };
    let open = open.then(|| CATALOGUE.services.iter().filter(move |(known, _)| glob_matches(service, known)));
    exact.into_iter().chain(open.into_iter().flatten())
}

#[cfg(test)]
mod tests;

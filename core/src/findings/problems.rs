//! The problems of one request as text: in order, numbered, within the limit of an answer.

use std::collections::BTreeSet;
use std::fmt;

use super::code::Code;
use super::finding::Finding;
use super::fit::length;
use crate::secrets::Secrets;

/// Every problem of one request, reported together.
///
/// Problems of properties come first, in the order in which they were found; then those of policy documents, by
/// statement. Problems that do not fit into an answer are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Finding>);

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Finding) {
        self.0.push(problem);
    }

    /// Adds a problem of a property; `what` continues the sentence after its name.
    pub fn of(&mut self, code: Code, property: &str, what: impl fmt::Display) {
        self.push(Finding::error(code, property, format!("{property} {what}")));
    }

    /// The same problems without these secrets.
    pub(super) fn without(self, secrets: &Secrets) -> Self {
        let hidden = |problem: Finding| Finding { message: secrets.hidden_in(&problem.message), ..problem };
        Self(self.0.into_iter().map(hidden).collect())
    }

    /// `Ok` when there is none.
    pub fn none(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As many problems as fit into this number of bytes of a JSON string, at least one, and the number of the others.
    pub fn within(&self, room: usize) -> String {
        let problems = self.in_order();
        if let [only] = problems[..] {
            return only.within(room);
        }
        let shared = shared_advice(&problems);
        let room = room.saturating_sub(shared.iter().map(|advice| 1 + length(advice)).sum());
        let mut text = format!("There are {} problems.", problems.len());
        let mut taken = length(&text);
        for (index, problem) in problems.iter().enumerate() {
            let advice_follows = problem.code.advice().is_some_and(|advice| shared.contains(&advice));
            let sentence = if advice_follows { problem.without_advice() } else { problem.to_string() };
            let item = format!(" ({}) {sentence}", index + 1);
            let count = format!(" and {} more.", problems.len() - index);
            let counted = if index + 1 < problems.len() { count.len() } else { 0 };
            if index > 0 && taken + length(&item) + counted > room {
                text.push_str(&count);
                break;
            }
            taken += length(&item);
            text.push_str(&item);
        }
        shared.iter().fold(text, |text, advice| format!("{text} {advice}"))
    }

    /// The problems in reading order.
    pub fn in_order(&self) -> Vec<&Finding> {
        let mut documents: Vec<&str> = Vec::new();
        for (document, _) in self.0.iter().filter_map(|problem| problem.statement.as_ref()) {
            if !documents.contains(&document.as_str()) {
                documents.push(document);
            }
        }
        let place = |problem: &&Finding| {
            let (document, number) = problem.statement.as_ref()?;
            Some((documents.iter().position(|known| known == document), *number))
        };
        let mut ordered: Vec<&Finding> = self.0.iter().collect();
        ordered.sort_by_key(place);
        ordered
    }
}

impl From<Finding> for Problems {
    fn from(finding: Finding) -> Self {
        Self(vec![finding])
    }
}

/// All of them.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.within(usize::MAX))
    }
}

impl std::error::Error for Problems {}

/// The advice that several problems have in common. It is given once, after them.
fn shared_advice(problems: &[&Finding]) -> Vec<&'static str> {
    let advice = || problems.iter().filter_map(|problem| problem.code.advice());
    let shared: BTreeSet<_> = advice().filter(|one| advice().filter(|other| other == one).count() > 1).collect();
    shared.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Reason;

    fn problems(findings: impl IntoIterator<Item = Finding>) -> Problems {
        Problems(findings.into_iter().collect())
    }

    fn administrative(number: usize) -> Finding {
        let message = format!("CustomPolicy gives access: statement {number} allows *.");
        Finding::error(Code::Administrative, "CustomPolicy", message).in_statement("CustomPolicy", number)
    }

    #[test]
    fn every_problem_ends_with_its_code() {
        let mut one = Problems::default();
        one.of(Code::MissingProperty, "ExternalId", "is missing; give one.");
        assert_eq!(one.to_string(), "ExternalId is missing; give one. [missing-property]");
        one.push(Finding::error(Code::InvalidValue, "Path", "Path is \"x\"."));
        assert_eq!(
            one.to_string(),
            "There are 2 problems. (1) ExternalId is missing; give one. [missing-property] (2) Path is \"x\". [invalid-value]"
        );
    }

    #[test]
    fn properties_come_before_policies_and_a_policy_is_listed_by_statement() {
        let rejected = |document: &str, number| {
            Finding::error(Code::InvalidPolicy, document, format!("{document}, statement {number}."))
                .in_statement(document, number)
        };
        let found = [
            rejected("Zeta", 2),
            rejected("Alpha", 1),
            Finding::error(Code::InvalidValue, "Path", "Path is wrong."),
            rejected("Zeta", 10),
            rejected("Zeta", 0),
            Finding::error(Code::InvalidValue, "Tags", "Tags are wrong."),
        ];
        let found = problems(found);
        let messages: Vec<_> = found.in_order().into_iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "Path is wrong.",
                "Tags are wrong.",
                "Zeta, statement 0.",
                "Zeta, statement 2.",
                "Zeta, statement 10.",
                "Alpha, statement 1."
            ]
        );
    }

    #[test]
    fn advice_that_problems_share_is_given_once_at_the_end() {
        let advice = "Narrow the permissions; if the provider is to be an administrator, AllowAdministrativeAccess and the \
                      owner's PermitAdministrativeAccess must both be true.";
        let sentence = "CustomPolicy gives access: statement 1 allows *.";
        assert_eq!(problems([administrative(1)]).to_string(), format!("{sentence} {advice} [administrative]"));
        assert_eq!(
            problems([administrative(1), Finding::error(Code::InvalidValue, "Path", "Path is wrong.")]).to_string(),
            format!(
                "There are 2 problems. (1) Path is wrong. [invalid-value] (2) {sentence} {advice} [administrative]"
            )
        );
        assert_eq!(
            problems([administrative(1), administrative(2)]).to_string(),
            format!(
                "There are 2 problems. (1) {sentence} [administrative] (2) CustomPolicy gives access: statement 2 allows *. \
                 [administrative] {advice}"
            )
        );
    }

    #[test]
    fn problems_that_do_not_fit_are_counted() {
        const ROOM: usize = 3_200;
        for count in [2, 10, 100, 10_000] {
            let text = Reason::from(problems((1..=count).map(administrative))).within(ROOM);
            assert!(length(&text) <= ROOM, "{} bytes", length(&text));
            assert!(text.ends_with("must both be true."), "{text}");
            let shown = text.matches("[administrative]").count();
            let counted =
                text.split_once(" and ").and_then(|(_, rest)| rest.split_once(" more.")).map(|(more, _)| more);
            assert_eq!(counted.and_then(|more| more.parse().ok()), (shown < count).then_some(count - shown), "{text}");
            assert!(shown == count || shown > 30, "{shown} of {count}");
        }
        // One that is too long by itself is cut.
        let long = || Finding::error(Code::InvalidValue, "Path", "\"".repeat(ROOM));
        let text = Reason::from(problems([long(), long()])).after("Settings are wrong.").within(ROOM);
        assert!(
            text.starts_with("Settings are wrong. There are 2 problems. (1) \"\"") && text.ends_with('…'),
            "{text}"
        );
        assert!(ROOM - length(&text) < 4, "{} bytes", length(&text));
    }
}

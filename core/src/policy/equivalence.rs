//! Whether two documents mean the same to IAM.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::document::{Document, VERSION_WHEN_MISSING};

impl Document {
    /// Whether IAM treats both alike, so that replacing one by the other changes nothing.
    pub fn same_meaning(&self, other: &Self) -> bool {
        of(self.members()) == of(other.members())
    }

    /// Whether every statement of the other is one of this document, too, however it is written.
    pub fn states_all_of(&self, other: &Self) -> bool {
        let statements = |document: &Self| document.statements().iter().map(statement).collect::<BTreeSet<_>>();
        self.version() == other.version() && statements(other).is_subset(&statements(self))
    }

    /// A text that is equal for two documents exactly if IAM treats both alike. It has the contents of the document:
    /// store hashes of it, and never print it.
    pub fn fingerprint(&self) -> String {
        of(self.members()).canonical()
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.same_meaning(other)
    }
}

impl Eq for Document {}

/// A document without everything that IAM does not distinguish: two are equal exactly when their documents mean the
/// same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    Null,
    /// A string. IAM reads numbers and booleans as strings.
    Text(String),
    /// A list without order and repetition. A scalar in place of a list is a list of one.
    Any(BTreeSet<Meaning>),
    Members(BTreeMap<String, Meaning>),
    /// Condition tests, all of which must hold. They are not grouped by operator: two spellings of one operator stay
    /// two tests.
    All(BTreeSet<(String, String, Meaning)>),
}

fn of(document: &Map<String, Value>) -> Meaning {
    let mut members: BTreeMap<_, _> = document
        .iter()
        .map(|(key, value)| {
            let meaning = match key.as_str() {
                "Statement" => list(value, statement),
                _ => plain(value),
            };
            (key.clone(), meaning)
        })
        .collect();
    members.entry("Version".to_owned()).or_insert_with(|| text(VERSION_WHEN_MISSING));
    Meaning::Members(members)
}

fn statement(value: &Value) -> Meaning {
    let Value::Object(members) = value else {
        return plain(value);
    };
    let meanings = members.iter().filter_map(|(key, value)| {
        let meaning = match (key.as_str(), value) {
            ("Action" | "NotAction", _) => list(value, any_case),
            ("Resource" | "NotResource", _) => list(value, plain),
            ("Principal" | "NotPrincipal", Value::Object(principals)) => {
                Meaning::Members(principals.iter().map(|(key, value)| (key.clone(), list(value, plain))).collect())
            }
            ("Condition", Value::Object(operators)) => condition(operators)?,
            // IAM treats an empty Sid like none.
            ("Sid", Value::String(sid)) if sid.is_empty() => return None,
            _ => plain(value),
        };
        Some((key.clone(), meaning))
    });
    Meaning::Members(meanings.collect())
}

/// None if nothing is tested: IAM treats that like no condition.
fn condition(operators: &Map<String, Value>) -> Option<Meaning> {
    let mut tests = BTreeSet::new();
    for (operator, keys) in operators {
        let operator = operator.to_ascii_lowercase();
        if let Value::Object(keys) = keys {
            for (key, values) in keys {
                let test = (operator.clone(), key.to_ascii_lowercase(), list(values, plain));
                tests.insert(test);
            }
        } else {
            // Malformed, but different from no condition.
            tests.insert((operator, String::new(), plain(keys)));
        }
    }
    (!tests.is_empty()).then_some(Meaning::All(tests))
}

fn list(value: &Value, element: fn(&Value) -> Meaning) -> Meaning {
    Meaning::Any(match value {
        Value::Array(elements) => elements.iter().map(element).collect(),
        single => BTreeSet::from([element(single)]),
    })
}

fn any_case(value: &Value) -> Meaning {
    match value {
        Value::String(string) => text(&string.to_ascii_lowercase()),
        other => plain(other),
    }
}

/// A value without a special rule.
fn plain(value: &Value) -> Meaning {
    match value {
        Value::Null => Meaning::Null,
        Value::Bool(truth) => text(&truth.to_string()),
        Value::Number(number) => text(&number.to_string()),
        Value::String(string) => text(string),
        Value::Array(_) => list(value, plain),
        Value::Object(members) => {
            Meaning::Members(members.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
        }
    }
}

fn text(text: &str) -> Meaning {
    Meaning::Text(text.to_owned())
}

impl Meaning {
    /// A text that is equal for two meanings exactly if they are equal. It is the same in all versions of the function,
    /// because hashes of it are stored on roles.
    pub(super) fn canonical(&self) -> String {
        let all = |parts: Vec<String>| {
            let parts = parts.iter().map(|part| format!("{}:{part}", part.len()));
            parts.collect::<Vec<_>>().concat()
        };
        match self {
            Self::Null => "null".to_owned(),
            Self::Text(text) => format!("text {text}"),
            Self::Any(items) => format!("any {}", all(items.iter().map(Self::canonical).collect())),
            Self::Members(members) => {
                let parts = members.iter().flat_map(|(key, value)| [key.clone(), value.canonical()]);
                format!("members {}", all(parts.collect()))
            }
            Self::All(tests) => {
                let parts = tests
                    .iter()
                    .flat_map(|(operator, key, values)| [operator.clone(), key.clone(), values.canonical()]);
                format!("all {}", all(parts.collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, subsequence};
    use serde_json::{Value, json};

    use super::super::Document;

    fn document(value: &Value) -> Document {
        Document::from_value(value.clone()).expect("it is a document")
    }

    #[track_caller]
    fn same(a: &Value, b: &Value) {
        assert!(document(a) == document(b), "{a} and {b} mean the same");
        assert!(document(b) == document(a), "{b} and {a} mean the same");
    }

    #[track_caller]
    fn different(a: &Value, b: &Value) {
        assert!(document(a) != document(b), "{a} and {b} mean different things");
        assert!(document(b) != document(a), "{b} and {a} mean different things");
    }

    fn stating(member: &str, value: &Value) -> Value {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", member: value}]})
    }

    #[test]
    fn spelling_does_not_matter() {
        for (member, a, b) in [
            ("Action", json!("s3:GetObject"), json!(["s3:GetObject"])),
            ("Action", json!("s3:GetObject"), json!("S3:getobject")),
            ("Action", json!(["a:b", "c:d"]), json!(["C:D", "a:b", "A:B"])),
            ("NotAction", json!(["a:b", "c:d"]), json!(["c:d", "a:b"])),
            ("Resource", json!(["r", "s"]), json!(["s", "r", "s"])),
            ("NotResource", json!("*"), json!(["*"])),
            ("Principal", json!({"AWS": "a"}), json!({"AWS": ["a", "a"]})),
            ("Principal", json!({"AWS": ["a", "b"]}), json!({"AWS": ["b", "a"]})),
            (
                "Condition",
                json!({"Bool": {"aws:MultiFactorAuthPresent": true}}),
                json!({"bool": {"AWS:multifactorauthpresent": ["true"]}}),
            ),
            (
                "Condition",
                json!({"NumericLessThan": {"k": 5}, "Null": {"n": false}}),
                json!({"Null": {"n": "false"}, "NumericLessThan": {"k": ["5"]}}),
            ),
            ("Condition", json!({"StringEquals": {"k": ["a", "b"]}}), json!({"StringEquals": {"k": ["b", "a"]}})),
        ] {
            same(&stating(member, &a), &stating(member, &b));
        }
        same(&stating("Sid", &json!("")), &json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow"}}));
        same(
            &stating("Condition", &json!({"Bool": {}})),
            &json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow"}}),
        );
        same(&json!({"Statement": []}), &json!({"Statement": [], "Version": "2008-10-17"}));
        same(
            &json!({"Statement": [{"Sid": "A"}, {"Sid": "B"}]}),
            &json!({"Statement": [{"Sid": "B"}, {"Sid": "A"}, {"Sid": "B"}]}),
        );
    }

    #[test]
    fn what_iam_distinguishes_is_different() {
        for (member, a, b) in [
            ("Action", json!("s3:GetObject"), json!("s3:PutObject")),
            ("Action", json!(["a:b", "c:d"]), json!("a:b")),
            ("Action", json!([]), json!("a:b")),
            ("Resource", json!("arn:aws:s3:::a"), json!("arn:aws:s3:::A")),
            ("Principal", json!({"AWS": "a"}), json!({"AWS": "A"})),
            ("Principal", json!({"AWS": "a"}), json!({"Service": "a"})),
            ("Principal", json!({"AWS": "arn:aws:iam::1:root"}), json!({"AWS": "AROAEXAMPLE"})),
            ("Principal", json!("*"), json!({"AWS": "a"})),
            ("Effect", json!("Allow"), json!("Deny")),
            ("Sid", json!("A"), json!("a")),
            ("Condition", json!({"StringEquals": {"k": "a"}}), json!({"StringEquals": {"k": "A"}})),
            ("Condition", json!({"StringEquals": {"k": "a"}}), json!({"StringLike": {"k": "a"}})),
            ("Condition", json!({"StringEquals": {"k": "a"}}), json!({"StringEquals": {"l": "a"}})),
            ("Condition", json!({"StringEquals": {"k": "a"}}), json!({})),
            ("Condition", json!({"StringEquals": {"k": []}}), json!({})),
            // Two tests that must both be true, and one test that either value makes true.
            (
                "Condition",
                json!({"StringEquals": {"k": "a"}, "stringEquals": {"K": "b"}}),
                json!({"StringEquals": {"k": ["a", "b"]}}),
            ),
            ("Unknown", json!(null), json!("null")),
        ] {
            different(&stating(member, &a), &stating(member, &b));
        }
        different(&stating("Action", &json!("a:b")), &stating("NotAction", &json!("a:b")));
        different(&json!({"Version": "2012-10-17", "Statement": []}), &json!({"Statement": []}));
        different(&json!({"Statement": [{"Sid": "A"}, {"Sid": "B"}]}), &json!({"Statement": [{"Sid": "A"}]}));
    }

    fn some_of(all: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
        subsequence(all, 1..=all.len())
    }

    fn statement() -> impl Strategy<Value = Value> {
        (
            prop_oneof![Just("Allow"), Just("Deny")],
            some_of(&["s3:Get*", "s3:List*", "ec2:*", "*"]),
            some_of(&["*", "arn:aws:s3:::a", "arn:aws:s3:::b/*"]),
            proptest::option::of((prop_oneof![Just("StringEquals"), Just("StringLike")], some_of(&["true", "5", "x"]))),
        )
            .prop_map(|(effect, actions, resources, condition)| {
                let mut statement = json!({"Effect": effect, "Action": actions, "Resource": resources});
                if let Some((operator, values)) = condition {
                    statement["Condition"] = json!({operator: {"aws:RequestTag/a": values}});
                }
                statement
            })
    }

    fn documents() -> impl Strategy<Value = Value> {
        proptest::collection::vec(statement(), 1..4)
            .prop_map(|statements| json!({"Version": "2012-10-17", "Statement": statements}))
    }

    /// The same document written differently: every list rotated and with an element repeated, or a scalar if it has
    /// one element; booleans, numbers and action names in another form.
    fn rewritten(value: &Value, key: &str, turn: Index) -> Value {
        match value {
            Value::Array(list) => {
                let mut list: Vec<_> = list.iter().map(|element| rewritten(element, key, turn)).collect();
                let middle = turn.index(list.len());
                list.rotate_left(middle);
                if list.len() == 1 && turn.index(2) == 0 {
                    return list.remove(0);
                }
                list.push(list[middle].clone());
                list.into()
            }
            Value::Object(members) => members
                .iter()
                .map(|(key, value)| {
                    let renamed = match key.as_str() {
                        "StringEquals" | "StringLike" | "aws:RequestTag/a" => key.to_uppercase(),
                        _ => key.clone(),
                    };
                    (renamed, rewritten(value, key, turn))
                })
                .collect(),
            Value::String(string) if key == "Action" => string.to_uppercase().into(),
            Value::String(string) if string == "true" => true.into(),
            Value::String(string) if string == "5" => 5.into(),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn meaning_is_reflexive_and_survives_rewriting(value in documents(), turn in any::<Index>()) {
            let (one, other) = (document(&value), document(&rewritten(&value, "", turn)));
            prop_assert!(one == one.clone());
            prop_assert!(one == other, "{} and {}", one.to_json(), other.to_json());
            prop_assert!(other == one);
        }

        /// Compared with a simple comparison that is right for the documents that this test generates.
        #[test]
        fn meaning_is_symmetric_and_no_coarser_than_sets(a in documents(), b in documents()) {
            let sorted = |value: &Value| {
                let mut statements: Vec<_> = value["Statement"]
                    .as_array().into_iter().flatten().map(Value::to_string).collect();
                statements.sort();
                statements.dedup();
                statements
            };
            let same = document(&a) == document(&b);
            prop_assert_eq!(same, document(&b) == document(&a));
            prop_assert_eq!(same, sorted(&a) == sorted(&b));
        }
    }
}

//! The schemas say what the code says: the table is complete, and for every property values at and beyond the limits, and
//! any other values, are judged alike.

mod judges;
mod limits;

use expect_test::expect_file;
use proptest::prelude::*;
use serde_json::{Value, json};

use self::judges::{Verdicts, judge, property_names};
use super::*;

#[test]
fn the_files_of_cfn_lint_are_the_schemas() {
    for resource_type in ResourceType::ALL {
        let text = format!("{:#}\n", resource_type.json_schema());
        let name = resource_type.name.replace("Custom::", "");
        expect_file![format!("../../../cfn-lint/schemas/{name}.json")].assert_eq(&text);
    }
}

#[test]
fn every_pattern_is_for_the_whole_string() {
    fn check(schema: &Value) {
        match schema {
            Value::Object(members) => {
                if let Some(pattern) = members.get("pattern").and_then(Value::as_str) {
                    assert!(pattern.starts_with('^') && pattern.ends_with('$'), "{pattern}");
                }
                members.values().for_each(check);
            }
            Value::Array(items) => items.iter().for_each(check),
            _ => {}
        }
    }
    for resource_type in ResourceType::ALL {
        check(&resource_type.json_schema());
    }
}

#[test]
fn a_resource_type_is_found_by_its_name_with_and_without_its_prefix() {
    for (name, found) in [
        ("Custom::DelegatedRole", Some("Custom::DelegatedRole")),
        ("AccessCheck", Some("Custom::AccessCheck")),
        ("delegatedrole", None),
        ("AWS::IAM::Role", None),
        ("", None),
    ] {
        assert_eq!(ResourceType::named(name).map(|resource_type| resource_type.name), found, "{name}");
    }
}

#[test]
fn values_at_and_beyond_the_limits_are_judged_alike() {
    for resource_type in ResourceType::ALL {
        let mut tried = Vec::new();
        for (property, accepted, refused) in limits::of(resource_type) {
            let both = |accepted| Verdicts { code: accepted, schema: accepted };
            for value in accepted {
                assert_eq!(judge(resource_type, property, &value), both(true), "{property}: {value}");
            }
            for value in refused {
                assert_eq!(judge(resource_type, property, &value), both(false), "{property}: {value}");
            }
            tried.push(property);
        }
        assert_eq!(
            tried,
            property_names(resource_type),
            "every property of {} has its limits here",
            resource_type.name
        );
    }
}

#[test]
fn unknown_and_missing_properties_are_judged_alike() {
    for resource_type in ResourceType::ALL {
        for unknown in ["Colour", "revision", "require_mfa", "externalid", "ServiceTokens", ""] {
            let verdicts = judge(resource_type, unknown, &json!("x"));
            assert_eq!(verdicts, Verdicts { code: false, schema: false }, "{unknown}");
        }
        for property in resource_type.properties() {
            let without = judges::judge_without(resource_type, property.name);
            let accepted = !property.required;
            assert_eq!(without, Verdicts { code: accepted, schema: accepted }, "{} left out", property.name);
        }
    }
}

/// As two properties of one template.
#[test]
fn properties_that_depend_on_each_other_are_judged_alike() {
    let cases = [
        (json!({"HomeRegion": "eu-west-1"}), false),
        (json!({"HomeRegion": "eu-west-1", "RoleName": "Acme"}), true),
        (json!({"MfaMaxAge": 60}), false),
        (json!({"MfaMaxAge": 60, "RequireMfa": "false"}), false),
        (json!({"MfaMaxAge": 60, "RequireMfa": false}), false),
        (json!({"MfaMaxAge": 60, "RequireMfa": "True"}), true),
        (json!({"MfaMaxAge": 60, "RequireMfa": true}), true),
        (json!({"ExternalId": "an-external-id", "RequireExternalId": false}), false),
        (json!({"ExternalId": "an-external-id", "RequireExternalId": "FALSE"}), false),
        (json!({"ExternalId": "an-external-id", "RequireExternalId": true}), true),
        (json!({"RequireExternalId": false}), true),
    ];
    for (properties, accepted) in cases {
        let mut all = judges::base(&DELEGATED_ROLE, "");
        all.extend(properties.as_object().expect("an object").clone());
        let verdicts = judges::verdicts(&DELEGATED_ROLE, &all);
        assert_eq!(verdicts, Verdicts { code: accepted, schema: accepted }, "{properties}");
    }
    assert_eq!(RELATIONS.len(), 3, "a new relation needs its cases here");
}

/// What is left out is judged as its default is.
#[test]
fn the_defaults_are_those_of_the_code() {
    let read = |properties: &crate::values::Properties| format!("{:?}", judges::delegation(properties));
    for property in DELEGATED_ROLE.properties() {
        let schema = DELEGATED_ROLE.json_schema();
        let Some(default) = schema["properties"][property.name].get("default") else { continue };
        let base = judges::base(&DELEGATED_ROLE, "");
        let mut given = base.clone();
        given.insert(property.name.to_owned(), default.clone());
        assert_eq!(read(&given), read(&base), "{}", property.name);
    }
}

#[test]
fn a_pattern_for_numbers_takes_exactly_those_of_its_range() {
    for (least, most) in
        [(1, 9), (1, 10), (9, 10), (1, 129_600), (3_600, 43_200), (100, 999), (0, 7), (99, 1_001), (5, 5)]
    {
        let pattern = regex_lite::Regex::new(&json_schema::of_range(least, most)).expect("a pattern");
        let near = |limit: u32| limit.saturating_sub(1_200)..=limit + 1_200;
        for number in near(least).chain(near(most)) {
            let within = (least..=most).contains(&number);
            assert_eq!(pattern.is_match(&number.to_string()), within, "{number} in {least} to {most}");
            assert_eq!(pattern.is_match(&format!("00{number}")), within, "00{number} in {least} to {most}");
        }
    }
}

/// A value from the limits of some property, changed at a place or two.
fn any_value(resource_type: &'static ResourceType) -> impl Strategy<Value = (&'static str, Value)> {
    let values: Vec<(&'static str, Value)> = limits::of(resource_type)
        .into_iter()
        .flat_map(|(property, accepted, refused)| {
            accepted.into_iter().chain(refused).map(move |value| (property, value))
        })
        .collect();
    let pool = values.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>();
    let edit =
        (any::<prop::sample::Index>(), prop::sample::select("aZ09-_/:,.*+=@ \té{".chars().collect::<Vec<_>>()), 0..3);
    (prop::sample::select(values), prop::sample::select(pool), 0..4, prop::collection::vec(edit, 0..3)).prop_map(
        |((property, own), foreign, kind, edits)| {
            let value = match kind {
                // A value of another property.
                0 => foreign,
                1 => json!([own, foreign]),
                _ => own,
            };
            (property, edits.into_iter().fold(value, |value, (at, character, how)| edited(value, at, character, how)))
        },
    )
}

fn edited(value: Value, at: prop::sample::Index, character: char, how: i32) -> Value {
    match value {
        Value::String(text) => {
            let mut characters: Vec<char> = text.chars().collect();
            let at = at.index(characters.len() + 1);
            match how {
                0 => characters.insert(at, character),
                _ if at == characters.len() => characters.push(character),
                1 => characters[at] = character,
                _ => drop(characters.remove(at)),
            }
            characters.into_iter().collect::<String>().into()
        }
        Value::Array(mut items) if !items.is_empty() => {
            let place = at.index(items.len());
            items[place] = edited(items[place].take(), at, character, how);
            items.into()
        }
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_is_judged_alike(
        (resource_type, (property, value)) in prop::sample::select(ResourceType::ALL.to_vec())
            .prop_flat_map(|resource_type| (Just(resource_type), any_value(resource_type)))
    ) {
        let Verdicts { code, schema } = judge(resource_type, property, &value);
        if judges::schema_asks_for_quotes(resource_type, property, &value) {
            prop_assert!(!schema || code, "{property}: only the code refuses {value}");
        } else {
            prop_assert!(schema || !code, "{property}: only the schema refuses {value}");
        }
        if !judges::CODE_IS_STRICTER.contains(&property) {
            prop_assert!(code || !schema, "{property}: only the code refuses {value}");
        }
    }
}

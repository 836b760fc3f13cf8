//! Files with values of parameters, in the forms that the AWS CLI and SAM take.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// Reads values of parameters. The forms are:
///
/// - CloudFormation's list: `[{"ParameterKey": "K", "ParameterValue": "V"}]`
/// - a list of texts: `["K=V"]`
/// - an object: `{"K": "V"}`, or under the member `Parameters`
/// - `samconfig.toml`, with `parameter_overrides` for the deployment
/// - lines of `K=V`
///
/// # Errors
/// Says what is wrong, as a sentence that follows the name of the file.
pub fn read_parameters(text: &str) -> Result<BTreeMap<String, String>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with(['{', '[']) && !text.trim_start().starts_with("[default") {
        if let Ok(json) = serde_json::from_str(text) {
            return of_json(&json);
        }
        if !text.contains("parameter_overrides") {
            return Err("This is not valid JSON.".to_owned());
        }
    }
    if text.contains("parameter_overrides") {
        return of_sam_configuration(text);
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(pair).collect()
}

/// `K=V`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let known = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    // The text may be a secret: it is not repeated.
    let (name, value) = known.ok_or("Values of parameters must have the form NAME=VALUE.")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn of_json(json: &Json) -> Result<BTreeMap<String, String>, String> {
    match json {
        Json::Array(items) => items
            .iter()
            .map(|item| match (item, item.get("ParameterKey"), item.get("ParameterValue")) {
                (Json::String(text), ..) => pair(text),
                (_, Some(Json::String(name)), Some(value)) => Ok((name.clone(), scalar(name, value)?)),
                _ => Err("Each item must have ParameterKey and ParameterValue, or be a text of the form NAME=VALUE."
                    .to_owned()),
            })
            .collect(),
        Json::Object(members) => {
            let members = members.get("Parameters").and_then(Json::as_object).unwrap_or(members);
            members.iter().map(|(name, value)| Ok((name.clone(), scalar(name, value)?))).collect()
        }
        _ => Err("Values of parameters must be a list or an object.".to_owned()),
    }
}

fn scalar(name: &str, value: &Json) -> Result<String, String> {
    let list = |items: &Vec<Json>| items.iter().map(|item| scalar(name, item)).collect::<Result<Vec<_>, _>>();
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Bool(flag) => Ok(flag.to_string()),
        Json::Number(number) => Ok(number.to_string()),
        Json::Array(items) => Ok(list(items)?.join(",")),
        _ => Err(format!("The value of {name} must be a text.")),
    }
}

/// The values in `[default.deploy.parameters]`, otherwise in the first table that has them.
fn of_sam_configuration(text: &str) -> Result<BTreeMap<String, String>, String> {
    const KEY: &str = "parameter_overrides";
    let mut table = "";
    let mut found: Vec<(&str, usize)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with('[') && trimmed.ends_with(']') && !trimmed.contains('=') {
            table = trimmed.trim_matches(['[', ']']);
        } else if trimmed.strip_prefix(KEY).is_some_and(|rest| rest.trim_start().starts_with('=')) {
            found.push((table, at + line.find('=').unwrap_or_default() + 1));
        }
        at += line.len();
    }
    let usual = found.iter().find(|(table, _)| *table == "default.deploy.parameters");
    let Some((_, start)) = usual.or(found.first()) else { return Ok(BTreeMap::new()) };
    let value = text[*start..].trim_start();
    let wrong = || format!("{KEY} must be a text or a list of texts.");
    if let Some(list) = value.strip_prefix('[') {
        let mut rest = list.trim_start();
        let mut values = BTreeMap::new();
        while !rest.starts_with(']') {
            let (item, after) = toml_text(rest).ok_or_else(wrong)?;
            let (name, value) = pair(&item)?;
            values.insert(name, unquoted(&value));
            rest = after.trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        return Ok(values);
    }
    let (line, _) = toml_text(value).ok_or_else(wrong)?;
    words(&line).iter().map(|word| pair(word)).collect()
}

/// A TOML text at the start, and what follows it.
fn toml_text(text: &str) -> Option<(String, &str)> {
    for quotes in ["'''", "'"] {
        if let Some(rest) = text.strip_prefix(quotes) {
            let (inside, after) = rest.split_once(quotes)?;
            return Some((inside.to_owned(), after));
        }
    }
    let quotes = if text.starts_with("\"\"\"") { "\"\"\"" } else { "\"" };
    let rest = text.strip_prefix(quotes)?;
    let mut inside = String::new();
    let mut characters = rest.char_indices();
    while let Some((at, c)) = characters.next() {
        if rest[at..].starts_with(quotes) {
            return Some((inside, &rest[at + quotes.len()..]));
        }
        match c {
            '\\' => match characters.next()?.1 {
                'n' => inside.push('\n'),
                't' => inside.push('\t'),
                '\n' => {}
                escaped => inside.push(escaped),
            },
            c => inside.push(c),
        }
    }
    None
}

/// The words of a line, as a shell parts them.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut quote, mut escaped) = (None, false);
    for c in line.chars() {
        match (quote, c) {
            (_, c) if escaped => {
                word.push(c);
                escaped = false;
            }
            (_, '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, c) if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            (_, c) => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word: &String| !word.is_empty());
    words
}

fn unquoted(text: &str) -> String {
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or(text).to_owned()
}

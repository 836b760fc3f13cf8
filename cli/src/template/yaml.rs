//! YAML, as CloudFormation reads it: version 1.1 for scalars, short forms of functions as tags.
//!
//! Aliases are shared, not copied, and what they would amount to is counted: a small file cannot become a large template.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::fault::Fault;
use super::node::{Content, DEEPEST, Member, Node, Place};

/// The most nodes of a template, aliases counted each time. A template of CloudFormation's largest size has fewer.
const MOST_NODES: usize = 1_000_000;

/// A finished node, with what it amounts to.
#[derive(Clone)]
struct Built {
    node: Rc<Node>,
    size: usize,
    height: usize,
}

/// A list or an object that is not finished.
struct Open {
    place: Place,
    anchor: usize,
    function: Option<String>,
    size: usize,
    height: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Rc<Node>>),
    Map { members: Vec<Member>, names: BTreeSet<String>, name: Option<(String, Place)> },
}

/// Reads one document.
pub(super) fn read(text: &str) -> Result<Rc<Node>, Fault> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: BTreeMap<usize, Built> = BTreeMap::new();
    let mut root: Option<Built> = None;
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let mark = error.marker();
            let place = Place { line: mark.line(), column: mark.col() + 1 };
            let what = error.info().trim_end_matches('.');
            Fault::at(place, format!("This is not valid YAML: {what}.{}", remedy(what)))
        })?;
        let place = place_of(span);
        let done = match event {
            Event::DocumentStart(_) if root.is_some() => {
                return Err(Fault::at(place, "The file has several YAML documents; a template is one."));
            }
            Event::Scalar(value, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                if let Some(Open { parts: Parts::Map { names, name: name @ None, .. }, .. }) = open.last_mut() {
                    *name = Some((key(&value, place, names)?, place));
                    continue;
                }
                let content = if plain { plain_scalar(&value) } else { Content::Text(value.into_owned()) };
                Some(finished(place, content, (1, 1), anchor, function_of(tag.as_deref()), &mut anchors))
            }
            Event::SequenceStart(anchor, tag) => {
                let function = function_of(tag.as_deref());
                begin(&mut open, place, anchor, function, Parts::List(Vec::new()))?;
                None
            }
            Event::MappingStart(anchor, tag) => {
                let parts = Parts::Map { members: Vec::new(), names: BTreeSet::new(), name: None };
                begin(&mut open, place, anchor, function_of(tag.as_deref()), parts)?;
                None
            }
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop().map(|Open { place, anchor, function, size, height, parts }| {
                    let content = match parts {
                        Parts::List(items) => Content::List(items),
                        Parts::Map { members, .. } => Content::Map(members),
                    };
                    finished(place, content, (size, height), anchor, function, &mut anchors)
                })
            }
            Event::Alias(anchor) => {
                let known = anchors.get(&anchor).cloned();
                Some(known.ok_or_else(|| Fault::at(place, "An alias refers to a part of the template around it."))?)
            }
            _ => None,
        };
        let Some(built) = done else { continue };
        match open.last_mut() {
            Some(parent) => add(parent, built, place)?,
            None => root = Some(built),
        }
    }
    root.map(|built| built.node).ok_or_else(|| Fault::of_file("The file is empty; a template has Resources."))
}

/// What to do about a parser's error, in words for people who do not know the grammar of YAML.
fn remedy(what: &str) -> &'static str {
    if what.contains("tabs") {
        " Indent with spaces, not with tabs."
    } else if what.contains("block mapping") || what.contains("block collection") || what.contains("mapping values") {
        " Check the indentation of this line and of the line before it."
    } else {
        ""
    }
}

fn place_of(span: Span) -> Place {
    Place { line: span.start.line(), column: span.start.col() + 1 }
}

fn key(value: &str, place: Place, names: &mut BTreeSet<String>) -> Result<String, Fault> {
    if value == "<<" {
        return Err(Fault::at(place, "CloudFormation does not support YAML merge keys (<<); write the members out."));
    }
    if !names.insert(value.to_owned()) {
        return Err(Fault::at(place, format!("The key {} is given twice; give it once.", quoted(value))));
    }
    Ok(value.to_owned())
}

fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    format!("{short:?}")
}

fn begin(
    open: &mut Vec<Open>,
    place: Place,
    anchor: usize,
    function: Option<String>,
    parts: Parts,
) -> Result<(), Fault> {
    if matches!(open.last(), Some(Open { parts: Parts::Map { name: None, .. }, .. })) {
        return Err(Fault::at(place, "A key must be a text, not a list or an object."));
    }
    if open.len() >= DEEPEST {
        return Err(too_deep(place));
    }
    open.push(Open { place, anchor, function, size: 1, height: 1, parts });
    Ok(())
}

fn too_deep(place: Place) -> Fault {
    Fault::at(place, format!("The template is nested more than {DEEPEST} levels deep."))
}

/// A node, in the long form of its function, known under its anchor.
fn finished(
    place: Place,
    content: Content,
    (size, height): (usize, usize),
    anchor: usize,
    function: Option<String>,
    anchors: &mut BTreeMap<usize, Built>,
) -> Built {
    let node = Rc::new(Node { place, content });
    let built = match function {
        None => Built { node, size, height },
        Some(name) => {
            let call = Content::Map(vec![Member { name, place, value: node }]);
            Built { node: Rc::new(Node { place, content: call }), size: size + 1, height: height + 1 }
        }
    };
    if anchor > 0 {
        anchors.insert(anchor, built.clone());
    }
    built
}

fn add(parent: &mut Open, Built { node, size, height }: Built, at: Place) -> Result<(), Fault> {
    parent.size += size;
    parent.height = parent.height.max(height + 1);
    if parent.height > DEEPEST {
        return Err(too_deep(at));
    }
    if parent.size > MOST_NODES {
        return Err(Fault::at(at, format!("With its aliases, the template has more than {MOST_NODES} values.")));
    }
    match &mut parent.parts {
        Parts::List(items) => items.push(node),
        Parts::Map { members, name, .. } => match name.take() {
            Some((name, place)) => members.push(Member { name, place, value: node }),
            None => return Err(Fault::at(at, "A key must be a text, not an alias.")),
        },
    }
    Ok(())
}

/// The function that a tag is the short form of. YAML's own tags, such as `!!str`, are none.
fn function_of(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.handle == "!" && !tag.suffix.is_empty())?;
    Some(match tag.suffix.as_str() {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name => format!("Fn::{name}"),
    })
}

/// A scalar without quotes, in YAML 1.1: `yes` is true, and digits after a zero are octal.
fn plain_scalar(text: &str) -> Content {
    let text = match text {
        "" | "~" | "null" | "Null" | "NULL" => return Content::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => "true".to_owned(),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => "false".to_owned(),
        other => whole_number(other).map_or_else(|| other.to_owned(), |number| number.to_string()),
    };
    Content::Text(text)
}

/// A whole number whose value is not how it is written.
fn whole_number(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let plain = digits.replace('_', "");
    let value = match plain.strip_prefix('0').filter(|rest| !rest.is_empty()) {
        Some(rest) => match (rest.strip_prefix('x'), rest.strip_prefix('b')) {
            (Some(hexadecimal), _) => i128::from_str_radix(hexadecimal, 16).ok(),
            (_, Some(binary)) => i128::from_str_radix(binary, 2).ok(),
            _ => i128::from_str_radix(rest, 8).ok(),
        },
        None => plain.parse().ok(),
    };
    value.map(|value: i128| sign * value)
}

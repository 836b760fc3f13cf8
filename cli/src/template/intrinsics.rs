//! The intrinsic functions.

use super::dynamic::static_and_dynamic;
use super::fault::Fault;
use super::node::{Node, Place};
use super::resolve::Resolve;
use super::value::{Piece, Value};

/// What a function makes of its argument.
pub(super) fn call(resolver: &dyn Resolve, function: &str, argument: &Node, place: Place) -> Result<Value, Fault> {
    match function {
        "Ref" => reference(resolver, text(argument, "Ref")?, place),
        "Fn::GetAtt" => Ok(Value::Unknown(attribute(argument)?)),
        "Fn::ImportValue" => Ok(Value::Unknown("Fn::ImportValue".to_owned())),
        "Fn::Sub" => sub(resolver, argument),
        "Fn::Join" => join(resolver, argument),
        "Fn::Split" => split(resolver, argument),
        "Fn::Select" => select(resolver, argument),
        "Fn::If" => if_else(resolver, argument),
        "Fn::FindInMap" => find_in_map(resolver, argument),
        "Fn::GetAZs" | "Fn::Cidr" | "Fn::Transform" | "Fn::Base64" => {
            Ok(Value::Unknown(format!("{function}, which this command does not resolve")))
        }
        other => Err(Fault::unsupported(other, place)),
    }
}

/// Whether a condition function holds; none when only a deployment knows.
pub(super) fn condition(resolver: &dyn Resolve, node: &Node) -> Result<Option<bool>, Fault> {
    resolver.spend(1, node.place)?;
    if let Some(name) = node.get("Condition").filter(|_| node.members().is_some_and(|members| members.len() == 1)) {
        return resolver.holds(text(name, "Condition")?, name.place);
    }
    let wrong = || Fault::at(node.place, "A condition must be Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition.");
    let (function, argument) = node.call().ok_or_else(wrong)?;
    let several = |counts: std::ops::RangeInclusive<usize>| {
        let parts = arguments(argument, function, counts)?;
        parts.iter().map(|part| condition(resolver, part)).collect::<Result<Vec<_>, Fault>>()
    };
    Ok(match function {
        "Fn::Equals" => {
            let [left, right] = two(argument, function)?;
            let (left, right) = (resolver.value(left)?, resolver.value(right)?);
            (left.is_known() && right.is_known()).then(|| left == right)
        }
        "Fn::Not" => several(1..=1)?.first().copied().flatten().map(|holds| !holds),
        "Fn::And" => {
            let parts = several(1..=10)?;
            if parts.contains(&Some(false)) { Some(false) } else { parts.iter().all(Option::is_some).then_some(true) }
        }
        "Fn::Or" => {
            let parts = several(1..=10)?;
            if parts.contains(&Some(true)) { Some(true) } else { parts.iter().all(Option::is_some).then_some(false) }
        }
        "Fn::Contains" | "Fn::EachMemberEquals" | "Fn::EachMemberIn" => None,
        other if other.starts_with("Fn::ForEach") => return Err(Fault::unsupported(other, node.place)),
        _ => return Err(wrong()),
    })
}

fn text<'n>(node: &'n Node, function: &str) -> Result<&'n str, Fault> {
    node.text().ok_or_else(|| Fault::at(node.place, format!("{function} needs a text, not {}.", node.kind())))
}

fn arguments<'n>(
    node: &'n Node,
    function: &str,
    counts: std::ops::RangeInclusive<usize>,
) -> Result<&'n [std::rc::Rc<Node>], Fault> {
    let items = node.items().filter(|items| counts.contains(&items.len()));
    items.ok_or_else(|| {
        let (least, most) = (counts.start(), counts.end());
        let count = if least == most { least.to_string() } else { format!("{least} to {most}") };
        Fault::at(node.place, format!("{function} needs a list of {count} values."))
    })
}

fn two<'n>(node: &'n Node, function: &str) -> Result<[&'n Node; 2], Fault> {
    let items = arguments(node, function, 2..=2)?;
    Ok([&items[0], &items[1]])
}

fn reference(resolver: &dyn Resolve, name: &str, place: Place) -> Result<Value, Fault> {
    if let Some(value) = resolver.inputs().pseudo_parameter(name) {
        return Ok(value);
    }
    let template = resolver.template();
    if let Some(declared) = template.declared("Parameters", name) {
        return parameter(resolver, name, declared);
    }
    // SAM makes resources that the template does not show.
    if template.has_resource(name) || template.uses_transform("AWS::Serverless-2016-10-31") {
        return Ok(Value::Unknown(format!("Ref of {name}")));
    }
    Err(Fault::at(place, format!("Ref names {name}, which is neither a parameter nor a resource of the template.")))
}

fn parameter(resolver: &dyn Resolve, name: &str, declared: &Node) -> Result<Value, Fault> {
    let kind = declared.get("Type").and_then(|kind| kind.text()).unwrap_or("String");
    if kind.starts_with("AWS::SSM::Parameter::Value") {
        return Ok(Value::Unknown(format!("the parameter {name}, a value of Systems Manager")));
    }
    let default = declared.get("Default").and_then(|default| default.text());
    let given = resolver.inputs().parameters.get(name).map(String::as_str).or(default);
    let Some(given) = given else {
        return Ok(Value::Unknown(format!("the parameter {name}, which has no value here")));
    };
    resolver.spend(given.len(), declared.place)?;
    if kind == "CommaDelimitedList" || kind.starts_with("List<") {
        let items = given.split(',').map(|item| Value::of_pieces(static_and_dynamic(item.trim())));
        return Ok(Value::List(items.collect()));
    }
    Ok(Value::of_pieces(static_and_dynamic(given)))
}

/// Which attribute, in a few words.
fn attribute(argument: &Node) -> Result<String, Fault> {
    if let Some(text) = argument.text() {
        return Ok(format!("Fn::GetAtt of {text}"));
    }
    let [resource, name] = two(argument, "Fn::GetAtt")?;
    let name = name.text().map(|name| format!(".{name}")).unwrap_or_default();
    Ok(format!("Fn::GetAtt of {}{name}", text(resource, "Fn::GetAtt")?))
}

fn sub(resolver: &dyn Resolve, argument: &Node) -> Result<Value, Fault> {
    let (pattern, variables) = if let Some(pattern) = argument.text() {
        (pattern, None)
    } else {
        let [pattern, variables] = two(argument, "Fn::Sub")?;
        (text(pattern, "Fn::Sub")?, Some(variables))
    };
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        resolver.spend(before.len() + 1, argument.place)?;
        pieces.extend(static_and_dynamic(before));
        let name = name.trim();
        if let Some(literal) = name.strip_prefix('!') {
            pieces.push(Piece::Text(format!("${{{literal}}}")));
        } else {
            let value = match variables.and_then(|variables| variables.get(name)) {
                Some(variable) => resolver.value(variable)?,
                None if name.contains('.') => Value::Unknown(format!("Fn::GetAtt of {name}")),
                None => reference(resolver, name, argument.place)?,
            };
            let found = value.into_pieces();
            let wrong = |kind| Fault::at(argument.place, format!("Fn::Sub: ${{{name}}} is {kind}, not a text."));
            pieces.extend(found.map_err(wrong)?);
        }
        rest = after;
    }
    resolver.spend(rest.len(), argument.place)?;
    pieces.extend(static_and_dynamic(rest));
    Ok(Value::of_pieces(pieces))
}

fn join(resolver: &dyn Resolve, argument: &Node) -> Result<Value, Fault> {
    let [separator, list] = two(argument, "Fn::Join")?;
    let separator = text(separator, "Fn::Join")?;
    let items = match resolver.value(list)? {
        Value::List(items) => items,
        Value::Unknown(why) => return Ok(Value::Unknown(why)),
        _ => return Err(Fault::at(list.place, "Fn::Join needs a list to join.")),
    };
    let mut pieces = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            resolver.spend(separator.len(), argument.place)?;
            pieces.push(Piece::Text(separator.to_owned()));
        }
        let found = item.into_pieces();
        pieces.extend(found.map_err(|kind| Fault::at(list.place, format!("Fn::Join cannot join {kind}.")))?);
    }
    Ok(Value::of_pieces(pieces))
}

fn split(resolver: &dyn Resolve, argument: &Node) -> Result<Value, Fault> {
    let [separator, whole] = two(argument, "Fn::Split")?;
    let separator = text(separator, "Fn::Split")?;
    match resolver.value(whole)? {
        Value::Text(whole) if !separator.is_empty() => {
            Ok(Value::List(whole.split(separator).map(|part| Value::Text(part.to_owned())).collect()))
        }
        Value::Unknown(why) => Ok(Value::Unknown(why)),
        partly @ Value::Partly(_) => Ok(Value::Unknown(partly.unknown().join(", "))),
        _ => Err(Fault::at(argument.place, "Fn::Split needs a separator and a text.")),
    }
}

fn select(resolver: &dyn Resolve, argument: &Node) -> Result<Value, Fault> {
    let [index, list] = two(argument, "Fn::Select")?;
    let index = match resolver.value(index)? {
        Value::Text(index) => index,
        Value::Unknown(why) => return Ok(Value::Unknown(why)),
        _ => return Err(Fault::at(index.place, "Fn::Select needs a number first.")),
    };
    let items = match resolver.value(list)? {
        Value::List(items) => items,
        Value::Unknown(why) => return Ok(Value::Unknown(why)),
        _ => return Err(Fault::at(list.place, "Fn::Select needs a list to select from.")),
    };
    let count = items.len();
    let selected = index.parse::<usize>().ok().and_then(|index| items.into_iter().nth(index));
    selected.ok_or_else(|| {
        Fault::at(argument.place, format!("Fn::Select selects {index:?} of a list of {count}, counted from 0."))
    })
}

fn if_else(resolver: &dyn Resolve, argument: &Node) -> Result<Value, Fault> {
    let parts = arguments(argument, "Fn::If", 3..=3)?;
    let name = text(&parts[0], "Fn::If")?;
    match resolver.holds(name, parts[0].place)? {
        Some(true) => resolver.value(&parts[1]),
        Some(false) => resolver.value(&parts[2]),
        None => {
            let (yes, no) = (resolver.value(&parts[1])?, resolver.value(&parts[2])?);
            if yes == no { Ok(yes) } else { Ok(Value::Unknown(format!("the condition {name}"))) }
        }
    }
}

fn find_in_map(resolver: &dyn Resolve, argument: &Node) -> Result<Value, Fault> {
    let parts = arguments(argument, "Fn::FindInMap", 3..=4)?;
    if parts.len() == 4 {
        return Err(Fault::at(
            argument.place,
            "Fn::FindInMap with a default value is a language extension (AWS::LanguageExtensions), which is not supported here.",
        ));
    }
    let mut keys = Vec::new();
    for part in parts {
        match resolver.value(part)? {
            Value::Text(key) => keys.push(key),
            Value::Unknown(why) => return Ok(Value::Unknown(why)),
            partly @ Value::Partly(_) => return Ok(Value::Unknown(partly.unknown().join(", "))),
            _ => return Err(Fault::at(part.place, "Fn::FindInMap needs three texts.")),
        }
    }
    let found = resolver.template().declared("Mappings", &keys[0]).and_then(|map| map.get(&keys[1])?.get(&keys[2]));
    match found {
        Some(found) => resolver.value(found),
        None => Err(Fault::at(argument.place, format!("Mappings have no {}.", keys.join(" / ")))),
    }
}

//! References to attributes that a resource does not have. CloudFormation would find them only when it deploys.

use std::collections::BTreeMap;

use delegated_role_core::resource_types::ResourceType;

use super::document::Template;
use super::fault::Fault;
use super::node::{Content, Node};

/// Looks through a whole template, outputs included.
///
/// # Errors
/// The first reference to an attribute that a resource of the function's does not have.
pub fn check_attributes(template: &Template) -> Result<(), Fault> {
    let resources = template.resources()?;
    let known = |kind: &str| ResourceType::ALL.into_iter().find(|known| known.name == kind);
    let resources: BTreeMap<&str, &ResourceType> =
        resources.iter().filter_map(|resource| Some((&*resource.logical_id, known(&resource.kind)?))).collect();
    if resources.is_empty() { Ok(()) } else { visit(template.root(), &resources) }
}

fn visit(node: &Node, resources: &BTreeMap<&str, &ResourceType>) -> Result<(), Fault> {
    let wrong = |resource: &str, attribute: &str| {
        let known = *resources.get(resource)?;
        let attributes: Vec<&str> = known.attributes.iter().map(|(name, _)| *name).collect();
        (!attributes.contains(&attribute)).then(|| {
            let sentence = format!(
                "{attribute} is not an attribute of {resource} ({}): it has {}.",
                known.name,
                attributes.join(", ")
            );
            Err(Fault::at(node.place, sentence))
        })
    };
    let fault = match node.call() {
        Some(("Fn::GetAtt", argument)) => match (argument.text(), argument.items()) {
            (Some(text), _) => text.split_once('.').and_then(|(resource, attribute)| wrong(resource, attribute)),
            (None, Some([resource, attribute])) => {
                resource.text().zip(attribute.text()).and_then(|(resource, attribute)| wrong(resource, attribute))
            }
            _ => None,
        },
        Some(("Fn::Sub", argument)) => {
            let text = argument.text().or_else(|| argument.items()?.first()?.text()).unwrap_or_default();
            let names = text.split("${").skip(1).filter_map(|rest| rest.split_once('}')?.0.split_once('.'));
            names.into_iter().find_map(|(resource, attribute)| wrong(resource, attribute))
        }
        _ => None,
    };
    fault.unwrap_or(Ok(()))?;
    match &node.content {
        Content::Null | Content::Text(_) => Ok(()),
        Content::List(items) => items.iter().try_for_each(|item| visit(item, resources)),
        Content::Map(members) => members.iter().try_for_each(|member| visit(&member.value, resources)),
    }
}

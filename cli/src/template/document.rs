//! A template: its sections and resources.

use std::rc::Rc;

use super::fault::Fault;
use super::node::{Member, Node, Place};
use super::{json, yaml};

/// A template.
#[derive(Debug)]
pub struct Template {
    root: Rc<Node>,
}

/// A resource of a template.
#[derive(Debug)]
pub struct Resource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type.
    pub kind: String,
    /// Where its name stands.
    pub place: Place,
    /// The condition under which it exists.
    pub condition: Option<String>,
    /// Its properties as they are written; none when it has none.
    pub properties: Option<Rc<Node>>,
    /// The first of its members that CloudFormation does not know, and where it stands.
    pub unknown: Option<(String, Place)>,
}

/// What a resource may consist of, in CloudFormation and SAM.
const MEMBERS: [&str; 11] = [
    "Type",
    "Properties",
    "Condition",
    "Connectors",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "IgnoreGlobals",
    "Metadata",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// It is not one.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = if text.trim_start().starts_with('{') {
            // A YAML object in braces begins like JSON, but without quotes.
            let quoted = text.trim_start()[1..].trim_start().starts_with('"');
            json::read(text).or_else(|fault| if quoted { Err(fault) } else { yaml::read(text).map_err(|_| fault) })?
        } else {
            yaml::read(text)?
        };
        if root.members().is_none() {
            return Err(Fault::at(root.place, format!("A template is an object with Resources, not {}.", root.kind())));
        }
        let template = Self { root };
        template.resources()?;
        Ok(template)
    }

    /// Every resource.
    ///
    /// # Errors
    /// A resource is not one, or is written by a language extension.
    pub fn resources(&self) -> Result<Vec<Resource>, Fault> {
        let Some(section) = self.root.get("Resources") else {
            return Err(Fault::of_file("The file has no Resources, so it is not a CloudFormation template."));
        };
        let members = section.members().ok_or_else(|| {
            Fault::at(section.place, format!("Resources must be an object of resources, not {}.", section.kind()))
        })?;
        members.iter().map(resource).collect()
    }

    /// The whole template as it is written.
    pub(super) fn root(&self) -> &Rc<Node> {
        &self.root
    }

    /// A member of a section, such as one parameter.
    pub(super) fn declared(&self, section: &str, name: &str) -> Option<&Rc<Node>> {
        self.root.get(section)?.get(name)
    }

    /// Whether there is a resource of this name.
    pub(super) fn has_resource(&self, name: &str) -> bool {
        self.declared("Resources", name).is_some()
    }

    /// Whether there is a parameter of this name.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.declared("Parameters", name).is_some()
    }

    /// Whether the value of a parameter must not be shown.
    pub fn hides_parameter(&self, name: &str) -> bool {
        let declared = self.declared("Parameters", name).and_then(|declared| declared.get("NoEcho"));
        declared.and_then(|value| value.text()).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// Whether the template uses this transform.
    pub fn uses_transform(&self, name: &str) -> bool {
        let Some(transform) = self.root.get("Transform") else { return false };
        let one =
            |node: &Node| node.text() == Some(name) || node.get("Name").and_then(|name| name.text()) == Some(name);
        one(transform) || transform.items().is_some_and(|items| items.iter().any(|item| one(item)))
    }
}

fn resource(Member { name, place, value }: &Member) -> Result<Resource, Fault> {
    if name.starts_with("Fn::") {
        let function = name.split("::").take(2).collect::<Vec<_>>().join("::");
        return Err(Fault::at(
            *place,
            format!(
                "{function} among Resources is not supported, so the resources that it makes cannot be checked. Check the processed \
                 template: aws cloudformation get-template --template-stage Processed."
            ),
        ));
    }
    // The results repeat the name, also where it could be read as something else.
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Fault::at(
            *place,
            format!(
                "The resource {name} has a name that CloudFormation refuses; use only letters and digits (A-Z, a-z, 0-9)."
            ),
        ));
    }
    if value.members().is_none() {
        return Err(Fault::at(value.place, format!("The resource {name} must be an object, not {}.", value.kind())));
    }
    let members = value.members().unwrap_or_default().iter();
    let unknown =
        members.into_iter().find(|member| !MEMBERS.contains(&&*member.name) && !member.name.starts_with("Fn::"));
    let kind = value.get("Type").and_then(|kind| kind.text());
    let kind = kind.ok_or_else(|| Fault::at(*place, format!("The resource {name} has no Type.")))?;
    Ok(Resource {
        logical_id: name.clone(),
        kind: kind.to_owned(),
        place: *place,
        condition: value.get("Condition").and_then(|condition| condition.text()).map(ToOwned::to_owned),
        properties: value.get("Properties").cloned(),
        unknown: unknown.map(|member| (member.name.clone(), member.place)),
    })
}

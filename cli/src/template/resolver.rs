//! Resolves a template: what CloudFormation would pass on, as far as that is known.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::document::Template;
use super::dynamic::static_and_dynamic;
use super::fault::Fault;
use super::inputs::Inputs;
use super::intrinsics;
use super::node::{Content, Node, Place};
use super::resolve::Resolve;
use super::value::Value;

/// What resolving one template may cost: values and characters that are written. A template of the largest size, with each
/// value used several times, stays below.
const BUDGET: usize = 16 << 20;

/// Resolves one template for one deployment.
#[derive(Debug)]
pub struct Resolver<'t> {
    template: &'t Template,
    inputs: &'t Inputs,
    left: Cell<usize>,
    conditions: RefCell<BTreeMap<String, Option<bool>>>,
    /// The conditions that are being resolved.
    around: RefCell<Vec<String>>,
}

impl<'t> Resolver<'t> {
    /// Of this template for this deployment.
    pub fn new(template: &'t Template, inputs: &'t Inputs) -> Self {
        Self { template, inputs, left: Cell::new(BUDGET), conditions: RefCell::default(), around: RefCell::default() }
    }
}

impl Resolve for Resolver<'_> {
    fn template(&self) -> &Template {
        self.template
    }

    fn inputs(&self) -> &Inputs {
        self.inputs
    }

    fn value(&self, node: &Node) -> Result<Value, Fault> {
        self.spend(1, node.place)?;
        match &node.content {
            Content::Null => Ok(Value::Null),
            Content::Text(text) => {
                self.spend(text.len(), node.place)?;
                Ok(Value::of_pieces(static_and_dynamic(text)))
            }
            Content::List(items) => {
                let items = items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(Value::List(items.into_iter().filter(|item| *item != Value::Nothing).collect()))
            }
            Content::Map(members) => {
                if let Some((function, argument)) = node.call() {
                    return intrinsics::call(self, function, argument, node.place);
                }
                if let Some(extension) = members.iter().find(|member| member.name.starts_with("Fn::")) {
                    return Err(Fault::unsupported(&extension.name, extension.place));
                }
                let mut resolved = Vec::with_capacity(members.len());
                for member in members {
                    self.spend(member.name.len(), member.place)?;
                    let value = self.value(&member.value)?;
                    if value != Value::Nothing {
                        resolved.push((member.name.clone(), value));
                    }
                }
                Ok(Value::Map(resolved))
            }
        }
    }

    fn holds(&self, name: &str, place: Place) -> Result<Option<bool>, Fault> {
        if let Some(known) = self.conditions.borrow().get(name) {
            return Ok(*known);
        }
        let Some(declared) = self.template.declared("Conditions", name) else {
            return Err(Fault::at(place, format!("The template has no condition {name}.")));
        };
        if self.around.borrow().iter().any(|around| around == name) {
            return Err(Fault::at(place, format!("The condition {name} depends on itself.")));
        }
        if self.around.borrow().len() > 100 {
            return Err(Fault::at(place, "The conditions depend on each other more than 100 levels deep."));
        }
        self.around.borrow_mut().push(name.to_owned());
        let result = intrinsics::condition(self, declared);
        self.around.borrow_mut().pop();
        let result = result?;
        self.conditions.borrow_mut().insert(name.to_owned(), result);
        Ok(result)
    }

    fn spend(&self, cost: usize, place: Place) -> Result<(), Fault> {
        let left = self.left.get().checked_sub(cost);
        self.left.set(left.ok_or_else(|| {
            Fault::at(place, "The template expands to more than CloudFormation would take; it is not resolved further.")
        })?);
        Ok(())
    }
}

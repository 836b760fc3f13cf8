//! Resolving, as the functions of a template use it: what a function refers to is resolved like the function itself.

use super::document::Template;
use super::fault::Fault;
use super::inputs::Inputs;
use super::node::{Node, Place};
use super::value::Value;

/// Resolves parts of a template.
pub trait Resolve {
    /// The template.
    fn template(&self) -> &Template;

    /// What is known of the deployment beside it.
    fn inputs(&self) -> &Inputs;

    /// What CloudFormation would pass on.
    ///
    /// # Errors
    /// The template cannot be resolved: CloudFormation would refuse it, or an extension is used that is not supported.
    fn value(&self, node: &Node) -> Result<Value, Fault>;

    /// Whether a condition holds; none when only a deployment knows.
    ///
    /// # Errors
    /// There is no such condition, or it depends on itself.
    fn holds(&self, name: &str, place: Place) -> Result<Option<bool>, Fault>;

    /// Takes a cost off what resolving may cost.
    ///
    /// # Errors
    /// Nothing is left.
    fn spend(&self, cost: usize, place: Place) -> Result<(), Fault>;
}

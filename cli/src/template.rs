//! CloudFormation and SAM templates: read with places, resolved as far as that is possible before a deployment.
//!
//! What only a deployment knows is a value of its own, [`Value::Unknown`], and flows on. Nothing is guessed.

mod attributes;
mod document;
mod dynamic;
mod fault;
mod inputs;
mod intrinsics;
mod json;
mod node;
mod parameter_files;
mod resolve;
mod resolver;
mod value;
mod yaml;

pub use self::attributes::check_attributes;
pub use self::document::{Resource, Template};
pub use self::fault::Fault;
pub use self::inputs::Inputs;
pub use self::node::{Content, Node, Place};
pub use self::parameter_files::read_parameters;
pub use self::resolve::Resolve;
pub use self::resolver::Resolver;
pub use self::value::{Piece, Value};

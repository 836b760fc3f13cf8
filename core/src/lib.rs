//! What a delegated role is: all decisions about it, and no calls.
//!
//! A delegation (the resource's properties) **desires** a role, a role is **observed**, and the difference is
//! **planned** as data. Nothing here awaits, reads a clock or an environment, or knows an AWS SDK: this crate has no
//! dependency that could.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`identifiers`] | validated names: a value of these types is always valid |
//! | [`timestamp`] | a moment in UTC, as conditions, URLs and answers write it |
//! | [`findings`] | problems and warnings: a code, a severity, a property, a sentence |
//! | [`values`] | properties and their scalars, as `CloudFormation` sends them |
//! | [`resource_types`] | the properties and attributes of each resource type, as a table and as JSON schemas |
//! | [`properties`] | reading wire properties: typed values, or every problem at once |
//! | [`owner_limits`] | what the function's owner allows, whatever a template asks |
//! | [`installation`] | where the function works, and what its owner allows |
//! | [`policy`] | IAM documents as values: validated, judged, compared by meaning, printed canonically |
//! | [`role`] | the role: delegation, trust, desired, observed, plan, attributes |
//! | [`external_id`] | the provider's external ID for a customer: made once, derived from then on |
//! | [`access_check`] | the question about a customer's role, its probes, and the verdict |
//! | [`audit`] | what is found in one observed role, and the report about all of them |
//! | [`secrets`] | what no reason and no log line may repeat |
//! | [`seed`] | the randomness of one request, as an input |

pub mod access_check;
pub mod audit;
pub mod external_id;
pub mod findings;
pub mod identifiers;
pub mod installation;
pub mod owner_limits;
pub mod policy;
pub mod properties;
pub mod resource_types;
pub mod role;
pub mod secrets;
pub mod seed;
pub mod timestamp;
pub mod values;

//! The limits of the function's owner, as far as the user gives them.

use std::cell::RefCell;
use std::collections::BTreeSet;

use delegated_role_core::findings::Problems;
use delegated_role_core::owner_limits::{OwnerLimits, Settings};

use crate::console::Console;
use crate::outcome::Unusable;
use crate::template::{Inputs, Resolve, Resolver, Template, Value};

/// Variables of the function's environment that the template sets by itself.
const NO_LIMITS: [&str; 4] = ["CODE_BUCKET_PREFIX", "FUNCTION_ROLE_ARN", "FUNCTION_STACK_ID", "RESOURCE_TYPES"];

/// The limits: those given, over those of the template that installs the function, over the defaults. Where neither says
/// which accounts may be trusted, any may.
pub fn limits(
    given: &[(&str, &str)],
    installed_by: Option<(&str, &Template)>,
    inputs: &Inputs,
    console: &mut Console<'_>,
) -> Result<OwnerLimits, Unusable> {
    let mut environment: Environment = vec![("TRUSTED_ACCOUNT_IDS".to_owned(), "*".to_owned())];
    if let Some((file, template)) = installed_by {
        environment.extend(of_template(file, template, inputs, console)?);
    }
    settings(environment, given)?.limits.map_err(|problems| wrong(&problems))
}

/// Variables of the function's environment and their values. The last value of a variable counts.
pub type Environment = Vec<(String, String)>;

/// The settings of the function in this environment, with the limits that are given.
///
/// # Errors
/// There is no such limit.
pub fn settings(mut environment: Environment, given: &[(&str, &str)]) -> Result<Settings, Unusable> {
    let variables = variables();
    for (name, value) in given {
        let known = variables.iter().find(|known| *known == name || parameter(known) == *name);
        let known = known.filter(|known| !NO_LIMITS.contains(&known.as_str())).ok_or_else(|| {
            let limits = variables.iter().filter(|known| !NO_LIMITS.contains(&known.as_str()));
            let limits: Vec<String> = limits.map(|known| parameter(known)).collect();
            Unusable::new(format!("--limit {name}: there is no such limit. The limits are: {}.", limits.join(", ")))
        })?;
        environment.push((known.clone(), (*value).to_owned()));
    }
    Ok(Settings::from_environment(|name| {
        environment.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }))
}

/// The sentence about settings that cannot be used.
pub fn wrong(problems: &Problems) -> Unusable {
    Unusable::new(format!("The owner's limits are wrong. {problems}"))
}

/// The environment of the function as JSON: what `aws lambda get-function-configuration` prints, or the variables alone.
///
/// # Errors
/// It is something else.
pub fn of_function(file: &str, text: &str) -> Result<Environment, Unusable> {
    let wrong = |why: &str| {
        Unusable::new(format!(
            "{file}: {why}. Save what aws lambda get-function-configuration --function-name service-provider-access prints."
        ))
    };
    let json: serde_json::Value =
        serde_json::from_str(text).map_err(|error| wrong(&format!("This is not valid JSON: {error}")))?;
    let configuration = json.get("Environment").unwrap_or(&json);
    let variables = configuration.get("Variables").unwrap_or(configuration).as_object();
    let variables = variables.filter(|variables| variables.contains_key("ROLE_PATH_PREFIX"));
    let variables =
        variables.ok_or_else(|| wrong("The environment has no ROLE_PATH_PREFIX, so it is not that of the function"))?;
    let text = |(name, value): (&String, &serde_json::Value)| Some((name.clone(), value.as_str()?.to_owned()));
    variables.iter().map(text).collect::<Option<_>>().ok_or_else(|| wrong("A variable is not a text"))
}

/// The variables that the function reads.
fn variables() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    let _ = Settings::from_environment(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    asked.into_inner()
}

/// The parameter that sets a variable: `RolePathPrefix` sets `ROLE_PATH_PREFIX`.
fn parameter(variable: &str) -> String {
    let words = variable.split('_').filter_map(|word| word.split_at_checked(1));
    words.flat_map(|(first, rest)| [first.to_owned(), rest.to_ascii_lowercase()]).collect()
}

/// The environment of the function in the template that installs it. `inputs` are those of this template.
///
/// # Errors
/// It is not a template that installs the function.
pub fn of_template(
    file: &str,
    template: &Template,
    inputs: &Inputs,
    console: &mut Console<'_>,
) -> Result<Environment, Unusable> {
    let known = variables();
    let resolver = Resolver::new(template, inputs);
    let resources = template.resources().map_err(|fault| fault.in_file(file))?;
    let variables = resources.iter().find_map(|resource| {
        let properties = resource.properties.as_ref()?;
        let variables = properties.get("Environment")?.get("Variables")?;
        variables.get("ROLE_PATH_PREFIX").map(|_| variables)
    });
    let Some(variables) = variables else {
        return Err(Unusable::new(format!(
            "{file}: No resource has the environment variable ROLE_PATH_PREFIX, so this template does not install the function. Give \
             template.yaml or stackset.yaml."
        )));
    };
    let mut environment = Vec::new();
    for name in known {
        let Some(node) = variables.get(&name) else { continue };
        match resolver.value(node).map_err(|fault| fault.in_file(file))? {
            Value::Text(text) => environment.push((name, text)),
            Value::Nothing => environment.push((name, String::new())),
            other if NO_LIMITS.contains(&name.as_str()) => drop(other),
            other => console.remark(&format!(
                "{file}:{}: {name} is known after deployment only ({}), so this limit is not judged.",
                node.place,
                other.unknown().join(", ")
            )),
        }
    }
    Ok(environment)
}

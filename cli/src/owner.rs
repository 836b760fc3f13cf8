//! The limits of the function's owner, as far as the user gives them.

use std::cell::RefCell;
use std::collections::BTreeSet;

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
    let variables = variables();
    let mut environment: Vec<(String, String)> = vec![("TRUSTED_ACCOUNT_IDS".to_owned(), "*".to_owned())];
    if let Some((file, template)) = installed_by {
        environment.extend(of_template(file, template, &variables, inputs, console)?);
    }
    for (name, value) in given {
        let known = variables.iter().find(|known| *known == name || parameter(known) == *name);
        let known = known.filter(|known| !NO_LIMITS.contains(&known.as_str())).ok_or_else(|| {
            let limits = variables.iter().filter(|known| !NO_LIMITS.contains(&known.as_str()));
            let limits: Vec<String> = limits.map(|known| parameter(known)).collect();
            Unusable::new(format!("--limit {name}: there is no such limit. The limits are: {}.", limits.join(", ")))
        })?;
        environment.push((known.clone(), (*value).to_owned()));
    }
    let settings = Settings::from_environment(|name| {
        environment.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    });
    settings.limits.map_err(|problems| Unusable::new(format!("The owner's limits are wrong. {problems}")))
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
fn of_template(
    file: &str,
    template: &Template,
    known: &BTreeSet<String>,
    inputs: &Inputs,
    console: &mut Console<'_>,
) -> Result<Vec<(String, String)>, Unusable> {
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
    for name in known.iter().cloned() {
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

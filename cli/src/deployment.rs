//! The arguments that several verbs share: what is known of the deployment and of the function that serves it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use delegated_role_core::identifiers::{AccountId, FunctionArn, Region, StackArn};
use delegated_role_core::installation::Installation;
use delegated_role_core::owner_limits::OwnerLimits;

use crate::console::Console;
use crate::outcome::Unusable;
use crate::owner;
use crate::template::{Inputs, Template, read_parameters};

/// The largest file, in bytes: what CloudFormation takes as a template.
const LARGEST: u64 = 1 << 20;

/// What is known of the deployment.
#[derive(Clone, Debug, Default, Args)]
#[group(skip)]
pub struct Arguments {
    /// A value of a parameter; put secrets into a file (--parameters)
    #[arg(long = "parameter", value_name = "NAME=VALUE")]
    parameter: Vec<String>,
    /// A file with values of parameters: CloudFormation's or SAM's form, a JSON object, or lines of NAME=VALUE
    #[arg(long = "parameters", value_name = "FILE")]
    parameters: Vec<PathBuf>,
    /// The account of the stack; without it, whatever depends on it is unknown
    #[arg(long, value_name = "ACCOUNT_ID")]
    account: Option<String>,
    /// The Region of the stack; without it, the partition is "aws"
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The name of the stack
    #[arg(long, value_name = "NAME")]
    stack_name: Option<String>,
    /// The ID (ARN) of the stack, from which its account, Region and name and the names of its roles follow
    #[arg(long, value_name = "STACK_ID", conflicts_with_all = ["account", "region", "stack_name"])]
    stack_id: Option<String>,
    /// A limit of the function's owner, such as TrustedAccountIds=444455556666
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    limit: Vec<String>,
    /// The template that installs the function; its parameters' defaults are the owner's limits. If it is the template with
    /// the roles, the given values of its parameters are the limits
    #[arg(long, value_name = "TEMPLATE")]
    installed_by: Option<PathBuf>,
}

/// What is known of the deployment, read and checked.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// What the template may refer to.
    pub inputs: Inputs,
    /// The owner's limits.
    pub limits: OwnerLimits,
    /// The stack, if it exists.
    pub stack: Option<StackArn>,
    /// Names of parameters that were given as arguments.
    given: Vec<String>,
}

impl Arguments {
    /// Reads and checks them. The values of parameters are for these templates.
    ///
    /// # Errors
    /// One of them cannot be used.
    pub fn read(&self, templates: &[&Path], console: &mut Console<'_>) -> Result<Deployment, Unusable> {
        let mut parameters = parameters_in(&self.parameters, console)?;
        let mut given = Vec::new();
        for text in &self.parameter {
            let (name, value) = pair("--parameter", text)?;
            given.push(name.to_owned());
            parameters.insert(name.to_owned(), value.to_owned());
        }
        let stack = self.stack_id.as_deref().map(StackArn::parse).transpose();
        let stack = stack.map_err(|allowed| Unusable::new(format!("--stack-id must be {allowed}.")))?;
        let account = stack.as_ref().map(StackArn::account).or(self.account.as_deref());
        let account = account.map(AccountId::parse).transpose();
        let account = account.map_err(|allowed| Unusable::new(format!("--account must be {allowed}.")))?;
        let region = stack.as_ref().map(StackArn::region).or(self.region.as_deref());
        let region = region.map(Region::parse).transpose();
        let region = region.map_err(|allowed| Unusable::new(format!("--region must be {allowed}.")))?;
        let stack_name = stack.as_ref().map(|stack| stack.name().to_owned()).or_else(|| self.stack_name.clone());
        let inputs = Inputs { parameters, account, region, stack_name };
        let limits = self.limit.iter().map(|text| pair("--limit", text)).collect::<Result<Vec<_>, _>>()?;
        let installed_by = match &self.installed_by {
            Some(file) => Some((file.display().to_string(), read_template(file, console)?)),
            None => None,
        };
        let installed_by = installed_by.as_ref().map(|(file, template)| (file.as_str(), template));
        let of_owner = if self.installed_by.as_deref().is_some_and(|file| templates.contains(&file)) {
            inputs.clone()
        } else {
            Inputs { parameters: BTreeMap::new(), ..inputs.clone() }
        };
        let limits = owner::limits(&limits, installed_by, &of_owner, console)?;
        Ok(Deployment { inputs, limits, stack, given })
    }
}

impl Deployment {
    /// With these values, limits and stack.
    pub fn new(inputs: Inputs, limits: OwnerLimits, stack: Option<StackArn>) -> Self {
        Self { inputs, limits, stack, given: Vec::new() }
    }

    /// The function, in this account and Region.
    pub fn installation(&self, account: &AccountId, region: &Region) -> Option<Installation> {
        let partition = self.inputs.partition();
        let function = format!("arn:{partition}:lambda:{region}:{account}:function:service-provider-access");
        let function = FunctionArn::parse(&function).ok()?;
        Some(Installation { function, limits: self.limits.clone() })
    }

    /// The name or ID of the stack, where it is given.
    pub fn stack_to_find(&self) -> Option<String> {
        self.stack.as_ref().map(ToString::to_string).or_else(|| self.inputs.stack_name.clone())
    }

    /// The same with the values of parameters in these files, and no others.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn with_parameters(&self, files: &[PathBuf], console: &mut Console<'_>) -> Result<Self, Unusable> {
        let inputs = Inputs { parameters: parameters_in(files, console)?, ..self.inputs.clone() };
        Ok(Self { inputs, ..self.clone() })
    }

    /// Takes over where the stack is, and returns the function there.
    ///
    /// # Errors
    /// It is not where the user said.
    pub fn locate(&mut self, account: &AccountId, region: &str, stack: Option<&str>) -> Result<Installation, Unusable> {
        let region = Region::parse(region).map_err(|_| Unusable::new(format!("{region} is not a Region.")))?;
        let elsewhere = self.inputs.account.as_ref().is_some_and(|given| given != account);
        if elsewhere || self.inputs.region.as_ref().is_some_and(|given| *given != region) {
            let given = |given: Option<String>| given.unwrap_or_else(|| "(not given)".to_owned());
            return Err(Unusable::new(format!(
                "Your credentials are for account {account} and Region {region}, but the stack is in account {} and Region {}. Set \
                 AWS_PROFILE and AWS_REGION to those of the stack.",
                given(self.inputs.account.as_ref().map(ToString::to_string)),
                given(self.inputs.region.as_ref().map(ToString::to_string)),
            )));
        }
        self.stack = stack.and_then(|id| StackArn::parse(id).ok()).or(self.stack.take());
        let installation = self.installation(account, &region);
        (self.inputs.account, self.inputs.region) = (Some(account.clone()), Some(region));
        installation.ok_or_else(|| Unusable::new("The account and Region make no function's ARN."))
    }

    /// Checks the parameters that were given as arguments against the templates.
    ///
    /// # Errors
    /// No template has such a parameter, or its value is a secret.
    pub fn check_parameters(&self, templates: &[(String, Template)]) -> Result<(), Unusable> {
        for name in &self.given {
            let known =
                || templates.iter().map(|(_, template)| template).filter(|template| template.has_parameter(name));
            if known().next().is_none() {
                return Err(Unusable::new(format!("--parameter {name}: the template has no parameter of this name.")));
            }
            if known().any(|template| template.hides_parameter(name)) {
                return Err(Unusable::new(format!(
                    "--parameter {name}: the parameter is a secret (NoEcho), and others can read arguments. Put it into a file \
                     and give --parameters FILE."
                )));
            }
        }
        Ok(())
    }
}

/// The values of parameters in files; those in later files count.
fn parameters_in(files: &[PathBuf], console: &mut Console<'_>) -> Result<BTreeMap<String, String>, Unusable> {
    let mut parameters = BTreeMap::new();
    for file in files {
        let text = read_file(file, console)?;
        let read = read_parameters(&text).map_err(|why| Unusable::new(format!("{}: {why}", file.display())))?;
        parameters.extend(read);
    }
    Ok(parameters)
}

/// The name and the value of an option.
///
/// # Errors
/// It has another form.
pub fn pair<'t>(option: &str, text: &'t str) -> Result<(&'t str, &'t str), Unusable> {
    let known = text.split_once('=').filter(|(name, _)| !name.is_empty());
    known.ok_or_else(|| Unusable::new(format!("{option} must have the form NAME=VALUE.")))
}

/// The text of a file; `-` is standard input.
///
/// # Errors
/// It cannot be read, is too large, or is not text.
pub fn read_file(file: &Path, console: &mut Console<'_>) -> Result<String, Unusable> {
    read_up_to(LARGEST, "the most that CloudFormation takes as a template", file, console)
}

/// The same with another limit, and why it is one.
///
/// # Errors
/// Those of [`read_file`].
pub fn read_up_to(largest: u64, why: &str, file: &Path, console: &mut Console<'_>) -> Result<String, Unusable> {
    if file == Path::new("-") {
        return console.read_input(largest);
    }
    let wrong = |why: &str| Unusable::new(format!("{}: {why}", file.display()));
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(|error| wrong(&format!("The file cannot be read: {error}.")))?;
    let read = opened.take(largest + 1).read_to_end(&mut bytes);
    read.map_err(|error| wrong(&format!("The file cannot be read: {error}.")))?;
    if bytes.len() as u64 > largest {
        return Err(wrong(&format!("The file has more than {largest} bytes, {why}.")));
    }
    String::from_utf8(bytes).map_err(|_| wrong("The file is not text in UTF-8."))
}

/// A template in a file.
///
/// # Errors
/// It is not one.
pub fn read_template(file: &Path, console: &mut Console<'_>) -> Result<Template, Unusable> {
    let text = read_file(file, console)?;
    Template::read(&text).map_err(|fault| fault.in_file(&file.display().to_string()))
}

//! What the function would say of the resources of a template.

use std::collections::BTreeSet;

use delegated_role_core::access_check::question::Check;
use delegated_role_core::external_id;
use delegated_role_core::findings::{Finding, Problems};
use delegated_role_core::identifiers::{AccountId, PolicyArn, Region, StackArn};
use delegated_role_core::installation::Installation;
use delegated_role_core::policy::Document;
use delegated_role_core::resource_types::ResourceType;
use delegated_role_core::role::account_lookup::{AccountLookup, policies_to_judge};
use delegated_role_core::role::declaration::{Declaration, Previous};
use delegated_role_core::role::goal;
use delegated_role_core::role::ownership::StackResource;
use delegated_role_core::timestamp::Timestamp;
use delegated_role_core::values::{Properties, texts};

use crate::deployment::Deployment;
use crate::outcome::Unusable;
use crate::template::{Fault, Node, Place, Resolve, Resolver, Resource, Template, Value, check_attributes};
use crate::worlds::{World, common, harmless_policy};

/// The resource type of a role.
pub const ROLE: &str = "Custom::DelegatedRole";

/// The resource types of the function.
const TYPES: [&str; 3] = [ROLE, "Custom::ExternalId", "Custom::AccessCheck"];

/// The account that stands for one that is not known. No account has this ID.
pub const NO_ACCOUNT: &str = "000000000000";

/// A resource of the function's, resolved.
#[derive(Debug)]
pub struct Declared {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type.
    pub kind: String,
    /// Where its name stands.
    pub place: Place,
    /// Its properties, with what is unknown.
    pub properties: Vec<(String, Value)>,
    written: Option<std::rc::Rc<Node>>,
}

/// A finding, with its place.
#[derive(Clone, Debug)]
pub struct Located {
    /// What is found.
    pub finding: Finding,
    /// Where: the statement, the property or the resource.
    pub place: Place,
}

/// A property of which a part is known after the deployment only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The property.
    pub property: String,
    /// Where.
    pub place: Place,
    /// Why, each reason once.
    pub reasons: Vec<String>,
}

/// The resources of the function's in a template. Those whose condition does not hold do not exist.
///
/// # Errors
/// The template cannot be resolved.
pub fn declared(file: &str, template: &Template, deployment: &Deployment) -> Result<Vec<Declared>, Unusable> {
    let resolver = Resolver::new(template, &deployment.inputs);
    let found = || -> Result<Vec<Declared>, Fault> {
        let mut declared = Vec::new();
        for resource in template.resources()? {
            if !TYPES.contains(&resource.kind.as_str()) && !is_meant_for_the_function(&resource) {
                continue;
            }
            if let Some((name, place)) = &resource.unknown {
                let sentence = format!("{name} is not a member of a resource; write it under Properties.");
                return Err(Fault::at(*place, sentence));
            }
            if let Some(condition) = &resource.condition
                && resolver.holds(condition, resource.place)? == Some(false)
            {
                continue;
            }
            declared.push(resolved(&resolver, resource)?);
        }
        check_attributes(template)?;
        Ok(declared)
    };
    found().map_err(|fault| fault.in_file(file))
}

/// Whether a resource of another type would reach the function, which refuses it: its service token is the function's, or its
/// type is misspelled.
fn is_meant_for_the_function(resource: &Resource) -> bool {
    let custom = resource.kind.starts_with("Custom::") || resource.kind == "AWS::CloudFormation::CustomResource";
    let token = || resource.properties.as_ref().and_then(|properties| properties.get("ServiceToken"));
    custom
        && (token().is_some_and(|token| names_the_function(token)) || ResourceType::meant_by(&resource.kind).is_some())
}

/// The export of the function's ARN, or the ARN.
fn names_the_function(token: &Node) -> bool {
    match token.call() {
        Some(("Fn::ImportValue" | "Fn::Sub", name)) => name.text().is_some_and(is_its_name) || names_the_function(name),
        Some(_) => false,
        None => token.text().is_some_and(is_its_name),
    }
}

fn is_its_name(text: &str) -> bool {
    let export = ["service-provider-access-ServiceToken", "service-provider-access-provider-ServiceToken"];
    export.contains(&text) || text.ends_with(":function:service-provider-access")
}

fn resolved(resolver: &Resolver<'_>, resource: Resource) -> Result<Declared, Fault> {
    let Resource { logical_id, kind, place, properties: written, .. } = resource;
    let properties = match &written {
        None => Vec::new(),
        Some(node) => match resolver.value(node)? {
            Value::Map(members) => members,
            Value::Nothing | Value::Null => Vec::new(),
            Value::Unknown(why) => {
                return Err(Fault::at(
                    node.place,
                    format!("The properties of {logical_id} are not resolved here: {why}."),
                ));
            }
            _ => return Err(Fault::at(node.place, format!("The properties of {logical_id} must be an object."))),
        },
    };
    Ok(Declared { logical_id, kind, place, properties, written })
}

impl Declared {
    /// A role of which only the name in the template is known.
    pub fn named(logical_id: &str) -> Self {
        Self {
            logical_id: logical_id.to_owned(),
            kind: ROLE.to_owned(),
            place: Place { line: 1, column: 1 },
            properties: Vec::new(),
            written: None,
        }
    }

    /// The properties that are not known as a whole, without CloudFormation's own, which the function does not read.
    pub fn not_known(&self) -> impl Iterator<Item = (&str, &Value)> {
        let unknown = self.properties.iter().filter(|(_, value)| !value.is_known());
        unknown
            .map(|(name, value)| (name.as_str(), value))
            .filter(|(name, _)| !["ServiceToken", "ServiceTimeout"].contains(name))
    }

    /// What is unknown: parts of the template, and what is only in the account.
    pub fn unknown(&self, deployment: &Deployment) -> Vec<Unknown> {
        let mut unknown: Vec<Unknown> = Vec::new();
        for (property, value) in self.not_known() {
            let reasons = value.unknown().into_iter().map(ToOwned::to_owned).collect();
            unknown.push(Unknown { property: property.to_owned(), place: self.place_of(property, None), reasons });
        }
        if self.kind == ROLE {
            let property = "ManagedPolicyArns";
            let world = World::LeftOut.properties(&self.properties);
            let unread: BTreeSet<PolicyArn> =
                self.places(deployment).iter().flat_map(|place| policies_to_judge(&world, place.account())).collect();
            let mut reasons: Vec<String> = unread.iter().map(unread_policy).collect();
            match unknown.iter_mut().find(|known| known.property == property) {
                Some(known) => known.reasons.append(&mut reasons),
                None if reasons.is_empty() => {}
                None => unknown.push(Unknown {
                    property: property.to_owned(),
                    place: self.place_of(property, None),
                    reasons,
                }),
            }
        }
        unknown
    }

    /// Everything that the function would find, as far as it does not depend on what is unknown. `earlier` are the
    /// properties before, when the resource exists.
    pub fn findings(&self, deployment: &Deployment, now: Timestamp, earlier: Option<&Properties>) -> Vec<Located> {
        let known = self.properties.iter().all(|(_, value)| value.is_known());
        let worlds = if known { &World::ALL[..1] } else { &World::ALL[..] };
        let places = self.places(deployment);
        let judged = places.iter().flat_map(|place| {
            worlds.iter().map(|world| self.judged(deployment, place, &world.properties(&self.properties), now, earlier))
        });
        let located = common(judged).into_iter().map(|finding| {
            let place = self.place_of(&finding.property, finding.statement_number());
            Located { finding, place }
        });
        located.collect()
    }

    /// What the function in this place would find with these properties.
    fn judged(
        &self,
        deployment: &Deployment,
        installation: &Installation,
        properties: &Properties,
        now: Timestamp,
        earlier: Option<&Properties>,
    ) -> Vec<Finding> {
        let resource = self.resource(installation, deployment);
        match self.kind.as_str() {
            "Custom::ExternalId" => problems(external_id::Derivation::read(properties, None).err()),
            "Custom::AccessCheck" => {
                let check = Check::read(properties, installation.account(), &resource.stack_id, &resource.logical_id);
                problems(check.err())
            }
            ROLE => {
                let lookup = offline_lookup(properties, installation);
                let previous = earlier
                    .map(|properties| Previous { physical_id: resource.refused_id(), properties: properties.clone() });
                let declaration = Declaration { resource, properties: properties.clone(), previous, sent: None };
                goal::findings(&declaration, installation, &lookup, now)
            }
            other => vec![ResourceType::unknown(other)],
        }
    }

    /// The resource in its stack. Of a stack whose ID is not known yet, a similar one is made up.
    pub fn resource(&self, installation: &Installation, deployment: &Deployment) -> StackResource {
        let logical_id = self.logical_id.clone();
        if let Some(stack) = &deployment.stack {
            return StackResource { stack_id: stack.to_string(), stack_name: stack.name().to_owned(), logical_id };
        }
        let account = installation.account();
        let name = deployment.inputs.stack_name.as_deref().unwrap_or("stack");
        let stack_id = format!(
            "arn:{}:cloudformation:{}:{}:stack/{name}/00000000-0000-0000-0000-000000000000",
            account.partition,
            installation.region(),
            account.id
        );
        let known = StackArn::parse(&stack_id).map(|stack| stack.name().to_owned());
        StackResource { stack_name: known.unwrap_or_default(), stack_id, logical_id }
    }

    /// Where the function may be. Of an account or a Region that is not known, what the properties name is tried as well:
    /// it may be that one.
    pub fn places(&self, deployment: &Deployment) -> Vec<Installation> {
        let world = World::LeftOut.properties(&self.properties);
        let given = |name: &str| world.get(name).map(|value| texts(Some(value))).unwrap_or_default();
        let accounts: Vec<AccountId> = if let Some(account) = &deployment.inputs.account {
            vec![account.clone()]
        } else {
            let arns = ["ManagedPolicyArns", "PermissionsBoundary"].map(given).concat();
            let named = arns.iter().filter_map(|arn| PolicyArn::parse(arn).ok());
            let named = named.filter_map(|arn| AccountId::parse(arn.owner()).ok());
            AccountId::parse(NO_ACCOUNT).into_iter().chain(named).collect()
        };
        let regions: Vec<Region> = if let Some(region) = &deployment.inputs.region {
            vec![region.clone()]
        } else {
            let home = given("HomeRegion").into_iter().filter_map(|region| Region::parse(&region).ok());
            Region::parse("us-east-1").into_iter().chain(home).collect()
        };
        let places = accounts.iter().flat_map(|account| regions.iter().map(move |region| (account, region)));
        places.filter_map(|(account, region)| deployment.installation(account, region)).collect()
    }

    /// Where a property stands, or the statement of this number in it; the resource for one that is not there.
    fn place_of(&self, property: &str, statement: Option<usize>) -> Place {
        let end = property.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(property.len());
        let written = self.written.as_ref();
        let exact = written.and_then(|written| written.member(property));
        let Some(member) = exact.or_else(|| written?.member(&property[..end])) else { return self.place };
        let statements = member.value.get("Statement");
        let stated = statement.and_then(|number| match statements?.items() {
            Some(items) => items.get(number - 1).map(|item| item.place),
            None => statements.map(|one| one.place),
        });
        stated.unwrap_or(member.place)
    }
}

/// Why the document of this managed policy is not judged. AWS's own are judged by their names.
fn unread_policy(arn: &PolicyArn) -> String {
    if arn.owner() == "aws" {
        format!("what {arn} allows, since this version knows no AWS managed policy of that name (check its spelling)")
    } else {
        format!("what {arn} allows, which depends on the account")
    }
}

fn problems(problems: Option<Problems>) -> Vec<Finding> {
    problems.map(|problems| problems.in_order().into_iter().cloned().collect()).unwrap_or_default()
}

/// What a reader of the account would find, where nothing is read: policies that must be read are taken for harmless, and
/// listed as unknown.
pub fn offline_lookup(properties: &Properties, installation: &Installation) -> AccountLookup {
    let unread = policies_to_judge(properties, installation.account());
    let document = || Document::from_value(harmless_policy()).ok();
    AccountLookup { policies: unread.into_iter().map(|arn| (arn, document())).collect(), ..AccountLookup::default() }
}

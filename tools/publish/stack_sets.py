"""Finds the existing stack sets. They decide which commands are printed."""

import dataclasses

import boto3
from botocore.exceptions import ClientError

from .failure import PublishError, aws_errors, aws_message

# Automatic deployment keeps no order of Regions within a stack set, only an order of stack sets (DependsOn). So the home
# Region has its own stack set: its role exists before the stacks of the other Regions look for it.
HOME, OTHERS = "service-provider-access", "service-provider-access-regions"
# The default of the parameter in stackset.yaml.
DEFAULT_ROLE_PATH_PREFIX = "/delegated/"


class StackSetsUnknown(Exception):
    """The message is the reason. The code can still be published."""


@dataclasses.dataclass(frozen=True)
class Deployed:
    parameters: dict
    # The Regions in which the stack set has stacks, and the organizational units that it deploys to.
    regions: list
    organizational_units: list


def find(settings):
    """Both stack sets by name, with None for a stack set that does not exist."""
    # If the order in REGIONS has changed, another Region than the first can have the stack set of the home Region.
    for region in settings.regions[1:]:
        if _describe(HOME, region, settings):
            raise PublishError(
                f"The stack set {HOME} exists in {region}, so the home Region is {region}, not {settings.home_region}. Set "
                f"HOME_REGION={region}. To move the home Region, see docs/organization.md. Nothing was published."
            )
    deployed = {name: _describe(name, settings.home_region, settings) for name in (HOME, OTHERS)}
    for name, stack_set in deployed.items():
        if stack_set:
            _check(name, stack_set, settings)
    return deployed


def role_prefixes(settings, deployed):
    """The path and the beginning of the names of the delegated roles, which may not write the code. The stack sets decide, since
    both are permanent."""
    at_home = deployed[HOME].parameters if deployed and deployed[HOME] else {}
    requested = {"RolePathPrefix": settings.role_path_prefix, "RoleNamePrefix": settings.role_name_prefix}
    for (name, value), variable in zip(requested.items(), ("ROLE_PATH_PREFIX", "ROLE_NAME_PREFIX")):
        if at_home.get(name) and value and at_home[name] != value:
            raise PublishError(
                f"The stack set {HOME} has {name}={at_home[name]}, which never changes. Omit {variable}. Nothing was published."
            )
    prefixes = {name: value or at_home.get(name, "") for name, value in requested.items()}
    prefixes["RolePathPrefix"] = prefixes["RolePathPrefix"] or DEFAULT_ROLE_PATH_PREFIX
    if prefixes["RolePathPrefix"] == "/" and not prefixes["RoleNamePrefix"]:
        raise PublishError("ROLE_PATH_PREFIX can be / only together with ROLE_NAME_PREFIX. Nothing was published.")
    return prefixes


def _check(name, stack_set, settings):
    home = stack_set.parameters.get("HomeRegion")
    if home and home != settings.home_region:
        raise PublishError(
            f"The stack set {name} in {settings.home_region} has HomeRegion={home}, so the stack in {home} manages the role. Set "
            f"HOME_REGION={home}. To move the home Region, see docs/organization.md. Nothing was published."
        )
    # An update changes all stacks of the set, and each stack reads the code from its own Region.
    missing = [region for region in stack_set.regions if region not in settings.regions]
    if missing:
        raise PublishError(
            f"The stack set {name} also has stacks in {', '.join(missing)}. They cannot be updated without the code there. Add "
            f"{', '.join(missing)} to REGIONS, or delete these stacks first (delete-stack-instances). Nothing was published."
        )


def _describe(name, region, settings):
    call_as = {"CallAs": "DELEGATED_ADMIN"} if settings.delegated_admin else {}
    cloudformation = boto3.client("cloudformation", region_name=region)
    with aws_errors(f"Reading the stack set {name} in {region}"):
        try:
            found = cloudformation.describe_stack_set(StackSetName=name, **call_as)["StackSet"]
        except cloudformation.exceptions.StackSetNotFoundException:
            return None
        except ClientError as error:
            raise StackSetsUnknown(
                f"Could not determine whether the stack set {name} exists in {region} (cloudformation:DescribeStackSet). "
                f"{aws_message(error)}. The commands for both cases are printed: to create the stack sets, and to update them."
            ) from error
    if found["Status"] != "ACTIVE":
        return None
    return Deployed(
        parameters={parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in found.get("Parameters", [])},
        regions=sorted(found.get("Regions", [])),
        organizational_units=found.get("OrganizationalUnitIds", []),
    )

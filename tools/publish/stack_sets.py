"""The stack sets that are there already: what is printed follows from them."""

import dataclasses

import boto3
from botocore.exceptions import ClientError

from .failure import CannotPublish, told_as

# Automatic deployment keeps no order of Regions within a stack set, and one between stack sets (DependsOn). So the home
# Region has a stack set of its own: its role is there before the stacks of the others look for it.
HOME, OTHERS = "service-provider-access", "service-provider-access-regions"


class CannotTell(Exception):
    """The message says why. It is no reason not to publish."""


@dataclasses.dataclass(frozen=True)
class Deployed:
    parameters: dict
    # Where it has stacks, and whose accounts have them.
    regions: list
    organizational_units: list


def look(wishes):
    """What there is of either stack set, by name; None for what is not there."""
    # A Region that was home once may have it still, when the order of REGIONS is another than last time.
    for region in wishes.regions[1:]:
        if _described(HOME, region, wishes):
            raise CannotPublish(
                f"There is a stack set {HOME} in {region}, so that is the home Region, not {wishes.home_region}: give "
                f"HOME_REGION={region}. How to move it: docs/organization.md. Nothing was published."
            )
    found = {name: _described(name, wishes.home_region, wishes) for name in (HOME, OTHERS)}
    for name, deployed in found.items():
        if deployed:
            _fits(name, deployed, wishes)
    return found


def _fits(name, deployed, wishes):
    home = deployed.parameters.get("HomeRegion")
    if home and home != wishes.home_region:
        raise CannotPublish(
            f"The role is kept in {home}, as HomeRegion of the stack set {name} in {wishes.home_region} says, and not in "
            f"{wishes.home_region}: give HOME_REGION={home}. How to move it: docs/organization.md. Nothing was published."
        )
    # An update reaches every stack of the set, and each takes the code from its own Region.
    forgotten = [region for region in deployed.regions if region not in wishes.regions]
    if forgotten:
        raise CannotPublish(
            f"The stack set {name} has stacks in {', '.join(forgotten)}, too, which could not be updated without the code: add "
            "that to REGIONS, or delete these stacks first (delete-stack-instances). Nothing was published."
        )


def _described(name, region, wishes):
    call_as = {"CallAs": "DELEGATED_ADMIN"} if wishes.delegated_admin else {}
    cloudformation = boto3.client("cloudformation", region_name=region)
    with told_as(f"Looking for the stack set {name} in {region}"):
        try:
            found = cloudformation.describe_stack_set(StackSetName=name, **call_as)["StackSet"]
        except cloudformation.exceptions.StackSetNotFoundException:
            return None
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
            raise CannotTell(
                f"Whether there is a stack set {name} in {region} cannot be told (cloudformation:DescribeStackSet; AWS says: "
                f"{code}: {message}), so the commands for both cases are printed: for the first time, and for afterwards."
            ) from error
    if found["Status"] != "ACTIVE":
        return None
    return Deployed(
        parameters={given["ParameterKey"]: given["ParameterValue"] for given in found.get("Parameters", [])},
        regions=sorted(found.get("Regions", [])),
        organizational_units=found.get("OrganizationalUnitIds", []),
    )

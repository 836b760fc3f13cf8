"""The plans in the demo: what `delegated-role plan` prints before the customer deploys and before the customer updates."""

import json

from . import command
from .constants import CUSTOMER, REGION, ROOT, SECOND_ID, STACK_NAME

TEMPLATE = ROOT / "template.yaml"
# Where the stack will be. The template installs the function, too, and so sets its owner's limits.
PLACE = ("--account", CUSTOMER, "--region", REGION, "--stack-name", STACK_NAME, "--installed-by", TEMPLATE)


def build(report):
    report.step("Build the command `delegated-role` without the AWS SDK: it says what a template will do")
    command.build()


def creation(report, parameters):
    report.step("Plan the first deployment: `delegated-role plan template.yaml` against a template without resources")
    printed = plan("--against", "nothing.yaml", new=parameters)
    show(report, printed)
    report.check("Plan: 1 to create, 0 to update" in printed, "the plan creates one role, and changes nothing else")


def update(report, parameters, changed):
    report.step("Plan an update: the same template with other parameters")
    printed = plan("--against", TEMPLATE, "--against-parameters", "old.json", old=parameters, new=changed)
    show(report, printed)
    report.check("Plan: 0 to create, 1 to update" in printed, "the plan changes the role")
    report.check("    - arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess" in printed, "it takes the managed policy away")
    report.check(SECOND_ID not in printed, "it does not contain the external ID")


def plan(*against, old=None, new):
    files = {"nothing.yaml": "Resources: {}\n", "old.json": json.dumps(old or {}), "new.json": json.dumps(new)}
    return command.run("plan", TEMPLATE, *against, *PLACE, "--parameters", "new.json", files=files)


def show(report, printed):
    for line in printed.splitlines():
        report.info(f"    {line}".rstrip())

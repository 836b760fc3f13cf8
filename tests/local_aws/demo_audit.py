"""The last part of the demo, the day after: changes that no stack sees, and the audit that finds them."""

import json

from . import command, sam
from .constants import FIRST_ID, FUNCTION_NAME, LOGS, PROVIDER, ROOT, SECOND_ID
from .direct_calls import findings, invoke
from .policies import EXTERNAL_ID_KEY, trust_statement
from .stacks import Stack, delegated_role

REPORT, PAGE = LOGS / "audit.json", LOGS / "audit.html"
NEVER_AGREED = f"{SECOND_ID[:5]}anything"


def run(report, aws, customer, acme, role_arn, parameters):
    """`parameters` are those of the customer's stack, whose role this is."""
    name = role_arn.rsplit("/", 1)[1]
    second = Stack(customer, "second-provider")

    report.step("You are the customer again. A second role, in a stack of its own, which keeps the role when it is deleted")
    template = delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=FIRST_ID)
    template["Resources"]["Role"]["DeletionPolicy"] = "Retain"
    report.check_equal(second.create(template), "CREATE_COMPLETE", "the stack is complete")
    second_name, second_arn = (second.outputs()[output] for output in ("RoleName", "RoleArn"))
    audited = audit(customer)
    report.check_equal(
        {role["RoleName"]: role["Findings"] for role in audited["Roles"]},
        {name: [], second_name: []},
        "the audit lists both roles, and finds nothing",
    )

    report.step("The day after, someone loosens the first role by hand, and deletes the stack of the second one")
    customer.set_trust(role_arn, trust_statement(StringLike={EXTERNAL_ID_KEY: f"{SECOND_ID[:5]}*"}))
    report.check(acme.assume(role_arn, NEVER_AGREED), "the provider with an external ID that was never agreed: allowed")
    report.check_equal(second.delete(), "DELETE_COMPLETE", "the stack of the second role is deleted")
    report.check(acme.assume(second_arn, FIRST_ID), "its role still lets the provider in")

    report.step('The daily audit finds both. Now by hand: invoke the function with {"Audit": {}}')
    audited = audit(customer)
    REPORT.write_text(json.dumps(audited, indent=2) + "\n")
    report.check(audited["Complete"], "the audit is complete")
    first, orphan = findings(audited, name), findings(audited, second_name)
    report.check_equal(first, {"open": "error", "drifted": "error"}, "the first role is open, and not as it was written")
    report.check_equal(orphan, {"orphaned": "error"}, "the second role is orphaned: no stack manages it")
    for role in audited["Roles"]:
        for finding in role["Findings"]:
            report.info(f"{role['RoleName']}: {finding['Code']}")
            report.info_wrapped(finding["Message"])
    command.run("report", REPORT, "--html", PAGE)
    page = PAGE.read_text()
    report.check(name in page and second_name in page, "`delegated-role report` makes a page of it for the access review")
    written = REPORT.read_text() + page
    report.check(FIRST_ID not in written and SECOND_ID[:12] not in written, "no external ID is in the report or in the page")

    report.step("Put it right: change Revision and update the stack; delete the role that no one needs")
    sam.deploy(aws, {**parameters, "Revision": "2"})
    report.check(not acme.assume(role_arn, NEVER_AGREED), "the provider with the external ID that was never agreed: denied")
    report.check(acme.assume(role_arn, SECOND_ID), "the provider with the agreed external ID: allowed")
    customer.delete_role(second_name)
    report.check_equal([role["Findings"] for role in audit(customer)["Roles"]], [[]], "the audit finds nothing")


def audit(customer):
    return invoke(customer.client("lambda"), FUNCTION_NAME, {"Audit": {}})


def show_report(report):
    """The last line of the demo: what an auditor gets."""
    report.info(f"What the audit found, as a page: {PAGE.relative_to(ROOT)}")

"""`make demo`: what a customer and a service provider do, on a local AWS that enforces IAM.

This module has the customer's part, demo_provider.py has the provider's part, and demo_audit.py the day after. Every
statement is checked before it is printed. The demo ends with exit code 1 at the first statement that is not true. It always stops what it started.
"""

import json
import signal
import sys

from botocore.exceptions import ClientError

from . import command, demo_audit, demo_plan, demo_provider, policies, sam, templates
from .accounts import Account
from .constants import CUSTOMER, LOGS, PROVIDER, ROOT, SECOND_ID, STACK_NAME, STRANGER
from .emulator import LocalAws, NotStarted
from .report import CheckFailed, Report
from .stacks import Stack

LOG = LOGS / "demo.log"


def main():
    report = Report()
    report.step("Build the function with `sam build`, which runs `cargo lambda build` (several minutes the first time)")
    sam.build()
    binary = templates.BUILT_FUNCTION / "bootstrap"
    report.info(f"The function is one binary of {binary.stat().st_size / 1e6:.1f} MB.")
    demo_plan.build(report)

    report.step("Start a local AWS that enforces IAM")
    aws = LocalAws(LOG)
    with aws:
        report.info(f"MiniStack listens on {aws.endpoint}, on this machine only. Its log: {LOG.relative_to(ROOT)}")
        customer, provider, stranger = (Account(aws, account) for account in (CUSTOMER, PROVIDER, STRANGER))
        acme, intruder = provider.create_user("acme"), stranger.create_user("intruder")
        report.info(f"You are the customer, account {CUSTOMER}. The service provider is account {PROVIDER}.")
        report.info(f"Account {STRANGER} is a stranger: an account that must not get access.")
        role_arn, parameters = run(report, aws, customer, acme, intruder)
        demo_provider.run(report, aws, customer, provider, acme, intruder)
        demo_audit.run(report, aws, customer, acme, role_arn, parameters)
        delete(report, customer, acme, role_arn)
        report.step("Stop the local AWS")
    report.check(not answers(aws), "the local AWS does not answer any more")
    demo_audit.show_report(report)
    report.finish()


def run(report, aws, customer, acme, intruder):
    """Returns the ARN of the role, and the parameters of its stack."""
    stack = Stack(customer, STACK_NAME)
    parameters = {"ExternalAwsAccountId": PROVIDER}
    demo_plan.creation(report, parameters)

    report.step(f"Deploy template.yaml with `sam deploy` and ExternalAwsAccountId={PROVIDER}")
    sam.deploy(aws, parameters, report=lambda change: report.info(f"Changed for MiniStack only: {change}"))
    report.check_equal(stack.describe()["StackStatus"], "CREATE_COMPLETE", "CloudFormation calls the function, and the stack is complete")

    report.step("Read the outputs of the stack")
    outputs = stack.outputs()
    for name, value in outputs.items():
        if "\n" in value:
            report.info(f"{name}:")
            for line in value.splitlines():
                report.info(f"    {line}")
        else:
            report.info(f"{name}: {value or '(none)'}")
    report.check_equal(outputs["Warnings"], "", "there are no warnings")
    role_arn, external_id = outputs["RoleArn"], outputs["ExternalId"]
    role = customer.client("iam").get_role(RoleName=outputs["RoleName"])["Role"]
    report.check_equal(role["Arn"], role_arn, "IAM has a role with the ARN in the output RoleArn")
    report.check(len(external_id) >= 32, f"no external ID is given, so the function generates one with {len(external_id)} characters")

    report.step(f"Try to assume the role as IAM users of the accounts {PROVIDER} and {STRANGER}")
    session = acme.assume(role_arn, external_id)
    report.check(session, "the provider with the external ID: allowed")
    report.check(not acme.assume(role_arn), "the provider without an external ID: denied")
    wrong = external_id[:-1] + ("0" if external_id[-1] != "0" else "1")
    report.check(not acme.assume(role_arn, wrong), "the provider with one wrong character in the external ID: denied")
    report.check(not intruder.assume(role_arn, external_id), "the stranger with the external ID: denied")
    report.check(not intruder.assume(role_arn), "the stranger without an external ID: denied")

    report.step("Use the provider's session")
    terminate = session.is_allowed("ec2", "terminate_instances", InstanceIds=["i-0123456789abcdef0"])
    report.check(session.is_allowed("ec2", "describe_instances"), "describe EC2 instances (AmazonEC2ReadOnlyAccess): allowed")
    report.check(not terminate, "terminate an EC2 instance: denied")
    report.check(not session.is_allowed("iam", "list_users"), "list IAM users: denied")

    changed = {
        **parameters,
        "ExternalId": SECOND_ID,
        "ManagedPolicyArns": "",
        "CustomPolicy": json.dumps(policies.allow("logs:DescribeLogGroups")),
    }
    demo_plan.update(report, parameters, changed)

    report.step("Update the stack: a new external ID, and a custom policy instead of the managed policy")
    sam.deploy(aws, changed)
    report.check_equal(stack.describe()["StackStatus"], "UPDATE_COMPLETE", "the stack is updated")
    report.check_equal(stack.outputs()["RoleArn"], role_arn, "the role is still the same")
    report.check_equal(stack.outputs()["ExternalId"], SECOND_ID, "the output ExternalId is the new external ID")
    report.check(not acme.assume(role_arn, external_id), "the provider with the old external ID: denied")
    session = acme.assume(role_arn, SECOND_ID)
    report.check(session, "the provider with the new external ID: allowed")
    report.check(session.is_allowed("logs", "describe_log_groups"), "describe log groups (the new policy): allowed")
    report.check(not session.is_allowed("ec2", "describe_instances"), "describe EC2 instances (the old policy): denied")

    return role_arn, changed


def delete(report, customer, acme, role_arn):
    report.step("Delete the customer's stack")
    report.check_equal(Stack(customer, STACK_NAME).delete(), "DELETE_COMPLETE", "the stack is deleted")
    iam, function, logs = (customer.client(service) for service in ("iam", "lambda", "logs"))
    report.check_equal(iam.list_roles()["Roles"], [], "no role remains: not the provider's, not the function's")
    report.check_equal(function.list_functions()["Functions"], [], "no function remains")
    report.check_equal(logs.describe_log_groups()["logGroups"], [], "no log group remains")
    report.check(not acme.assume(role_arn, SECOND_ID), "the provider with the external ID: denied")


def answers(aws):
    try:
        Account(aws, CUSTOMER).client("sts").get_caller_identity()
    except ClientError:
        return True
    except Exception:
        return False
    return True


def exit_on_signal(number, _frame):
    # SystemExit, so that everything that was started is stopped on the way out.
    sys.exit(128 + number)


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, exit_on_signal)
    try:
        main()
    except CheckFailed as failure:
        sys.exit(f"   ✗ {failure}\n\nThe demo failed. See the log of the local AWS: {LOG.relative_to(ROOT)}")
    except (command.Failed, sam.CommandFailed, templates.NotBuilt, templates.NothingToRelax, NotStarted) as failure:
        sys.exit(f"\nThe demo failed: {failure}")
    except KeyboardInterrupt:
        sys.exit("\nStopped.")

"""`make demo`: what a customer and a service provider live through, on a local AWS that enforces IAM.

The customer's story is here, the provider's in demo_provider.py. Every claim that is printed has been checked; the first one that does not hold ends the demo with
exit code 1. Whatever happens, what was started is stopped.
"""

import json
import signal
import sys

from botocore.exceptions import ClientError

from . import demo_provider, overlay, sam
from .accounts import Account
from .emulator import CUSTOMER, PROVIDER, STRANGER, LocalAws, NotStarted
from .stacks import Stack
from .story import NotAsExpected, Story

LOG = sam.ROOT / ".aws-sam" / "local" / "demo.log"
PREFIX = "/delegated/"
NEW_EXTERNAL_ID = "acme-2f6c1d0b9e8a47c5b3d2e1f0a9b8c7d6"
NEW_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "ReadTheLogs", "Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*"}],
}


def main():
    story = Story()
    story.step("Build the function: `sam build`, which is `cargo lambda build` (the first time takes minutes)")
    sam.build()
    binary = overlay.BUILT.parent / "Function" / "bootstrap"
    story.tell(f"One binary of {binary.stat().st_size / 1e6:.1f} MB.")

    story.step("Start a local AWS that enforces IAM")
    aws = LocalAws(LOG)
    with aws:
        story.tell(f"MiniStack on {aws.endpoint}, this machine only. Its log: {LOG.relative_to(sam.ROOT)}")
        customer, provider, stranger = (Account(aws, account) for account in (CUSTOMER, PROVIDER, STRANGER))
        acme, intruder = provider.user("acme"), stranger.user("intruder")
        story.tell(f"You are the customer, {CUSTOMER}. The service provider is {PROVIDER}; {STRANGER} is a stranger.")
        tell(story, aws, customer, acme, intruder)
        demo_provider.tell(story, aws, customer, provider, acme, intruder)
        story.step("Stop the local AWS")
    story.expect(not answers(aws), "nothing answers there any more")
    story.end()


def tell(story, aws, customer, acme, intruder):
    stack = Stack(customer, sam.STACK_NAME)

    story.step(f"Deploy template.yaml: `sam deploy` with ExternalAwsAccountId={PROVIDER}")
    sam.deploy(aws, {"ExternalAwsAccountId": PROVIDER}, report=lambda change: story.tell(f"Widened for MiniStack only: {change}"))
    story.expect_same(stack.describe()["StackStatus"], "CREATE_COMPLETE", "CloudFormation called the function, and the stack is complete")

    story.step("What the stack hands out")
    outputs = stack.outputs()
    for name, value in outputs.items():
        if "\n" in value:
            story.tell(f"{name}:")
            for line in value.splitlines():
                story.tell(f"    {line}")
        else:
            story.tell(f"{name}: {value or '(none)'}")
    story.expect_same(outputs["Warnings"], "", "nothing in it deserves a second look")
    role_arn, external_id = outputs["RoleArn"], outputs["ExternalId"]
    role = customer.client("iam").get_role(RoleName=outputs["RoleName"])["Role"]
    story.expect_same(role["Arn"], role_arn, "the role is in IAM, under the ARN of the output")
    story.expect(len(external_id) >= 32, f"no external ID was given, so a strong one of {len(external_id)} characters was made")

    story.step(f"Who gets in: IAM users of the accounts {PROVIDER} and {STRANGER} try to assume the role")
    session = acme.assume(role_arn, external_id)
    story.expect(session, "the provider with the external ID: open")
    story.expect(not acme.assume(role_arn), "the provider without an external ID: shut")
    wrong = external_id[:-1] + ("0" if external_id[-1] != "0" else "1")
    story.expect(not acme.assume(role_arn, wrong), "the provider with one wrong character in it: shut")
    story.expect(not intruder.assume(role_arn, external_id), "a stranger with the right external ID: shut")
    story.expect(not intruder.assume(role_arn), "a stranger without: shut")

    story.step("What the provider may do there")
    story.expect(session.may("ec2", "describe_instances"), "look at the servers (AmazonEC2ReadOnlyAccess): allowed")
    story.expect(not session.may("ec2", "terminate_instances", InstanceIds=["i-0123456789abcdef0"]), "end one of them: denied")
    story.expect(not session.may("iam", "list_users"), "list the users: denied")

    story.step("Update the stack: another external ID, and another policy instead of the first")
    sam.deploy(
        aws,
        {
            "ExternalAwsAccountId": PROVIDER,
            "ExternalId": NEW_EXTERNAL_ID,
            "ManagedPolicyArns": "",
            "CustomPolicy": json.dumps(NEW_POLICY),
        },
    )
    story.expect_same(stack.describe()["StackStatus"], "UPDATE_COMPLETE", "the stack is updated")
    story.expect_same(stack.outputs()["RoleArn"], role_arn, "the role is still the same one")
    story.expect_same(stack.outputs()["ExternalId"], NEW_EXTERNAL_ID, "the new external ID is in the outputs")
    story.expect(not acme.assume(role_arn, external_id), "the provider with the old external ID: shut")
    session = acme.assume(role_arn, NEW_EXTERNAL_ID)
    story.expect(session, "the provider with the new one: open")
    story.expect(session.may("logs", "describe_log_groups"), "look at the log groups (the new policy): allowed")
    story.expect(not session.may("ec2", "describe_instances"), "look at the servers (the old policy): denied")

    story.step("Delete the stack")
    story.expect_same(stack.delete(), "DELETE_COMPLETE", "the stack is gone")
    story.expect_same(customer.client("iam").list_roles()["Roles"], [], "no role is left, neither the provider's nor the function's")
    story.expect_same(customer.client("lambda").list_functions()["Functions"], [], "no function is left")
    story.expect_same(customer.client("logs").describe_log_groups()["logGroups"], [], "no log group is left")
    story.expect(not acme.assume(role_arn, NEW_EXTERNAL_ID), "the provider with the external ID: shut")


def answers(aws):
    try:
        Account(aws, CUSTOMER).client("sts").get_caller_identity()
    except ClientError:
        return True
    except Exception:
        return False
    return True


def stop_on(number, _frame):
    # An exception, so that everything that was started is stopped on the way out.
    sys.exit(128 + number)


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_on)
    try:
        main()
    except NotAsExpected as failure:
        sys.exit(f"   ✗ {failure}\n\nThe demo failed. What the local AWS logged is in {LOG.relative_to(sam.ROOT)}.")
    except (sam.CommandFailed, overlay.NotBuilt, overlay.NothingToWiden, NotStarted) as failure:
        sys.exit(f"\nThe demo failed: {failure}")
    except KeyboardInterrupt:
        sys.exit("\nStopped.")

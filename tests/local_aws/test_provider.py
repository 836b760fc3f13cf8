"""provider.yaml as it is shipped: what it installs, what its role may do, and what its function logs."""

import json

import yaml

from . import sam
from .accounts import Session
from .emulator import CUSTOMER, PROVIDER, REGION
from .installed import OnProvidersSide
from .stacks import PROVIDER_EXPORT, PROVIDER_FUNCTION_NAME, Stack, access_check, external_id
from .test_access_check import KEY, letting_in

LOG_GROUP = f"/aws/lambda/{PROVIDER_FUNCTION_NAME}"


class Installed(OnProvidersSide):
    def test_says_where_the_function_and_its_role_are(self):
        stack = Stack(self.provider, sam.PROVIDER_STACK_NAME)
        token = f"arn:aws:lambda:{REGION}:{PROVIDER}:function:{PROVIDER_FUNCTION_NAME}"
        role = f"arn:aws:iam::{PROVIDER}:role/service-provider-access-checker-{REGION}"
        self.assertEqual(stack.outputs(), {"ServiceToken": token, "CheckingRoleArn": role})
        exports = self.provider.client("cloudformation").list_exports()["Exports"]
        self.assertEqual({export["Name"]: export["Value"] for export in exports}, {PROVIDER_EXPORT: token})

    def test_is_set_up_for_few_long_waits_and_little_money(self):
        found = self.provider.client("lambda").get_function(FunctionName=PROVIDER_FUNCTION_NAME)
        configuration = found["Configuration"]
        self.assertEqual((configuration["MemorySize"], configuration["Timeout"]), (128, 60))
        self.assertEqual(configuration["Runtime"], "provided.al2023")
        self.assertNotIn("Concurrency", found)
        self.assertEqual(
            configuration["Environment"]["Variables"],
            {"RESOURCE_TYPES": "Custom::ExternalId,Custom::AccessCheck", "RUST_LOG": "info"},
        )
        asynchronous = self.provider.client("lambda").get_function_event_invoke_config(
            FunctionName=PROVIDER_FUNCTION_NAME, Qualifier="$LATEST"
        )
        self.assertEqual((asynchronous["MaximumRetryAttempts"], asynchronous["MaximumEventAgeInSeconds"]), (2, 300))
        [logs] = self.provider.client("logs").describe_log_groups()["logGroups"]
        self.assertEqual((logs["logGroupName"], logs["retentionInDays"]), (LOG_GROUP, 365))

    def test_is_deployed_as_it_was_written(self):
        # Nothing is widened for the emulator, so what is tested here is what is shipped.
        built = yaml.safe_load((sam.ROOT / ".aws-sam" / "provider" / "template.yaml").read_text())
        shipped = yaml.load((sam.ROOT / "provider.yaml").read_text(), Loader=_Intrinsics)
        self.assertEqual(built["Resources"]["CheckingRole"], shipped["Resources"]["CheckingRole"])


class CheckingRole(OnProvidersSide):
    """What the function could do, whatever it were made to ask."""

    def setUp(self):
        # MiniStack lets an account's root into roles that are for services.
        answer = self.provider.client("sts").assume_role(RoleArn=self.checking_role_arn, RoleSessionName="test")
        self.session = Session(self.world.aws, answer["Credentials"])

    def may_assume(self, arn, **external_id):
        return self.session.may("sts", "assume_role", RoleArn=arn, RoleSessionName="test", **external_id)

    def test_knocks_at_customers_roles_with_any_external_id_or_none(self):
        self.assertTrue(self.may_assume(self.role(letting_in())))
        arn = self.role(letting_in(StringEquals={KEY: "any-at-all"}))
        self.assertTrue(self.may_assume(arn, ExternalId="any-at-all"))
        self.assertFalse(self.may_assume(arn))

    def test_knocks_at_no_role_of_its_own_account(self):
        arn = self.provider.trusting_role("open-to-the-own-account", letting_in())
        self.addCleanup(self.provider.client("iam").delete_role, RoleName="open-to-the-own-account")
        self.assertFalse(self.may_assume(arn))

    def test_may_nothing_else(self):
        self.assertFalse(self.session.may("iam", "list_roles"))
        self.assertFalse(self.session.may("iam", "get_role", RoleName=self.checking_role_arn.rsplit("/", 1)[1]))
        self.assertFalse(self.session.may("ec2", "describe_instances"))
        self.assertFalse(self.session.may("logs", "describe_log_groups"))


class EveryParameter(OnProvidersSide):
    """provider.yaml with nothing left at its default, in a second Region beside the first."""

    region = "eu-west-1"

    def test_and_no_log_level_tells_what_opens_a_door(self):
        installed = Stack(self.provider, "every-parameter", self.region)
        self.addCleanup(lambda: installed.exists() and installed.delete())
        sam.deploy_provider(
            self.world.aws, {"LogLevel": "trace", "LogRetentionInDays": "30"}, stack_name=installed.name, region=self.region
        )
        self.assertEqual(
            installed.outputs()["CheckingRoleArn"], f"arn:aws:iam::{PROVIDER}:role/service-provider-access-checker-{self.region}"
        )
        [group] = self.provider.client("logs", self.region).describe_log_groups()["logGroups"]
        self.assertEqual((group["logGroupName"], group["retentionInDays"]), (LOG_GROUP, 30))

        made = Stack(self.provider, "every-parameter-id", self.region)
        self.addCleanup(lambda: made.exists() and made.delete())
        self.assertEqual(made.create(external_id(Prefix="acme", Rotation="2", PreviousRotation="1")), "CREATE_COMPLETE")
        given, handle = made.outputs(), made.physical_id("ExternalId")

        safe, unsafe = self.role(letting_in(StringEquals={KEY: given["ExternalId"]})), self.role(letting_in())
        check = Stack(self.provider, "every-parameter-check", self.region)
        self.addCleanup(lambda: check.exists() and check.delete())
        self.assertEqual(check.create(access_check(RoleArn=safe, ExternalId=given["ExternalId"])), "CREATE_COMPLETE")
        failed = check.update(access_check(RoleArn=unsafe, ExternalId=given["ExternalId"]))
        self.assertEqual(failed, "UPDATE_ROLLBACK_COMPLETE")
        # A slip that must not put the external ID into a reason.
        check.update(access_check(RoleArn=safe, ExternalId=f"{given['ExternalId']} "))
        reasons = check.reasons("AccessCheck")
        self.assertEqual(len(reasons), 2)
        self.assertEqual((check.delete(), made.delete()), ("DELETE_COMPLETE", "DELETE_COMPLETE"))

        lines = self.logged(8)
        told = "\n".join([*reasons, *lines])
        for secret in (given["ExternalId"], given["PreviousExternalId"], handle, handle.split("-")[2], "ASIA", "cfn-response/"):
            self.assertNotIn(secret, told)
        requests = [line for line in map(about_ours, lines) if line]
        self.assertEqual(
            sorted((line["request_type"], line["outcome"], line["aws_calls"] > 0) for line in requests),
            [
                ("Create", "success", False),  # the external ID
                ("Create", "success", True),  # the check of the safe role
                ("Delete", "success", False),
                ("Delete", "success", False),
                ("Update", "failed", False),  # the slip
                ("Update", "failed", True),  # the role that is not safe
                # The two that are rolled back, to a question that is answered already.
                ("Update", "success", False),
                ("Update", "success", False),
            ],
        )

    def logged(self, requests):
        """All that the function logged, once these many requests of ours are among it."""
        logs = self.provider.client("logs", self.region)
        for attempt in range(5):
            found = [
                event["message"]
                for page in logs.get_paginator("filter_log_events").paginate(logGroupName=LOG_GROUP)
                for event in page["events"]
            ]
            if sum(about_ours(line) is not None for line in found) >= requests:
                break
            # The local AWS may collect a line with the request that follows it.
            flush = Stack(self.provider, f"flush-{attempt}", self.region)
            flush.create(external_id())
            flush.delete()
        return found


def about_ours(text):
    """The one line about a request of this test's stacks; None when it is another one."""
    line = json.loads(text) if text.startswith("{") else {}
    return line if "outcome" in line and "/every-parameter-" in line["stack_id"] else None


class _Intrinsics(yaml.SafeLoader):
    """Reads CloudFormation's short forms as `sam build` writes them out."""


def _intrinsic(loader, tag, node):
    name = "Ref" if tag == "Ref" else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if tag == "GetAtt" else value}
    build = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return {name: build(node, deep=True)}


_Intrinsics.add_multi_constructor("!", _intrinsic)

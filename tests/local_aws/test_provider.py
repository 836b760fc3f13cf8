"""The shipped provider.yaml: the resources, the permissions of the role, and the log of the function."""

import json

from . import sam, templates
from .accounts import Session
from .constants import PROVIDER, PROVIDER_FUNCTION_NAME, PROVIDER_LOG_GROUP, PROVIDER_SERVICE_TOKEN_EXPORT
from .constants import PROVIDER_STACK_NAME, REGION, SECOND_REGION
from .fixtures import ProviderTestCase
from .function_logs import messages
from .policies import EXTERNAL_ID_KEY, trust_statement
from .stacks import Stack, access_check, external_id


class ProviderStack(ProviderTestCase):
    def test_outputs_and_export(self):
        stack = Stack(self.provider, PROVIDER_STACK_NAME)
        token = f"arn:aws:lambda:{REGION}:{PROVIDER}:function:{PROVIDER_FUNCTION_NAME}"
        role = f"arn:aws:iam::{PROVIDER}:role/service-provider-access-checker-{REGION}"
        self.assertEqual(stack.outputs(), {"ServiceToken": token, "CheckingRoleArn": role})
        exports = self.provider.client("cloudformation").list_exports()["Exports"]
        self.assertEqual({export["Name"]: export["Value"] for export in exports}, {PROVIDER_SERVICE_TOKEN_EXPORT: token})

    def test_function_configuration(self):
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
        self.assertEqual((logs["logGroupName"], logs["retentionInDays"]), (PROVIDER_LOG_GROUP, 365))

    def test_deployed_role_is_the_shipped_role(self):
        # MiniStack needs no changes to it, so these tests test the shipped permissions.
        built = templates.read_built(templates.BUILT_PROVIDER)
        shipped = templates.read("provider.yaml")
        self.assertEqual(built["Resources"]["CheckingRole"], shipped["Resources"]["CheckingRole"])


class CheckingRole(ProviderTestCase):
    """The permissions of the function, whatever a request contains."""

    def setUp(self):
        # On MiniStack, the root user can assume roles that trust a service.
        answer = self.provider.client("sts").assume_role(RoleArn=self.checking_role_arn, RoleSessionName="test")
        self.session = Session(self.environment.aws, answer["Credentials"])

    def can_assume(self, arn, **external_id):
        return self.session.is_allowed("sts", "assume_role", RoleArn=arn, RoleSessionName="test", **external_id)

    def test_can_assume_customer_roles_with_any_external_id_or_none(self):
        self.assertTrue(self.can_assume(self.create_role(trust_statement())))
        arn = self.create_role(trust_statement(StringEquals={EXTERNAL_ID_KEY: "any"}))
        self.assertTrue(self.can_assume(arn, ExternalId="any"))
        self.assertFalse(self.can_assume(arn))

    def test_cannot_assume_roles_in_its_own_account(self):
        arn = self.create_role(trust_statement(), account=self.provider)
        self.assertFalse(self.can_assume(arn))

    def test_has_no_other_permissions(self):
        self.assertFalse(self.session.is_allowed("iam", "list_roles"))
        self.assertFalse(self.session.is_allowed("iam", "get_role", RoleName=self.checking_role_arn.rsplit("/", 1)[1]))
        self.assertFalse(self.session.is_allowed("ec2", "describe_instances"))
        self.assertFalse(self.session.is_allowed("logs", "describe_log_groups"))


class EveryParameter(ProviderTestCase):
    """provider.yaml in a second Region, without default values."""

    region = SECOND_REGION

    def test_takes_effect_and_no_log_level_shows_secrets(self):
        function_stack = self.stack(self.provider, "every-parameter", self.region)
        sam.deploy_provider(
            self.environment.aws, {"LogLevel": "trace", "LogRetentionInDays": "30"}, stack_name=function_stack.name, region=self.region
        )
        self.assertEqual(
            function_stack.outputs()["CheckingRoleArn"], f"arn:aws:iam::{PROVIDER}:role/service-provider-access-checker-{self.region}"
        )
        [group] = self.provider.client("logs", self.region).describe_log_groups()["logGroups"]
        self.assertEqual((group["logGroupName"], group["retentionInDays"]), (PROVIDER_LOG_GROUP, 30))

        id_stack = self.stack(self.provider, "every-parameter-id", self.region)
        self.assertEqual(id_stack.create(external_id(Prefix="acme", Rotation="2", PreviousRotation="1")), "CREATE_COMPLETE")
        outputs, handle = id_stack.outputs(), id_stack.physical_id("ExternalId")

        safe = self.create_role(trust_statement(StringEquals={EXTERNAL_ID_KEY: outputs["ExternalId"]}))
        unsafe = self.create_role(trust_statement())
        check = self.stack(self.provider, "every-parameter-check", self.region)
        self.assertEqual(check.create(access_check(RoleArn=safe, ExternalId=outputs["ExternalId"])), "CREATE_COMPLETE")
        failed = check.update(access_check(RoleArn=unsafe, ExternalId=outputs["ExternalId"]))
        self.assertEqual(failed, "UPDATE_ROLLBACK_COMPLETE")
        # An invalid external ID. The reason must not contain it.
        check.update(access_check(RoleArn=safe, ExternalId=f"{outputs['ExternalId']} "))
        reasons = check.reasons("AccessCheck")
        self.assertEqual(len(reasons), 2)
        self.assertEqual((check.delete(), id_stack.delete()), ("DELETE_COMPLETE", "DELETE_COMPLETE"))

        lines = self.logged(8)
        text = "\n".join([*reasons, *lines])
        for secret in (outputs["ExternalId"], outputs["PreviousExternalId"], handle, handle.split("-")[2], "ASIA", "cfn-response/"):
            self.assertNotIn(secret, text)
        requests = [line for line in map(request_of_this_test, lines) if line]
        self.assertEqual(
            sorted((line["request_type"], line["outcome"], line["aws_calls"] > 0) for line in requests),
            [
                ("Create", "success", False),  # the external ID
                ("Create", "success", True),  # the check of the safe role
                ("Delete", "success", False),
                ("Delete", "success", False),
                ("Update", "failed", False),  # the invalid external ID
                ("Update", "failed", True),  # the check of the unsafe role
                # The two rollbacks. The answer is known, so there are no AWS calls.
                ("Update", "success", False),
                ("Update", "success", False),
            ],
        )

    def logged(self, requests):
        """All messages of the function, when they include this number of requests of this test."""
        logs = self.provider.client("logs", self.region)
        for attempt in range(5):
            found = list(messages(logs, PROVIDER_LOG_GROUP))
            if sum(request_of_this_test(line) is not None for line in found) >= requests:
                break
            # The local AWS can collect a line together with the next request, so send one.
            flush = Stack(self.provider, f"flush-{attempt}", self.region)
            flush.create(external_id())
            flush.delete()
        return found


def request_of_this_test(text):
    """The log line of a request from this test's stacks, or None for any other line."""
    line = json.loads(text) if text.startswith("{") else {}
    return line if "outcome" in line and "/every-parameter-" in line["stack_id"] else None

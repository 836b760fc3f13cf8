"""The shipped templates, deployed as they are (but for what overlay.py says)."""

import json
import unittest

import yaml

from . import overlay, sam
from .denies import GUARDRAILS, guardrails
from .emulator import CUSTOMER, PROVIDER, REGION, STRANGER
from .installed import OnLocalAws, world
from .stacks import EXPORT, FUNCTION_NAME, Stack
from .test_lifecycle import EC2_READ_ONLY, policy


class Overlay(unittest.TestCase):
    """The emulator gets the shipped template, and nothing is loosened but what it cannot judge."""

    def test_differs_from_the_shipped_template_in_the_functions_policy_alone(self):
        shipped = yaml.safe_load(overlay.BUILT.read_text())
        widened, changes = overlay.widen(shipped)
        self.assertTrue(changes)
        for template in (shipped, widened):
            del template["Resources"]["FunctionRole"]["Properties"]["Policies"]
        self.assertEqual(widened, shipped)

    def test_keeps_every_statement_action_and_effect(self):
        def statements(template):
            [given] = template["Resources"]["FunctionRole"]["Properties"]["Policies"]
            found = overlay.statements(given["PolicyDocument"]["Statement"])
            return [(statement["Sid"], statement["Effect"], statement["Action"]) for statement in found]

        shipped = yaml.safe_load(overlay.BUILT.read_text())
        self.assertEqual(statements(overlay.widen(shipped)[0]), statements(shipped))


class FunctionAlone(OnLocalAws):
    def test_makes_no_role_and_exports_its_service_token(self):
        stack = Stack(self.customer, sam.STACK_NAME)
        token = f"arn:aws:lambda:{REGION}:{CUSTOMER}:function:{FUNCTION_NAME}"
        self.assertEqual(stack.outputs(), {"ServiceToken": token})
        exports = self.customer.client("cloudformation").list_exports()["Exports"]
        self.assertEqual({export["Name"]: export["Value"] for export in exports}, {EXPORT: token})

    def test_is_set_up_for_few_long_waits_and_little_money(self):
        found = self.customer.client("lambda").get_function(FunctionName=FUNCTION_NAME)
        configuration = found["Configuration"]
        self.assertEqual((configuration["MemorySize"], configuration["Timeout"]), (128, 60))
        self.assertEqual(configuration["Runtime"], "provided.al2023")
        self.assertNotIn("Concurrency", found)
        self.assertEqual(
            configuration["Environment"]["Variables"],
            {
                "ROLE_PATH_PREFIX": "/delegated/",
                "TRUSTED_ACCOUNT_IDS": PROVIDER,
                "PERMIT_MISSING_EXTERNAL_ID": "false",
                "MAX_SESSION_DURATION_CAP": "43200",
                "PERMIT_ADMINISTRATIVE_ACCESS": "false",
                "FUNCTION_ROLE_ARN": configuration["Role"],
                "FUNCTION_STACK_ID": Stack(self.customer, sam.STACK_NAME).describe()["StackId"],
                "RUST_LOG": "info",
            },
        )
        asynchronous = self.customer.client("lambda").get_function_event_invoke_config(
            FunctionName=FUNCTION_NAME, Qualifier="$LATEST"
        )
        self.assertEqual((asynchronous["MaximumRetryAttempts"], asynchronous["MaximumEventAgeInSeconds"]), (2, 300))
        [logs] = self.customer.client("logs").describe_log_groups()["logGroups"]
        self.assertEqual((logs["logGroupName"], logs["retentionInDays"]), (f"/aws/lambda/{FUNCTION_NAME}", 365))


class CustomerExample(OnLocalAws):
    def test_lets_those_on_call_in_and_nobody_else(self):
        stack = self.stack()
        template = (sam.ROOT / "examples" / "customer.yaml").read_text()
        external_id = "acme-0c9d5f1e7a3b4826"
        status = stack.create(template, AcmeAccountId=PROVIDER, AcmeExternalId=external_id)
        self.assertEqual((status, stack.reasons("AcmeRole")), ("CREATE_COMPLETE", []))
        self.assertEqual(stack.outputs()["Warnings"], "")

        arn = stack.outputs()["RoleArn"]
        on_call = self.world.provider.user("on-call", path="/oncall/")
        self.assertTrue(on_call.assume(arn, external_id))
        self.assertFalse(on_call.assume(arn))
        self.assertFalse(self.world.acme.assume(arn, external_id), "of the same account, but not on call")
        self.assertFalse(self.world.stranger.user("on-call", path="/oncall/").assume(arn, external_id))

        role = self.customer.role(stack.physical_id("AcmeRole"))
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")
        self.assertIsNone(self.customer.role(role["Arn"].rsplit("/", 1)[1]))


class EveryParameter(OnLocalAws):
    """template.yaml with nothing left at its default, in a second Region: one function per Region."""

    region = "eu-west-1"

    def test_reaches_the_role_and_the_functions_limits(self):
        iam = self.customer.client("iam")
        boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(policy("ec2:Describe*")))["Policy"]["Arn"]
        self.addCleanup(iam.delete_policy, PolicyArn=boundary)
        stack = Stack(self.customer, "every-parameter", self.region)
        self.addCleanup(lambda: stack.exists() and stack.delete())
        external_id = "acme-4f3e2d1c0b9a8877"
        sam.deploy(
            world().aws,
            {
                "ExternalAwsAccountId": f"{PROVIDER},{STRANGER}",
                "ExternalId": external_id,
                "RequireExternalId": "true",
                "MaxSessionDuration": "7200",
                "ManagedPolicyArns": EC2_READ_ONLY,
                "CustomPolicy": json.dumps(policy("logs:DescribeLogGroups")),
                "RoleName": "every-parameter",
                "RolePathPrefix": "/vendors/acme/",
                "RequiredPermissionsBoundary": boundary,
                "TrustedAccountIds": f"{PROVIDER},{STRANGER}",
                "AllowedManagedPolicyArns": "arn:aws:iam::aws:policy/AmazonEC2*",
                "PermitMissingExternalId": "true",
                "MaxSessionDurationCap": "7200",
                "PermitAdministrativeAccess": "true",
                "LogLevel": "debug",
                "LogRetentionInDays": "30",
            },
            stack_name=stack.name,
            region=self.region,
        )
        configuration = self.customer.client("lambda", self.region).get_function_configuration(FunctionName=FUNCTION_NAME)
        self.assertEqual(
            configuration["Environment"]["Variables"],
            {
                "ROLE_PATH_PREFIX": "/vendors/acme/",
                "REQUIRED_PERMISSIONS_BOUNDARY": boundary,
                "TRUSTED_ACCOUNT_IDS": f"{PROVIDER},{STRANGER}",
                "ALLOWED_MANAGED_POLICY_ARNS": "arn:aws:iam::aws:policy/AmazonEC2*",
                "PERMIT_MISSING_EXTERNAL_ID": "true",
                "MAX_SESSION_DURATION_CAP": "7200",
                "PERMIT_ADMINISTRATIVE_ACCESS": "true",
                "FUNCTION_ROLE_ARN": configuration["Role"],
                "FUNCTION_STACK_ID": stack.describe()["StackId"],
                "RUST_LOG": "debug",
            },
        )
        role = self.customer.role("every-parameter")
        self.assertEqual(role["Arn"], f"arn:aws:iam::{CUSTOMER}:role/vendors/acme/every-parameter")
        self.assertEqual(role["PermissionsBoundary"], boundary)
        self.assertEqual(role["MaxSessionDuration"], 7200)
        self.assertEqual(role["ManagedPolicyArns"], [EC2_READ_ONLY])
        guarded = guardrails(self.customer, stack, stack, "/vendors/acme/", self.region)
        self.assertEqual(role["InlinePolicies"], {"CustomPolicy": policy("logs:DescribeLogGroups"), GUARDRAILS: guarded})

        session = self.world.acme.assume(role["Arn"], external_id)
        self.assertTrue(session.may("ec2", "describe_instances"))
        self.assertFalse(session.may("logs", "describe_log_groups"), "the boundary does not let it")
        self.assertTrue(self.world.intruder.assume(role["Arn"], external_id), "trusted here, as the parameter says")
        self.assertFalse(self.world.intruder.assume(role["Arn"]))

        self.assertEqual(stack.delete(), "DELETE_COMPLETE")
        self.assertIsNone(self.customer.role("every-parameter"))

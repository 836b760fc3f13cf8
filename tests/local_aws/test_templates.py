"""The shipped template.yaml and examples/customer.yaml, deployed with only the changes that MiniStack needs."""

import json
import unittest

from . import sam, templates
from .constants import BOUNDARY, CUSTOMER, EC2_READ_ONLY, FIRST_ID, FUNCTION_NAME, LOG_GROUP, PROVIDER, REGION, ROOT
from .constants import SECOND_REGION, SERVICE_TOKEN_EXPORT, STACK_NAME, STRANGER
from .deny_policies import GUARDRAILS, guardrails
from .fixtures import LocalAwsTestCase
from .policies import allow
from .stacks import Stack


class RelaxedTemplate(unittest.TestCase):
    """The template for MiniStack differs from the shipped template only where MiniStack needs it."""

    def test_differs_only_in_the_functions_policy(self):
        shipped = templates.read_built()
        relaxed, changes = templates.relax(shipped)
        self.assertTrue(changes)
        for template in (shipped, relaxed):
            del template["Resources"]["FunctionRole"]["Properties"]["Policies"]
        self.assertEqual(relaxed, shipped)

    def test_keeps_every_statement_action_and_effect(self):
        def statements(template):
            [_] = template["Resources"]["FunctionRole"]["Properties"]["Policies"]
            found = templates.function_statements(template)
            return [(statement["Sid"], statement["Effect"], statement["Action"]) for statement in found]

        shipped = templates.read_built()
        self.assertEqual(statements(templates.relax(shipped)[0]), statements(shipped))


class FunctionWithoutRole(LocalAwsTestCase):
    """template.yaml without ExternalAwsAccountId: it installs the function and creates no delegated role."""

    def test_outputs_and_export(self):
        stack = Stack(self.customer, STACK_NAME)
        token = f"arn:aws:lambda:{REGION}:{CUSTOMER}:function:{FUNCTION_NAME}"
        self.assertEqual(stack.outputs(), {"ServiceToken": token})
        exports = self.customer.client("cloudformation").list_exports()["Exports"]
        self.assertEqual({export["Name"]: export["Value"] for export in exports}, {SERVICE_TOKEN_EXPORT: token})

    def test_function_configuration(self):
        found = self.customer.client("lambda").get_function(FunctionName=FUNCTION_NAME)
        configuration = found["Configuration"]
        self.assertEqual((configuration["MemorySize"], configuration["Timeout"]), (128, 60))
        self.assertEqual(configuration["Runtime"], "provided.al2023")
        self.assertNotIn("Concurrency", found)
        self.assertEqual(
            configuration["Environment"]["Variables"],
            {
                "ROLE_PATH_PREFIX": "/delegated/",
                "REQUIRED_PERMISSIONS_BOUNDARY": BOUNDARY,
                "TRUSTED_ACCOUNT_IDS": PROVIDER,
                "PERMIT_MISSING_EXTERNAL_ID": "false",
                "MIN_EXTERNAL_ID_LENGTH": "2",
                "MAX_SESSION_DURATION_CAP": "43200",
                "PERMIT_ADMINISTRATIVE_ACCESS": "false",
                "UNUSED_AFTER_DAYS": "90",
                "EXPIRING_WITHIN_DAYS": "14",
                "FUNCTION_ROLE_ARN": configuration["Role"],
                "FUNCTION_STACK_ID": Stack(self.customer, STACK_NAME).describe()["StackId"],
                "RUST_LOG": "info",
            },
        )
        asynchronous = self.customer.client("lambda").get_function_event_invoke_config(
            FunctionName=FUNCTION_NAME, Qualifier="$LATEST"
        )
        self.assertEqual((asynchronous["MaximumRetryAttempts"], asynchronous["MaximumEventAgeInSeconds"]), (2, 300))
        [logs] = self.customer.client("logs").describe_log_groups()["logGroups"]
        self.assertEqual((logs["logGroupName"], logs["retentionInDays"]), (LOG_GROUP, 365))


class CustomerExample(LocalAwsTestCase):
    def test_only_on_call_users_have_access(self):
        stack = self.stack()
        template = (ROOT / "examples" / "customer.yaml").read_text()
        external_id = FIRST_ID
        status = stack.create(template, AcmeAccountId=PROVIDER, AcmeExternalId=external_id)
        self.assertEqual((status, stack.reasons("AcmeRole")), ("CREATE_COMPLETE", []))
        self.assertEqual(stack.outputs()["Warnings"], "")

        arn = stack.outputs()["RoleArn"]
        on_call = self.environment.provider.create_user("on-call", path="/oncall/")
        self.assertTrue(on_call.assume(arn, external_id))
        self.assertFalse(on_call.assume(arn))
        self.assertFalse(self.environment.acme.assume(arn, external_id), "a user of the same account who is not on call")
        self.assertFalse(self.environment.stranger.create_user("on-call", path="/oncall/").assume(arn, external_id))

        role = self.customer.role(stack.physical_id("AcmeRole"))
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")
        self.assertIsNone(self.customer.role(role["Arn"].rsplit("/", 1)[1]))


class EveryParameter(LocalAwsTestCase):
    """template.yaml in a second Region, without default values. Each Region has its own function."""

    region = SECOND_REGION

    def test_takes_effect(self):
        iam = self.customer.client("iam")
        boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(allow("ec2:Describe*")))["Policy"]["Arn"]
        self.addCleanup(iam.delete_policy, PolicyArn=boundary)
        stack = self.stack(name="every-parameter", region=self.region)
        external_id = FIRST_ID
        sam.deploy(
            self.environment.aws,
            {
                "ExternalAwsAccountId": f"{PROVIDER},{STRANGER}",
                "ExternalId": external_id,
                "RequireExternalId": "true",
                "MaxSessionDuration": "7200",
                "ManagedPolicyArns": EC2_READ_ONLY,
                "CustomPolicy": json.dumps(allow("logs:DescribeLogGroups")),
                "RoleName": "every-parameter",
                "Path": "/vendors/acme/eu/",
                "Description": "Has every parameter",
                "PolicyOwnership": "Declared",
                "AllowSessionTags": "true",
                "RolePathPrefix": "/vendors/acme/",
                "RequiredPermissionsBoundary": boundary,
                "TrustedAccountIds": f"{PROVIDER},{STRANGER}",
                "AllowedManagedPolicyArns": "arn:aws:iam::aws:policy/AmazonEC2*",
                "PermitMissingExternalId": "true",
                "MinExternalIdLength": "8",
                "MaxSessionDurationCap": "7200",
                "PermitAdministrativeAccess": "true",
                "AuditSchedule": "rate(6 hours)",
                "UnusedAfterDays": "45",
                "ExpiringWithinDays": "7",
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
                "MIN_EXTERNAL_ID_LENGTH": "8",
                "MAX_SESSION_DURATION_CAP": "7200",
                "PERMIT_ADMINISTRATIVE_ACCESS": "true",
                "UNUSED_AFTER_DAYS": "45",
                "EXPIRING_WITHIN_DAYS": "7",
                "FUNCTION_ROLE_ARN": configuration["Role"],
                "FUNCTION_STACK_ID": stack.describe()["StackId"],
                "RUST_LOG": "debug",
            },
        )
        [rule] = self.customer.client("events", self.region).list_rules()["Rules"]
        self.assertEqual((rule["ScheduleExpression"], rule["State"]), ("rate(6 hours)", "ENABLED"))
        role = self.customer.role("every-parameter")
        self.assertEqual(role["Arn"], f"arn:aws:iam::{CUSTOMER}:role/vendors/acme/eu/every-parameter")
        self.assertEqual(role["Description"], "Has every parameter")
        self.assertEqual([statement["Action"] for statement in role["Trust"]["Statement"]], ["sts:AssumeRole", "sts:TagSession"])
        self.assertEqual(role["PermissionsBoundary"], boundary)
        self.assertEqual(role["MaxSessionDuration"], 7200)
        self.assertEqual(role["ManagedPolicyArns"], [EC2_READ_ONLY])
        guardrail_policy = guardrails(self.customer, stack, stack, "/vendors/acme/", self.region)
        self.assertEqual(role["InlinePolicies"], {"CustomPolicy": allow("logs:DescribeLogGroups"), GUARDRAILS: guardrail_policy})

        session = self.environment.acme.assume(role["Arn"], external_id)
        self.assertTrue(session.is_allowed("ec2", "describe_instances"))
        self.assertFalse(session.is_allowed("logs", "describe_log_groups"), "the permissions boundary does not allow it")
        self.assertTrue(self.environment.intruder.assume(role["Arn"], external_id), "this account is in ExternalAwsAccountId, too")
        self.assertFalse(self.environment.intruder.assume(role["Arn"]))

        self.assertEqual(stack.delete(), "DELETE_COMPLETE")
        self.assertIsNone(self.customer.role("every-parameter"))

"""The shipped examples: onboarding of a customer, and a rotation of the external ID."""

import re
import urllib.parse

from .constants import CUSTOMER, FIRST_ID, PROVIDER, PROVIDER_FUNCTION_NAME, REGION, SECOND_ID
from .direct_calls import invoke
from .fixtures import ProviderTestCase
from .onboarding import ONBOARDING, QUICKSTART, QUICKSTART_URL, Onboarding, read_link
from .policies import EXTERNAL_ID_KEY, trust_statement


class Quickstart(ProviderTestCase):
    def test_only_the_provider_with_the_external_id_has_access(self):
        stack = self.stack()
        self.assertEqual(stack.create(QUICKSTART, ProviderAccountId=PROVIDER, ExternalId=FIRST_ID), "CREATE_COMPLETE")
        self.assertEqual(list(stack.outputs()), ["RoleArn"])
        arn = stack.outputs()["RoleArn"]
        acme, intruder = self.environment.acme, self.environment.intruder
        session = acme.assume(arn, FIRST_ID)
        self.assertTrue(session.is_allowed("ec2", "describe_instances"))
        self.assertFalse(session.is_allowed("iam", "list_users"))
        self.assertFalse(acme.assume(arn))
        self.assertFalse(acme.assume(arn, SECOND_ID))
        self.assertFalse(intruder.assume(arn, FIRST_ID))

        both = f"{SECOND_ID},{FIRST_ID}"
        self.assertEqual(stack.update(ProviderAccountId=PROVIDER, ExternalId=both), "UPDATE_COMPLETE")
        self.assertEqual(stack.outputs()["RoleArn"], arn)
        self.assertTrue(acme.assume(arn, FIRST_ID))
        self.assertTrue(acme.assume(arn, SECOND_ID))
        self.assertFalse(acme.assume(arn, both))
        self.assertFalse(acme.assume(arn))


class CustomerOnboarding(ProviderTestCase):
    def setUp(self):
        self.onboarding = Onboarding(self.provider, self.stack(self.provider))
        self.deploy, self.outputs = self.onboarding.deploy, self.onboarding.outputs

    def create_customer_stack(self):
        """The stack that the customer creates from the link."""
        stack = self.stack()
        link = read_link(self.outputs()["QuickCreateLink"])
        self.assertEqual(stack.create(QUICKSTART, **link["Parameters"]), "CREATE_COMPLETE")
        return stack

    def test_without_a_role_there_is_a_link_and_no_check(self):
        self.assertEqual(self.deploy(CustomerRegion="eu-central-1"), "CREATE_COMPLETE")
        outputs = self.outputs()
        external_id = outputs["ExternalId"]
        self.assertRegex(external_id, r"\A[A-Za-z0-9-]{32,128}\Z")
        link = outputs.pop("QuickCreateLink")
        self.assertEqual(
            outputs,
            {
                "ExternalId": external_id,
                "PreviousExternalId": "",
                "ExternalIdToSend": external_id,
                "ExternalIdsToAccept": external_id,
            },
        )
        self.assertEqual(
            read_link(link),
            {
                "Console": "https://eu-central-1.console.aws.amazon.com/cloudformation/home?region=eu-central-1#/stacks/create/review",
                "TemplateUrl": QUICKSTART_URL,
                "StackName": f"access-for-{PROVIDER}",
                "Parameters": {"ProviderAccountId": PROVIDER, "ExternalId": external_id},
            },
        )
        # No character in the link needs URL encoding.
        self.assertEqual(urllib.parse.quote(link, safe=":/?#&=,~"), link)
        self.assertIsNone(self.onboarding.stored_role())

    def test_safe_role_is_stored(self):
        self.deploy()
        self.assertTrue(self.outputs()["QuickCreateLink"].startswith(f"https://{REGION}.console.aws.amazon.com/"))
        arn = self.create_customer_stack().outputs()["RoleArn"]
        external_id = self.outputs()["ExternalId"]
        status = self.deploy(CustomerRoleArn=arn, CustomerAccountId=CUSTOMER)
        self.assertEqual((status, self.onboarding.failed_checks()), ("UPDATE_COMPLETE", []))
        outputs = self.outputs()
        self.assertEqual((outputs["Verdict"], outputs["RoleArn"], outputs["ExternalId"]), ("Safe", arn, external_id))
        self.assertIn("no external ID: denied", outputs["Probes"])
        self.assertIn("CheckedAt", outputs)
        self.assertEqual(self.onboarding.stored_role(), arn)
        self.assertTrue(self.environment.acme.assume(self.onboarding.stored_role(), external_id))

        [((rule, schedule, function), check)] = self.onboarding.scheduled_checks().items()
        self.assertRegex(rule, r"\Aservice-provider-check-[0-9a-f-]{36}\Z")
        self.assertEqual((schedule, function.split(":")[-1]), ("rate(1 day)", PROVIDER_FUNCTION_NAME))
        self.assertEqual((check["AccessCheck"]["RoleArn"], check["AccessCheck"]["ExternalId"]), (arn, external_id))
        answer = invoke(self.provider.client("lambda"), PROVIDER_FUNCTION_NAME, check)
        self.assertEqual((answer["Verdict"], answer["RoleArn"]), ("Safe", arn))
        self.assertEqual(self.deploy(CheckEvery=""), "UPDATE_COMPLETE")
        self.assertEqual(self.onboarding.scheduled_checks(), {})

        self.assertEqual(self.onboarding.stack.delete(), "DELETE_COMPLETE")
        self.assertIsNone(self.onboarding.stored_role())

    def test_unsafe_role_is_not_stored(self):
        self.deploy()
        external_id = self.outputs()["ExternalId"]
        unsafe_role = self.create_role(trust_statement())
        self.assertEqual(self.deploy(CustomerRoleArn=unsafe_role), "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("no external ID", self.onboarding.failed_checks()[0])
        self.assertNotIn("RoleArnParameter", self.onboarding.stack.resources_with_events(), "it must not be stored temporarily either")
        # MiniStack creates resources in the order of the template. AWS only uses this dependency.
        [parameter] = re.findall(r"\n  RoleArnParameter:\n((?:    .*\n)*)", ONBOARDING)
        self.assertIn("Value: !GetAtt AccessCheck.RoleArn\n", parameter)
        self.assertEqual(self.outputs()["ExternalId"], external_id, "the customer already uses it")

        self.customer.set_trust(unsafe_role, trust_statement(StringEquals={EXTERNAL_ID_KEY: external_id}))
        self.assertEqual(self.deploy(CustomerRoleArn=unsafe_role), "UPDATE_COMPLETE")
        self.assertEqual(self.onboarding.stored_role(), unsafe_role)

    def test_role_that_requires_mfa_is_stored(self):
        self.deploy()
        mfa_trust = trust_statement(
            StringEquals={EXTERNAL_ID_KEY: self.outputs()["ExternalId"]}, Bool={"aws:MultiFactorAuthPresent": "true"}
        )
        arn = self.create_role(mfa_trust)
        self.assertEqual(self.deploy(CustomerRoleArn=arn, RequireMfa="true"), "UPDATE_COMPLETE")
        self.assertEqual((self.outputs()["Verdict"], self.onboarding.stored_role()), ("Inconclusive", arn))

    def test_rotation_of_the_external_id_has_no_interruption(self):
        def assert_access():
            """The provider's programs send the external ID from the output, and have access."""
            self.assertTrue(self.environment.acme.assume(arn, self.outputs()["ExternalIdToSend"]))

        self.deploy()
        customer_stack = self.create_customer_stack()
        arn = customer_stack.outputs()["RoleArn"]
        self.deploy(CustomerRoleArn=arn)
        first = self.outputs()["ExternalId"]
        assert_access()

        # 1. The provider generates a new external ID.
        self.assertEqual(self.deploy(Rotation="2", PreviousRotation="1"), "UPDATE_COMPLETE")
        outputs = self.outputs()
        second = outputs["ExternalId"]
        self.assertNotEqual(second, first)
        self.assertEqual((outputs["PreviousExternalId"], outputs["ExternalIdToSend"]), (first, first))
        self.assertEqual(outputs["ExternalIdsToAccept"], f"{second},{first}")
        self.assertEqual(read_link(outputs["QuickCreateLink"])["Parameters"]["ExternalId"], f"{second},{first}")
        assert_access()

        # 2. The customer accepts both.
        status = customer_stack.update(ProviderAccountId=PROVIDER, ExternalId=outputs["ExternalIdsToAccept"])
        self.assertEqual((status, customer_stack.outputs()["RoleArn"]), ("UPDATE_COMPLETE", arn))
        assert_access()

        # 3. The provider sends the new one, after a check has proved that it works.
        self.assertEqual(self.deploy(PreviousRotation=""), "UPDATE_COMPLETE")
        outputs = self.outputs()
        self.assertEqual((outputs["ExternalId"], outputs["ExternalIdToSend"]), (second, second))
        self.assertEqual((outputs["PreviousExternalId"], outputs["Verdict"]), ("", "Safe"))
        assert_access()

        # 4. The customer accepts only the new one.
        customer_stack.update(ProviderAccountId=PROVIDER, ExternalId=outputs["ExternalIdsToAccept"])
        assert_access()
        self.assertFalse(self.environment.acme.assume(arn, first))
        self.assertEqual(self.deploy(Revision="2"), "UPDATE_COMPLETE")
        self.assertEqual(self.outputs()["Verdict"], "Safe")

    def test_rotation_stops_if_the_customer_does_not_accept_the_new_external_id(self):
        self.deploy()
        arn = self.create_customer_stack().outputs()["RoleArn"]
        self.deploy(CustomerRoleArn=arn)
        self.deploy(Rotation="2", PreviousRotation="1")
        before = self.outputs()
        # Step 3 before step 2. The check waits as long as IAM can need to propagate a new trust policy.
        self.assertEqual(self.deploy(PreviousRotation=""), "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("did not open", self.onboarding.failed_checks()[0])
        self.assertEqual(self.outputs(), before)
        self.assertTrue(self.environment.acme.assume(arn, self.outputs()["ExternalIdToSend"]))

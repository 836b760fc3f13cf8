"""A customer's first day with a provider, and a change of the external ID, by the shipped examples."""

import re
import urllib.parse

from .emulator import CUSTOMER, PROVIDER, REGION
from .installed import OnProvidersSide
from .onboarding import QUICKSTART, QUICKSTART_URL, TEMPLATE, Onboarding, read_link
from .test_access_check import KEY, letting_in


class Quickstart(OnProvidersSide):
    FIRST_ID = "5d2f0a9c7b1e4836a5c8d0f3e2b17694"
    SECOND_ID = "0b9e7d4c2a1f4f58b6c3e8d7a9f01524"

    def test_lets_the_provider_in_with_the_external_id_and_nobody_else(self):
        stack = self.stack()
        self.assertEqual(stack.create(QUICKSTART, ProviderAccountId=PROVIDER, ExternalId=self.FIRST_ID), "CREATE_COMPLETE")
        self.assertEqual(list(stack.outputs()), ["RoleArn"])
        arn = stack.outputs()["RoleArn"]
        acme, intruder = self.world.acme, self.world.intruder
        session = acme.assume(arn, self.FIRST_ID)
        self.assertTrue(session.may("ec2", "describe_instances"))
        self.assertFalse(session.may("iam", "list_users"))
        self.assertFalse(acme.assume(arn))
        self.assertFalse(acme.assume(arn, self.SECOND_ID))
        self.assertFalse(intruder.assume(arn, self.FIRST_ID))

        both = f"{self.SECOND_ID},{self.FIRST_ID}"
        self.assertEqual(stack.update(ProviderAccountId=PROVIDER, ExternalId=both), "UPDATE_COMPLETE")
        self.assertEqual(stack.outputs()["RoleArn"], arn)
        self.assertTrue(acme.assume(arn, self.FIRST_ID))
        self.assertTrue(acme.assume(arn, self.SECOND_ID))
        self.assertFalse(acme.assume(arn, both))
        self.assertFalse(acme.assume(arn))


class OfACustomer(OnProvidersSide):
    def setUp(self):
        self.onboarding = Onboarding(self.provider, self.stack(self.provider))
        self.deployed, self.outputs = self.onboarding.deploy, self.onboarding.outputs

    def customers_stack(self):
        """What the customer makes of the link."""
        stack = self.stack()
        link = read_link(self.outputs()["QuickCreateLink"])
        self.assertEqual(stack.create(QUICKSTART, **link["Parameters"]), "CREATE_COMPLETE")
        return stack

    def test_begins_without_a_role(self):
        self.assertEqual(self.deployed(CustomerRegion="eu-central-1"), "CREATE_COMPLETE")
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
        # It is read as it stands: nothing in it is encoded, and nothing would have to be.
        self.assertEqual(urllib.parse.quote(link, safe=":/?#&=,~"), link)
        self.assertIsNone(self.onboarding.stored_role())

    def test_ends_with_a_role_that_was_found_safe(self):
        self.deployed()
        self.assertTrue(self.outputs()["QuickCreateLink"].startswith(f"https://{REGION}.console.aws.amazon.com/"))
        arn = self.customers_stack().outputs()["RoleArn"]
        external_id = self.outputs()["ExternalId"]
        status = self.deployed(CustomerRoleArn=arn, CustomerAccountId=CUSTOMER)
        self.assertEqual((status, self.onboarding.refusals()), ("UPDATE_COMPLETE", []))
        outputs = self.outputs()
        self.assertEqual((outputs["Verdict"], outputs["RoleArn"], outputs["ExternalId"]), ("Safe", arn, external_id))
        self.assertIn("no external ID: denied", outputs["Probes"])
        self.assertIn("CheckedAt", outputs)
        self.assertEqual(self.onboarding.stored_role(), arn)
        self.assertTrue(self.world.acme.assume(self.onboarding.stored_role(), external_id))

        self.assertEqual(self.onboarding.stack.delete(), "DELETE_COMPLETE")
        self.assertIsNone(self.onboarding.stored_role())

    def test_stores_no_role_that_is_not_safe(self):
        self.deployed()
        external_id = self.outputs()["ExternalId"]
        open_role = self.role(letting_in())
        self.assertEqual(self.deployed(CustomerRoleArn=open_role), "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("no external ID", self.onboarding.refusals()[0])
        self.assertNotIn("RoleArnParameter", self.onboarding.stack.touched(), "not even for a moment")
        # MiniStack goes by the order in the template, and AWS by this alone.
        [parameter] = re.findall(r"\n  RoleArnParameter:\n((?:    .*\n)*)", TEMPLATE)
        self.assertIn("Value: !GetAtt AccessCheck.RoleArn\n", parameter)
        self.assertEqual(self.outputs()["ExternalId"], external_id, "the customer has it already")

        self.customer.change_trust(open_role, letting_in(StringEquals={KEY: external_id}))
        self.assertEqual(self.deployed(CustomerRoleArn=open_role), "UPDATE_COMPLETE")
        self.assertEqual(self.onboarding.stored_role(), open_role)

    def test_of_a_role_that_demands_a_second_factor(self):
        self.deployed()
        demanding = letting_in(
            StringEquals={KEY: self.outputs()["ExternalId"]}, Bool={"aws:MultiFactorAuthPresent": "true"}
        )
        arn = self.role(demanding)
        self.assertEqual(self.deployed(CustomerRoleArn=arn, RequireMfa="true"), "UPDATE_COMPLETE")
        self.assertEqual((self.outputs()["Verdict"], self.onboarding.stored_role()), ("Inconclusive", arn))

    def test_of_another_external_id_has_no_gap(self):
        def both_sides_work():
            """The provider's programs send what the stack says, and get in."""
            self.assertTrue(self.world.acme.assume(arn, self.outputs()["ExternalIdToSend"]))

        self.deployed()
        customers = self.customers_stack()
        arn = customers.outputs()["RoleArn"]
        self.deployed(CustomerRoleArn=arn)
        first = self.outputs()["ExternalId"]
        both_sides_work()

        # 1. The provider makes the new one.
        self.assertEqual(self.deployed(Rotation="2", PreviousRotation="1"), "UPDATE_COMPLETE")
        outputs = self.outputs()
        second = outputs["ExternalId"]
        self.assertNotEqual(second, first)
        self.assertEqual((outputs["PreviousExternalId"], outputs["ExternalIdToSend"]), (first, first))
        self.assertEqual(outputs["ExternalIdsToAccept"], f"{second},{first}")
        self.assertEqual(read_link(outputs["QuickCreateLink"])["Parameters"]["ExternalId"], f"{second},{first}")
        both_sides_work()

        # 2. The customer accepts both.
        status = customers.update(ProviderAccountId=PROVIDER, ExternalId=outputs["ExternalIdsToAccept"])
        self.assertEqual((status, customers.outputs()["RoleArn"]), ("UPDATE_COMPLETE", arn))
        both_sides_work()

        # 3. The provider sends the new one, once it is proved to open.
        self.assertEqual(self.deployed(PreviousRotation=""), "UPDATE_COMPLETE")
        outputs = self.outputs()
        self.assertEqual((outputs["ExternalId"], outputs["ExternalIdToSend"]), (second, second))
        self.assertEqual((outputs["PreviousExternalId"], outputs["Verdict"]), ("", "Safe"))
        both_sides_work()

        # 4. The customer accepts the new one alone.
        customers.update(ProviderAccountId=PROVIDER, ExternalId=outputs["ExternalIdsToAccept"])
        both_sides_work()
        self.assertFalse(self.world.acme.assume(arn, first))
        self.assertEqual(self.deployed(Revision="2"), "UPDATE_COMPLETE")
        self.assertEqual(self.outputs()["Verdict"], "Safe")

    def test_of_another_external_id_goes_no_further_than_the_customer(self):
        self.deployed()
        arn = self.customers_stack().outputs()["RoleArn"]
        self.deployed(CustomerRoleArn=arn)
        self.deployed(Rotation="2", PreviousRotation="1")
        before = self.outputs()
        # Step 3 before step 2. It takes as long as a change of the trust may take to be seen everywhere.
        self.assertEqual(self.deployed(PreviousRotation=""), "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("did not open", self.onboarding.refusals()[0])
        self.assertEqual(self.outputs(), before)
        self.assertTrue(self.world.acme.assume(arn, self.outputs()["ExternalIdToSend"]))

"""A delegated role from its creation to its deletion, through CloudFormation."""

import json

from .constants import BOUNDARY, CUSTOMER, EC2_READ_ONLY, FIRST_ID, PROVIDER, SECOND_ID, SECURITY_AUDIT
from .deny_policies import GUARDRAILS, split_revocation
from .fixtures import LocalAwsTestCase
from .policies import allow, deny, document, provider_trust, trust_statement
from .stacks import delegated_role


class Lifecycle(LocalAwsTestCase):
    def test_create(self):
        stack = self.stack()
        status = stack.create(
            delegated_role(
                ExternalAwsAccountId=PROVIDER,
                ExternalId=FIRST_ID,
                ManagedPolicyArns=[EC2_READ_ONLY],
                CustomPolicy=allow("logs:DescribeLogGroups"),
                MaxSessionDuration=7200,
                Description="Support access for Acme",
                Tags=[{"Key": "contract", "Value": "17"}],
            )
        )
        self.assertEqual((status, stack.reasons("Role")), ("CREATE_COMPLETE", []))

        outputs, role = stack.outputs(), self.role_of(stack)
        tags = role.pop("Tags")
        self.assertEqual(tags["contract"], "17")
        self.assertEqual(tags["service-provider-access:stack-id"], stack.describe()["StackId"])
        self.assertEqual(tags["service-provider-access:logical-id"], "Role")
        self.assertEqual(
            role,
            {
                "Arn": f"arn:aws:iam::{CUSTOMER}:role/delegated/{outputs['RoleName']}",
                "RoleId": role["RoleId"],
                "Trust": provider_trust(FIRST_ID),
                "Description": "Support access for Acme",
                "MaxSessionDuration": 7200,
                "PermissionsBoundary": BOUNDARY,
                "ManagedPolicyArns": [EC2_READ_ONLY],
                "InlinePolicies": {"CustomPolicy": allow("logs:DescribeLogGroups"), **self.guardrails(stack)},
            },
        )
        self.assertEqual(outputs["RoleArn"], role["Arn"])
        self.assertEqual(outputs["ExternalId"], FIRST_ID)
        self.assertEqual(stack.physical_id("Role"), outputs["RoleName"])

        acme, intruder = self.environment.acme, self.environment.intruder
        self.assertTrue(acme.assume(role["Arn"], FIRST_ID))
        self.assertFalse(acme.assume(role["Arn"]))
        self.assertFalse(acme.assume(role["Arn"], SECOND_ID))
        self.assertFalse(intruder.assume(role["Arn"], FIRST_ID))

    def test_update_of_policies_external_id_and_tags(self):
        stack = self.stack()
        stack.create(
            delegated_role(
                ExternalAwsAccountId=PROVIDER,
                ExternalId=FIRST_ID,
                ManagedPolicyArns=[EC2_READ_ONLY],
                CustomPolicy=allow("logs:DescribeLogGroups"),
                Tags=[{"Key": "contract", "Value": "17"}, {"Key": "team", "Value": "blue"}],
            )
        )
        before = self.role_of(stack)
        status = stack.update(
            delegated_role(
                ExternalAwsAccountId=PROVIDER,
                ExternalId=SECOND_ID,
                ManagedPolicyArns=[SECURITY_AUDIT],
                CustomPolicy=allow("sqs:ListQueues"),
                Tags=[{"Key": "contract", "Value": "18"}],
            )
        )
        self.assertEqual((status, stack.reasons("Role")), ("UPDATE_COMPLETE", []))
        after, cutoff = split_revocation(self.role_of(stack))
        self.assertTrue(cutoff, "a new external ID revokes sessions")
        self.assertEqual(after["RoleId"], before["RoleId"], "the role is not replaced")
        self.assertEqual(after["Trust"], provider_trust(SECOND_ID))
        self.assertEqual(after["ManagedPolicyArns"], [SECURITY_AUDIT])
        self.assertEqual(after["InlinePolicies"], {"CustomPolicy": allow("sqs:ListQueues"), **self.guardrails(stack)})
        self.assertEqual(after["Tags"]["contract"], "18")
        self.assertNotIn("team", after["Tags"])
        self.assertFalse(self.environment.acme.assume(after["Arn"], FIRST_ID))
        self.assertTrue(self.environment.acme.assume(after["Arn"], SECOND_ID))

    def test_two_external_ids_during_a_rotation(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=FIRST_ID))
        self.assertEqual(
            stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=[SECOND_ID, FIRST_ID])), "UPDATE_COMPLETE"
        )
        arn = stack.outputs()["RoleArn"]
        self.assertEqual(stack.outputs()["ExternalId"], SECOND_ID)
        self.assertTrue(self.environment.acme.assume(arn, FIRST_ID))
        self.assertTrue(self.environment.acme.assume(arn, SECOND_ID))
        self.assertFalse(self.environment.acme.assume(arn))

    def test_generated_external_id_returns_after_an_explicit_one(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER))
        generated = stack.outputs()["ExternalId"]
        self.assertGreaterEqual(len(generated), 32)
        stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=FIRST_ID))
        self.assertEqual(stack.outputs()["ExternalId"], FIRST_ID)
        stack.update(delegated_role(ExternalAwsAccountId=PROVIDER))
        self.assertEqual(stack.outputs()["ExternalId"], generated)
        self.assertTrue(self.environment.acme.assume(stack.outputs()["RoleArn"], generated))

    def test_new_revision_corrects_manual_changes(self):
        properties = dict(
            ExternalAwsAccountId=PROVIDER,
            ExternalId=FIRST_ID,
            ManagedPolicyArns=[EC2_READ_ONLY],
            CustomPolicy=allow("logs:DescribeLogGroups"),
        )
        stack = self.stack()
        stack.create(delegated_role(Revision="1", **properties))
        before = self.role_of(stack)
        name = stack.outputs()["RoleName"]

        iam = self.customer.client("iam")
        iam.attach_role_policy(RoleName=name, PolicyArn=SECURITY_AUDIT)
        iam.detach_role_policy(RoleName=name, PolicyArn=EC2_READ_ONLY)
        iam.put_role_policy(RoleName=name, PolicyName="More", PolicyDocument=json.dumps(allow("s3:*")))
        iam.delete_role_policy(RoleName=name, PolicyName="CustomPolicy")
        iam.delete_role_policy(RoleName=name, PolicyName=GUARDRAILS)
        iam.update_role(RoleName=name, MaxSessionDuration=43200)
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document(trust_statement("*"))))
        self.assertTrue(self.environment.intruder.assume(before["Arn"]), "the manual change must allow access")

        self.assertEqual(stack.update(delegated_role(Revision="2", **properties)), "UPDATE_COMPLETE")
        after, cutoff = split_revocation(self.role_of(stack))
        self.assertEqual(after, before)
        self.assertTrue(cutoff, "the update revokes the sessions")
        self.assertFalse(self.environment.intruder.assume(before["Arn"]))

    def test_new_revision_does_not_change_a_correct_role(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, Revision="1"))
        before = self.role_of(stack)
        self.assertEqual(stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, Revision="2")), "UPDATE_COMPLETE")
        self.assertEqual(self.role_of(stack), before)

    def test_new_name_replaces_the_role(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="acme-before"))
        before = stack.outputs()
        self.assertEqual(stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="acme-after")), "UPDATE_COMPLETE")
        after = stack.outputs()
        self.assertEqual(stack.physical_id("Role"), "acme-after")
        self.assertEqual(after["ExternalId"], before["ExternalId"], "the new role keeps the generated external ID")
        self.assertIsNone(self.customer.role("acme-before"))
        self.assertTrue(self.environment.acme.assume(after["RoleArn"], after["ExternalId"]))

    def test_delete_also_removes_policies_that_were_added_manually(self):
        stack = self.stack()
        stack.create(
            delegated_role(
                ExternalAwsAccountId=PROVIDER,
                ManagedPolicyArns=[EC2_READ_ONLY],
                CustomPolicy=allow("logs:DescribeLogGroups"),
            )
        )
        name = stack.outputs()["RoleName"]
        iam = self.customer.client("iam")
        iam.attach_role_policy(RoleName=name, PolicyArn=SECURITY_AUDIT)
        iam.put_role_policy(RoleName=name, PolicyName="More", PolicyDocument=json.dumps(deny("s3:*")))
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")
        self.assertIsNone(self.customer.role(name))

    def test_delete_of_a_role_that_does_not_exist_any_more(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER))
        name = stack.outputs()["RoleName"]
        iam = self.customer.client("iam")
        for policy_name in self.customer.role(name)["InlinePolicies"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy_name)
        iam.delete_role(RoleName=name)
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")

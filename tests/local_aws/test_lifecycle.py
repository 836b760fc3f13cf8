"""A delegated role from its first day to its last, by way of CloudFormation."""

from .denies import without_revocation
from .emulator import CUSTOMER, PROVIDER
from .installed import OnLocalAws
from .stacks import delegated_role

FIRST_ID = "acme-1b0f7c52d3a94e6f8c21"
SECOND_ID = "acme-9e4d2a71c6b85f03d7aa"
EC2_READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"
SECURITY_AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"


def policy(action):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def trust(*external_ids):
    given = list(external_ids) if len(external_ids) > 1 else external_ids[0]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{PROVIDER}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": given}},
            }
        ],
    }


class Lifecycle(OnLocalAws):
    def test_create(self):
        stack = self.stack()
        status = stack.create(
            delegated_role(
                ExternalAwsAccountId=PROVIDER,
                ExternalId=FIRST_ID,
                ManagedPolicyArns=[EC2_READ_ONLY],
                CustomPolicy=policy("logs:DescribeLogGroups"),
                MaxSessionDuration=7200,
                Description="Acme looks after us",
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
                "Trust": trust(FIRST_ID),
                "Description": "Acme looks after us",
                "MaxSessionDuration": 7200,
                "PermissionsBoundary": None,
                "ManagedPolicyArns": [EC2_READ_ONLY],
                "InlinePolicies": {"CustomPolicy": policy("logs:DescribeLogGroups"), **self.guardrails(stack)},
            },
        )
        self.assertEqual(outputs["RoleArn"], role["Arn"])
        self.assertEqual(outputs["ExternalId"], FIRST_ID)
        self.assertEqual(stack.physical_id("Role"), outputs["RoleName"])

        acme, intruder = self.world.acme, self.world.intruder
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
                CustomPolicy=policy("logs:DescribeLogGroups"),
                Tags=[{"Key": "contract", "Value": "17"}, {"Key": "team", "Value": "blue"}],
            )
        )
        before = self.role_of(stack)
        status = stack.update(
            delegated_role(
                ExternalAwsAccountId=PROVIDER,
                ExternalId=SECOND_ID,
                ManagedPolicyArns=[SECURITY_AUDIT],
                CustomPolicy=policy("sqs:ListQueues"),
                Tags=[{"Key": "contract", "Value": "18"}],
            )
        )
        self.assertEqual((status, stack.reasons("Role")), ("UPDATE_COMPLETE", []))
        after, revoked = without_revocation(self.role_of(stack))
        self.assertTrue(revoked, "the external ID changed")
        self.assertEqual(after["RoleId"], before["RoleId"], "it is still the same role")
        self.assertEqual(after["Trust"], trust(SECOND_ID))
        self.assertEqual(after["ManagedPolicyArns"], [SECURITY_AUDIT])
        self.assertEqual(after["InlinePolicies"], {"CustomPolicy": policy("sqs:ListQueues"), **self.guardrails(stack)})
        self.assertEqual(after["Tags"]["contract"], "18")
        self.assertNotIn("team", after["Tags"])
        self.assertFalse(self.world.acme.assume(after["Arn"], FIRST_ID))
        self.assertTrue(self.world.acme.assume(after["Arn"], SECOND_ID))

    def test_two_external_ids_bridge_a_rotation(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=FIRST_ID))
        self.assertEqual(
            stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=[SECOND_ID, FIRST_ID])), "UPDATE_COMPLETE"
        )
        arn = stack.outputs()["RoleArn"]
        self.assertEqual(stack.outputs()["ExternalId"], SECOND_ID)
        self.assertTrue(self.world.acme.assume(arn, FIRST_ID))
        self.assertTrue(self.world.acme.assume(arn, SECOND_ID))
        self.assertFalse(self.world.acme.assume(arn))

    def test_generated_external_id_comes_back(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER))
        generated = stack.outputs()["ExternalId"]
        self.assertGreaterEqual(len(generated), 32)
        stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=FIRST_ID))
        self.assertEqual(stack.outputs()["ExternalId"], FIRST_ID)
        stack.update(delegated_role(ExternalAwsAccountId=PROVIDER))
        self.assertEqual(stack.outputs()["ExternalId"], generated)
        self.assertTrue(self.world.acme.assume(stack.outputs()["RoleArn"], generated))

    def test_revision_puts_right_what_people_changed(self):
        wish = dict(
            ExternalAwsAccountId=PROVIDER,
            ExternalId=FIRST_ID,
            ManagedPolicyArns=[EC2_READ_ONLY],
            CustomPolicy=policy("logs:DescribeLogGroups"),
        )
        stack = self.stack()
        stack.create(delegated_role(Revision="1", **wish))
        agreed = self.role_of(stack)
        name = stack.outputs()["RoleName"]

        iam = self.customer.client("iam")
        iam.attach_role_policy(RoleName=name, PolicyArn=SECURITY_AUDIT)
        iam.detach_role_policy(RoleName=name, PolicyArn=EC2_READ_ONLY)
        iam.put_role_policy(RoleName=name, PolicyName="More", PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}')
        iam.delete_role_policy(RoleName=name, PolicyName="CustomPolicy")
        iam.delete_role_policy(RoleName=name, PolicyName="ServiceProviderAccessGuardrails")
        iam.update_role(RoleName=name, MaxSessionDuration=43200)
        iam.update_assume_role_policy(
            RoleName=name,
            PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}',
        )
        self.assertTrue(self.world.intruder.assume(agreed["Arn"]), "the door stands open, or there is nothing to put right")

        self.assertEqual(stack.update(delegated_role(Revision="2", **wish)), "UPDATE_COMPLETE")
        mended, revoked = without_revocation(self.role_of(stack))
        self.assertEqual(mended, agreed)
        self.assertTrue(revoked, "whoever was in is out")
        self.assertFalse(self.world.intruder.assume(agreed["Arn"]))

    def test_revision_leaves_an_untouched_role_as_it_is(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, Revision="1"))
        before = self.role_of(stack)
        self.assertEqual(stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, Revision="2")), "UPDATE_COMPLETE")
        self.assertEqual(self.role_of(stack), before)

    def test_another_name_replaces_the_role(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="acme-before"))
        before = stack.outputs()
        self.assertEqual(stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="acme-after")), "UPDATE_COMPLETE")
        after = stack.outputs()
        self.assertEqual(stack.physical_id("Role"), "acme-after")
        self.assertEqual(after["ExternalId"], before["ExternalId"], "the generated external ID moves along")
        self.assertIsNone(self.customer.role("acme-before"))
        self.assertTrue(self.world.acme.assume(after["RoleArn"], after["ExternalId"]))

    def test_delete_takes_everything_that_hangs_on_the_role(self):
        stack = self.stack()
        stack.create(
            delegated_role(
                ExternalAwsAccountId=PROVIDER, ManagedPolicyArns=[EC2_READ_ONLY], CustomPolicy=policy("logs:DescribeLogGroups")
            )
        )
        name = stack.outputs()["RoleName"]
        iam = self.customer.client("iam")
        iam.attach_role_policy(RoleName=name, PolicyArn=SECURITY_AUDIT)
        iam.put_role_policy(RoleName=name, PolicyName="More", PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}')
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")
        self.assertIsNone(self.customer.role(name))

    def test_delete_of_a_role_that_is_gone_already(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER))
        name = stack.outputs()["RoleName"]
        iam = self.customer.client("iam")
        for policy_name in self.customer.role(name)["InlinePolicies"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy_name)
        iam.delete_role(RoleName=name)
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")

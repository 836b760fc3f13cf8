"""What does not work out: the reason is readable, and nothing is left behind or damaged."""

import json

from .denies import without_revocation
from .emulator import CUSTOMER, PROVIDER, STRANGER
from .installed import OnLocalAws
from .stacks import delegated_role, failing_sibling
from .test_lifecycle import EC2_READ_ONLY, FIRST_ID, SECOND_ID, policy


class Rollback(OnLocalAws):
    def test_of_an_update(self):
        stack = self.stack()
        stack.create(
            delegated_role(
                ExternalAwsAccountId=PROVIDER,
                ExternalId=FIRST_ID,
                ManagedPolicyArns=[EC2_READ_ONLY],
                CustomPolicy=policy("logs:DescribeLogGroups"),
                Tags=[{"Key": "contract", "Value": "17"}],
            )
        )
        before = self.role_of(stack)
        status = stack.update(
            delegated_role(failing_sibling(), ExternalAwsAccountId=PROVIDER, ExternalId=SECOND_ID, MaxSessionDuration=7200)
        )
        self.assertEqual(status, "UPDATE_ROLLBACK_COMPLETE")
        after, revoked = without_revocation(self.role_of(stack))
        self.assertEqual(after, before)
        self.assertTrue(revoked, "sessions that ended stay ended")
        self.assertTrue(self.world.acme.assume(before["Arn"], FIRST_ID))
        self.assertFalse(self.world.acme.assume(before["Arn"], SECOND_ID))

    def test_of_an_update_brings_the_generated_external_id_back(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER))
        before, external_id = self.role_of(stack), stack.outputs()["ExternalId"]
        stack.update(delegated_role(failing_sibling(), ExternalAwsAccountId=PROVIDER, ExternalId=SECOND_ID))
        self.assertEqual(without_revocation(self.role_of(stack))[0], before)
        self.assertEqual(stack.outputs()["ExternalId"], external_id)

    def test_of_a_replacement(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="rollback-before"))
        before = self.role_of(stack)
        status = stack.update(delegated_role(failing_sibling(), ExternalAwsAccountId=PROVIDER, RoleName="rollback-after"))
        self.assertEqual(status, "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(stack.physical_id("Role"), "rollback-before")
        self.assertEqual(self.customer.role("rollback-before"), before)
        self.assertIsNone(self.customer.role("rollback-after"))

    def test_of_a_create(self):
        stack = self.stack()
        status = stack.create(delegated_role(failing_sibling(), ExternalAwsAccountId=PROVIDER, RoleName="never-needed"))
        self.assertEqual(status, "ROLLBACK_COMPLETE")
        self.assertIsNone(self.customer.role("never-needed"))


class Refusal(OnLocalAws):
    def refused(self, *parts, **properties):
        """Creates a stack that must fail without a trace, for a reason that contains `parts`."""
        roles = self.customer.role_names()
        stack = self.stack()
        self.assertEqual(stack.create(delegated_role(**properties)), "ROLLBACK_COMPLETE")
        [reason] = stack.reasons("Role")
        for part in parts:
            self.assertIn(part, reason)
        self.assertEqual(self.customer.role_names(), roles)

    def test_tells_every_problem_at_once(self):
        self.refused(
            "ExternalAwsAccountId",
            "MaxSessionDuration",
            "CustomPolicy",
            # The nearest name for a misspelling, and the property that a Terraform name stands for.
            "ManagedPolicyArns",
            "RequireMfa",
            ExternalAwsAccountId="12345",
            MaxSessionDuration=60,
            CustomPolicy="{",
            ManagedPolicyArn=EC2_READ_ONLY,
            require_mfa=True,
        )

    def test_of_administrative_access(self):
        self.refused(
            "AdministratorAccess",
            "AllowAdministrativeAccess",
            ExternalAwsAccountId=PROVIDER,
            ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"],
        )

    def test_of_an_account_that_the_owner_does_not_trust(self):
        self.refused(STRANGER, "TrustedAccountIds", ExternalAwsAccountId=STRANGER)

    def test_of_the_own_account(self):
        self.refused(CUSTOMER, ExternalAwsAccountId=CUSTOMER)

    def test_of_a_path_outside_of_the_prefix(self):
        self.refused("Path", "/delegated/", ExternalAwsAccountId=PROVIDER, Path="/elsewhere/")

    def test_of_a_managed_policy_that_is_not_there(self):
        arn = f"arn:aws:iam::{CUSTOMER}:policy/no-such-policy"
        self.refused(arn, ExternalAwsAccountId=PROVIDER, ManagedPolicyArns=[arn])

    def test_of_a_custom_policy_that_escalates(self):
        self.refused("CustomPolicy", "iam:PutRolePolicy", ExternalAwsAccountId=PROVIDER, CustomPolicy=policy("iam:PutRolePolicy"))

    def test_of_an_update_leaves_the_role_as_it_was(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=FIRST_ID))
        before = self.role_of(stack)
        status = stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId="x", MaxSessionDuration=7200))
        self.assertEqual(status, "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("ExternalId", stack.reasons("Role")[0])
        self.assertEqual(self.role_of(stack), before)


class SomebodyElsesRole(OnLocalAws):
    def test_is_neither_changed_nor_deleted(self):
        iam = self.customer.client("iam")
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
        }
        iam.create_role(RoleName="made-by-hand", Path="/delegated/", AssumeRolePolicyDocument=json.dumps(trust))
        self.addCleanup(iam.delete_role, RoleName="made-by-hand")
        before = self.customer.role("made-by-hand")

        stack = self.stack()
        self.assertEqual(stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="made-by-hand")), "ROLLBACK_COMPLETE")
        [reason] = stack.reasons("Role")
        self.assertIn("made-by-hand", reason)
        self.assertIn("service-provider-access:stack-id", reason, "it says how to hand the role over")
        self.assertEqual(self.customer.role("made-by-hand"), before)
        stack.delete()
        self.assertEqual(self.customer.role("made-by-hand"), before)

    def test_of_another_stack_is_named_with_its_stack(self):
        first, second = self.stack(), self.stack()
        first.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="contested"))
        before = self.customer.role("contested")
        self.assertEqual(second.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="contested")), "ROLLBACK_COMPLETE")
        self.assertIn(first.name, second.reasons("Role")[0])
        second.delete()
        self.assertEqual(self.customer.role("contested"), before)

    def test_is_not_taken_by_a_rename(self):
        first, second = self.stack(), self.stack()
        first.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="coveted"))
        second.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="modest"))
        coveted, modest = self.customer.role("coveted"), self.customer.role("modest")
        self.assertEqual(second.update(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="coveted")), "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(second.physical_id("Role"), "modest")
        self.assertEqual((self.customer.role("coveted"), self.customer.role("modest")), (coveted, modest))


class Deletion(OnLocalAws):
    def test_of_a_role_in_an_instance_profile_says_so(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER))
        name = stack.outputs()["RoleName"]
        iam = self.customer.client("iam")
        iam.create_instance_profile(InstanceProfileName="holds-it")
        iam.add_role_to_instance_profile(InstanceProfileName="holds-it", RoleName=name)

        self.assertEqual(stack.delete(), "DELETE_FAILED")
        self.assertIn("holds-it", stack.reasons("Role")[0])

        iam.remove_role_from_instance_profile(InstanceProfileName="holds-it", RoleName=name)
        iam.delete_instance_profile(InstanceProfileName="holds-it")
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")
        self.assertIsNone(self.customer.role(name))

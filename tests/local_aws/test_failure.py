"""Operations that fail give a clear reason, and leave nothing behind and nothing damaged."""

import json

from .constants import CUSTOMER, EC2_READ_ONLY, FIRST_ID, PROVIDER, ROLE_PATH_PREFIX, SECOND_ID, STRANGER
from .deny_policies import split_revocation
from .fixtures import LocalAwsTestCase
from .policies import allow, service_trust
from .stacks import delegated_role, failing_sibling

MISSING_POLICY = f"arn:aws:iam::{CUSTOMER}:policy/no-such-policy"

# Properties that the function rejects, and terms that the reason must contain.
REJECTED = {
    "several problems": (
        {
            "ExternalAwsAccountId": "12345",
            "MaxSessionDuration": 60,
            "CustomPolicy": "{",
            "ManagedPolicyArn": EC2_READ_ONLY,
            "require_mfa": True,
        },
        # The last two are suggestions: for a misspelled name, and for a Terraform name.
        ["ExternalAwsAccountId", "MaxSessionDuration", "CustomPolicy", "ManagedPolicyArns", "RequireMfa"],
    ),
    "administrative access": (
        {"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]},
        ["AdministratorAccess", "AllowAdministrativeAccess"],
    ),
    "an account that the owner does not trust": ({"ExternalAwsAccountId": STRANGER}, [STRANGER, "TrustedAccountIds"]),
    "the customer's own account": ({"ExternalAwsAccountId": CUSTOMER}, [CUSTOMER]),
    "a path outside the role path prefix": (
        {"ExternalAwsAccountId": PROVIDER, "Path": "/elsewhere/"},
        ["Path", ROLE_PATH_PREFIX],
    ),
    "a managed policy that does not exist": (
        {"ExternalAwsAccountId": PROVIDER, "ManagedPolicyArns": [MISSING_POLICY]},
        [MISSING_POLICY],
    ),
    "a custom policy that escalates privileges": (
        {"ExternalAwsAccountId": PROVIDER, "CustomPolicy": allow("iam:PutRolePolicy")},
        ["CustomPolicy", "iam:PutRolePolicy"],
    ),
}


class Rollback(LocalAwsTestCase):
    def test_of_an_update(self):
        stack = self.stack()
        stack.create(
            delegated_role(
                ExternalAwsAccountId=PROVIDER,
                ExternalId=FIRST_ID,
                ManagedPolicyArns=[EC2_READ_ONLY],
                CustomPolicy=allow("logs:DescribeLogGroups"),
                Tags=[{"Key": "contract", "Value": "17"}],
            )
        )
        before = self.role_of(stack)
        status = stack.update(
            delegated_role(failing_sibling(), ExternalAwsAccountId=PROVIDER, ExternalId=SECOND_ID, MaxSessionDuration=7200)
        )
        self.assertEqual(status, "UPDATE_ROLLBACK_COMPLETE")
        after, cutoff = split_revocation(self.role_of(stack))
        self.assertEqual(after, before)
        self.assertTrue(cutoff, "revoked sessions stay revoked")
        self.assertTrue(self.environment.acme.assume(before["Arn"], FIRST_ID))
        self.assertFalse(self.environment.acme.assume(before["Arn"], SECOND_ID))

    def test_of_an_update_restores_the_generated_external_id(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER))
        before, external_id = self.role_of(stack), stack.outputs()["ExternalId"]
        stack.update(delegated_role(failing_sibling(), ExternalAwsAccountId=PROVIDER, ExternalId=SECOND_ID))
        self.assertEqual(split_revocation(self.role_of(stack))[0], before)
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
        status = stack.create(delegated_role(failing_sibling(), ExternalAwsAccountId=PROVIDER, RoleName="rolled-back"))
        self.assertEqual(status, "ROLLBACK_COMPLETE")
        self.assertIsNone(self.customer.role("rolled-back"))


class Rejection(LocalAwsTestCase):
    def test_of_a_create_gives_a_reason_and_creates_nothing(self):
        for name, (properties, terms) in REJECTED.items():
            with self.subTest(name):
                roles = self.customer.role_names()
                stack = self.stack()
                self.assertEqual(stack.create(delegated_role(**properties)), "ROLLBACK_COMPLETE")
                [reason] = stack.reasons("Role")
                for term in terms:
                    self.assertIn(term, reason)
                self.assertEqual(self.customer.role_names(), roles)

    def test_of_an_update_does_not_change_the_role(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=FIRST_ID))
        before = self.role_of(stack)
        status = stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId="x", MaxSessionDuration=7200))
        self.assertEqual(status, "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("ExternalId", stack.reasons("Role")[0])
        self.assertEqual(self.role_of(stack), before)


class ForeignRole(LocalAwsTestCase):
    """A role that the stack did not create is never changed and never deleted."""

    def test_created_by_hand(self):
        iam = self.customer.client("iam")
        trust = json.dumps(service_trust("ec2.amazonaws.com"))
        iam.create_role(RoleName="made-by-hand", Path=ROLE_PATH_PREFIX, AssumeRolePolicyDocument=trust)
        self.addCleanup(iam.delete_role, RoleName="made-by-hand")
        before = self.customer.role("made-by-hand")

        stack = self.stack()
        self.assertEqual(stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="made-by-hand")), "ROLLBACK_COMPLETE")
        [reason] = stack.reasons("Role")
        self.assertIn("made-by-hand", reason)
        hand_over = f"service-provider-access:hand-over-to = {stack.name}/Role"
        self.assertIn(hand_over, reason, "the reason explains how the stack can take over the role")
        self.assertEqual(self.customer.role("made-by-hand"), before)
        stack.delete()
        self.assertEqual(self.customer.role("made-by-hand"), before)

    def test_created_by_another_stack(self):
        first, second = self.stack(), self.stack()
        first.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="of-another-stack"))
        before = self.customer.role("of-another-stack")
        status = second.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="of-another-stack"))
        self.assertEqual(status, "ROLLBACK_COMPLETE")
        self.assertIn(first.name, second.reasons("Role")[0], "the reason names the other stack")
        second.delete()
        self.assertEqual(self.customer.role("of-another-stack"), before)

    def test_with_the_new_name_of_a_role(self):
        first, second = self.stack(), self.stack()
        first.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="role-of-first"))
        second.create(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="role-of-second"))
        before = self.customer.role("role-of-first"), self.customer.role("role-of-second")
        status = second.update(delegated_role(ExternalAwsAccountId=PROVIDER, RoleName="role-of-first"))
        self.assertEqual(status, "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(second.physical_id("Role"), "role-of-second")
        self.assertEqual((self.customer.role("role-of-first"), self.customer.role("role-of-second")), before)


class Deletion(LocalAwsTestCase):
    def test_of_a_role_in_an_instance_profile_fails_and_names_the_profile(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER))
        name = stack.outputs()["RoleName"]
        iam = self.customer.client("iam")
        iam.create_instance_profile(InstanceProfileName="test-profile")
        iam.add_role_to_instance_profile(InstanceProfileName="test-profile", RoleName=name)

        self.assertEqual(stack.delete(), "DELETE_FAILED")
        self.assertIn("test-profile", stack.reasons("Role")[0])

        iam.remove_role_from_instance_profile(InstanceProfileName="test-profile", RoleName=name)
        iam.delete_instance_profile(InstanceProfileName="test-profile")
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")
        self.assertIsNone(self.customer.role(name))

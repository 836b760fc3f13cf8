"""When access is reduced, sessions from before the change lose it too."""

import datetime
import json
import time

from . import sam
from .constants import ADMINISTRATOR_ACCESS, EC2_READ_ONLY, FIRST_ID, FUNCTION_NAME, PROVIDER, SECOND_ID
from .deny_policies import GUARDRAILS, REVOCATION, cutoff, split_revocation
from .fixtures import LocalAwsTestCase
from .policies import service_trust, trust_statement
from .stacks import delegated_role

ACME = f"arn:aws:iam::{PROVIDER}:user/acme"
OTHER_USER = f"arn:aws:iam::{PROVIDER}:user/other"


def template(**properties):
    return delegated_role(
        **{"ExternalAwsAccountId": PROVIDER, "ExternalId": FIRST_ID, "ManagedPolicyArns": [EC2_READ_ONLY], **properties}
    )


def has_access(session):
    return session.is_allowed("ec2", "describe_instances")


class OlderSessions(LocalAwsTestCase):
    def create_session(self, **properties):
        """A stack and a session of its role."""
        stack = self.stack()
        self.assertEqual(stack.create(template(**properties)), "CREATE_COMPLETE")
        session = self.environment.acme.assume(stack.outputs()["RoleArn"], FIRST_ID)
        self.assertTrue(has_access(session))
        return stack, session

    def test_are_revoked_when_the_external_id_changes(self):
        stack, session = self.create_session()
        self.assertEqual(stack.update(template(ExternalId=SECOND_ID)), "UPDATE_COMPLETE")
        self.assertFalse(has_access(session))
        # The provider gets the new external ID from the stack, and can use it immediately.
        arn = stack.outputs()["RoleArn"]
        self.assertTrue(has_access(self.environment.acme.assume(arn, SECOND_ID)))
        self.assertIsNone(self.environment.acme.assume(arn, FIRST_ID))
        self.assertNotIn("service-provider-access:revoke", self.role_of(stack)["Tags"])
        self.assertEqual(stack.outputs()["Warnings"], "")

    def test_are_revoked_when_their_user_is_removed(self):
        stack, session = self.create_session(AllowedPrincipalArns=[ACME, OTHER_USER])
        self.assertEqual(stack.update(template(AllowedPrincipalArns=[OTHER_USER])), "UPDATE_COMPLETE")
        self.assertFalse(has_access(session))
        self.assertIsNone(self.environment.acme.assume(stack.outputs()["RoleArn"], FIRST_ID))

    def test_are_revoked_when_one_of_two_external_ids_is_removed(self):
        stack, session = self.create_session(ExternalId=[FIRST_ID, SECOND_ID])
        self.assertEqual(stack.update(template(ExternalId=SECOND_ID)), "UPDATE_COMPLETE")
        self.assertFalse(has_access(session))

    def test_are_revoked_when_a_manual_change_of_the_trust_policy_is_corrected(self):
        stack = self.stack()
        stack.create(template(Revision="1"))
        arn = stack.outputs()["RoleArn"]
        self.customer.set_trust(arn, trust_statement("*"))
        session = self.environment.intruder.assume(arn)
        self.assertTrue(has_access(session), "the manual change must allow access")
        self.assertEqual(stack.update(template(Revision="2")), "UPDATE_COMPLETE")
        self.assertFalse(has_access(session))

    def test_stay_valid_when_access_is_not_reduced(self):
        stack, session = self.create_session()
        for change in (
            {"Description": "Support access for Acme"},
            {"MaxSessionDuration": 7200},
            {"Tags": [{"Key": "contract", "Value": "18"}]},
            # More access.
            {"ExternalId": [FIRST_ID, SECOND_ID]},
        ):
            self.assertEqual(stack.update(template(**change)), "UPDATE_COMPLETE", change)
            self.assertTrue(has_access(session), change)
        self.assertEqual(split_revocation(self.role_of(stack))[1], None)

    def test_stay_valid_when_users_are_added_or_with_revoke_sessions_never(self):
        for name, before, after in (
            ("users are added", {"AllowedPrincipalArns": [ACME]}, {}),
            ("RevokeSessions is Never", {}, {"ExternalId": SECOND_ID, "RevokeSessions": "Never"}),
        ):
            with self.subTest(name):
                stack, session = self.create_session(**before)
                self.assertEqual(stack.update(template(**after)), "UPDATE_COMPLETE")
                self.assertTrue(has_access(session))

    def test_stay_revoked_when_the_trust_policy_allows_more_again(self):
        stack, session = self.create_session(ExternalId=[FIRST_ID, SECOND_ID])
        stack.update(template())
        before = cutoff(self.role_of(stack)["InlinePolicies"][REVOCATION])
        self.assertEqual(stack.update(template(ExternalId=[FIRST_ID, SECOND_ID])), "UPDATE_COMPLETE")
        self.assertFalse(has_access(session))
        self.assertEqual(cutoff(self.role_of(stack)["InlinePolicies"][REVOCATION]), before)


class Expiry(LocalAwsTestCase):
    def test_ends_sessions_too(self):
        end = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=15)
        stack = self.stack()
        self.assertEqual(stack.create(template(ExpiresAt=f"{end:%Y-%m-%dT%H:%M:%SZ}")), "CREATE_COMPLETE")
        arn = stack.outputs()["RoleArn"]
        session = self.environment.acme.assume(arn, FIRST_ID)
        self.assertTrue(has_access(session))
        time.sleep(max(0, (end - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) + 0.1)
        self.assertFalse(has_access(session))
        self.assertIsNone(self.environment.acme.assume(arn, FIRST_ID))
        # A later ExpiresAt restores access.
        self.assertEqual(stack.update(template(ExpiresAt="2999-12-31T23:59:59Z")), "UPDATE_COMPLETE")
        self.assertTrue(has_access(self.environment.acme.assume(arn, FIRST_ID)))

    def test_in_the_past_disables_an_existing_role_and_prevents_a_new_one(self):
        stack = self.stack()
        stack.create(template())
        session = self.environment.acme.assume(stack.outputs()["RoleArn"], FIRST_ID)
        self.assertEqual(stack.update(template(ExpiresAt="2026-01-01T00:00:00Z", RevokeSessions="Never")), "UPDATE_COMPLETE")
        self.assertIn("ExpiresAt is 2026-01-01T00:00:00Z, which is in the past", stack.outputs()["Warnings"])
        self.assertFalse(has_access(session), "expiry ends all sessions, even with RevokeSessions Never")
        self.assertIsNone(self.environment.acme.assume(stack.outputs()["RoleArn"], FIRST_ID))

        roles = self.customer.role_names()
        late = self.stack()
        self.assertEqual(late.create(template(ExpiresAt="2026-01-01T00:00:00Z")), "ROLLBACK_COMPLETE")
        self.assertIn("ExpiresAt is 2026-01-01T00:00:00Z, but it is", late.reasons("Role")[0])
        self.assertEqual(self.customer.role_names(), roles)


class Administrator(LocalAwsTestCase):
    """A role with AdministratorAccess, in a Region where the owner of the function permits that and requires no boundary.

    This does not test whether the role can change itself, because MiniStack evaluates role ARNs without their path.
    tests/it/permissions.rs does.
    """

    region = "eu-central-1"

    def test_cannot_change_the_function_or_the_stacks(self):
        function_stack = self.stack(name="function-for-administrators", region=self.region)
        sam.deploy(
            self.environment.aws,
            {"TrustedAccountIds": PROVIDER, "PermitAdministrativeAccess": "true", "RequiredPermissionsBoundary": "none"},
            stack_name=function_stack.name,
            region=self.region,
        )
        stack = self.stack(name="administrator", region=self.region)
        status = stack.create(template(ManagedPolicyArns=[ADMINISTRATOR_ACCESS], AllowAdministrativeAccess=True))
        self.assertEqual((status, stack.reasons("Role")), ("CREATE_COMPLETE", []))
        self.assertIn(GUARDRAILS, self.role_of(stack)["InlinePolicies"])
        session = self.environment.acme.assume(stack.outputs()["RoleArn"], FIRST_ID)

        def is_allowed(service, call, **arguments):
            return session.is_allowed(service, call, self.region, **arguments)

        configuration = self.customer.client("lambda", self.region).get_function_configuration(FunctionName=FUNCTION_NAME)
        function_role = configuration["Role"].rsplit("/", 1)[1]
        queue_template = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
        self.assertTrue(is_allowed("lambda", "get_function", FunctionName=FUNCTION_NAME))
        self.assertTrue(is_allowed("iam", "get_role", RoleName=function_role))
        self.assertFalse(is_allowed("lambda", "invoke", FunctionName=FUNCTION_NAME, Payload=b"{}"))
        self.assertFalse(is_allowed("lambda", "update_function_configuration", FunctionName=FUNCTION_NAME, Timeout=3))
        self.assertFalse(is_allowed("lambda", "delete_function", FunctionName=FUNCTION_NAME))
        self.assertFalse(is_allowed("iam", "put_role_policy", RoleName=function_role, PolicyName="More", PolicyDocument="{}"))
        self.assertFalse(is_allowed("iam", "delete_role_policy", RoleName=function_role, PolicyName="ManageDelegatedRoles"))
        for any_stack in (stack, function_stack):
            self.assertTrue(is_allowed("cloudformation", "describe_stacks", StackName=any_stack.name))
            for name in (any_stack.name, any_stack.describe()["StackId"]):
                self.assertFalse(is_allowed("cloudformation", "update_stack", StackName=name, TemplateBody=queue_template))
                self.assertFalse(is_allowed("cloudformation", "delete_stack", StackName=name))
        # It can do everything else.
        self.assertTrue(is_allowed("sqs", "create_queue", QueueName="of-the-administrator"))
        trust = json.dumps(service_trust("ec2.amazonaws.com"))
        self.assertTrue(is_allowed("iam", "create_role", RoleName="of-the-administrator", AssumeRolePolicyDocument=trust))
        self.assertTrue(is_allowed("iam", "delete_role", RoleName="of-the-administrator"))
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")

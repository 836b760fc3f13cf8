"""Access that gets less, shown with credentials that were handed out before."""

import datetime
import time

from . import sam
from .denies import GUARDRAILS, REVOCATION, cut_off, without_revocation
from .emulator import PROVIDER
from .installed import OnLocalAws
from .stacks import FUNCTION_NAME, Stack, delegated_role
from .test_lifecycle import EC2_READ_ONLY, FIRST_ID, SECOND_ID

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ACME = f"arn:aws:iam::{PROVIDER}:user/acme"
SOMEBODY_ELSE = f"arn:aws:iam::{PROVIDER}:user/somebody-else"


def wish(**properties):
    return delegated_role(
        **{"ExternalAwsAccountId": PROVIDER, "ExternalId": FIRST_ID, "ManagedPolicyArns": [EC2_READ_ONLY], **properties}
    )


def works(session):
    return session.may("ec2", "describe_instances")


class OlderSessions(OnLocalAws):
    def handed_out(self, **properties):
        """A stack, and a session of its role."""
        stack = self.stack()
        self.assertEqual(stack.create(wish(**properties)), "CREATE_COMPLETE")
        session = self.world.acme.assume(stack.outputs()["RoleArn"], FIRST_ID)
        self.assertTrue(works(session))
        return stack, session

    def test_end_when_the_external_id_changes(self):
        stack, session = self.handed_out()
        self.assertEqual(stack.update(wish(ExternalId=SECOND_ID)), "UPDATE_COMPLETE")
        self.assertFalse(works(session))
        # The provider, who learns the new ID from the stack, gets in at once.
        arn = stack.outputs()["RoleArn"]
        self.assertTrue(works(self.world.acme.assume(arn, SECOND_ID)))
        self.assertIsNone(self.world.acme.assume(arn, FIRST_ID))
        self.assertNotIn("service-provider-access:revoke", self.role_of(stack)["Tags"])
        self.assertEqual(stack.outputs()["Warnings"], "")

    def test_end_when_their_user_is_let_in_no_more(self):
        stack, session = self.handed_out(AllowedPrincipalArns=[ACME, SOMEBODY_ELSE])
        self.assertEqual(stack.update(wish(AllowedPrincipalArns=[SOMEBODY_ELSE])), "UPDATE_COMPLETE")
        self.assertFalse(works(session))
        self.assertIsNone(self.world.acme.assume(stack.outputs()["RoleArn"], FIRST_ID))

    def test_end_when_one_of_two_external_ids_goes(self):
        stack, session = self.handed_out(ExternalId=[FIRST_ID, SECOND_ID])
        self.assertEqual(stack.update(wish(ExternalId=SECOND_ID)), "UPDATE_COMPLETE")
        self.assertFalse(works(session))

    def test_end_when_somebody_elses_trust_is_put_right(self):
        stack = self.stack()
        stack.create(wish(Revision="1"))
        arn, name = stack.outputs()["RoleArn"], stack.outputs()["RoleName"]
        self.customer.client("iam").update_assume_role_policy(
            RoleName=name,
            PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}',
        )
        session = self.world.intruder.assume(arn)
        self.assertTrue(works(session), "somebody was in, or there is nothing to end")
        self.assertEqual(stack.update(wish(Revision="2")), "UPDATE_COMPLETE")
        self.assertFalse(works(session))

    def test_live_on_through_changes_of_anything_else(self):
        stack, session = self.handed_out()
        for change in (
            {"Description": "Acme looks after us"},
            {"MaxSessionDuration": 7200},
            {"Tags": [{"Key": "contract", "Value": "18"}]},
            # Wider.
            {"ExternalId": [FIRST_ID, SECOND_ID]},
        ):
            self.assertEqual(stack.update(wish(**change)), "UPDATE_COMPLETE", change)
            self.assertTrue(works(session), change)
        self.assertEqual(without_revocation(self.role_of(stack))[1], None)

    def test_live_on_when_more_users_are_let_in(self):
        stack, session = self.handed_out(AllowedPrincipalArns=[ACME])
        self.assertEqual(stack.update(wish()), "UPDATE_COMPLETE")
        self.assertTrue(works(session))

    def test_live_on_when_the_template_says_so(self):
        stack, session = self.handed_out()
        self.assertEqual(stack.update(wish(ExternalId=SECOND_ID, RevokeSessions="Never")), "UPDATE_COMPLETE")
        self.assertTrue(works(session))

    def test_stay_ended_when_the_trust_gets_wider_again(self):
        stack, session = self.handed_out(ExternalId=[FIRST_ID, SECOND_ID])
        stack.update(wish())
        ended = cut_off(self.role_of(stack)["InlinePolicies"][REVOCATION])
        self.assertEqual(stack.update(wish(ExternalId=[FIRST_ID, SECOND_ID])), "UPDATE_COMPLETE")
        self.assertFalse(works(session))
        self.assertEqual(cut_off(self.role_of(stack)["InlinePolicies"][REVOCATION]), ended)


class AnEnd(OnLocalAws):
    def test_of_the_access_ends_the_sessions_too(self):
        end = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=15)
        stack = self.stack()
        self.assertEqual(stack.create(wish(ExpiresAt=f"{end:%Y-%m-%dT%H:%M:%SZ}")), "CREATE_COMPLETE")
        arn = stack.outputs()["RoleArn"]
        session = self.world.acme.assume(arn, FIRST_ID)
        self.assertTrue(works(session))
        time.sleep(max(0, (end - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) + 0.1)
        self.assertFalse(works(session))
        self.assertIsNone(self.world.acme.assume(arn, FIRST_ID))
        # More time brings the access back.
        self.assertEqual(stack.update(wish(ExpiresAt="2999-12-31T23:59:59Z")), "UPDATE_COMPLETE")
        self.assertTrue(works(self.world.acme.assume(arn, FIRST_ID)))

    def test_that_is_past_shuts_a_role_and_refuses_a_new_one(self):
        stack = self.stack()
        stack.create(wish())
        session = self.world.acme.assume(stack.outputs()["RoleArn"], FIRST_ID)
        self.assertEqual(stack.update(wish(ExpiresAt="2026-01-01T00:00:00Z", RevokeSessions="Never")), "UPDATE_COMPLETE")
        self.assertIn("ExpiresAt is 2026-01-01T00:00:00Z, which is past", stack.outputs()["Warnings"])
        self.assertFalse(works(session), "shut for sessions, too, whatever becomes of older ones")
        self.assertIsNone(self.world.acme.assume(stack.outputs()["RoleArn"], FIRST_ID))

        roles = self.customer.role_names()
        late = self.stack()
        self.assertEqual(late.create(wish(ExpiresAt="2026-01-01T00:00:00Z")), "ROLLBACK_COMPLETE")
        self.assertIn("ExpiresAt is 2026-01-01T00:00:00Z, but it is", late.reasons("Role")[0])
        self.assertEqual(self.customer.role_names(), roles)


class AnAdministrator(OnLocalAws):
    """A role that may do everything, in a Region whose function's owner permits that.

    What it may do to itself is judged elsewhere: MiniStack asks about roles without their path.
    """

    region = "eu-central-1"

    def test_cannot_change_its_own_cage(self):
        function_stack = Stack(self.customer, "administrators-welcome", self.region)
        self.addCleanup(lambda: function_stack.exists() and function_stack.delete())
        sam.deploy(
            self.world.aws,
            {"TrustedAccountIds": PROVIDER, "PermitAdministrativeAccess": "true"},
            stack_name=function_stack.name,
            region=self.region,
        )
        stack = Stack(self.customer, "administrator", self.region)
        self.addCleanup(lambda: stack.exists() and stack.delete())
        status = stack.create(wish(ManagedPolicyArns=[ADMINISTRATOR], AllowAdministrativeAccess=True))
        self.assertEqual((status, stack.reasons("Role")), ("CREATE_COMPLETE", []))
        self.assertIn(GUARDRAILS, self.role_of(stack)["InlinePolicies"])
        session = self.world.acme.assume(stack.outputs()["RoleArn"], FIRST_ID)

        def may(service, call, **arguments):
            return session.may(service, call, self.region, **arguments)

        own_role = self.customer.client("lambda", self.region).get_function_configuration(FunctionName=FUNCTION_NAME)["Role"]
        own_role = own_role.rsplit("/", 1)[1]
        template = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
        self.assertTrue(may("lambda", "get_function", FunctionName=FUNCTION_NAME))
        self.assertTrue(may("iam", "get_role", RoleName=own_role))
        self.assertFalse(may("lambda", "invoke", FunctionName=FUNCTION_NAME, Payload=b"{}"))
        self.assertFalse(may("lambda", "update_function_configuration", FunctionName=FUNCTION_NAME, Timeout=3))
        self.assertFalse(may("lambda", "delete_function", FunctionName=FUNCTION_NAME))
        self.assertFalse(may("iam", "put_role_policy", RoleName=own_role, PolicyName="More", PolicyDocument="{}"))
        self.assertFalse(may("iam", "delete_role_policy", RoleName=own_role, PolicyName="ManageDelegatedRoles"))
        for any_stack in (stack, function_stack):
            self.assertTrue(may("cloudformation", "describe_stacks", StackName=any_stack.name))
            for name in (any_stack.name, any_stack.describe()["StackId"]):
                self.assertFalse(may("cloudformation", "update_stack", StackName=name, TemplateBody=template))
                self.assertFalse(may("cloudformation", "delete_stack", StackName=name))
        # It is an administrator all the same.
        self.assertTrue(may("sqs", "create_queue", QueueName="of-the-administrator"))
        self.assertTrue(may("iam", "create_role", RoleName="of-the-administrator", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'))
        self.assertTrue(may("iam", "delete_role", RoleName="of-the-administrator"))
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")

"""Custom::AccessCheck finds out whether a customer's role is safe. The tests use many different trust policies."""

import re
import time

from .constants import CUSTOMER, PROVIDER, STRANGER
from .constants import FIRST_ID as ID
from .constants import SECOND_ID as OTHER_ID
from .fixtures import ProviderTestCase
from .policies import EXTERNAL_ID_KEY as KEY
from .policies import PROVIDER_ROOT, trust_statement
from .stacks import access_check, delegated_role

LENGTH = len(ID)

NONE = "no external ID"
RANDOM = "a random external ID of the same length"
FIRST = "the first character changed"
MIDDLE = "the middle character changed"
LAST = "the last character changed"
CASE = "the letters' case flipped"
APPENDED = "a character appended"
PREPENDED = "a character prepended"
WRONG = {RANDOM, FIRST, MIDDLE, LAST, CASE, APPENDED, PREPENDED}
ALL = {NONE} | WRONG


def with_wildcard_at(index):
    return ID[:index] + "?" + ID[index + 1 :]


SAFE_STATEMENT = trust_statement(StringEquals={KEY: ID})

# Trust policies that look correct: their statements, and the probes that are allowed but must be denied.
UNSAFE = {
    "no condition at all": ([trust_statement()], ALL),
    "no condition, and any principal": ([trust_statement("*")], ALL),
    "another condition key": ([trust_statement(StringEquals={"aws:PrincipalAccount": PROVIDER})], ALL),
    "StringEqualsIfExists": ([trust_statement(StringEqualsIfExists={KEY: ID})], {NONE}),
    "StringLikeIfExists": ([trust_statement(StringLikeIfExists={KEY: ID})], {NONE}),
    "StringLike *: any ID": ([trust_statement(StringLike={KEY: "*"})], WRONG),
    "Null: any ID, but not none": ([trust_statement(Null={KEY: "false"})], WRONG),
    "a * after the ID": ([trust_statement(StringLike={KEY: f"{ID}*"})], {APPENDED}),
    "a * before the ID": ([trust_statement(StringLike={KEY: f"*{ID}"})], {PREPENDED}),
    "a * on both sides": ([trust_statement(StringLike={KEY: f"*{ID}*"})], {APPENDED, PREPENDED}),
    "only the start of the ID": ([trust_statement(StringLike={KEY: f"{ID[:7]}*"})], {MIDDLE, LAST, APPENDED}),
    "only the end of the ID": ([trust_statement(StringLike={KEY: f"*{ID[-7:]}"})], {FIRST, MIDDLE, PREPENDED}),
    "a * in the middle": ([trust_statement(StringLike={KEY: f"{ID[:7]}*{ID[-7:]}"})], {MIDDLE}),
    "a ? first": ([trust_statement(StringLike={KEY: with_wildcard_at(0)})], {FIRST}),
    "a ? in the middle": ([trust_statement(StringLike={KEY: with_wildcard_at(LENGTH // 2)})], {MIDDLE}),
    "a ? last": ([trust_statement(StringLike={KEY: with_wildcard_at(LENGTH - 1)})], {LAST}),
    "only ?": ([trust_statement(StringLike={KEY: "?" * LENGTH})], WRONG - {APPENDED, PREPENDED}),
    "the ID and a pattern": ([trust_statement(StringLike={KEY: [ID, f"{ID[:7]}*"]})], {MIDDLE, LAST, APPENDED}),
    "StringEqualsIgnoreCase": ([trust_statement(StringEqualsIgnoreCase={KEY: ID})], {CASE}),
    "StringNotEquals": ([trust_statement(StringNotEquals={KEY: OTHER_ID})], ALL),
    "StringNotLike": ([trust_statement(StringNotLike={KEY: "other-*"})], ALL),
    "ForAllValues:StringEquals": ([trust_statement(**{"ForAllValues:StringEquals": {KEY: ID}})], {NONE}),
    "ForAllValues:StringLike": ([trust_statement(**{"ForAllValues:StringLike": {KEY: f"{ID}*"}})], {NONE, APPENDED}),
    "ForAnyValue:StringLike": ([trust_statement(**{"ForAnyValue:StringLike": {KEY: f"{ID}*"}})], {APPENDED}),
    "a second statement without a condition": ([SAFE_STATEMENT, trust_statement()], ALL),
    "a second statement for any principal": ([SAFE_STATEMENT, trust_statement("*")], ALL),
    "a second statement with a pattern": ([SAFE_STATEMENT, trust_statement(StringLike={KEY: f"*{ID}"})], {PREPENDED}),
    "a deny that ignores a missing ID": (
        [trust_statement(), trust_statement(effect="Deny", StringNotEquals={KEY: ID}, Null={KEY: "false"})],
        {NONE},
    ),
    "a deny of a single wrong ID": ([trust_statement(), trust_statement(effect="Deny", StringEquals={KEY: OTHER_ID})], ALL),
}

# Trust policies that are stricter than necessary, or equivalent.
SAFE = {
    "the recommended trust policy": [SAFE_STATEMENT],
    "two IDs": [trust_statement(StringEquals={KEY: [OTHER_ID, ID]})],
    "the key in different case": [trust_statement(StringEquals={"STS:externalid": ID})],
    "StringLike without a wildcard": [trust_statement(StringLike={KEY: ID})],
    "ForAnyValue:StringEquals": [trust_statement(**{"ForAnyValue:StringEquals": {KEY: ID}})],
    "two conditions on the ID": [trust_statement(StringEquals={KEY: ID}, StringLike={KEY: "acme-*"})],
    "an end date": [trust_statement(StringEquals={KEY: ID}, DateLessThan={"aws:CurrentTime": "2099-12-31T00:00:00Z"})],
    "a source IP range": [trust_statement(StringEquals={KEY: ID}, IpAddress={"aws:SourceIp": "127.0.0.0/8"})],
    "the session name": [trust_statement(StringEquals={KEY: ID, "sts:RoleSessionName": "access-check"})],
    "the account, twice": [trust_statement(StringEquals={KEY: ID, "aws:PrincipalAccount": PROVIDER})],
    "a deny of all other IDs": [trust_statement(), trust_statement(effect="Deny", StringNotEquals={KEY: ID})],
    "another principal without an ID": [SAFE_STATEMENT, trust_statement(f"arn:aws:iam::{STRANGER}:root")],
}


class AccessCheckTestCase(ProviderTestCase):
    def check(self, **properties):
        stack = self.stack(self.provider)
        return stack, stack.create(access_check(**properties))

    def failed_check(self, **properties):
        """The reason of a check that fails."""
        stack, status = self.check(**properties)
        self.assertEqual(status, "ROLLBACK_COMPLETE")
        [reason] = stack.reasons("AccessCheck")
        return reason


class TrustPolicies(AccessCheckTestCase):
    def test_unsafe_trust_policies(self):
        for name, (statements, allowed) in UNSAFE.items():
            with self.subTest(name):
                reason = self.failed_check(RoleArn=self.create_role(*statements), ExternalId=ID)
                self.assertEqual(allowed_probes(reason), allowed)
                # The correct trust policy, but without the external ID, because many people can read the reason.
                self.assertIn(f'"Principal":{{"AWS":"{PROVIDER_ROOT}"}}', reason)
                self.assertIn('"StringEquals":{"sts:ExternalId":', reason)
                self.assertNotIn(ID, reason)

    def test_safe_trust_policies(self):
        checking_role = self.checking_role_arn.rsplit("/", 1)[1]
        checking_role_only = {
            "only the checking role": [trust_statement(self.checking_role_arn, StringEquals={KEY: ID})],
            # aws:PrincipalArn is the role's ARN on AWS, and the session's ARN on MiniStack.
            "the checking role in a condition": [
                trust_statement(
                    StringEquals={KEY: ID},
                    ArnLike={
                        "aws:PrincipalArn": [
                            self.checking_role_arn,
                            f"arn:aws:sts::{PROVIDER}:assumed-role/{checking_role}/*",
                        ]
                    },
                )
            ],
        }
        for name, statements in {**SAFE, **checking_role_only}.items():
            with self.subTest(name):
                stack, status = self.check(RoleArn=self.create_role(*statements), ExternalId=ID)
                self.assertEqual((status, stack.reasons("AccessCheck")), ("CREATE_COMPLETE", []))
                self.assertEqual(stack.outputs()["Verdict"], "Safe")

    def test_trust_policies_that_deny_the_right_id(self):
        # Each check waits as long as IAM can need to propagate a new role, so all checks run at the same time.
        denied = {
            "the role does not exist": f"arn:aws:iam::{CUSTOMER}:role/no-such-role",
            "another ID": self.create_role(trust_statement(StringEquals={KEY: OTHER_ID})),
            "another account": self.create_role(trust_statement(f"arn:aws:iam::{STRANGER}:root", StringEquals={KEY: ID})),
        }
        inverted = {
            "all IDs except the right one": (self.create_role(trust_statement(StringNotEquals={KEY: ID})), ALL),
            "only without an ID": (self.create_role(trust_statement(Null={KEY: "true"})), {NONE}),
        }
        stacks = {}
        for name, arn in [*denied.items(), *((name, arn) for name, (arn, _) in inverted.items())]:
            stacks[name] = self.stack(self.provider)
            stacks[name].start_create(access_check(RoleArn=arn, ExternalId=ID))
        for name in denied:
            with self.subTest(name):
                self.assertEqual(stacks[name].wait(), "ROLLBACK_COMPLETE")
                [reason] = stacks[name].reasons("AccessCheck")
                self.assertIn("did not open with the right external ID", reason)
                self.assertIn("AllowedPrincipalArns", reason)
                self.assertNotIn(ID, reason)
        for name, (_, allowed) in inverted.items():
            with self.subTest(name):
                self.assertEqual(stacks[name].wait(), "ROLLBACK_COMPLETE")
                [reason] = stacks[name].reasons("AccessCheck")
                self.assertEqual(allowed_probes(reason), allowed)


class Mfa(AccessCheckTestCase):
    """A function cannot use MFA. So the check can only prove that every request without MFA is denied."""

    MFA = {"aws:MultiFactorAuthPresent": "true"}

    def test_required_mfa_is_inconclusive(self):
        arn = self.create_role(trust_statement(StringEquals={KEY: ID}, Bool=self.MFA))
        reason = self.failed_check(RoleArn=arn, ExternalId=ID, RequireMfa="true")
        self.assertIn("Inconclusive: could not determine", reason)
        self.assertIn("OnInconclusive", reason)

        stack, status = self.check(RoleArn=arn, ExternalId=ID, RequireMfa="true", OnInconclusive="Succeed")
        self.assertEqual((status, stack.reasons("AccessCheck")), ("CREATE_COMPLETE", []))
        self.assertEqual(stack.outputs()["Verdict"], "Inconclusive")
        self.assertRegex(stack.physical_id("AccessCheck"), r"\Aaccess-check-[0-9a-f]{64}-inconclusive-\d{8}T\d{6}Z\Z")

    def test_missing_mfa_condition_is_unsafe(self):
        for name, statements in {
            "no condition on MFA": [SAFE_STATEMENT],
            "a condition in one of two statements": [trust_statement(StringEquals={KEY: ID}, Bool=self.MFA), SAFE_STATEMENT],
        }.items():
            with self.subTest(name):
                arn = self.create_role(*statements)
                reason = self.failed_check(RoleArn=arn, ExternalId=ID, RequireMfa="true", OnInconclusive="Succeed")
                self.assertEqual(allowed_probes(reason), {"the right external ID", "the right external ID again"})
                self.assertIn('"aws:MultiFactorAuthPresent":"true"', reason)


class Roles(AccessCheckTestCase):
    def test_role_from_the_customers_function(self):
        customer_stack = self.stack()
        customer_stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=ID))
        stack, status = self.check(RoleArn=customer_stack.outputs()["RoleArn"], ExternalId=ID, CustomerAccountId=CUSTOMER)
        self.assertEqual((status, stack.reasons("AccessCheck")), ("CREATE_COMPLETE", []))
        outputs = stack.outputs()
        self.assertEqual(
            {name: outputs[name] for name in ("Verdict", "RoleArn", "AccountId")},
            {"Verdict": "Safe", "RoleArn": customer_stack.outputs()["RoleArn"], "AccountId": CUSTOMER},
        )
        self.assertRegex(outputs["CheckedAt"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
        *probes, note = outputs["Probes"].splitlines()
        self.assertEqual(
            probes,
            [
                "the right external ID: opened",
                f"{NONE}: denied",
                f"{RANDOM}: denied",
                f"{FIRST}: denied",
                f"{MIDDLE}: denied",
                f"{LAST}: denied",
                f"{CASE}: denied",
                f"{APPENDED}: denied",
                f"{PREPENDED}: denied",
                "the right external ID again: opened",
            ],
        )
        self.assertIn("a second external ID", note)
        self.assertRegex(stack.physical_id("AccessCheck"), r"\Aaccess-check-[0-9a-f]{64}-safe-\d{8}T\d{6}Z\Z")

    def test_role_that_is_created_during_the_check(self):
        name = "created-during-the-check"
        stack = self.stack(self.provider)
        stack.start_create(access_check(RoleArn=f"arn:aws:iam::{CUSTOMER}:role/{name}", ExternalId=ID))
        time.sleep(2.5)
        self.assertEqual(stack.describe()["StackStatus"], "CREATE_IN_PROGRESS", "the check waits for the role")
        self.customer.create_role(name, SAFE_STATEMENT)
        self.addCleanup(self.customer.client("iam").delete_role, RoleName=name)
        self.assertEqual((stack.wait(), stack.reasons("AccessCheck")), ("CREATE_COMPLETE", []))
        self.assertEqual(stack.outputs()["Verdict"], "Safe")

    def test_role_in_the_providers_account(self):
        reason = self.failed_check(RoleArn=self.checking_role_arn, ExternalId=ID)
        self.assertIn("RoleArn", reason)
        self.assertIn(PROVIDER, reason)

    def test_role_in_an_unexpected_account(self):
        reason = self.failed_check(RoleArn=self.create_role(SAFE_STATEMENT), ExternalId=ID, CustomerAccountId=STRANGER)
        self.assertIn("CustomerAccountId", reason)
        self.assertIn(CUSTOMER, reason)

    def test_all_invalid_properties_are_reported_at_once(self):
        invalid = {
            "RoleArn": "arn:aws:iam::1234:role/short",
            "ExternalId": "x",
            "CustomerAccountId": "12",
            "RequireMfa": "perhaps",
            "OnInconclusive": "Shrug",
            "Revison": "2",
        }
        reason = self.failed_check(**invalid)
        for property in [*invalid, "Revision"]:
            self.assertIn(property, reason)


class FailedChecks(AccessCheckTestCase):
    """A customer must not be able to block the provider's stack."""

    def test_rollback_restores_the_previous_result(self):
        arn = self.create_role(SAFE_STATEMENT)
        stack, status = self.check(RoleArn=arn, ExternalId=ID, Revision="1")
        self.assertEqual(status, "CREATE_COMPLETE")
        before, physical_id = stack.outputs(), stack.physical_id("AccessCheck")

        self.customer.set_trust(arn, trust_statement(StringLike={KEY: f"{ID}*"}))
        # The role is still unsafe, so the rollback would fail if it repeated the check.
        status = stack.update(access_check(RoleArn=arn, ExternalId=ID, Revision="2"))
        self.assertEqual(status, "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(allowed_probes(stack.reasons("AccessCheck")[0]), {APPENDED})
        self.assertEqual(stack.physical_id("AccessCheck"), physical_id)
        self.assertEqual(stack.outputs(), before)

        self.customer.set_trust(arn, SAFE_STATEMENT)
        self.assertEqual(stack.update(access_check(RoleArn=arn, ExternalId=ID, Revision="3")), "UPDATE_COMPLETE")
        self.assertEqual(stack.outputs()["Verdict"], "Safe")
        self.assertNotEqual(stack.physical_id("AccessCheck"), physical_id)

    def test_delete_does_not_check_the_role(self):
        arn = self.create_role(SAFE_STATEMENT)
        stack, _ = self.check(RoleArn=arn, ExternalId=ID)
        self.customer.set_trust(arn, trust_statement("*"))
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")


def allowed_probes(reason):
    """The probes that were allowed: those with an explanation, and those that follow from them."""
    probes = reason.split("It opened with ", 1)[1].split(". The customer must", 1)[0]
    causes, _, consequences = probes.partition("; and so with ")
    named = re.findall(r"\(\d+\) ([^:]*):", causes) or [causes.split(":", 1)[0]]
    return {*named, *filter(None, consequences.split(", "))}

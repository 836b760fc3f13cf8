"""Which roles are found safe and which are not, asked by the real function of roles that customers made."""

import re
import time

from .emulator import CUSTOMER, PROVIDER, STRANGER
from .installed import OnProvidersSide
from .stacks import access_check, delegated_role

ID = "sample-7f0d1c523f5e4e0f9d5b0a9f6f3f2f11"
OTHER_ID = "sample-2b8e6d90c1a74f35b4d8e7f60a1c9d53"
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
EVERYTHING = {NONE} | WRONG
KEY = "sts:ExternalId"


def letting_in(principal=f"arn:aws:iam::{PROVIDER}:root", effect="Allow", **conditions):
    """A statement of a trust policy. `ForAllValues:` and the like come as keywords of a dictionary."""
    statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return {**statement, "Condition": conditions} if conditions else statement


def with_one_replaced(index, by="?"):
    return ID[:index] + by + ID[index + 1 :]


GOOD = letting_in(StringEquals={KEY: ID})

# The statements of a trust policy that looks right at a glance, and what gets in besides the right ID.
UNSAFE = {
    "no condition at all": ([letting_in()], EVERYTHING),
    "no condition, and anybody": ([letting_in("*")], EVERYTHING),
    "another key instead": ([letting_in(StringEquals={"aws:PrincipalAccount": PROVIDER})], EVERYTHING),
    "StringEqualsIfExists": ([letting_in(StringEqualsIfExists={KEY: ID})], {NONE}),
    "StringLikeIfExists": ([letting_in(StringLikeIfExists={KEY: ID})], {NONE}),
    "any ID will do": ([letting_in(StringLike={KEY: "*"})], WRONG),
    "an ID must be sent, no matter which": ([letting_in(Null={KEY: "false"})], WRONG),
    "a star after the ID": ([letting_in(StringLike={KEY: f"{ID}*"})], {APPENDED}),
    "a star before the ID": ([letting_in(StringLike={KEY: f"*{ID}"})], {PREPENDED}),
    "a star on either side": ([letting_in(StringLike={KEY: f"*{ID}*"})], {APPENDED, PREPENDED}),
    "only how the ID begins": ([letting_in(StringLike={KEY: f"{ID[:7]}*"})], {MIDDLE, LAST, APPENDED}),
    "only how the ID ends": ([letting_in(StringLike={KEY: f"*{ID[-7:]}"})], {FIRST, MIDDLE, PREPENDED}),
    "a star in the middle": ([letting_in(StringLike={KEY: f"{ID[:7]}*{ID[-7:]}"})], {MIDDLE}),
    "a question mark first": ([letting_in(StringLike={KEY: with_one_replaced(0)})], {FIRST}),
    "a question mark in the middle": ([letting_in(StringLike={KEY: with_one_replaced(LENGTH // 2)})], {MIDDLE}),
    "a question mark last": ([letting_in(StringLike={KEY: with_one_replaced(LENGTH - 1)})], {LAST}),
    "question marks only": ([letting_in(StringLike={KEY: "?" * LENGTH})], WRONG - {APPENDED, PREPENDED}),
    "a second pattern beside the ID": ([letting_in(StringLike={KEY: [ID, f"{ID[:7]}*"]})], {MIDDLE, LAST, APPENDED}),
    "StringEqualsIgnoreCase": ([letting_in(StringEqualsIgnoreCase={KEY: ID})], {CASE}),
    "StringNotEquals": ([letting_in(StringNotEquals={KEY: OTHER_ID})], EVERYTHING),
    "StringNotLike": ([letting_in(StringNotLike={KEY: "other-*"})], EVERYTHING),
    "ForAllValues:StringEquals": ([letting_in(**{"ForAllValues:StringEquals": {KEY: ID}})], {NONE}),
    "ForAllValues:StringLike": ([letting_in(**{"ForAllValues:StringLike": {KEY: f"{ID}*"}})], {NONE, APPENDED}),
    "ForAnyValue:StringLike": ([letting_in(**{"ForAnyValue:StringLike": {KEY: f"{ID}*"}})], {APPENDED}),
    "a second statement that does without": ([GOOD, letting_in()], EVERYTHING),
    "a second statement for anybody": ([GOOD, letting_in("*")], EVERYTHING),
    "a second statement with a pattern": ([GOOD, letting_in(StringLike={KEY: f"*{ID}"})], {PREPENDED}),
    "a deny that looks past a missing ID": (
        [letting_in(), letting_in(effect="Deny", StringNotEquals={KEY: ID}, Null={KEY: "false"})],
        {NONE},
    ),
    "a deny of one wrong ID": ([letting_in(), letting_in(effect="Deny", StringEquals={KEY: OTHER_ID})], EVERYTHING),
}

# What is stricter than it need be, or says the same in another way.
SAFE = {
    "as it should be": [GOOD],
    "two IDs": [letting_in(StringEquals={KEY: [OTHER_ID, ID]})],
    "the key in another case": [letting_in(StringEquals={"STS:externalid": ID})],
    "StringLike without a wildcard": [letting_in(StringLike={KEY: ID})],
    "ForAnyValue:StringEquals": [letting_in(**{"ForAnyValue:StringEquals": {KEY: ID}})],
    "two conditions on it": [letting_in(StringEquals={KEY: ID}, StringLike={KEY: "sample-*"})],
    "an end date": [letting_in(StringEquals={KEY: ID}, DateLessThan={"aws:CurrentTime": "2099-12-31T00:00:00Z"})],
    "an address": [letting_in(StringEquals={KEY: ID}, IpAddress={"aws:SourceIp": "127.0.0.0/8"})],
    "the session's name": [letting_in(StringEquals={KEY: ID, "sts:RoleSessionName": "access-check"})],
    "the account once more": [letting_in(StringEquals={KEY: ID, "aws:PrincipalAccount": PROVIDER})],
    "a deny of everything else": [letting_in(), letting_in(effect="Deny", StringNotEquals={KEY: ID})],
    "somebody else without one": [GOOD, letting_in(f"arn:aws:iam::{STRANGER}:root")],
}


class Check(OnProvidersSide):
    def checked(self, **properties):
        stack = self.stack(self.provider)
        return stack, stack.create(access_check(**properties))

    def refused(self, **properties):
        stack, status = self.checked(**properties)
        self.assertEqual(status, "ROLLBACK_COMPLETE")
        [reason] = stack.reasons("AccessCheck")
        return reason


class OfTrusts(Check):
    def test_that_look_right_and_are_not(self):
        for what, (statements, openings) in UNSAFE.items():
            with self.subTest(what):
                reason = self.refused(RoleArn=self.role(*statements), ExternalId=ID)
                self.assertEqual(opened(reason), openings)
                # What the customer must write instead, without the ID: reasons are read by many.
                self.assertIn(f'"Principal":{{"AWS":"arn:aws:iam::{PROVIDER}:root"}}', reason)
                self.assertIn('"StringEquals":{"sts:ExternalId":', reason)
                self.assertNotIn(ID, reason)

    def test_that_are_safe(self):
        checking_role = self.checking_role_arn.rsplit("/", 1)[1]
        only_the_checking_role = {
            "the checking role alone": [letting_in(self.checking_role_arn, StringEquals={KEY: ID})],
            # On AWS aws:PrincipalArn is the role's ARN; MiniStack has the session's.
            "the checking role as a condition": [
                letting_in(
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
        for what, statements in {**SAFE, **only_the_checking_role}.items():
            with self.subTest(what):
                stack, status = self.checked(RoleArn=self.role(*statements), ExternalId=ID)
                self.assertEqual((status, stack.reasons("AccessCheck")), ("CREATE_COMPLETE", []))
                self.assertEqual(stack.outputs()["Verdict"], "Safe")

    def test_that_shut_out_the_right_id(self):
        # Each one waits as long as a new role may take to open everywhere, so they wait side by side.
        shut = {
            "no such role": f"arn:aws:iam::{CUSTOMER}:role/no-such-role",
            "another ID": self.role(letting_in(StringEquals={KEY: OTHER_ID})),
            "another account": self.role(letting_in(f"arn:aws:iam::{STRANGER}:root", StringEquals={KEY: ID})),
        }
        wrong_way_round = {
            "every ID but the right one": (self.role(letting_in(StringNotEquals={KEY: ID})), EVERYTHING),
            "no ID alone": (self.role(letting_in(Null={KEY: "true"})), {NONE}),
        }
        stacks = {}
        for what, arn in [*shut.items(), *((what, arn) for what, (arn, _) in wrong_way_round.items())]:
            stacks[what] = self.stack(self.provider)
            stacks[what].start(access_check(RoleArn=arn, ExternalId=ID))
        for what in shut:
            with self.subTest(what):
                self.assertEqual(stacks[what].end(), "ROLLBACK_COMPLETE")
                [reason] = stacks[what].reasons("AccessCheck")
                self.assertIn("did not open with the right external ID", reason)
                self.assertIn("AllowedPrincipalArns", reason)
                self.assertNotIn(ID, reason)
        for what, (_, openings) in wrong_way_round.items():
            with self.subTest(what):
                self.assertEqual(stacks[what].end(), "ROLLBACK_COMPLETE")
                [reason] = stacks[what].reasons("AccessCheck")
                self.assertEqual(opened(reason), openings)


class OfASecondFactor(Check):
    """No function can present one, so the most that can be shown is that nothing opens without."""

    MFA = {"aws:MultiFactorAuthPresent": "true"}

    def test_that_is_demanded(self):
        arn = self.role(letting_in(StringEquals={KEY: ID}, Bool=self.MFA))
        reason = self.refused(RoleArn=arn, ExternalId=ID, RequireMfa="true")
        self.assertIn("Inconclusive: could not determine", reason)
        self.assertIn("OnInconclusive", reason)

        stack, status = self.checked(RoleArn=arn, ExternalId=ID, RequireMfa="true", OnInconclusive="Succeed")
        self.assertEqual((status, stack.reasons("AccessCheck")), ("CREATE_COMPLETE", []))
        self.assertEqual(stack.outputs()["Verdict"], "Inconclusive")
        self.assertRegex(stack.physical_id("AccessCheck"), r"\Aaccess-check-[0-9a-f]{64}-inconclusive-\d{8}T\d{6}Z\Z")

    def test_that_is_not_demanded(self):
        for what, statements in {
            "no condition on it": [GOOD],
            "in one of two statements": [letting_in(StringEquals={KEY: ID}, Bool=self.MFA), GOOD],
        }.items():
            with self.subTest(what):
                reason = self.refused(RoleArn=self.role(*statements), ExternalId=ID, RequireMfa="true", OnInconclusive="Succeed")
                self.assertEqual(opened(reason), {"the right external ID", "the right external ID again"})
                self.assertIn('"aws:MultiFactorAuthPresent":"true"', reason)


class OfARole(Check):
    def test_that_the_customers_function_made(self):
        customers = self.stack()
        customers.create(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=ID))
        stack, status = self.checked(RoleArn=customers.outputs()["RoleArn"], ExternalId=ID, CustomerAccountId=CUSTOMER)
        self.assertEqual((status, stack.reasons("AccessCheck")), ("CREATE_COMPLETE", []))
        outputs = stack.outputs()
        self.assertEqual(
            {name: outputs[name] for name in ("Verdict", "RoleArn", "AccountId")},
            {"Verdict": "Safe", "RoleArn": customers.outputs()["RoleArn"], "AccountId": CUSTOMER},
        )
        self.assertRegex(outputs["CheckedAt"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
        *probes, unseen = outputs["Probes"].splitlines()
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
        self.assertIn("a second external ID", unseen)
        self.assertRegex(stack.physical_id("AccessCheck"), r"\Aaccess-check-[0-9a-f]{64}-safe-\d{8}T\d{6}Z\Z")

    def test_that_comes_into_being_meanwhile(self):
        name = "made-meanwhile"
        stack = self.stack(self.provider)
        stack.start(access_check(RoleArn=f"arn:aws:iam::{CUSTOMER}:role/{name}", ExternalId=ID))
        time.sleep(2.5)
        self.assertEqual(stack.describe()["StackStatus"], "CREATE_IN_PROGRESS", "it is still waited for")
        self.customer.trusting_role(name, GOOD)
        self.addCleanup(self.customer.client("iam").delete_role, RoleName=name)
        self.assertEqual((stack.end(), stack.reasons("AccessCheck")), ("CREATE_COMPLETE", []))
        self.assertEqual(stack.outputs()["Verdict"], "Safe")

    def test_of_the_providers_own_account(self):
        reason = self.refused(RoleArn=self.checking_role_arn, ExternalId=ID)
        self.assertIn("RoleArn", reason)
        self.assertIn(PROVIDER, reason)

    def test_of_another_account_than_the_customers(self):
        reason = self.refused(RoleArn=self.role(GOOD), ExternalId=ID, CustomerAccountId=STRANGER)
        self.assertIn("CustomerAccountId", reason)
        self.assertIn(CUSTOMER, reason)

    def test_that_is_described_wrongly_in_every_way(self):
        wrong = {
            "RoleArn": "arn:aws:iam::1234:role/short",
            "ExternalId": "x",
            "CustomerAccountId": "12",
            "RequireMfa": "perhaps",
            "OnInconclusive": "Shrug",
            "Revison": "2",
        }
        reason = self.refused(**wrong)
        for property in [*wrong, "Revision"]:
            self.assertIn(property, reason)


class ThatFails(Check):
    """A customer must not be able to wedge the provider's stack."""

    def test_rolls_back_to_the_answer_of_before(self):
        arn = self.role(GOOD)
        stack, status = self.checked(RoleArn=arn, ExternalId=ID, Revision="1")
        self.assertEqual(status, "CREATE_COMPLETE")
        before, physical_id = stack.outputs(), stack.physical_id("AccessCheck")

        self.customer.change_trust(arn, letting_in(StringLike={KEY: f"{ID}*"}))
        # The role stays open: asked again, the rollback would fail as well.
        status = stack.update(access_check(RoleArn=arn, ExternalId=ID, Revision="2"))
        self.assertEqual(status, "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(opened(stack.reasons("AccessCheck")[0]), {APPENDED})
        self.assertEqual(stack.physical_id("AccessCheck"), physical_id)
        self.assertEqual(stack.outputs(), before)

        self.customer.change_trust(arn, GOOD)
        self.assertEqual(stack.update(access_check(RoleArn=arn, ExternalId=ID, Revision="3")), "UPDATE_COMPLETE")
        self.assertEqual(stack.outputs()["Verdict"], "Safe")
        self.assertNotEqual(stack.physical_id("AccessCheck"), physical_id)

    def test_is_deleted_though_the_role_is_open_or_gone(self):
        arn = self.role(GOOD)
        stack, _ = self.checked(RoleArn=arn, ExternalId=ID)
        self.customer.change_trust(arn, letting_in("*"))
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")


def opened(reason):
    """The probes that got in: those that tell what is wrong, and those that follow from them."""
    told = reason.split("It opened with ", 1)[1].split(". The customer must", 1)[0]
    causes, _, consequences = told.partition("; and so with ")
    named = re.findall(r"\(\d+\) ([^:]*):", causes) or [causes.split(":", 1)[0]]
    return {*named, *filter(None, consequences.split(", "))}

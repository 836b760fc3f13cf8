"""The deployed functions answer direct calls: an audit in the customer's account, an access check in the provider's."""

import json
import re
import unittest

from . import templates
from .constants import CUSTOMER, FIRST_ID, FUNCTION_NAME, LOG_GROUP, PROVIDER, PROVIDER_FUNCTION_NAME, REGION, ROLE_PATH_PREFIX, SECOND_ID
from .direct_calls import findings, invoke
from .fixtures import LocalAwsTestCase, ProviderTestCase
from .function_logs import messages
from .policies import EXTERNAL_ID_KEY, allow, document, trust_statement
from .stacks import delegated_role

MOMENT = r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z"
ATTEMPTS = 5


class Permissions(unittest.TestCase):
    def test_the_audit_lists_roles_with_the_shipped_permission(self):
        for name in ("template.yaml", "stackset.yaml"):
            shipped = templates.read(name)
            for template in (shipped, templates.relax(shipped)[0]):
                [found] = [each for each in templates.function_statements(template) if "iam:ListRoles" in each["Action"]]
                self.assertEqual(found, {"Sid": "ListRoles", "Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"})


class Audit(LocalAwsTestCase):
    def create(self, **properties):
        """A stack with a role, and the name of the role."""
        stack = self.stack()
        self.assertEqual(stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, **properties)), "CREATE_COMPLETE")
        return stack, stack.outputs()["RoleName"]

    def audit(self):
        return invoke(self.customer.client("lambda"), FUNCTION_NAME, {"Audit": {}})

    def test_role_as_agreed(self):
        stack, name = self.create(ExternalId=FIRST_ID, ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"])
        before = self.customer.role(name)
        report = self.audit()
        self.assertEqual(sorted(report), ["AccountId", "AuditedAt", "Complete", "Gaps", "Region", "Roles", "Version"])
        self.assertEqual((report["Version"], report["Complete"], report["Gaps"]), (1, True, []))
        self.assertEqual((report["AccountId"], report["Region"]), (CUSTOMER, REGION))
        self.assertRegex(report["AuditedAt"], MOMENT)
        self.assertNotIn(FIRST_ID, json.dumps(report))
        [role] = [role for role in report["Roles"] if role["RoleName"] == name]
        self.assertRegex(role.pop("CreatedAt"), MOMENT)
        self.assertEqual(
            role,
            {
                "RoleName": name,
                "RoleArn": f"arn:aws:iam::{CUSTOMER}:role{ROLE_PATH_PREFIX}{name}",
                "StackId": stack.describe()["StackId"],
                "LogicalId": "Role",
                "ExternalAwsAccountIds": [PROVIDER],
                "RequiresExternalId": True,
                "RequiresMfa": False,
                "MaxSessionDuration": 3600,
                "ExpiresAt": None,
                "LastUsedAt": None,
                "Policies": ["ServiceProviderAccessGuardrails", "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"],
                "Reach": {"Level": "limited", "Privileges": [], "Services": []},
                "Findings": [],
            },
        )
        self.assertEqual(self.customer.role(name), before, "an audit writes nothing")

    def test_roles_outside_the_prefix_are_not_audited(self):
        _, name = self.create()
        names = [role["RoleName"] for role in self.audit()["Roles"]]
        self.assertIn(name, names)
        self.assertEqual(names, self.customer.role_names())

    def test_trust_that_was_loosened_by_hand(self):
        stack, name = self.create(ExternalId=FIRST_ID, Revision="1")
        self.customer.set_trust(stack.outputs()["RoleArn"], trust_statement(StringLike={EXTERNAL_ID_KEY: f"{FIRST_ID[:5]}*"}))
        loosened = self.customer.role(name)
        report = self.audit()
        self.assertEqual(findings(report, name), {"open": "error", "drifted": "error"})
        self.assertTrue(report["Complete"], report["Gaps"])
        self.assertNotIn(FIRST_ID, json.dumps(report))
        self.assertNotIn(f"{FIRST_ID[:5]}*", json.dumps(report))
        self.assertEqual(self.customer.role(name), loosened, "an audit changes nothing back")
        for line in self.lines_of_findings(name, 2):
            self.assertNotIn(FIRST_ID[:5], line)
        # What the message of `open` recommends.
        template = delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=FIRST_ID, Revision="2")
        self.assertEqual(stack.update(template), "UPDATE_COMPLETE")
        self.assertEqual(findings(self.audit(), name), {})

    def test_policy_that_was_added_by_hand(self):
        _, name = self.create()
        iam = self.customer.client("iam")
        iam.put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=json.dumps(allow("s3:GetObject")))
        report = self.audit()
        self.assertEqual(findings(report, name), {"drifted": "error"})
        [role] = [role for role in report["Roles"] if role["RoleName"] == name]
        self.assertIn("more", role["Policies"])
        self.assertIn("more", role["Findings"][0]["Message"])

    def test_stack_that_is_gone(self):
        template = delegated_role(ExternalAwsAccountId=PROVIDER)
        template["Resources"]["Role"]["DeletionPolicy"] = "Retain"
        stack = self.stack()
        self.assertEqual(stack.create(template), "CREATE_COMPLETE")
        name = stack.outputs()["RoleName"]
        self.addCleanup(self.customer.delete_role, name)
        self.assertEqual(findings(self.audit(), name), {})
        self.assertEqual(stack.delete(), "DELETE_COMPLETE")
        report = self.audit()
        self.assertEqual(findings(report, name), {"orphaned": "error"})
        self.assertTrue(report["Complete"], report["Gaps"])

    def test_role_without_our_tags(self):
        iam = self.customer.client("iam")
        trust = json.dumps(document(trust_statement(StringEquals={EXTERNAL_ID_KEY: FIRST_ID})))
        iam.create_role(RoleName="under-the-prefix", Path=ROLE_PATH_PREFIX, AssumeRolePolicyDocument=trust)
        self.addCleanup(iam.delete_role, RoleName="under-the-prefix")
        self.assertEqual(findings(self.audit(), "under-the-prefix").get("unmarked"), "error")

    def test_bad_input_is_refused_without_an_error_of_the_function(self):
        for event in ({"Audit": {"Role": "all"}}, {"Audit": "now"}, {"Audit": {}, "AccessCheck": {}}, {"AccessCheck": None}):
            with self.subTest(event):
                answer = invoke(self.customer.client("lambda"), FUNCTION_NAME, event)
                self.assertEqual(answer["Verdict"], "Refused")
                self.assertRegex(answer["Reason"], r" \[malformed-request\]\Z")
                if "Roles" in answer:
                    self.assertEqual((answer["Complete"], answer["Roles"], answer["Gaps"]), (False, [], [answer["Reason"]]))

    def lines_of_findings(self, name, expected):
        for _ in range(ATTEMPTS):
            about = f'"role":"arn:aws:iam::{CUSTOMER}:role{ROLE_PATH_PREFIX}{name}"'
            lines = [line for line in messages(self.customer.client("logs"), LOG_GROUP) if about in line]
            lines = [line for line in lines if json.loads(line)["message"] == "finding"]
            if len(lines) >= expected:
                return lines
            # The local AWS can collect a line together with the next request, so send one.
            self.audit()
        self.fail(f"the log has no lines of the findings in {name}")


class AccessCheck(ProviderTestCase):
    def check(self, **properties):
        return invoke(self.provider.client("lambda"), PROVIDER_FUNCTION_NAME, {"AccessCheck": properties})

    def test_safe_role(self):
        arn = self.create_role(trust_statement(StringEquals={EXTERNAL_ID_KEY: FIRST_ID}))
        answer = self.check(RoleArn=arn, ExternalId=FIRST_ID, CustomerAccountId=CUSTOMER)
        probes, checked_at = answer.pop("Probes"), answer.pop("CheckedAt")
        self.assertEqual(answer, {"Verdict": "Safe", "RoleArn": arn, "AccountId": CUSTOMER, "Reason": ""})
        self.assertIn("no external ID: denied", probes)
        self.assertRegex(checked_at, MOMENT)

    def test_role_that_was_loosened_afterwards(self):
        arn = self.create_role(trust_statement(StringEquals={EXTERNAL_ID_KEY: FIRST_ID}))
        self.assertEqual(self.check(RoleArn=arn, ExternalId=FIRST_ID)["Verdict"], "Safe")
        self.customer.set_trust(arn, trust_statement(StringLike={EXTERNAL_ID_KEY: f"{FIRST_ID}*"}))
        answer = self.check(RoleArn=arn, ExternalId=FIRST_ID)
        self.assertEqual(answer["Verdict"], "Unsafe")
        self.assertIn("a character appended", answer["Reason"])
        self.assertRegex(answer["Reason"], r"\[unsafe\]\Z")
        self.assertNotIn(FIRST_ID, json.dumps(answer))

    def test_bad_input_is_refused_without_an_error_of_the_function(self):
        customer_role = f"arn:aws:iam::{CUSTOMER}:role/r"
        for properties, code in (
            ({}, "missing-property"),
            ({"RoleArn": customer_role, "ExternalId": f"{SECOND_ID} "}, "invalid-value"),
            ({"RoleArn": self.checking_role_arn, "ExternalId": SECOND_ID}, None),
            ({"RoleArn": customer_role, "ExternalId": SECOND_ID, "CustomerAccountId": PROVIDER}, None),
            ({"RoleArn": customer_role, "ExternalId": SECOND_ID, "Revison": "2"}, "unknown-property"),
        ):
            with self.subTest(properties):
                answer = self.check(**properties)
                self.assertEqual((answer["Verdict"], answer["RoleArn"], answer["Probes"]), ("Refused", "", ""))
                self.assertRegex(answer["Reason"], rf"\[{code or '[a-z-]+'}\]")
                self.assertNotIn(SECOND_ID, json.dumps(answer))

    def test_each_function_answers_only_its_own_calls(self):
        answer = invoke(self.provider.client("lambda"), PROVIDER_FUNCTION_NAME, {"Audit": {}})
        self.assertEqual((answer["Verdict"], re.findall(r"\[([a-z-]+)\]", answer["Reason"])), ("Refused", ["wrong-function"]))

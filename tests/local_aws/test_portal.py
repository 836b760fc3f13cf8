"""The back end of docs/portal.md, run in both languages with the rights that the page gives it."""

import json
import re
import urllib.error
import urllib.request

from botocore.exceptions import ClientError

from . import portal_page
from .constants import CUSTOMER, PROVIDER, PROVIDER_FUNCTION_NAME, REGION
from .fixtures import ProviderTestCase
from .onboarding import QUICKSTART, read_link
from .policies import EXTERNAL_ID_KEY, service_trust, trust_statement

BUCKET = "templates-of-acme"
TABLE = "customers"


class PortalTestCase(ProviderTestCase):
    """A back end with the policies of the page, and what it needs: a table, and a role for the stacks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        back_end, of_the_stacks, cls.of_the_bucket = portal_page.policies()
        database, iam = cls.provider.client("dynamodb"), cls.provider.client("iam")
        database.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "Customer", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "Customer", "KeyType": "HASH"}],
        )
        cls.addClassCleanup(database.delete_table, TableName=TABLE)
        trust = json.dumps(service_trust("cloudformation.amazonaws.com"))
        iam.create_role(RoleName="customer-stacks", AssumeRolePolicyDocument=trust)
        cls.addClassCleanup(iam.delete_role, RoleName="customer-stacks")
        iam.put_role_policy(RoleName="customer-stacks", PolicyName="Permissions", PolicyDocument=json.dumps(of_the_stacks))
        cls.addClassCleanup(iam.delete_role_policy, RoleName="customer-stacks", PolicyName="Permissions")
        cls.user = cls.provider.create_user("back-end")
        iam.put_user_policy(UserName="back-end", PolicyName="Permissions", PolicyDocument=json.dumps(back_end))
        cls.addClassCleanup(iam.delete_user, UserName="back-end")
        cls.addClassCleanup(iam.delete_access_key, UserName="back-end", AccessKeyId=cls.user.key_id)
        cls.addClassCleanup(iam.delete_user_policy, UserName="back-end", PolicyName="Permissions")


class BackEnd(PortalTestCase):
    def onboard(self, program, customer):
        """A customer from the registration to a role that was loosened, and closed again."""
        stack = self.stack(self.provider, f"customer-{customer}")
        link = program.call("add_customer", customer)
        external_id = stack.outputs()["ExternalId"]
        self.assertEqual(read_link(link)["Parameters"], {"ProviderAccountId": PROVIDER, "ExternalId": external_id})
        self.assertFalse(program.call("may_use", customer), "nothing is checked yet")

        # Someone else's role, or one that is not safe, does not get into the stack.
        customers_stack = self.stack()
        customers_stack.create(QUICKSTART, **read_link(link)["Parameters"])
        role = customers_stack.outputs()["RoleArn"]
        safe = self.customer.role(role.rsplit("/", 1)[1])["Trust"]["Statement"]
        self.customer.set_trust(role, trust_statement(StringLike={EXTERNAL_ID_KEY: f"{external_id}*"}))
        failed = self.quietly(external_id, program, "enter_role", customer, role, CUSTOMER)
        self.assertEqual(failed["Verdict"], "Failed")
        self.assertIn("a character appended", failed["Reason"])
        self.assertIn('"Principal":{"AWS"', failed["Reason"], "what the customer must write")
        self.assertEqual(stack.describe()["StackStatus"], "UPDATE_ROLLBACK_COMPLETE")
        self.assertNotIn("RoleArn", stack.outputs())
        self.assertFalse(program.call("may_use", customer))

        self.customer.set_trust(role, *safe)
        entered = self.quietly(external_id, program, "enter_role", customer, role, CUSTOMER)
        self.assertEqual((entered["Verdict"], entered["Reason"]), ("Safe", ""))
        self.assertEqual(entered["CheckedAt"], stack.outputs()["CheckedAt"])
        self.assertEqual(stack.outputs()["ExternalIdToSend"], external_id)
        self.assertEqual(self.stored(customer), {"Customer": customer, "RoleArn": role, **entered})
        self.assertTrue(program.call("may_use", customer))

        # No stack changes when a trust is loosened. The next check finds it.
        self.customer.set_trust(role, trust_statement())
        loosened = self.quietly(external_id, program, "check", customer)
        self.assertEqual(loosened["Verdict"], "Unsafe")
        self.assertIn("no external ID", loosened["Reason"])
        self.assertEqual(self.stored(customer), {"Customer": customer, "RoleArn": role, **loosened})
        self.assertFalse(program.call("may_use", customer))

        self.customer.set_trust(role, *safe)
        self.assertEqual(self.quietly(external_id, program, "check", customer)["Verdict"], "Safe")
        self.assertTrue(program.call("may_use", customer))
        self.assert_old_or_unsafe_is_no(program, customer)
        self.assert_late_answer_is_not_stored(external_id, program, customer)
        self.assert_error_is_not_safe(external_id, program, customer)

    def assert_old_or_unsafe_is_no(self, program, customer):
        now = self.stored(customer)
        for changed in ({"CheckedAt": "2020-01-01T00:00:00Z"}, {"Verdict": "Inconclusive"}, {"Verdict": "Refused"}):
            self.put({**now, **changed})
            self.assertFalse(program.call("may_use", customer), changed)
        self.put(now)
        self.assertTrue(program.call("may_use", customer))

    def assert_late_answer_is_not_stored(self, external_id, program, customer):
        newer = {**self.stored(customer), "Verdict": "Unsafe", "CheckedAt": "2999-01-01T00:00:00Z"}
        self.put(newer)
        self.assertEqual(self.quietly(external_id, program, "check", customer)["Verdict"], "Safe")
        self.assertEqual(self.stored(customer), newer)
        self.put({**newer, "CheckedAt": "2020-01-01T00:00:00Z"})

    def assert_error_is_not_safe(self, external_id, program, customer):
        """The call itself fails: here, because the right to make it is gone."""
        iam = self.provider.client("iam")
        deny = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "lambda:*", "Resource": "*"}]})
        iam.put_user_policy(UserName="back-end", PolicyName="Denied", PolicyDocument=deny)
        try:
            answer = self.quietly(external_id, program, "check", customer)
        finally:
            iam.delete_user_policy(UserName="back-end", PolicyName="Denied")
        self.assertEqual(answer["Verdict"], "Inconclusive")
        self.assertRegex(answer["Reason"], r"\AThe function did not answer: \w+\.\Z")
        self.assertFalse(program.call("may_use", customer))

    def quietly(self, external_id, program, *call):
        """What the call returns. Nothing that it writes has the external ID."""
        answer = program.call(*call)
        self.assertNotIn(external_id, program.written)
        return answer

    def stored(self, customer):
        found = self.provider.client("dynamodb").get_item(TableName=TABLE, Key={"Customer": {"S": customer}})
        return {name: value["S"] for name, value in found["Item"].items()}

    def put(self, item):
        self.provider.client("dynamodb").put_item(TableName=TABLE, Item={name: {"S": value} for name, value in item.items()})

    def program(self, kind):
        program = kind(self.user)
        self.addCleanup(program.close)
        return program

    def test_python(self):
        self.onboard(self.program(portal_page.Python), "1001")

    def test_typescript(self):
        program = self.program(portal_page.TypeScript)
        program.check_types()
        self.onboard(program, "1002")

    def test_update_keeps_the_parameters_that_it_does_not_name(self):
        """A customer whose external ID was rotated keeps it when they enter another role."""
        for kind, customer in ((portal_page.Python, "1003"), (portal_page.TypeScript, "1004")):
            with self.subTest(kind.language):
                program = self.program(kind)
                stack = self.stack(self.provider, f"customer-{customer}")
                program.call("add_customer", customer)
                first = stack.outputs()["ExternalId"]
                parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack.describe()["Parameters"]}
                self.assertEqual(stack.update(**{**parameters, "Rotation": "2"}), "UPDATE_COMPLETE")
                second = stack.outputs()["ExternalId"]
                self.assertNotEqual(first, second)
                role = self.create_role(trust_statement(StringEquals={EXTERNAL_ID_KEY: second}))
                self.assertEqual(program.call("enter_role", customer, role, CUSTOMER)["Verdict"], "Safe")
                self.assertEqual(stack.outputs()["ExternalId"], second)


class Rights(PortalTestCase):
    """What the back end may not do."""

    def denied(self, service, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            getattr(self.user.client(service), call)(**arguments)
        self.assertRegex(caught.exception.response["Error"]["Code"], "AccessDenied")

    def test_it_may_do_nothing_else(self):
        self.denied("cloudformation", "create_stack", StackName="other", TemplateBody=QUICKSTART)
        self.denied("cloudformation", "delete_stack", StackName="customer-1")
        self.denied("lambda", "invoke", FunctionName="another-function", Payload=b"{}")
        self.denied("lambda", "get_function", FunctionName=PROVIDER_FUNCTION_NAME)
        self.denied("dynamodb", "delete_item", TableName=TABLE, Key={"Customer": {"S": "1001"}})
        self.denied("dynamodb", "scan", TableName=TABLE)
        self.denied("iam", "list_roles")
        role = self.create_role(trust_statement())
        self.denied("sts", "assume_role", RoleArn=role, RoleSessionName="portal")

    def test_policies_name_what_the_templates_make(self):
        back_end, of_the_stacks, _ = portal_page.policies()
        function = f"arn:aws:lambda:{REGION}:{PROVIDER}:function:{PROVIDER_FUNCTION_NAME}"
        # The local AWS does not check this right.
        [stack_role] = set(re.findall(r'STACK_ROLE = "(\S+)"', portal_page.PAGE))
        passing = {
            "Sid": "LetTheStacksUseTheirRole",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": stack_role.replace(portal_page.ACCOUNT_OF_THE_PAGE, PROVIDER),
            "Condition": {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
        }
        self.assertIn(passing, back_end["Statement"])
        for policy in (back_end, of_the_stacks):
            self.assertIn(function, [statement["Resource"] for statement in policy["Statement"]])
        for policy in portal_page.policies():
            for statement in policy["Statement"]:
                self.assertNotEqual(statement["Resource"], "*", statement["Sid"])


class Bucket(PortalTestCase):
    left_on = re.search(r"Leave `(\w+)` and `(\w+)` on\.", portal_page.PAGE).groups()

    def test_everyone_reads_the_quickstart_and_only_the_release_writes_it(self):
        s3 = self.provider.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        self.addCleanup(s3.delete_bucket, Bucket=BUCKET)
        for key in ("customer-quickstart-1.yaml", "notes.txt"):
            s3.put_object(Bucket=BUCKET, Key=key, Body=QUICKSTART.encode())
            self.addCleanup(s3.delete_object, Bucket=BUCKET, Key=key)
        # As the page says.
        names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        settings = {name: name in self.left_on for name in names}
        self.assertEqual(sum(settings.values()), 2)
        s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=settings)
        s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(self.of_the_bucket))
        self.addCleanup(s3.delete_bucket_policy, Bucket=BUCKET)

        self.assertEqual(self.anonymous("customer-quickstart-1.yaml"), QUICKSTART)
        self.assertEqual(self.anonymous("notes.txt"), 403)
        writer = self.provider.create_user("writer", actions="s3:*")
        with self.assertRaises(ClientError) as caught:
            writer.client("s3").put_object(Bucket=BUCKET, Key="customer-quickstart-1.yaml", Body=b"")
        self.assertEqual(caught.exception.response["Error"]["Code"], "AccessDenied")
        [quickstart] = set(re.findall(rf"https://{BUCKET}\.s3\.{REGION}\.amazonaws\.com/(\S+\.yaml)", portal_page.PAGE))
        self.assertEqual(quickstart, "customer-quickstart-1.yaml")

    def anonymous(self, key):
        """What someone without credentials reads, or the status."""
        try:
            with urllib.request.urlopen(f"{self.environment.aws.endpoint}/{BUCKET}/{key}") as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code

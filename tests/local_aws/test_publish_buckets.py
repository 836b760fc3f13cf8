"""Only the accounts of one organization can read the published code, and only the publisher can do anything else with it."""

import json
import unittest

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

from .accounts import Account
from .constants import ACCOUNT_WITHOUT_ORGANIZATION, MEMBER, OUTSIDER, PUBLISHER, REGION
from .publishing import ORGANIZATION, PublishTestCase
from .templates import read


class BucketTemplate(unittest.TestCase):
    """Properties of organization.yaml that the local AWS does not show."""

    def test_bucket_outlives_its_stack_and_keeps_current_objects(self):
        template = read("organization.yaml")
        for name in ("Bucket", "BucketPolicy"):
            policies = [template["Resources"][name][policy] for policy in ("DeletionPolicy", "UpdateReplacePolicy")]
            self.assertEqual(policies, ["RetainExceptOnCreate", "Retain"])
        rules = template["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
        self.assertEqual([set(rule) - {"Id", "Status"} for rule in rules], [{"NoncurrentVersionExpiration"}])


class BucketAccess(PublishTestCase):
    def setUp(self):
        super().setUp()
        # MiniStack creates an organization for each account that describes its own.
        self.organization = self.organization_of(MEMBER)
        self.code = self.key(self.publish_commands(ORGANIZATION=self.organization))
        self.s3 = self.publisher.client("s3")
        self.policy = json.loads(self.s3.get_bucket_policy(Bucket=self.bucket())["Policy"])

    def organization_of(self, account):
        return Account(self.environment.aws, account).client("organizations").describe_organization()["Organization"]["Id"]

    def test_bucket_is_versioned_encrypted_private_and_owned(self):
        bucket = {"Bucket": self.bucket()}
        self.assertEqual(self.s3.get_bucket_versioning(**bucket)["Status"], "Enabled")
        [rule] = self.s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        self.assertEqual(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
        public_access_block = self.s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
        self.assertEqual((len(public_access_block), set(public_access_block.values())), (4, {True}))
        [rule] = self.s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"]
        self.assertEqual(rule, {"ObjectOwnership": "BucketOwnerEnforced"})

        # S3 rejects a policy without the condition on the organization, because it is public.
        public_statement = {**self.policy["Statement"][0]}
        del public_statement["Condition"]
        public = {**self.policy, "Statement": [public_statement]}
        with self.assertRaisesRegex(ClientError, "public policies are prevented"):
            self.s3.put_bucket_policy(Bucket=self.bucket(), Policy=json.dumps(public))

    def test_only_the_organization_can_read_the_code(self):
        # The local AWS uses plain HTTP, which the policy denies even to an administrator of the publishing account.
        administrator = self.publisher.create_user(f"administrator-{self.prefix}", actions="s3:*").client("s3")
        object = {"Bucket": self.bucket(), "Key": self.code}
        with self.assertRaisesRegex(ClientError, "explicit deny in a resource-based policy"):
            administrator.get_object(**object)
        self.allow_plain_http()
        self.assertTrue(administrator.get_object(**object)["Body"].read())

        self.organization_of(OUTSIDER)
        anonymous = boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=self.environment.aws.endpoint,
            config=Config(signature_version=UNSIGNED, proxies={}),
        )
        member, outsider, without_organization = (
            Account(self.environment.aws, account).client("s3") for account in (MEMBER, OUTSIDER, ACCOUNT_WITHOUT_ORGANIZATION)
        )
        self.assertTrue(member.get_object(**object)["Body"].read())
        for client in (outsider, without_organization, anonymous):
            self.assert_denied(client.get_object, **object)
        for client in (member, outsider, without_organization, anonymous):
            self.assert_denied(client.list_objects_v2, Bucket=self.bucket())
            self.assert_denied(client.list_object_versions, Bucket=self.bucket())
            self.assert_denied(client.put_object, **object, Body=b"another program", IfNoneMatch="*")
            self.assert_denied(client.delete_object, **object)
            self.assert_denied(client.get_bucket_policy, Bucket=self.bucket())
            self.assert_denied(client.put_bucket_policy, Bucket=self.bucket(), Policy=json.dumps(self.policy))

        self.assert_policy_decisions()

    def assert_policy_decisions(self):
        """Evaluates the policy with MiniStack's evaluator, also for requests where its S3 does not evaluate it."""
        bucket = "arn:aws:s3:::" + self.bucket()
        object, new_object = f"{bucket}/{self.code}", {"s3:if-none-match": "*"}
        table = [
            # Organization of the caller, action, resource, TLS, other condition keys, decision.
            (self.organization, "s3:GetObject", object, True, {}, "Allow"),
            (ORGANIZATION, "s3:GetObject", object, True, {}, "ImplicitDeny"),
            (None, "s3:GetObject", object, True, {}, "ImplicitDeny"),
            (self.organization, "s3:GetObject", object, False, {}, "Deny"),
            (self.organization, "s3:GetObjectVersion", object, True, {}, "ImplicitDeny"),
            (self.organization, "s3:GetObject", "arn:aws:s3:::another-bucket/key", True, {}, "ImplicitDeny"),
            (self.organization, "s3:ListBucket", bucket, True, {}, "ImplicitDeny"),
            (self.organization, "s3:ListBucket", bucket, False, {}, "Deny"),
            (self.organization, "s3:DeleteObject", object, True, {}, "ImplicitDeny"),
            (self.organization, "s3:PutObject", object, True, new_object, "ImplicitDeny"),
            # These two also apply to administrators of the publishing account: no deny for a new object, a deny otherwise.
            (None, "s3:PutObject", object, True, new_object, "ImplicitDeny"),
            (None, "s3:PutObject", object, True, {}, "Deny"),
        ]
        decisions = [(*row[:-1], self.decision(*row[:-1])) for row in table]
        self.assertEqual(decisions, table)

        # A delegated role writes nothing, in whatever account, but may read like every role.
        delegated = f"arn:aws:iam::{PUBLISHER}:role/delegated/acme"
        for role, action, decision in [
            (delegated, "s3:PutObject", "Deny"),
            (delegated.replace(PUBLISHER, MEMBER), "s3:PutObject", "Deny"),
            (delegated.replace("acme", "team/acme"), "s3:PutObject", "Deny"),
            (delegated, "s3:DeleteObject", "Deny"),
            (delegated, "s3:DeleteObjectVersion", "Deny"),
            (delegated, "s3:GetObject", "Allow"),
            (delegated.replace("/delegated/", "/publishers/delegated/"), "s3:PutObject", "ImplicitDeny"),
            (delegated.replace("/delegated/", "/"), "s3:DeleteObject", "ImplicitDeny"),
        ]:
            found = self.decision(self.organization, action, object, True, new_object, role)
            self.assertEqual((role, action, found), (role, action, decision))

    def decision(self, organization, action, resource, tls, condition_keys, role=None):
        keys = {"aws:principalorgid": organization} if organization else {}
        context = EvalContext(
            principal_arn=role or f"arn:aws:iam::{ACCOUNT_WITHOUT_ORGANIZATION}:role/stacksets-exec",
            principal_type="AssumedRole",
            principal_account=ACCOUNT_WITHOUT_ORGANIZATION,
            action=action,
            resource_arn=resource,
            region=REGION,
            secure_transport=tls,
            service_context={**keys, **condition_keys},
        )
        return evaluate_resource_policy(json.dumps(self.policy), context).decision

    def allow_plain_http(self):
        statements = [statement for statement in self.policy["Statement"] if statement["Sid"] != "DenyUnencryptedConnections"]
        self.assertEqual(len(statements), len(self.policy["Statement"]) - 1)
        self.s3.put_bucket_policy(Bucket=self.bucket(), Policy=json.dumps({**self.policy, "Statement": statements}))

    def assert_denied(self, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], "AccessDenied", arguments)

"""Every error of `make publish` says what happened and what to do, and nothing is published."""

import pathlib
import shutil
import tempfile

from . import sam
from .accounts import Account
from .constants import CODE_STACK_NAME, OUTSIDER, REGION, SECOND_REGION
from .publishing import PublishTestCase
from .stacks import Stack
from .templates import BUILT_FUNCTION

EXAMPLE = 'Nothing was published. Example: make publish ORGANIZATION=o-... REGIONS="us-east-1 eu-west-1"'


class PublishErrors(PublishTestCase):
    def test_all_invalid_settings_are_reported_at_once(self):
        self.assertEqual(
            self.publish_error(ORGANIZATION=None, REGIONS=None),
            "ORGANIZATION is missing. Set it to the ID of the organization whose accounts can read the code; "
            "`aws organizations describe-organization` shows it.\n"
            'REGIONS is missing. Set it to the Regions for the function, for example REGIONS="us-east-1 eu-west-1".\n'
            + EXAMPLE,
        )
        messages = self.publish_error(
            ORGANIZATION="ou-ab12-cdef3456",
            REGIONS="us-east-1,frankfurt",
            HOME_REGION="eu-central-1",
            CODE_BUCKET_PREFIX="Code",
            ARCHITECTURE="arm",
            OU="o-a1b2c3d4e5",
            PROVIDER="1234",
            EXTERNAL_ID="it's mine",
            ROLE_NAME="a role",
            DELEGATED_ADMIN="yes",
        )
        self.assertEqual(
            messages.splitlines(),
            [
                "ORGANIZATION=ou-ab12-cdef3456 must be an organization ID: o- and 10 to 32 characters of a-z 0-9.",
                "CODE_BUCKET_PREFIX=Code must be 3 to 48 characters of a-z 0-9 - without a hyphen at the start or end.",
                "ARCHITECTURE=arm must be x86_64 or arm64.",
                "PROVIDER=1234 must be one to ten account IDs of 12 digits, separated by commas.",
                "EXTERNAL_ID must be 2 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -.",
                "ROLE_NAME=a role must be 1 to 64 characters of A-Z a-z 0-9 _ + = , . @ -.",
                "DELEGATED_ADMIN=yes must be 1 (in the account of a delegated administrator) or empty (in the management account).",
                "REGIONS: frankfurt is not a Region such as us-east-1.",
                "HOME_REGION=eu-central-1 must be one of REGIONS, because its stack manages the role.",
                "OU: o-a1b2c3d4e5 is not the ID of an organizational unit (ou-...) or of a root (r-...).",
                EXAMPLE,
            ],
        )

    def test_missing_and_invalid_credentials(self):
        for variables, message in (
            (
                {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
                "No AWS credentials were found. Log in to the account that publishes",
            ),
            (
                {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWNUNKNOWN00"},
                "Reading the account of the AWS credentials (sts:GetCallerIdentity) failed. AWS reports ",
            ),
        ):
            with self.subTest(message):
                messages = self.publish_error(**variables)
                self.assertTrue(messages.startswith(message), messages)

    def test_unusable_function(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        self.assertEqual(
            self.publish_error(BUILT=directory),
            f"{directory}/bootstrap does not exist. Set BUILT to a directory that `sam build` wrote.",
        )
        pathlib.Path(directory, "bootstrap").write_text("#!/bin/sh\n")
        self.assertEqual(self.publish_error(BUILT=directory), f"{directory}/bootstrap is not a Linux program.")
        [other] = {"x86_64", "arm64"} - {sam.ARCHITECTURE}
        self.assertEqual(
            self.publish_error(ARCHITECTURE=other),
            f"{BUILT_FUNCTION}/bootstrap is built for {sam.ARCHITECTURE}, not for {other}. Build it with ARCHITECTURE={other}.",
        )

    def test_bucket_name_used_by_another_account(self):
        s3 = Account(self.environment.aws, OUTSIDER).client("s3", SECOND_REGION)
        bucket = self.bucket(SECOND_REGION)
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": SECOND_REGION})
        self.addCleanup(s3.delete_bucket, Bucket=bucket)
        messages = self.publish_error(REGIONS=SECOND_REGION)
        self.assertIn(f"The bucket name {bucket} is used by another account", messages)
        self.assertIn("Choose another prefix: CODE_BUCKET_PREFIX=...", messages)

    def test_public_bucket_of_another_account(self):
        proxy = self.start_proxy()
        proxy.public_buckets = [self.bucket()]
        messages = self.publish_error(AWS_ENDPOINT_URL_S3=proxy.endpoint)
        self.assertIn(f"The bucket name {self.bucket()} is used by another account", messages)

    def test_bucket_without_a_stack(self):
        self.publisher.client("s3").create_bucket(Bucket=self.bucket())
        messages = self.publish_error()
        self.assertIn(f"The bucket {self.bucket()} already exists in this account, but no stack {CODE_STACK_NAME}", messages)
        self.assertIn("Choose another prefix: CODE_BUCKET_PREFIX=... Or delete the bucket if it is empty and not needed: ", messages)
        command = messages.rsplit(": aws s3api ", 1)[1].split()
        self.assertEqual(command, ["delete-bucket", "--region", REGION, "--bucket", self.bucket()])
        # After the deletion, publishing succeeds.
        self.publisher.client("s3").delete_bucket(Bucket=self.bucket())
        self.publish_commands()

    def test_missing_permission_to_list_the_bucket(self):
        proxy = self.start_proxy()
        proxy.deny_listing = True
        messages = self.publish_error(AWS_ENDPOINT_URL_S3=proxy.endpoint)
        self.assertIn(f"is already in {self.bucket()}: S3 returns 403 instead of 404", messages)
        self.assertIn(f"s3:ListBucket on arn:*:s3:::{self.bucket()}", messages)

    def test_output_of_a_failed_deployment_is_shown(self):
        # This user can read the stack but cannot deploy it.
        user = self.publisher.create_user(f"reader-{self.prefix}", actions=["cloudformation:DescribeStacks", "s3:*"])
        messages = self.publish_error(AWS_ACCESS_KEY_ID=user.key_id, AWS_SECRET_ACCESS_KEY=user.secret)
        self.assertIn("cloudformation:CreateChangeSet", messages)
        self.assertIn("`sam deploy` of organization.yaml in us-east-1 failed; see its output above.", messages)

    def test_stack_that_failed_in_an_earlier_attempt(self):
        self.publisher.client("s3").create_bucket(Bucket=self.bucket())
        conflict = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": self.bucket()}}}
        stack = Stack(self.publisher, CODE_STACK_NAME)
        self.assertEqual(stack.create({"Resources": conflict}), "ROLLBACK_COMPLETE")
        messages = self.publish_error()
        self.assertIn(f"The stack {CODE_STACK_NAME} in us-east-1 has the status ROLLBACK_COMPLETE.", messages)
        self.assertIn(f"aws cloudformation delete-stack --region us-east-1 --stack-name {CODE_STACK_NAME}", messages)

"""`make publish` uploads the code once to every Region, under a key with its hash, and never replaces it."""

import base64
import hashlib
import io
import os
import unittest
import zipfile

from botocore.stub import Stubber

from .constants import PUBLISHER, REGION
from .printed_commands import calls, rollback_calls
from .publishing import BOTH_REGIONS, KEY, PublishTestCase, buckets, code
from .templates import BUILT_FUNCTION


class UploadedCode(PublishTestCase):
    def test_is_in_every_region_once_under_the_hash_of_its_content(self):
        status, messages, printed = self.publish(REGIONS=BOTH_REGIONS)
        self.assertEqual(status, 0, messages)
        key = self.key(printed)
        contents = set()
        for region in BOTH_REGIONS.split():
            self.assertIn(f"{region}: the code is now in {self.bucket(region)}, and its content is verified.", messages)
            contents.add(self.publisher.client("s3", region).get_object(Bucket=self.bucket(region), Key=key)["Body"].read())
        [content] = contents
        self.assertEqual(hashlib.sha256(content).hexdigest(), KEY.fullmatch(key)[1])
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            [program] = archive.infolist()
            self.assertEqual((program.filename, program.create_system), ("bootstrap", 3))
            self.assertEqual(oct(program.external_attr >> 16), oct(0o100755))
            self.assertEqual(archive.read(program), (BUILT_FUNCTION / "bootstrap").read_bytes())

        # A build with other dates and permissions has the same key, and is not uploaded again.
        again = self.copy_of_function(suffix=b"")
        os.utime(again / "bootstrap", (1, 1))
        (again / "bootstrap").chmod(0o600)
        status, messages, printed_again = self.publish(REGIONS=BOTH_REGIONS, BUILT=str(again))
        self.assertEqual((status, printed_again), (0, printed))
        for region in BOTH_REGIONS.split():
            self.assertIn(f"{region}: the code was already in {self.bucket(region)}", messages)
            self.assertEqual(self.versions(region), [key])

    def test_new_code_has_a_new_key_and_a_rollback(self):
        first = self.publish_commands()
        self.assertIn("# There is no older code", first)
        self.assertNotIn("Roll back to the previous code", first)
        second = self.publish_commands(BUILT=str(self.copy_of_function()), DELEGATED_ADMIN="1", OU="r-ab12")
        self.assertNotEqual(self.key(second), self.key(first))
        self.assertEqual(sorted(self.versions()), sorted([self.key(first), self.key(second)]))

        (create, instances, update), [rollback] = calls(second), rollback_calls(second)
        self.assertEqual([call["CallAs"] for call in (create, instances, update, rollback)], ["DELEGATED_ADMIN"] * 4)
        self.assertEqual(
            (update["Parameters"]["CodeKey"], rollback["Parameters"]["CodeKey"]), (self.key(second), self.key(first))
        )
        # The rollback changes nothing else.
        del update["TemplateBody"], update["Parameters"]["CodeKey"], rollback["Parameters"]["CodeKey"]
        self.assertTrue(rollback.pop("UsePreviousTemplate"))
        self.assertEqual(rollback, update)
        # If the older code is published again, there is nothing older to roll back to.
        self.assertIn("# There is no older code", self.publish_commands())

    def test_replaced_code_is_an_error(self):
        key = self.key(self.publish_commands())
        self.publisher.client("s3").put_object(Bucket=self.bucket(), Key=key, Body=b"another program")
        # The prefix of the existing bucket is used.
        messages = self.publish_error(CODE_BUCKET_PREFIX=None)
        self.assertIn(f"The content of {key} in {self.bucket()} does not match the hash in its key: it was replaced.", messages)

    def test_bucket_prefix_has_the_account_by_default_and_cannot_change(self):
        self.prefix = f"service-provider-access-{PUBLISHER}"
        printed = self.publish_commands(CODE_BUCKET_PREFIX=None, OU="r-ab12")
        self.assertEqual(calls(printed)[0]["Parameters"]["CodeBucketPrefix"], self.prefix)
        self.assertEqual(self.versions(), [self.key(printed)])
        messages = self.publish_error(CODE_BUCKET_PREFIX="another-prefix")
        self.assertIn(f"In {REGION} the bucket's name begins with {self.prefix}, and stacks read the code from that bucket", messages)


class UploadRequests(unittest.TestCase):
    """The requests to S3, seen by botocore's stub."""

    def test_upload_replaces_no_object_and_uses_no_bucket_of_another_account(self):
        package = code.Package("service-provider-access/arm64/key.zip", b"code", hashlib.sha256(b"code").digest())
        bucket = buckets.Bucket("bucket", REGION, PUBLISHER)
        location = {"Bucket": "bucket", "Key": package.key, "ExpectedBucketOwner": PUBLISHER}
        checksum = base64.b64encode(package.sha256).decode()
        with Stubber(bucket._s3) as s3:
            s3.add_client_error("head_object", http_status_code=404, expected_params=location)
            s3.add_client_error(
                "put_object",
                http_status_code=412,
                expected_params={
                    **location,
                    "Body": b"code",
                    "ContentType": "application/zip",
                    "ChecksumSHA256": checksum,
                    "IfNoneMatch": "*",
                },
            )
            s3.add_response("get_object", {"Body": io.BytesIO(b"code")}, location)
            self.assertTrue(bucket.put(package), "another upload of the same key was faster")
            s3.assert_no_pending_responses()

"""The base class of the tests of `make publish`: runs it, and removes what it published."""

import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from . import sam
from .accounts import Account
from .constants import CODE_STACK_NAME, FIRST_ID, PROVIDER, PUBLISHER, REGION, ROOT, SECOND_REGION, STRANGER
from .fixtures import LocalAwsTestCase
from .proxy import Proxy
from .templates import BUILT_FUNCTION

sys.path.insert(0, str(ROOT / "tools"))
from publish import buckets, code  # noqa: E402, F401

BOTH_REGIONS = f"{REGION} {SECOND_REGION}"
ORGANIZATION = "o-a1b2c3d4e5"
KEY = re.compile(rf"service-provider-access/{sam.ARCHITECTURE}/([0-9a-f]{{64}})\.zip")
# Values for all placeholders in the printed commands, with all characters that they can contain.
VALUES = {
    "OU": "ou-ab12-cdef3456,r-ab12",
    "PROVIDER": f"{PROVIDER},{STRANGER}",
    "EXTERNAL_ID": f"{FIRST_ID}/0@x:y=+,.-_",
    "ROLE_NAME": "acme+support@example",
}
_numbers = itertools.count(1)


class PublishTestCase(LocalAwsTestCase):
    def setUp(self):
        self.publisher = Account(self.environment.aws, PUBLISHER)
        self.prefix = f"code-{next(_numbers)}"
        self.addCleanup(self.remove_published)

    def publish(self, account=PUBLISHER, **variables):
        """Runs `make publish` and returns the exit code, the progress messages and the printed commands."""
        variables = {
            "ARCHITECTURE": sam.ARCHITECTURE,
            "ORGANIZATION": ORGANIZATION,
            "REGIONS": REGION,
            "CODE_BUCKET_PREFIX": self.prefix,
            "BUILT": str(BUILT_FUNCTION),
            **variables,
        }
        environment = {**self.environment.aws.tool_environment(account), "PYTHONPATH": str(ROOT / "tools")}
        environment["PATH"] = f"{sam.TOOLS}{os.pathsep}{environment['PATH']}"
        for name, value in variables.items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        process = subprocess.run(
            [sam.TOOLS / "python", "-m", "publish"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return process.returncode, process.stderr.strip(), process.stdout

    def publish_commands(self, **variables):
        """The commands that a successful `make publish` prints."""
        status, messages, printed = self.publish(**variables)
        self.assertEqual(status, 0, messages)
        return printed

    def publish_error(self, **variables):
        """The messages of a `make publish` that fails. It must print no commands."""
        status, messages, printed = self.publish(**variables)
        self.assertEqual((status, printed), (1, ""))
        return messages

    def key(self, printed):
        return KEY.search(printed.splitlines()[0])[0]

    def bucket(self, region=REGION):
        return f"{self.prefix}-{region}"

    def versions(self, region=REGION):
        """The keys of all object versions in the bucket."""
        found = self.publisher.client("s3", region).list_object_versions(Bucket=self.bucket(region))
        return [version["Key"] for version in found.get("Versions", [])]

    def copy_of_function(self, suffix=b"\n"):
        """A directory with the built function and these bytes at the end of the program."""
        directory = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, directory)
        (directory / "bootstrap").write_bytes((BUILT_FUNCTION / "bootstrap").read_bytes() + suffix)
        return directory

    def start_proxy(self):
        proxy = Proxy(self.environment.aws.endpoint)
        self.addCleanup(proxy.stop)
        return proxy

    def remove_published(self):
        for region in BOTH_REGIONS.split():
            self.publisher.client("cloudformation", region).delete_stack(StackName=CODE_STACK_NAME)
            s3 = self.publisher.client("s3", region)
            for found in s3.list_buckets()["Buckets"]:
                if found["Name"].endswith(f"-{region}"):
                    for version in s3.list_object_versions(Bucket=found["Name"]).get("Versions", []):
                        s3.delete_object(Bucket=found["Name"], Key=version["Key"], VersionId=version["VersionId"])
                    s3.delete_bucket(Bucket=found["Name"])

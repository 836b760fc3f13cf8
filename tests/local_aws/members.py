"""An account of the organization: what the StackSet finds there, what it made there, and what it left."""

import hashlib
import io
import zipfile

from . import overlay
from .accounts import Account
from .emulator import REGION
from .stacks import FUNCTION_NAME


class Member(Account):
    def __init__(self, aws, account_id, regions):
        super().__init__(aws, account_id)
        self.regions = regions
        # One for each account, where AWS has one for the whole organization: MiniStack looks for a function's code in
        # the function's own account alone. No other account can have a bucket of that name, here as there.
        self.code_bucket_prefix = f"code-of-{account_id}"

    def publish(self, code):
        """Puts the code into the bucket of each Region."""
        for region in self.regions:
            s3 = self.client("s3", region)
            bucket = f"{self.code_bucket_prefix}-{region}"
            if bucket not in (existing["Name"] for existing in s3.list_buckets()["Buckets"]):
                elsewhere = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
                s3.create_bucket(Bucket=bucket, **elsewhere)
            s3.put_object(Bucket=bucket, Key=code.key, Body=code.content)

    def all_role_names(self):
        return sorted(role["RoleName"] for role in self.client("iam").list_roles()["Roles"])

    def code_in_use(self):
        """The hash of each function's code, by Region."""
        return {
            region: self.client("lambda", region).get_function_configuration(FunctionName=FUNCTION_NAME)["CodeSha256"]
            for region in self.regions
        }

    def leftovers(self):
        """Everything in it that stacks make."""
        found = [f"role {name}" for name in self.all_role_names()]
        for region in self.regions:
            stacks = self.client("cloudformation", region).describe_stacks()["Stacks"]
            functions = self.client("lambda", region).list_functions()["Functions"]
            groups = self.client("logs", region).describe_log_groups()["logGroups"]
            found += [f"stack {stack['StackName']} in {region}" for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
            found += [f"function {function['FunctionName']} in {region}" for function in functions]
            found += [f"log group {group['logGroupName']} in {region}" for group in groups]
        return found


class Code:
    """The function as it is deployed, under a key that its content makes."""

    def __init__(self, release):
        """Of each `release` the program is the same, and the package another."""
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
            program = zipfile.ZipInfo("bootstrap")
            program.external_attr = 0o755 << 16
            program.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(program, (overlay.BUILT.parent / "Function" / "bootstrap").read_bytes())
            archive.comment = f"Release {release}".encode()
        self.content = package.getvalue()
        self.sha256 = hashlib.sha256(self.content).digest()
        self.key = f"service-provider-access/{self.sha256.hex()}.zip"

"""A member account of an organization: the code that it can read, and what stacks create in it."""

import hashlib
import io
import zipfile

from .accounts import Account
from .constants import FUNCTION_NAME, REGION
from .templates import BUILT_FUNCTION


class MemberAccount(Account):
    def __init__(self, aws, account_id, regions):
        super().__init__(aws, account_id)
        self.regions = regions
        # AWS needs one bucket per Region for the whole organization. MiniStack looks for a function's code only in the
        # function's own account, so each account has its own buckets here.
        self.code_bucket_prefix = f"code-of-{account_id}"

    def publish(self, package):
        """Uploads the code to the bucket of each Region."""
        for region in self.regions:
            s3 = self.client("s3", region)
            bucket = f"{self.code_bucket_prefix}-{region}"
            if bucket not in (existing["Name"] for existing in s3.list_buckets()["Buckets"]):
                location = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
                s3.create_bucket(Bucket=bucket, **location)
            s3.put_object(Bucket=bucket, Key=package.key, Body=package.content)

    def all_role_names(self):
        return sorted(role["RoleName"] for role in self.client("iam").list_roles()["Roles"])

    def deployed_code(self):
        """The hash of each function's code, by Region."""
        return {
            region: self.client("lambda", region).get_function_configuration(FunctionName=FUNCTION_NAME)["CodeSha256"]
            for region in self.regions
        }

    def remaining_resources(self):
        """Everything in the account that stacks create."""
        found = [f"role {name}" for name in self.all_role_names()]
        for region in self.regions:
            stacks = self.client("cloudformation", region).describe_stacks()["Stacks"]
            functions = self.client("lambda", region).list_functions()["Functions"]
            groups = self.client("logs", region).describe_log_groups()["logGroups"]
            found += [f"stack {stack['StackName']} in {region}" for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
            found += [f"function {function['FunctionName']} in {region}" for function in functions]
            found += [f"log group {group['logGroupName']} in {region}" for group in groups]
        return found


class CodePackage:
    """The built function as a zip file, with a key that contains the hash of the file."""

    def __init__(self, release):
        """Each `release` has the same program in a different zip file."""
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
            program = zipfile.ZipInfo("bootstrap")
            program.external_attr = 0o755 << 16
            program.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(program, (BUILT_FUNCTION / "bootstrap").read_bytes())
            archive.comment = f"Release {release}".encode()
        self.content = package.getvalue()
        self.sha256 = hashlib.sha256(self.content).digest()
        self.key = f"service-provider-access/{self.sha256.hex()}.zip"

"""The buckets with the code, one in each Region, in the account that publishes."""

import base64
import concurrent.futures
import functools
import hashlib
import subprocess
import sys

import boto3
from botocore.exceptions import ClientError

from .failure import PublishError, aws_errors

# Names from samconfig.toml.
STACK_NAME = "service-provider-access-code"
CONFIGURATION = "organization"
# Each deployment is a process of about 100 MB.
MAX_DEPLOYMENTS = 4
# A stack with one of these statuses was never complete, and can only be deleted.
FAILED_STATUSES = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")


class Publisher:
    """The account that publishes."""

    def __init__(self, account, settings):
        self.account, self._settings = account, settings

    @staticmethod
    def from_credentials(settings):
        with aws_errors("Reading the account of the AWS credentials (sts:GetCallerIdentity)"):
            identity = boto3.client("sts", region_name=settings.home_region).get_caller_identity()
        return Publisher(identity["Account"], settings)

    def bucket_prefix(self):
        """The prefix of the bucket names. It must not change, because deployed stacks use the buckets by name."""
        existing, requested = self._existing_prefixes, self._settings.code_bucket_prefix
        for region, prefix in existing.items():
            if requested and prefix != requested:
                raise PublishError(
                    f"In {region} the bucket's name begins with {prefix}, and stacks read the code from that bucket. Omit "
                    f"CODE_BUCKET_PREFIX, or delete the stack {STACK_NAME} first (this keeps the bucket)."
                )
        if len(set(existing.values())) > 1:
            listed = ", ".join(f"{prefix} in {region}" for region, prefix in existing.items())
            raise PublishError(
                f"The buckets have different prefixes ({listed}), but a stack set has one CodeBucketPrefix. Publish to these "
                "Regions separately."
            )
        return requested or next(iter(existing.values()), None) or f"service-provider-access-{self.account}"

    def deploy_buckets(self, prefix, role_prefixes):
        """Creates or updates the bucket in each Region, several at the same time."""
        buckets = [Bucket(f"{prefix}-{region}", region, self.account) for region in self._settings.regions]
        for bucket in buckets:
            if bucket.region not in self._existing_prefixes:
                bucket.check_name_available()
        with concurrent.futures.ThreadPoolExecutor(MAX_DEPLOYMENTS) as pool:
            deployments = [pool.submit(self._deploy, bucket.region, prefix, role_prefixes) for bucket in buckets]
        for deployment in deployments:
            deployment.result()
        return buckets

    def _deploy(self, region, prefix, role_prefixes):
        command = ["sam", "deploy", "--config-env", CONFIGURATION, "--region", region, "--no-confirm-changeset", "--no-progressbar"]
        command += ["--parameter-overrides", f"OrganizationId={self._settings.organization}", f"CodeBucketPrefix={prefix}"]
        command += [f"{name}={value}" for name, value in role_prefixes.items() if value]
        # The output is long, so it is shown only if the command fails.
        deployed = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if deployed.returncode != 0:
            print(deployed.stdout, file=sys.stderr)
            raise PublishError(
                f"`sam deploy` of organization.yaml in {region} failed; see its output above. Correct the problem and run make publish "
                "again: code that is already published is not uploaded twice."
            )

    @functools.cached_property
    def _existing_prefixes(self):
        """Region: the prefix in the parameters of the existing stack."""
        return {region: prefix for region in self._settings.regions if (prefix := self._stack_prefix(region))}

    @staticmethod
    def _stack_prefix(region):
        with aws_errors(f"Reading the stack {STACK_NAME} in {region}"):
            try:
                [stack] = boto3.client("cloudformation", region_name=region).describe_stacks(StackName=STACK_NAME)["Stacks"]
            except ClientError as error:
                if "does not exist" in str(error):
                    return None
                raise
        if stack["StackStatus"] in FAILED_STATUSES:
            raise PublishError(
                f"The stack {STACK_NAME} in {region} has the status {stack['StackStatus']}. Its events contain the reason. Delete it "
                f"and run make publish again: aws cloudformation delete-stack --region {region} --stack-name {STACK_NAME}"
            )
        parameters = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack.get("Parameters", [])}
        return parameters.get("CodeBucketPrefix")


class Bucket:
    def __init__(self, name, region, account):
        self.name, self.region = name, region
        self._s3 = boto3.client("s3", region_name=region)
        # With ExpectedBucketOwner, S3 rejects every call to a bucket of another account.
        self._bucket = {"Bucket": name, "ExpectedBucketOwner": account}

    def check_name_available(self):
        with aws_errors(f"Checking whether the bucket name {self.name} is available"):
            try:
                self._s3.head_bucket(**self._bucket)
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status == 404:
                    return
                if status == 403:
                    raise PublishError(
                        f"The bucket name {self.name} is used by another account (bucket names are unique across AWS), or the "
                        "bucket is yours and you do not have s3:ListBucket on it. Choose another prefix: CODE_BUCKET_PREFIX=..."
                    ) from error
                raise
        raise PublishError(
            f"The bucket {self.name} already exists in this account, but no stack {STACK_NAME} in {self.region} manages it. Choose "
            "another prefix: CODE_BUCKET_PREFIX=... Or delete the bucket if it is empty and not needed: aws s3api delete-bucket "
            f"--region {self.region} --bucket {self.name}"
        )

    def put(self, package):
        """Uploads the package if it is not present, and verifies the content. Returns whether it was present."""
        with aws_errors(f"Uploading {package.key} to {self.name}"):
            was_present = self._contains(package.key) or not self._upload(package)
            content = self._s3.get_object(Key=package.key, **self._bucket)["Body"].read()
        if hashlib.sha256(content).digest() != package.sha256:
            raise PublishError(
                f"The content of {package.key} in {self.name} does not match the hash in its key: it was replaced. Do not use it, and "
                "find out who can write to this bucket."
            )
        return was_present

    def previous_key(self, package):
        """The key of the newest older code for the same processor, or None."""
        with aws_errors(f"Listing {self.name}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Prefix=package.key.rsplit("/", 1)[0] + "/", **self._bucket
            )
            modified = {item["Key"]: item["LastModified"] for page in pages for item in page.get("Contents", [])}
        older = [key for key, time in modified.items() if key != package.key and time <= modified[package.key]]
        return max(older, key=modified.get, default=None)

    def _contains(self, key):
        try:
            self._s3.head_object(Key=key, **self._bucket)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404:
                return False
            if status == 403:
                # The response to HEAD has no body, so S3 gives no reason.
                raise PublishError(
                    f"Could not determine whether {key} is already in {self.name}: S3 returns 403 instead of 404 without permission "
                    f"to list the bucket. Publishing needs s3:ListBucket on arn:*:s3:::{self.name}, and s3:GetObject and "
                    "s3:PutObject on its objects."
                ) from error
            raise
        return True

    def _upload(self, package):
        """Uploads unless the key already exists: code is never replaced. Returns whether it was uploaded."""
        try:
            self._s3.put_object(
                Key=package.key,
                Body=package.content,
                ContentType="application/zip",
                ChecksumSHA256=base64.b64encode(package.sha256).decode(),
                IfNoneMatch="*",
                **self._bucket,
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 412:
                return False
            raise
        return True

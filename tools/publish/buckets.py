"""The buckets with the code, one per Region, in the account that publishes."""

import base64
import concurrent.futures
import functools
import hashlib
import subprocess
import sys

import boto3
from botocore.exceptions import ClientError

from .failure import CannotPublish, told_as

# What samconfig.toml says.
STACK_NAME = "service-provider-access-code"
ENVIRONMENT = "organization"
# Each is a process of some 100 MB.
AT_ONCE = 4
# A stack in one of these was never made, and can only be deleted.
NEVER_MADE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")


class Publisher:
    """The account that publishes."""

    def __init__(self, account, wishes):
        self.account, self._wishes = account, wishes

    @staticmethod
    def of_these_credentials(wishes):
        with told_as("Asking AWS whose credentials these are"):
            identity = boto3.client("sts", region_name=wishes.home_region).get_caller_identity()
        return Publisher(identity["Account"], wishes)

    def prefix(self):
        """What the buckets' names begin with: stacks name them, so it stays what it was."""
        kept, wished = self._kept_prefixes, self._wishes.code_bucket_prefix
        for region, prefix in kept.items():
            if wished and prefix != wished:
                raise CannotPublish(
                    f"In {region} the code lies in a bucket that begins with {prefix}, and stacks take it from there: leave "
                    f"CODE_BUCKET_PREFIX out, or delete the stack {STACK_NAME} first. Its bucket stays."
                )
        if len(set(kept.values())) > 1:
            listed = ", ".join(f"{prefix} in {region}" for region, prefix in kept.items())
            raise CannotPublish(f"The buckets do not begin alike ({listed}), but one stack set takes one prefix: publish to them apart.")
        return wished or next(iter(kept.values()), None) or f"service-provider-access-{self.account}"

    def buckets(self, prefix):
        """The bucket of each Region, made or brought up to date: all at once, since each takes its time."""
        buckets = [Bucket(f"{prefix}-{region}", region, self.account) for region in self._wishes.regions]
        for bucket in buckets:
            if bucket.region not in self._kept_prefixes:
                bucket.must_be_free()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            deployments = [pool.submit(self._deploy, bucket.region, prefix) for bucket in buckets]
        for deployment in deployments:
            deployment.result()
        return buckets

    def _deploy(self, region, prefix):
        command = ["sam", "deploy", "--config-env", ENVIRONMENT, "--region", region, "--no-confirm-changeset", "--no-progressbar"]
        command += ["--parameter-overrides", f"OrganizationId={self._wishes.organization}", f"CodeBucketPrefix={prefix}"]
        # It has much to say, which is of interest when it fails.
        deployed = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if deployed.returncode != 0:
            print(deployed.stdout, file=sys.stderr)
            raise CannotPublish(
                f"`sam deploy` of organization.yaml in {region} failed; it says above why. Put that right and run make publish "
                "again: what was published is not published twice."
            )

    @functools.cached_property
    def _kept_prefixes(self):
        """By Region: what the bucket's name begins with where there is one, as its stack says."""
        return {region: prefix for region in self._wishes.regions if (prefix := self._prefix_of_the_stack(region))}

    @staticmethod
    def _prefix_of_the_stack(region):
        with told_as(f"Looking for the stack {STACK_NAME} in {region}"):
            try:
                [stack] = boto3.client("cloudformation", region_name=region).describe_stacks(StackName=STACK_NAME)["Stacks"]
            except ClientError as error:
                if "does not exist" in str(error):
                    return None
                raise
        if stack["StackStatus"] in NEVER_MADE:
            raise CannotPublish(
                f"The stack {STACK_NAME} in {region} is in {stack['StackStatus']}. Its events say why. Delete it and run make "
                f"publish again: aws cloudformation delete-stack --region {region} --stack-name {STACK_NAME}"
            )
        given = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack.get("Parameters", [])}
        return given.get("CodeBucketPrefix")


class Bucket:
    def __init__(self, name, region, account):
        self.name, self.region = name, region
        self._s3 = boto3.client("s3", region_name=region)
        # Nothing is ever written to, or read from, somebody else's bucket.
        self._where = {"Bucket": name, "ExpectedBucketOwner": account}

    def must_be_free(self):
        with told_as(f"Looking whether the name {self.name} is free"):
            try:
                self._s3.head_bucket(**self._where)
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status == 404:
                    return
                if status == 403:
                    raise CannotPublish(
                        f"The bucket's name {self.name} is taken by somebody else (names are taken once for all of AWS), or it is "
                        "yours and you may not look (s3:ListBucket). Choose another: CODE_BUCKET_PREFIX=..."
                    ) from error
                raise
        raise CannotPublish(
            f"There is a bucket {self.name} in this account already, but no stack {STACK_NAME} in {self.region} that keeps it. Choose "
            "another name: CODE_BUCKET_PREFIX=... Or delete it, if it is empty and nobody needs it: aws s3api delete-bucket --region "
            f"{self.region} --bucket {self.name}"
        )

    def put(self, zipped):
        """Whether it was there. What is there afterwards has been read back."""
        with told_as(f"Uploading {zipped.key} to {self.name}"):
            was_there = self._holds(zipped.key)
            if not was_there:
                was_there = not self._written(zipped)
            found = self._s3.get_object(Key=zipped.key, **self._where)["Body"].read()
        if hashlib.sha256(found).digest() != zipped.sha256:
            raise CannotPublish(
                f"{zipped.key} in {self.name} does not contain what its name says: somebody has replaced it. Use it nowhere, and find "
                "out who can write to this bucket."
            )
        return was_there

    def key_before(self, zipped):
        """The newest code for the same processor that is older than this; None when this is the first."""
        with told_as(f"Listing {self.name}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Prefix=zipped.key.rsplit("/", 1)[0] + "/", **self._where
            )
            written = {item["Key"]: item["LastModified"] for page in pages for item in page.get("Contents", [])}
        older = [key for key, when in written.items() if key != zipped.key and when <= written[zipped.key]]
        return max(older, key=written.get, default=None)

    def _holds(self, key):
        try:
            self._s3.head_object(Key=key, **self._where)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404:
                return False
            if status == 403:
                # A HEAD has no body that could say why.
                raise CannotPublish(
                    f"Whether {key} is in {self.name} already cannot be told: S3 answers 403 instead of 404 to those who may not list "
                    f"the bucket. Publishing takes s3:ListBucket on arn:*:s3:::{self.name}, and s3:GetObject and s3:PutObject on what "
                    "is in it."
                ) from error
            raise
        return True

    def _written(self, zipped):
        """Whether it was us. What is there is never replaced."""
        try:
            self._s3.put_object(
                Key=zipped.key,
                Body=zipped.content,
                ContentType="application/zip",
                ChecksumSHA256=base64.b64encode(zipped.sha256).decode(),
                IfNoneMatch="*",
                **self._where,
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 412:
                return False
            raise
        return True

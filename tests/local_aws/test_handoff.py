"""The outputs that a customer sends to the provider work unchanged in Terraform and in the AWS tools."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
from unittest.mock import patch

import boto3
import hcl2

from .constants import CUSTOMER, FIRST_ID, PROVIDER, REGION
from .fixtures import LocalAwsTestCase
from .stacks import delegated_role


class Handoff(LocalAwsTestCase):
    def create(self, **properties):
        stack = self.stack()
        template = delegated_role(ExternalAwsAccountId=PROVIDER, **properties)
        for name in ("TerraformProvider", "AwsConfigProfile"):
            template["Outputs"][name] = {"Value": {"Fn::GetAtt": ["Role", name]}}
        self.assertEqual(stack.create(template), "CREATE_COMPLETE")
        return stack.outputs()

    def test_terraform_provider_block_is_valid_hcl(self):
        outputs = self.create(ExternalId=FIRST_ID)
        [block] = hcl2.loads(outputs["TerraformProvider"])["provider"]
        [role] = block['"aws"']["assume_role"]
        # This parser keeps the quotation marks of strings.
        self.assertEqual(role["role_arn"], f'"{outputs["RoleArn"]}"')
        self.assertEqual(role["external_id"], f'"{FIRST_ID}"')

    @unittest.skipUnless(shutil.which("terraform"), "terraform is not installed")
    def test_terraform_provider_block_is_formatted(self):
        for properties in ({"ExternalId": FIRST_ID}, {"RequireMfa": True}):
            block = self.create(**properties)["TerraformProvider"]
            with tempfile.TemporaryDirectory() as home:
                formatted = subprocess.run(
                    ["terraform", "fmt", "-check", "-diff", "-"],
                    input=block,
                    capture_output=True,
                    text=True,
                    cwd=home,
                    env={"PATH": os.environ["PATH"], "HOME": home, "CHECKPOINT_DISABLE": "1"},
                )
            self.assertEqual((formatted.returncode, formatted.stdout, formatted.stderr), (0, "", ""))

    def test_aws_profile_assumes_the_role(self):
        outputs = self.create(ExternalId=FIRST_ID, RoleName="acme-support")
        with self.profile(outputs["AwsConfigProfile"]):
            session = boto3.Session(profile_name="acme-support")
            caller = session.client("sts").get_caller_identity()
            self.assertEqual(caller["Account"], CUSTOMER)
            self.assertIn(":assumed-role/acme-support/", caller["Arn"])

    def test_aws_profile_needs_the_external_id(self):
        profile = self.create(ExternalId=FIRST_ID, RoleName="acme-support")["AwsConfigProfile"]
        without = "\n".join(line for line in profile.splitlines() if not line.startswith("external_id"))
        self.assertNotEqual(without.strip(), profile.strip())
        with self.profile(without):
            sts = boto3.Session(profile_name="acme-support").client("sts")
            with self.assertRaisesRegex(Exception, "AccessDenied"):
                sts.get_caller_identity()

    def test_aws_profile_has_a_line_for_the_mfa_device(self):
        profile = self.create(RequireMfa=True, RoleName="acme-support")["AwsConfigProfile"]
        with self.profile(profile):
            found = boto3.Session(profile_name="acme-support")._session.full_config["profiles"]["acme-support"]
            self.assertNotIn("mfa_serial", found, "the function does not know the device of the user")
        # The line is valid when the user has filled in the device.
        device = f"arn:aws:iam::{PROVIDER}:mfa/phone"
        filled = profile.replace("# mfa_serial = arn:aws:iam::ACCOUNT:mfa/DEVICE", f"mfa_serial = {device}")
        with self.profile(filled):
            found = boto3.Session(profile_name="acme-support")._session.full_config["profiles"]["acme-support"]
            self.assertEqual(found["mfa_serial"], device)

    def profile(self, text):
        """Environment variables for AWS tools: the configuration of a provider's user, with this profile."""
        acme = self.environment.acme
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        config = pathlib.Path(home.name, "config")
        default = f"[default]\naws_access_key_id = {acme.key_id}\naws_secret_access_key = {acme.secret}\nregion = {REGION}\n"
        config.write_text(f"{default}\n{text}\n")
        other = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return patch.dict(
            os.environ,
            {
                **other,
                "AWS_CONFIG_FILE": str(config),
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_ENDPOINT_URL": self.environment.aws.endpoint,
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
                "NO_PROXY": "127.0.0.1",
                "no_proxy": "127.0.0.1",
            },
            clear=True,
        )

"""What a customer hands to the provider works as it is, with the tools that it is made for."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
from unittest.mock import patch

import boto3
import hcl2

from .emulator import CUSTOMER, PROVIDER, REGION
from .installed import OnLocalAws
from .stacks import delegated_role
from .test_lifecycle import FIRST_ID


class Handoff(OnLocalAws):
    def handed_over(self, **properties):
        stack = self.stack()
        template = delegated_role(ExternalAwsAccountId=PROVIDER, **properties)
        for name in ("TerraformProvider", "AwsConfigProfile"):
            template["Outputs"][name] = {"Value": {"Fn::GetAtt": ["Role", name]}}
        self.assertEqual(stack.create(template), "CREATE_COMPLETE")
        return stack.outputs()

    def test_to_terraform_is_read_as_it_is_meant(self):
        outputs = self.handed_over(ExternalId=FIRST_ID)
        [block] = hcl2.loads(outputs["TerraformProvider"])["provider"]
        [role] = block['"aws"']["assume_role"]
        # Strings keep their quotation marks here.
        self.assertEqual(role["role_arn"], f'"{outputs["RoleArn"]}"')
        self.assertEqual(role["external_id"], f'"{FIRST_ID}"')

    @unittest.skipUnless(shutil.which("terraform"), "there is no terraform here")
    def test_to_terraform_is_formatted_as_terraform_does(self):
        for properties in ({"ExternalId": FIRST_ID}, {"RequireMfa": True}):
            handed = self.handed_over(**properties)["TerraformProvider"]
            with tempfile.TemporaryDirectory() as home:
                formatted = subprocess.run(
                    ["terraform", "fmt", "-check", "-diff", "-"],
                    input=handed,
                    capture_output=True,
                    text=True,
                    cwd=home,
                    env={"PATH": os.environ["PATH"], "HOME": home, "CHECKPOINT_DISABLE": "1"},
                )
            self.assertEqual((formatted.returncode, formatted.stdout, formatted.stderr), (0, "", ""))

    def test_to_the_aws_tools_opens_the_role(self):
        outputs = self.handed_over(ExternalId=FIRST_ID, RoleName="handed-over")
        with self.profile(outputs["AwsConfigProfile"]):
            session = boto3.Session(profile_name="handed-over")
            caller = session.client("sts").get_caller_identity()
            self.assertEqual(caller["Account"], CUSTOMER)
            self.assertIn(":assumed-role/handed-over/", caller["Arn"])

    def test_to_the_aws_tools_is_nothing_without_the_external_id(self):
        profile = self.handed_over(ExternalId=FIRST_ID, RoleName="handed-over")["AwsConfigProfile"]
        without = "\n".join(line for line in profile.splitlines() if not line.startswith("external_id"))
        self.assertNotEqual(without.strip(), profile.strip())
        with self.profile(without):
            sts = boto3.Session(profile_name="handed-over").client("sts")
            with self.assertRaisesRegex(Exception, "AccessDenied"):
                sts.get_caller_identity()

    def test_to_the_aws_tools_names_what_a_second_factor_takes(self):
        profile = self.handed_over(RequireMfa=True, RoleName="handed-over")["AwsConfigProfile"]
        with self.profile(profile):
            found = boto3.Session(profile_name="handed-over")._session.full_config["profiles"]["handed-over"]
            self.assertNotIn("mfa_serial", found, "it is the reader who knows their device")
        # Once the reader has filled the line in, it is what the tools look for.
        device = f"arn:aws:iam::{PROVIDER}:mfa/phone"
        filled = profile.replace("# mfa_serial = arn:aws:iam::ACCOUNT:mfa/DEVICE", f"mfa_serial = {device}")
        with self.profile(filled):
            found = boto3.Session(profile_name="handed-over")._session.full_config["profiles"]["handed-over"]
            self.assertEqual(found["mfa_serial"], device)

    def profile(self, text):
        """The AWS configuration of somebody at the provider who has put this into it."""
        acme = self.world.acme
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        config = pathlib.Path(home.name, "config")
        default = f"[default]\naws_access_key_id = {acme.key_id}\naws_secret_access_key = {acme.secret}\nregion = {REGION}\n"
        config.write_text(f"{default}\n{text}\n")
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return patch.dict(
            os.environ,
            {
                **own,
                "AWS_CONFIG_FILE": str(config),
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_ENDPOINT_URL": self.world.aws.endpoint,
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
                "NO_PROXY": "127.0.0.1",
                "no_proxy": "127.0.0.1",
            },
            clear=True,
        )

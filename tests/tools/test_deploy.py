"""`make deploy` without a terminal, with a stand-in for `sam`."""

import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"
sys.path.insert(0, str(TOOLS))

from deploy import parameters  # noqa: E402
from deploy.failure import DeployError  # noqa: E402

ID = "an-external-id-of-the-provider"
# Records its arguments, the configuration and its access rights, and prints what SAM prints: all parameters.
SAM = """#!/bin/sh
printf '%s\\n' "$*" >> "$RECORD/calls"
while [ $# -gt 0 ]; do
  if [ "$1" = --config-file ]; then cat "$2" | tee "$RECORD/configuration"; ls -l "$2" | cut -c1-10 > "$RECORD/mode"; fi
  shift
done
exit "${SAM_STATUS:-0}"
"""
# Replaces the only call to AWS.
MAIN = """
import json, os, sys
from deploy import __main__ as deploy, stack
try:
    side = deploy.PROVIDER if os.environ.get("SIDE") == "provider" else deploy.CUSTOMER
    deploy.main(side, os.environ, False, lambda name: json.loads(os.environ.get("DEPLOYED", "{}")))
except deploy.DeployError as error:
    sys.exit(str(error))
"""


class Deploy(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.record = pathlib.Path(directory.name)
        sam = self.record / "sam"
        sam.write_text(SAM)
        sam.chmod(sam.stat().st_mode | stat.S_IXUSR)

    def deploy(self, file=None, **variables):
        """The exit code and the whole output."""
        path = self.record / "parameters"
        path.write_text(file or "")
        environment = {
            "PATH": f"{self.record}:/usr/bin:/bin",
            "PYTHONPATH": str(TOOLS),
            "PYTHONDONTWRITEBYTECODE": "1",
            "RECORD": str(self.record),
            "PARAMETERS": str(path),
            **variables,
        }
        process = subprocess.run(
            [sys.executable, "-c", MAIN],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return process.returncode, process.stdout

    def recorded(self, name):
        file = self.record / name
        return file.read_text() if file.exists() else ""

    def test_parameters_come_from_the_environment_and_from_a_file(self):
        file = f"# Who gets in.\n\nExternalAwsAccountId = 222222222222\nExternalId={ID}\nRoleName=from-the-file\n"
        status, output = self.deploy(file, RoleName="from-the-environment", ARCHITECTURE="arm64")
        self.assertEqual(status, 0, output)
        build, deploy = self.recorded("calls").splitlines()
        self.assertEqual(build, "build --config-env default --parameter-overrides Architecture=arm64")
        self.assertRegex(deploy, r"^deploy --config-env default --config-file \S+\.toml --no-confirm-changeset --no-progressbar$")
        overrides = ", ".join(
            f'"ParameterKey={name},ParameterValue=\\"{value}\\""'
            for name, value in {
                "ExternalAwsAccountId": "222222222222",
                "ExternalId": ID,
                "RoleName": "from-the-environment",
                "Architecture": "arm64",
            }.items()
        )
        section = "[default.deploy.parameters]\n"
        configured = (ROOT / "samconfig.toml").read_text().replace(section, f"{section}parameter_overrides = [{overrides}]\n")
        self.assertEqual(self.recorded("configuration"), configured)

    def test_no_external_id_is_in_an_argument_in_the_output_or_left_behind(self):
        before = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout
        status, output = self.deploy(f"ExternalId={ID}", TrustedAccountIds="222222222222")
        self.assertEqual(status, 0, output)
        self.assertIn(ID, self.recorded("configuration"))
        self.assertNotIn(ID, self.recorded("calls"))
        self.assertNotIn(ID, output)
        self.assertIn("(the external ID)", output)
        self.assertEqual(self.recorded("mode"), "-rw-------\n")
        [file] = [word for word in self.recorded("calls").split() if word.endswith(".toml")]
        self.assertFalse(os.path.exists(file))
        after = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True).stdout
        self.assertEqual(after, before)
        self.assertNotIn("guided", (ROOT / "Makefile").read_text())

    def test_no_function_that_trusts_no_account_is_installed_without_saying_so(self):
        message = (
            "No account is trusted: neither TrustedAccountIds nor ExternalAwsAccountId is given, so the function would refuse every "
            "role. Nothing was deployed. Give the provider's account: make deploy TrustedAccountIds=222222222222. To install the "
            "function all the same: make deploy TRUST_NO_ACCOUNT=1\n"
        )
        self.assertEqual(self.deploy(), (1, message))
        self.assertEqual(self.deploy("TrustedAccountIds=", DEPLOYED='{"TrustedAccountIds": "222222222222"}'), (1, message))
        self.assertEqual(self.recorded("calls"), "")
        status, output = self.deploy(TRUST_NO_ACCOUNT="1")
        self.assertEqual(status, 0)
        self.assertIn("No account is trusted: the function will refuse every role until", output)
        # A stack keeps the accounts that it has.
        for deployed in ("TrustedAccountIds", "ExternalAwsAccountId"):
            status, output = self.deploy(DEPLOYED=f'{{"{deployed}": "222222222222"}}')
            self.assertEqual((status, "No account" in output), (0, False))

    def test_the_code_is_built_for_the_processor_that_the_stack_keeps(self):
        status, output = self.deploy(DEPLOYED='{"TrustedAccountIds": "222222222222", "Architecture": "arm64"}')
        self.assertEqual(status, 0, output)
        build, deploy = self.recorded("calls").splitlines()
        self.assertEqual(build, "build --config-env default --parameter-overrides Architecture=arm64")
        self.assertEqual(self.recorded("configuration"), (ROOT / "samconfig.toml").read_text())

    def test_mistakes_are_found_before_anything_is_built(self):
        for file, message in [
            ("TrustedAccountIDs=222222222222", "line 1: the template has no parameter TrustedAccountIDs. Did you mean TrustedAccountIds?"),
            ("\nan-external-id", "line 2: write NAME=VALUE."),
            ("RoleName=a\nRoleName=b", "line 2: RoleName is there twice."),
            ('CustomPolicy={"a": "\\\\"}', "CustomPolicy contains a backslash, which `sam deploy` does not pass on."),
        ]:
            status, output = self.deploy(file, TrustedAccountIds="222222222222")
            self.assertEqual(status, 1)
            self.assertIn(message, output)
            self.assertNotIn("an-external-id", output)
        status, output = self.deploy(TrustedAccountIds="222222222222", PARAMETERS="no-such-file")
        self.assertEqual((status, output), (1, "PARAMETERS=no-such-file: there is no such file.\n"))
        self.assertEqual(self.recorded("calls"), "")

    def test_the_provider_side_has_its_own_section_and_trusts_no_one(self):
        status, output = self.deploy("LogLevel=debug", SIDE="provider")
        self.assertEqual(status, 0, output)
        for call, command in zip(self.recorded("calls").splitlines(), ("build", "deploy"), strict=True):
            self.assertEqual(call.split()[:3], [command, "--config-env", "provider"])
        self.assertIn('[provider.deploy.parameters]\nparameter_overrides = ["ParameterKey=LogLevel', self.recorded("configuration"))

    def test_a_failure_of_sam_is_a_failure(self):
        status, output = self.deploy(TrustedAccountIds="222222222222", SAM_STATUS="3")
        self.assertEqual(status, 1)
        self.assertIn("`sam build` failed; see its output above.\n", output)

    def test_every_parameter_of_the_templates_is_known(self):
        for template in ("template.yaml", "provider.yaml"):
            text = (ROOT / template).read_text()
            self.assertIn("LogRetentionInDays", parameters.declared(text))
            with self.assertRaises(DeployError):
                parameters.read(parameters.declared(text), {}, "f", "Unknown=1")

    def test_git_ignores_the_files_with_parameters(self):
        for file in ("deploy.env", "deploy-provider.env"):
            self.assertEqual(subprocess.run(["git", "check-ignore", "--quiet", file], cwd=ROOT).returncode, 0, file)

"""What `make deploy` does after the build, by SAM itself. tests/tools/test_deploy.py has the rest, without AWS."""

import os
import subprocess

from . import sam
from .constants import PROVIDER_STACK_NAME, PUBLISHER, ROOT
from .accounts import Account
from .fixtures import LocalAwsTestCase
from .stacks import Stack


class Deploy(LocalAwsTestCase):
    def test_parameters_arrive_and_secrets_are_not_printed(self):
        account = Account(self.environment.aws, PUBLISHER)
        stack = Stack(account, PROVIDER_STACK_NAME)
        self.addCleanup(stack.delete)
        script = f"from deploy import sam; sam.SECRET = 'LogLevel'; sam.deploy('provider', {{'LogLevel': 'debug', 'AlarmTopicArn': ''}}, False)"
        environment = {**self.environment.aws.tool_environment(PUBLISHER), "PYTHONPATH": str(ROOT / "tools")}
        environment["PATH"] = f"{sam.TOOLS}{os.pathsep}{environment['PATH']}"
        deployed = subprocess.run(
            [sam.TOOLS / "python", "-c", script],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.assertEqual(deployed.returncode, 0, deployed.stdout)
        self.assertNotIn("debug", deployed.stdout)
        parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack.describe()["Parameters"]}
        self.assertEqual((parameters["LogLevel"], parameters["AlarmTopicArn"]), ("debug", ""))

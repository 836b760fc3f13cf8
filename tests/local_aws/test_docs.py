"""The documentation is correct: the template in the README works, and the AWS CLI knows every command."""

import re
import shlex
import unittest

import botocore.session
import jmespath
from botocore import xform_name

from .constants import ROOT
from .fixtures import LocalAwsTestCase

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Commands of the AWS CLI that are not operations of an API, with the options that the documentation uses.
CLI_COMMANDS = {
    ("cloudformation", "deploy"): {"stack-name", "template-file", "parameter-overrides", "capabilities"},
    ("cloudformation", "package"): {"template-file", "s3-bucket", "output-template-file"},
    ("s3", "mb"): set(),
    ("logs", "tail"): {"since", "filter-pattern"},
}
GLOBAL_OPTIONS = {"output", "query", "region"}


class Readme(LocalAwsTestCase):
    def test_template_creates_a_role_that_requires_the_external_id(self):
        [template] = re.findall(r"```yaml\n(.*?)```", PAGES[0].read_text(), re.DOTALL)
        stack = self.stack()
        self.assertEqual(stack.create(template), "CREATE_COMPLETE")
        outputs = stack.outputs()
        self.assertTrue(self.environment.acme.assume(outputs["RoleArn"], outputs["ExternalId"]))
        self.assertFalse(self.environment.acme.assume(outputs["RoleArn"]))


class Commands(unittest.TestCase):
    def test_aws_cli_knows_all_commands(self):
        found = [(page.name, command) for page in PAGES for command in commands(page.read_text())]
        self.assertGreater(len(found), 20)
        for page, command in found:
            with self.subTest(page=page, command=command):
                self.assertEqual(problems(shlex.split(command)), [])


def commands(text):
    """Every command of the AWS CLI in shell blocks and between backticks."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    inline = re.findall(r"`(aws [^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in [*lines, *inline]:
        # Also inside `name=$(aws ...)`.
        [line] = re.findall(r"\$\((aws .*)\)", line) or [line.strip()]
        if line.startswith("aws "):
            yield line


def problems(words):
    """What is wrong with a command, according to the description of the API in botocore."""
    _, service, name, *arguments = words
    options = [word.removeprefix("--") for word in arguments if word.startswith("--")]
    if "query" in options:
        jmespath.compile(arguments[arguments.index("--query") + 1])
    if (service, name) in CLI_COMMANDS:
        known, required = CLI_COMMANDS[service, name], set()
    elif name == "wait":
        return wait_problems(service, arguments[0])
    else:
        model = botocore.session.get_session().get_service_model(service)
        operations = [operation for operation in model.operation_names if xform_name(operation, "-") == name]
        if not operations:
            return [f"{service} has no command {name}"]
        shape = model.operation_model(operations[0]).input_shape
        required = {xform_name(member, "-") for member in (shape.required_members if shape else [])}
        known = {
            option
            for member, type in (shape.members.items() if shape else [])
            for option in [xform_name(member, "-"), *([f"no-{xform_name(member, '-')}"] if type.type_name == "boolean" else [])]
        }
    unknown = [f"no option --{option}" for option in options if option not in known | GLOBAL_OPTIONS]
    # A sentence can mention a command without options.
    present = {option.removeprefix("no-") for option in options}
    missing = [f"--{option} is missing" for option in sorted(required - present)] if options else []
    return unknown + missing


def wait_problems(service, state):
    waiters = botocore.session.get_session().get_waiter_model(service).waiter_names
    return [] if state in {xform_name(waiter, "-") for waiter in waiters} else [f"no waiter for {state}"]

"""What the documentation tells a reader to type: the README's template, and every command of the AWS CLI."""

import re
import shlex
import unittest

import botocore.session
import jmespath
from botocore import xform_name

from . import sam
from .installed import OnLocalAws

PAGES = [sam.ROOT / "README.md", *sorted((sam.ROOT / "docs").glob("*.md"))]
# Commands that the AWS CLI has besides AWS's API, with the options that are used here.
BESIDE_THE_API = {
    ("cloudformation", "deploy"): {"stack-name", "template-file", "parameter-overrides"},
    ("logs", "tail"): {"since", "filter-pattern"},
}
FOR_ALL_COMMANDS = {"output", "query", "region"}


class Readme(OnLocalAws):
    def test_template_makes_a_role_that_opens_with_the_external_id_only(self):
        [template] = re.findall(r"```yaml\n(.*?)```", PAGES[0].read_text(), re.DOTALL)
        stack = self.stack()
        self.assertEqual(stack.create(template), "CREATE_COMPLETE")
        outputs = stack.outputs()
        self.assertTrue(self.world.acme.assume(outputs["RoleArn"], outputs["ExternalId"]))
        self.assertFalse(self.world.acme.assume(outputs["RoleArn"]))


class Commands(unittest.TestCase):
    def test_are_ones_that_the_aws_cli_has(self):
        found = [(page.name, command) for page in PAGES for command in commands(page.read_text())]
        self.assertGreater(len(found), 20)
        for page, command in found:
            with self.subTest(page=page, command=command):
                self.assertEqual(problems(shlex.split(command)), [])


def commands(text):
    """Every command of the AWS CLI in blocks for a shell and in backticks."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    typed = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    quoted = re.findall(r"`(aws [^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in [*typed, *quoted]:
        # As in `name=$(aws ...)`.
        [line] = re.findall(r"\$\((aws .*)\)", line) or [line.strip()]
        if line.startswith("aws "):
            yield line


def problems(words):
    """What AWS's own description of its API does not know."""
    _, service, name, *arguments = words
    options = [word.removeprefix("--") for word in arguments if word.startswith("--")]
    if "query" in options:
        jmespath.compile(arguments[arguments.index("--query") + 1])
    if (service, name) in BESIDE_THE_API:
        known, required = BESIDE_THE_API[service, name], set()
    elif name == "wait":
        return wait_problems(service, arguments[0])
    else:
        model = botocore.session.get_session().get_service_model(service)
        called = [operation for operation in model.operation_names if xform_name(operation, "-") == name]
        if not called:
            return [f"{service} has no {name}"]
        taken = model.operation_model(called[0]).input_shape
        required = {xform_name(member, "-") for member in (taken.required_members if taken else [])}
        known = {
            option
            for member, shape in (taken.members.items() if taken else [])
            for option in [xform_name(member, "-"), *([f"no-{xform_name(member, '-')}"] if shape.type_name == "boolean" else [])]
        }
    unknown = [f"no option --{option}" for option in options if option not in known | FOR_ALL_COMMANDS]
    # In a sentence a command may be named without what it needs.
    given = {option.removeprefix("no-") for option in options}
    missing = [f"--{option} is missing" for option in sorted(required - given)] if options else []
    return unknown + missing


def wait_problems(service, state):
    waiters = botocore.session.get_session().get_waiter_model(service).waiter_names
    return [] if state in {xform_name(waiter, "-") for waiter in waiters} else [f"nothing waits for {state}"]

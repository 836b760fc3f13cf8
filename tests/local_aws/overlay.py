"""The shipped templates, widened where the local AWS falls short of AWS. Generated, never kept.

MiniStack enforces the function's policy, but it forgets the path of a role when it asks whether a call
is allowed, and it knows neither `iam:PermissionsBoundary` nor `iam:PolicyARN`. Exactly these are widened
here, each one said aloud. What the shipped policy permits is judged elsewhere, without an emulator.
"""

import copy
import json
import pathlib

import yaml
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK_SET = ROOT / "stackset.yaml"
BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
GENERATED = ROOT / ".aws-sam" / "local" / "template.yaml"

UNKNOWN_CONDITION_KEYS = ("iam:PermissionsBoundary", "iam:PolicyARN")
UNDER_THE_PREFIX = "role${RolePathPrefix}*"
ANY_ROLE = "role/*"


class NotBuilt(Exception):
    """There is nothing to deploy yet."""


class NothingToWiden(Exception):
    """The template no longer looks as this file expects."""


def read(name):
    """A template of this repository, with CloudFormation's short forms (`!Ref`) written out."""
    return yaml_parse((ROOT / name).read_text())


def generate(report=lambda line: None):
    """Writes the overlay beside what `sam build` made and returns its path; `report` gets a line per change."""
    if not BUILT.exists():
        raise NotBuilt(f"{BUILT} does not exist: run `make build` first.")
    template = yaml.safe_load(BUILT.read_text())
    widened, changes = widen(template)
    for change in changes:
        report(change)
    # Paths in a template are relative to it, and this one lies elsewhere.
    function = widened["Resources"]["Function"]["Properties"]
    function["CodeUri"] = str((BUILT.parent / function["CodeUri"]).resolve())
    GENERATED.parent.mkdir(parents=True, exist_ok=True)
    GENERATED.write_text(yaml.safe_dump(widened, sort_keys=False))
    return GENERATED


def stack_set(report=lambda line: None):
    """stackset.yaml, widened, as the body of a stack; `report` gets a line per change. In JSON, since MiniStack
    reads that in no time."""
    widened, changes = widen(yaml_parse(STACK_SET.read_text()))
    for change in changes:
        report(change)
    return json.dumps(widened)


def widen(template):
    """The widened copy, and a sentence for every change."""
    template = copy.deepcopy(template)
    changes = []
    for policy in template["Resources"]["FunctionRole"]["Properties"]["Policies"]:
        for statement in statements(policy["PolicyDocument"]["Statement"]):
            if statement["Effect"] != "Allow":
                continue
            sid = statement["Sid"]
            resource = statement["Resource"]
            if isinstance(resource, dict) and UNDER_THE_PREFIX in resource.get("Fn::Sub", ""):
                resource["Fn::Sub"] = resource["Fn::Sub"].replace(UNDER_THE_PREFIX, ANY_ROLE)
                changes.append(
                    f"{sid}: any role instead of those under the prefix (MiniStack asks with role ARNs without their path)"
                )
            for key in UNKNOWN_CONDITION_KEYS:
                if _mentions(statement.get("Condition"), key):
                    statement["Condition"] = _without(statement["Condition"], key)
                    changes.append(f"{sid}: without its condition on {key} (MiniStack does not know the key)")
            if "Condition" in statement and not _is_a_condition(statement["Condition"]):
                del statement["Condition"]
    if not changes:
        raise NothingToWiden("The function's policy has nothing to widen: bring tests/local_aws/overlay.py up to date.")
    return template, changes


def statements(items):
    """The statements of a policy, those inside of an Fn::If too."""
    for item in items:
        if "Effect" in item:
            yield item
        else:
            for branch in item["Fn::If"][1:]:
                if "Effect" in branch:
                    yield branch


def _mentions(value, key):
    if isinstance(value, dict):
        return key in value or any(_mentions(item, key) for item in value.values())
    return isinstance(value, list) and any(_mentions(item, key) for item in value)


def _without(value, key):
    if isinstance(value, dict):
        return {name: _without(item, key) for name, item in value.items() if name != key}
    if isinstance(value, list):
        return [_without(item, key) for item in value]
    return value


def _is_a_condition(value):
    """Whether any condition key is left in it."""
    if isinstance(value, dict):
        return any(":" in name and not name.startswith(("Fn::", "AWS::")) or _is_a_condition(item) for name, item in value.items())
    return isinstance(value, list) and any(_is_a_condition(item) for item in value)

"""The shipped templates, and the copies of them that MiniStack can run.

MiniStack enforces the function's policy with two limits: it evaluates role ARNs without their path, and it does not
know the condition keys `iam:PermissionsBoundary` and `iam:PolicyARN`. `relax` changes exactly these places and
describes each change. tests/it/permissions.rs evaluates the shipped policy without an emulator.
"""

import copy
import functools
import json

import yaml
from samtranslator.yaml_helper import yaml_parse

from .constants import LOGS, ROOT

BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
BUILT_FUNCTION = BUILT.parent / "Function"
BUILT_PROVIDER = ROOT / ".aws-sam" / "provider" / "template.yaml"
RELAXED = LOGS / "template.yaml"

UNKNOWN_CONDITION_KEYS = ("iam:PermissionsBoundary", "iam:PolicyARN")
ROLES_WITH_PREFIX = "role${RolePathPrefix}${RoleNamePrefix}*"
ANY_ROLE = "role/*"


class NotBuilt(Exception):
    """`sam build` has not run yet."""


class NothingToRelax(Exception):
    """The template has changed and this module must follow."""


def read(name):
    """A copy of a template in this repository, with CloudFormation's short forms (`!Ref`) written out."""
    return copy.deepcopy(_parse(name))


@functools.cache
def _parse(name):
    return yaml_parse((ROOT / name).read_text())


def read_built(path=BUILT):
    """A template that `sam build` wrote."""
    if not path.exists():
        raise NotBuilt(f"{path} does not exist. Run `make build` first.")
    return yaml.safe_load(path.read_text())


def write_relaxed(report=lambda line: None):
    """Writes a relaxed copy of the built template.yaml and returns its path. `report` gets one line per change."""
    template = _relax_and_report(read_built(), report)
    # A CodeUri is relative to its template, and the copy is in another directory.
    function = template["Resources"]["Function"]["Properties"]
    function["CodeUri"] = str((BUILT.parent / function["CodeUri"]).resolve())
    RELAXED.parent.mkdir(parents=True, exist_ok=True)
    RELAXED.write_text(yaml.safe_dump(template, sort_keys=False))
    return RELAXED


def relaxed_stack_set(report=lambda line: None):
    """A relaxed copy of stackset.yaml as a template body: JSON, because MiniStack parses it much faster than YAML."""
    return json.dumps(_relax_and_report(read("stackset.yaml"), report))


def _relax_and_report(template, report):
    template, changes = relax(template)
    for change in changes:
        report(change)
    return template


def relax(template):
    """A relaxed copy of the template, and one sentence per change."""
    template = copy.deepcopy(template)
    changes = []
    for statement in function_statements(template):
        if statement["Effect"] != "Allow":
            continue
        sid = statement["Sid"]
        resource = statement["Resource"]
        if isinstance(resource, dict) and ROLES_WITH_PREFIX in resource.get("Fn::Sub", ""):
            resource["Fn::Sub"] = resource["Fn::Sub"].replace(ROLES_WITH_PREFIX, ANY_ROLE)
            changes.append(f"{sid} allows any role, not only roles with the path prefix (MiniStack ignores role paths)")
        for key in UNKNOWN_CONDITION_KEYS:
            if _mentions(statement.get("Condition"), key):
                statement["Condition"] = _without(statement["Condition"], key)
                changes.append(f"{sid} has no condition on {key} (MiniStack does not know this key)")
        if "Condition" in statement and not _has_condition_key(statement["Condition"]):
            del statement["Condition"]
    if not changes:
        raise NothingToRelax("The function's policy contains nothing to relax. Update tests/local_aws/templates.py.")
    return template, changes


def function_statements(template):
    """The statements of the function's policy, including those inside Fn::If."""
    for policy in template["Resources"]["FunctionRole"]["Properties"]["Policies"]:
        for item in policy["PolicyDocument"]["Statement"]:
            branches = [item] if "Effect" in item else item["Fn::If"][1:]
            yield from (branch for branch in branches if "Effect" in branch)


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


def _has_condition_key(value):
    if isinstance(value, dict):
        return any(_is_condition_key(name) or _has_condition_key(item) for name, item in value.items())
    return isinstance(value, list) and any(_has_condition_key(item) for item in value)


def _is_condition_key(name):
    return ":" in name and not name.startswith(("Fn::", "AWS::"))

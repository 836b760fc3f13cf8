"""Reads the commands that `make publish` prints: runs them in a shell with a stand-in for `aws`, and checks each call
against the description of the CloudFormation API in botocore."""

import functools
import json
import os
import pathlib
import re
import subprocess
import tempfile

import botocore.session
from botocore import xform_name
from botocore.validate import validate_parameters

from .constants import PUBLISHER, ROOT

# The value of a parameter with UsePreviousValue.
PREVIOUS = "previous value"
# Separates the arguments in the file that the stand-in writes, and the calls.
ARGUMENT_END, CALL_END = "\037", "\036"


def calls(script, valid=True):
    """The AWS calls of a script, with the names of the API. `Parameters` is a dictionary. If `valid`, AWS must accept them."""
    recorded = _run(script)
    # An interactive shell can treat # as a command. This must not change anything.
    assert _run(re.sub("^#", ":", script, flags=re.MULTILINE)) == recorded, script
    result = []
    for line in recorded.split(CALL_END)[:-1]:
        service, name, *arguments = line.split(ARGUMENT_END)[:-1]
        assert service == "cloudformation", service
        if name == "describe-stack-set":
            continue
        call = _parse(name, arguments)
        if valid:
            found = problems(call["Call"], call)
            assert not found, found
        if "Parameters" in call:
            call["Parameters"] = {
                parameter["ParameterKey"]: parameter.get("ParameterValue", PREVIOUS) for parameter in call["Parameters"]
            }
        result.append(call)
    return result


def rollback_calls(script):
    """The calls of the rollback commands, which are comments in the script."""
    _, commented = script.split("# Roll back to the previous code", 1)
    _, *lines = commented.splitlines()
    assert all(line.startswith("#") for line in lines), lines
    return calls("\n".join(line.removeprefix("# ") for line in lines))


def changed_parameters(call):
    return {name: value for name, value in call["Parameters"].items() if value is not PREVIOUS}


def stack_set_arn(region, name):
    """The ARN that the stand-in for `aws` returns."""
    return f"arn:aws:cloudformation:{region}:{PUBLISHER}:stackset/{name}:0a1b2c3d"


def problems(operation, call):
    """What AWS would reject in this call, according to the description of its API."""
    shape = _cloudformation().operation_model(operation).input_shape
    arguments = {member: call[member] for member in shape.members if member in call}
    if isinstance(arguments.get("Parameters"), dict):
        del arguments["Parameters"]
    validate_parameters(arguments, shape)
    return list(_invalid_values("", arguments, shape))


@functools.cache
def _cloudformation():
    return botocore.session.get_session().get_service_model("cloudformation")


def _run(script):
    """What the stand-in for `aws` records. Nothing else must happen in the shell."""
    record = 'exec 3>calls; aws() { { for argument; do printf "%s\\037" "$argument"; done; printf "\\036"; } >&3; '
    answer = f'if [ "$2" = describe-stack-set ]; then echo "{stack_set_arn("$4", "$6")}"; fi; }}\n'
    with tempfile.TemporaryDirectory() as directory:
        shell = subprocess.run(["sh", "-eu"], input=record + answer + script, cwd=directory, capture_output=True, text=True)
        assert (shell.returncode, shell.stdout, shell.stderr, os.listdir(directory)) == (0, "", "", ["calls"]), shell
        return pathlib.Path(directory, "calls").read_text()


def _parse(name, arguments):
    """A call of the AWS CLI as the API sees it."""
    operation = next(one for one in _cloudformation().operation_names if xform_name(one, "-") == name)
    members = _cloudformation().operation_model(operation).input_shape.members
    options = {f"--{xform_name(member, '-')}": member for member in members}
    call, values = {"Call": operation}, []
    for argument in arguments:
        if argument in ("--region", "--query", "--output"):
            values = call.setdefault({"--region": "Region"}.get(argument, argument.removeprefix("--")), [])
        elif argument.startswith("--"):
            values = call.setdefault(options[argument], [])
        else:
            values.append(argument)
    for option in ("Region", "query", "output"):
        if option in call:
            [call[option]] = call[option]
    for member, shape in members.items():
        if member in call:
            call[member] = _value(shape, call[member])
    return call


def _value(shape, words):
    """The value of an option, as the AWS CLI reads it: a flag, JSON or shorthand, a list of words, a file, or a word."""
    if shape.type_name == "boolean":
        return not words
    if shape.type_name == "structure" or shape.type_name == "list" and shape.member.type_name == "structure":
        [text] = words
        return json.loads(text) if text[0] in "[{" else _shorthand(shape, text)
    if shape.type_name == "list":
        return words
    [word] = words
    return (ROOT / word.removeprefix("file://")).read_text() if word.startswith("file://") else word


def _shorthand(shape, text):
    """The CLI's shorthand syntax: KEY=VALUE,KEY=VALUE. A single value can stand for a list."""
    convert = {"boolean": {"true": True, "false": False}.__getitem__, "list": lambda value: [value], "string": str}
    pairs = (pair.split("=") for pair in text.split(","))
    return {name: convert[shape.members[name].type_name](value) for name, value in pairs}


def _invalid_values(path, value, shape):
    """botocore checks types and names. Patterns, lengths and enumerations are checked here."""
    if shape.type_name == "structure":
        for member, item in value.items():
            yield from _invalid_values(f"{path}.{member}".strip("."), item, shape.members[member])
    elif shape.type_name == "list":
        for item in value:
            yield from _invalid_values(path, item, shape.member)
    elif shape.type_name == "string":
        allowed = getattr(shape, "enum", None)
        longest = shape.metadata.get("max", len(value))
        if allowed and value not in allowed or len(value) > longest or not re.search(shape.metadata.get("pattern", ""), value):
            yield f"{path}: {value}"

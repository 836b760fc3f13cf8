"""Runs SAM. The parameters go into a configuration file that only this user can read and that is deleted afterwards: in an
argument every user of the machine could see them, and `sam deploy --guided` would save them into samconfig.toml."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from .failure import DeployError

CONFIGURATION = pathlib.Path("samconfig.toml")
SECRET = "ExternalId"


def build(environment_name, architecture):
    chosen = ["--parameter-overrides", f"Architecture={architecture}"] if architecture else []
    _run(["sam", "build", "--config-env", environment_name, *chosen], "build")


def deploy(environment_name, values, terminal):
    """On a terminal SAM shows the changes and asks. Elsewhere it asks nothing, and no external ID is in the output."""
    with _configuration(environment_name, values) as file:
        command = ["sam", "deploy", "--config-env", environment_name, "--config-file", str(file)]
        if terminal:
            _run(command, "deploy")
        else:
            _run([*command, "--no-confirm-changeset", "--no-progressbar"], "deploy", values.get(SECRET))


@contextlib.contextmanager
def _configuration(environment_name, values):
    """samconfig.toml with these parameters, as a file for one run."""
    section = f"[{environment_name}.deploy.parameters]\n"
    text = CONFIGURATION.read_text()
    if text.count(section) != 1:
        raise DeployError(f"{CONFIGURATION} must have the section {section.strip()} exactly once.")
    # TOML reads a list of strings that JSON writes.
    overrides = f"parameter_overrides = {json.dumps([_override(*pair) for pair in values.items()])}\n" if values else ""
    # mkstemp makes a file that only this user can read.
    descriptor, name = tempfile.mkstemp(suffix=".toml")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text.replace(section, section + overrides))
        yield pathlib.Path(name)
    finally:
        os.unlink(name)


def _override(name, value):
    quoted = value.replace('"', '\\"')
    return f'ParameterKey={name},ParameterValue="{quoted}"'


def _run(command, what, secret=None):
    if secret is None:
        failed = subprocess.run(command).returncode != 0
    else:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process:
            for line in process.stdout:
                sys.stdout.write(line.replace(secret, "(the external ID)"))
        failed = process.returncode != 0
    if failed:
        raise DeployError(f"`sam {what}` failed; see its output above.")

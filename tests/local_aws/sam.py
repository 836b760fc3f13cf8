"""Runs `sam build` and `sam deploy` as a user does, and shows their output."""

import os
import pathlib
import platform
import subprocess

from . import templates
from .constants import CUSTOMER, PROVIDER, PROVIDER_STACK_NAME, ROOT, STACK_NAME
from .progress import Progress

# The section of samconfig.toml for provider.yaml.
PROVIDER_CONFIGURATION = ("--config-env", "provider")
TOOLS = ROOT / ".tools" / "aws" / "bin"
# The local AWS runs the function on this machine.
ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


class CommandFailed(Exception):
    """The message contains the command and the end of its output."""


def build():
    """Runs `sam build` for both templates and counts the compiled crates, because SAM shows no progress.

    Both templates use the same binary, so the second build compiles nothing."""
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    # Cargo shows the downloads. After them, the number of crates is known.
    run(["cargo", "fetch", "--locked"], environment)
    crates = _dependencies(environment)
    with Progress(lambda: _build_progress(crates), exclusive=False):
        for configuration in ((), PROVIDER_CONFIGURATION):
            run(
                ["sam", "build", *configuration, "--parameter-overrides", f"Architecture={ARCHITECTURE}"],
                environment,
                hide_from="Commands you can use next",
            )


def deploy(aws, parameters=None, stack_name=STACK_NAME, region=None, report=lambda line: None):
    """Deploys the built template.yaml to the customer's account on the local AWS. `report` gets one line per change
    that MiniStack requires."""
    template = templates.write_relaxed(report)
    command = ["sam", "deploy", "--template-file", str(template), "--config-file", str(ROOT / "samconfig.toml")]
    _deploy(command, aws.tool_environment(CUSTOMER), parameters, stack_name, region)


def deploy_provider(aws, parameters=None, stack_name=PROVIDER_STACK_NAME, region=None):
    """Deploys the built provider.yaml, unchanged, to the provider's account on the local AWS.

    MiniStack does not know the condition key `aws:ResourceOrgID`, but it is only used in a deny for organizations, and
    the provider's account is in none."""
    command = ["sam", "deploy", *PROVIDER_CONFIGURATION]
    _deploy(command, aws.tool_environment(PROVIDER), parameters, stack_name, region)


def _deploy(command, environment, parameters, stack_name, region):
    command += ["--stack-name", stack_name, "--no-confirm-changeset", "--no-progressbar"]
    if region:
        command += ["--region", region]
    all_parameters = {"Architecture": ARCHITECTURE, **(parameters or {})}
    command += ["--parameter-overrides"] + [_override(*parameter) for parameter in all_parameters.items()]
    # The caller checks the result and prints it. If the stack fails, the events are in the message of CommandFailed.
    run(command, environment, hide_from="CloudFormation events from stack operations", is_shown=_is_of_interest)


def _is_of_interest(line):
    """Not SAM's settings and advice, which it indents with a tab."""
    return not line.startswith("\t") or "Parameter overrides" in line


def run(command, environment, hide_from=None, is_shown=bool):
    """Runs a command and shows its output, indented: lines for which `is_shown` is true, up to the first line that contains
    `hide_from`."""
    environment = {**environment, "PATH": f"{TOOLS}{os.pathsep}{environment['PATH']}"}
    output = []
    hidden = False
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            for line in process.stdout:
                line = line.rstrip()
                output.append(line)
                hidden = hidden or bool(hide_from and hide_from in line)
                if line and not hidden and is_shown(line):
                    print(f"     | {line}", flush=True)
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        tail = "\n".join(output[-80:])
        raise CommandFailed(f"`{' '.join(command[:2])}` failed with exit code {process.returncode}:\n{tail}")


def _override(name, value):
    quoted = str(value).replace('"', '\\"')
    return f'ParameterKey={name},ParameterValue="{quoted}"'


def _dependencies(environment):
    """The crates that the function depends on, by the names of their directories in cargo's target directory."""
    command = ["cargo", "tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]
    listed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    # The first line is the function itself.
    return {line.split()[0] for line in listed.splitlines()[1:] if line.strip()}


def _build_progress(crates):
    done = len(_compiled(crates))
    return f"{done} of {len(crates)} crates compiled" if done < len(crates) else "compiling and linking the function"


def _compiled(crates):
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    finished = {
        fingerprint.parent.name.rsplit("-", 1)[0]
        for pattern in ("release/.fingerprint/*/*.json", "*/release/.fingerprint/*/*.json")
        for fingerprint in target.glob(pattern)
    }
    return crates & finished

"""Builds and deploys the way a user does, showing what happens meanwhile."""

import os
import pathlib
import platform
import subprocess

from . import overlay
from .emulator import CUSTOMER, PROVIDER
from .progress import Progress

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What samconfig.toml says.
STACK_NAME = "service-provider-access"
PROVIDER_STACK_NAME = "service-provider-access-provider"
PROVIDER_ENVIRONMENT = ("--config-env", "provider")
TOOLS = ROOT / ".tools" / "aws" / "bin"
# The local AWS runs the function on this very machine.
ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


class CommandFailed(Exception):
    """The message is the command and the last of what it printed."""


def build():
    """`sam build` of both templates, with the crates that are compiled counted: it shows nothing of that itself.
    Both ask cargo for the same binary, so the second one compiles nothing."""
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    # Downloads are shown by cargo; afterwards the number of crates is known.
    run(["cargo", "fetch", "--locked"], environment)
    crates = _crates(environment)
    with Progress(lambda: _how_far(crates), alone=False):
        for which in ((), PROVIDER_ENVIRONMENT):
            run(
                ["sam", "build", *which, "--parameter-overrides", f"Architecture={ARCHITECTURE}"],
                environment,
                hide="Commands you can use next",
            )


def deploy(aws, parameters=None, stack_name=STACK_NAME, region=None, report=lambda line: None):
    """`sam deploy` of template.yaml as `sam build` made it, to the customer's account on the local AWS."""
    template = overlay.generate(report)
    command = ["sam", "deploy", "--template-file", str(template), "--config-file", str(ROOT / "samconfig.toml")]
    _deploy(command, aws.tool_environment(CUSTOMER), parameters, stack_name, region)


def deploy_provider(aws, parameters=None, stack_name=PROVIDER_STACK_NAME, region=None):
    """`sam deploy` of provider.yaml as `sam build` made it, to the provider's account on the local AWS.
    Nothing in it has to be widened: MiniStack knows what its policy says, and the one key that it does not
    know, `aws:ResourceOrgID`, is in a deny that has no organization to apply to here."""
    command = ["sam", "deploy", *PROVIDER_ENVIRONMENT]
    _deploy(command, aws.tool_environment(PROVIDER), parameters, stack_name, region)


def _deploy(command, environment, parameters, stack_name, region):
    command += ["--stack-name", stack_name, "--no-confirm-changeset", "--no-progressbar"]
    if region:
        command += ["--region", region]
    given = {"Architecture": ARCHITECTURE, **(parameters or {})}
    command += ["--parameter-overrides"] + [_override(*parameter) for parameter in given.items()]
    run(command, environment, hide="CloudFormation outputs from deployed stack")


def run(command, environment, hide=None):
    """Shows the output as it comes, indented, up to a line that contains `hide`."""
    environment = {**environment, "PATH": f"{TOOLS}{os.pathsep}{environment['PATH']}"}
    seen = []
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
                seen.append(line)
                hidden = hidden or bool(hide and hide in line)
                if line and not hidden:
                    print(f"     | {line}", flush=True)
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        tail = "\n".join(seen[-30:])
        raise CommandFailed(f"`{' '.join(command[:2])}` failed with exit code {process.returncode}:\n{tail}")


def _override(name, value):
    quoted = str(value).replace('"', '\\"')
    return f'ParameterKey={name},ParameterValue="{quoted}"'


def _crates(environment):
    """The crates that ours is made of, as cargo names their directories of finished work."""
    command = ["cargo", "tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]
    listed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    # The first one is ours.
    return {line.split()[0] for line in listed.splitlines()[1:] if line.strip()}


def _how_far(crates):
    done = len(_compiled(crates))
    return f"{done} of {len(crates)} crates compiled" if done < len(crates) else "compiling and linking ours"


def _compiled(crates):
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    finished = {
        work.parent.name.rsplit("-", 1)[0]
        for pattern in ("release/.fingerprint/*/*.json", "*/release/.fingerprint/*/*.json")
        for work in target.glob(pattern)
    }
    return crates & finished

"""The programs of a release. Both are linked by cargo-lambda, for the glibc of Lambda, so the command also runs on older Linux."""

import os
import pathlib
import platform
import re
import subprocess
import sys

from publish import code
from publish.failure import PublishError

from .failure import ReleaseError
from .source import ROOT

# By the name that Lambda gives it.
TARGETS = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
HOST = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
FUNCTION = ("service-provider-access", "service-provider-access")
COMMAND = ("delegated-role-cli", "delegated-role")
# What provided.al2023 has.
NEWEST_GLIBC = (2, 34)
SHELLS = {"bash": "delegated-role.bash", "elvish": "delegated-role.elv", "fish": "delegated-role.fish", "zsh": "_delegated-role"}


def architectures():
    """Those that can be built here, this machine's first; and one sentence for each other."""
    missing = {
        name: f"{name} is not built: Rust's target {target} is not installed (rustup target add {target})."
        for name, target in TARGETS.items()
        if name != HOST and not _is_installed(target)
    }
    return [HOST, *(name for name in TARGETS if name != HOST and name not in missing)], list(missing.values())


def build(architecture):
    """The directory with the function, and the path of the command."""
    directory = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release-programs" / architecture
    for package, binary in (FUNCTION, COMMAND):
        # The way of `sam build`, so that what it has compiled is used.
        options = ["--arm64"] if architecture == "arm64" else [] if HOST == "x86_64" else ["--x86-64"]
        command = ["cargo", "lambda", "build", "--locked", "--release", "--package", package, "--bin", binary]
        if subprocess.run([*command, *options, "--lambda-dir", directory], cwd=ROOT, stdout=sys.stderr).returncode != 0:
            raise ReleaseError(f"`{' '.join(command)}` failed; see its output above.")
    return directory / FUNCTION[1], directory / COMMAND[1] / "bootstrap"


def check(program, architecture):
    """What is shipped runs on Lambda, and names nothing of the machine that built it."""
    try:
        code.check_processor(program, architecture)
    except PublishError as error:
        raise ReleaseError(str(error)) from error
    content = program.read_bytes()
    for path in machine_paths():
        # A path, not a word that begins like it.
        found = re.search(re.escape(os.fsencode(path)) + rb"/[ -~]*", content)
        if found:
            raise ReleaseError(
                f"{program} contains a path of this machine: {found[0].decode()[:200]}. Other machines would make other bytes. Build it "
                "with `make`, which sets --remap-path-prefix."
            )
    newest = max(((int(major), int(minor)) for major, minor in re.findall(rb"GLIBC_(\d+)\.(\d+)", content)), default=(0, 0))
    if newest > NEWEST_GLIBC:
        raise ReleaseError(f"{program} needs glibc {newest[0]}.{newest[1]}, but Lambda has {NEWEST_GLIBC[0]}.{NEWEST_GLIBC[1]}.")


def machine_paths():
    cargo = os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo"
    target = os.environ.get("CARGO_TARGET_DIR") or ROOT / "target"
    return sorted({str(ROOT), str(cargo), str(target), str(pathlib.Path.home())} - {"/"})


def completions(command):
    """Name of a file: the completions for a shell."""
    return {f"completions/{file}": _run([command, "completions", shell]) for shell, file in SHELLS.items()}


def _run(arguments):
    found = subprocess.run(arguments, cwd=ROOT, capture_output=True)
    if found.returncode != 0:
        raise ReleaseError(f"`{' '.join(map(str, arguments))}` failed: {found.stderr.decode(errors='replace').strip()}")
    return found.stdout


def _is_installed(target):
    directory = _run(["rustc", "--print", "target-libdir", "--target", target]).decode().strip()
    return pathlib.Path(directory).is_dir()

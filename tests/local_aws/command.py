"""The command `delegated-role`, without what calls AWS: so it is compiled in seconds, and the AWS SDK is not."""

import functools
import os
import pathlib
import subprocess
import tempfile

from . import sam
from .constants import ROOT
from .progress import Progress

# Apart, so that it does not replace the whole command.
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "without-aws"
COMMAND = TARGET / "debug" / "delegated-role"


class Failed(Exception):
    """The message contains the arguments, and what the command wrote to standard error."""


@functools.cache
def build():
    """Compiles the command, if it has changed, and returns its path."""
    cargo = ["cargo", "build", "--quiet", "--locked", "--target-dir", str(TARGET), "--package", "delegated-role-cli"]
    with Progress(lambda: "compiling the command", exclusive=False):
        sam.run([*cargo, "--no-default-features"], dict(os.environ))
    return COMMAND


def run(*arguments, files=None):
    """What the command prints. `files` are texts of files that arguments may name."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (files or {}).items():
            pathlib.Path(folder, name).write_text(text)
        ran = subprocess.run([build(), *arguments], cwd=folder, env={}, capture_output=True, text=True, timeout=60)
    if ran.returncode != 0:
        raise Failed(f"`delegated-role {' '.join(map(str, arguments))}` ended with {ran.returncode}: {ran.stderr or ran.stdout}")
    return ran.stdout

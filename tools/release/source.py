"""What a release is made from."""

import dataclasses
import os
import pathlib
import re
import subprocess

from .failure import ReleaseError

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Source:
    version: str
    commit: str
    # Of the commit, in seconds since 1970. Every file of a release has it.
    time: int


def read():
    return Source(version(), _git("rev-parse", "HEAD"), int(os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct")))


def version():
    [found] = re.findall(r'^\[workspace\.package\]\nversion = "([^"]+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    return found


def check_committed():
    """A release names a commit, so it must contain nothing else."""
    changed = _git("status", "--porcelain")
    if changed:
        raise ReleaseError(f"A release is made from a commit, but there are changes that are not committed. Commit or remove them:\n{changed}")


def check_tag(tag, source):
    """The tag that started a release names its version."""
    if tag != f"v{source.version}":
        raise ReleaseError(f"The tag is {tag}, but Cargo.toml has version {source.version}. Change one of them.")


def _git(*arguments):
    found = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    if found.returncode != 0:
        raise ReleaseError(f"`git {' '.join(arguments)}` failed: {found.stderr.strip()} A release is made in a clone of the repository.")
    return found.stdout.strip()

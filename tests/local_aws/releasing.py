"""A release for the tests: what `make release` puts into the archive, from the function that `make build` has built."""

import functools
import os
import pathlib
import subprocess
import sys
import tempfile

from .constants import ROOT
from .sam import ARCHITECTURE
from .templates import BUILT_FUNCTION

# What `make release` runs.
sys.path.insert(0, str(ROOT / "tools"))

from release import archives, contents, programs, source  # noqa: E402


@functools.cache
def archive():
    """The name and the content of the release archive."""
    commit = source.read()
    with tempfile.TemporaryDirectory() as directory:
        command = _command(directory)
        packed = contents.command_archive(commit, ARCHITECTURE, command, programs.completions(command))
    name, files = contents.release(commit, ARCHITECTURE, BUILT_FUNCTION, packed)
    return name, archives.tar_gz(name, files, commit.time)


def unpack(test):
    """A directory with the files of the release, deleted after the test."""
    name, content = archive()
    directory = tempfile.TemporaryDirectory(prefix="release-")
    test.addCleanup(directory.cleanup)
    path = pathlib.Path(directory.name)
    (path / f"{name}.tar.gz").write_bytes(content)
    extract(path / f"{name}.tar.gz")
    return path / name


def extract(archive):
    subprocess.run(["tar", "--extract", "--gzip", "--file", archive], cwd=archive.parent, check=True)


def _command(directory):
    """The command as the unit tests build it, without what a debugger needs, so that it is packed sooner."""
    # The features of the unit tests, so nothing is compiled after them. A test of the command's package needs the command.
    subprocess.run(["cargo", "test", "--locked", "--quiet", "--workspace", "--test", "page", "--no-run"], cwd=ROOT, check=True)
    built = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "delegated-role"
    command = pathlib.Path(directory, "delegated-role")
    # binutils, which every C compiler needs.
    subprocess.run(["strip", "-o", command, built], check=True)
    return command

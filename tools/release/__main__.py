"""Usage: python -m release [TAG]     Writes dist/."""

import shutil
import sys

from . import archives, contents, programs, source
from .failure import ReleaseError

DIST = source.ROOT / "dist"


def main(tag=None):
    source.check_committed()
    commit = source.read()
    if tag:
        source.check_tag(tag, commit)
    architectures, skipped = programs.architectures()
    for sentence in skipped:
        _log(sentence)
    built = {architecture: programs.build(architecture) for architecture in architectures}
    # A cross-built command does not run here. The completions are the same.
    completions = programs.completions(built[programs.HOST][1])
    shutil.rmtree(DIST, ignore_errors=True)
    uploads = {}
    for architecture, (function, command) in built.items():
        for program in (function / "bootstrap", command):
            programs.check(program, architecture)
        command_archive = contents.command_archive(commit, architecture, command, completions)
        name, files = contents.release(commit, architecture, function, command_archive)
        write(DIST / name, files)
        uploads |= dict([command_archive, (f"{name}.tar.gz", archives.tar_gz(name, files, commit.time))])
    write(DIST, {**uploads, contents.SUMS: contents.sums(uploads)})
    _log(f"dist/ has version {commit.version} of commit {commit.commit}:")
    print((DIST / contents.SUMS).read_text(), end="")


def write(directory, files):
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name).write_bytes(content)


def _log(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ReleaseError as error:
        sys.exit(str(error))

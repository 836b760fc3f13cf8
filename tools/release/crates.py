"""The crates of a program, as cargo resolves them for it: `cargo tree`, and the hashes of Cargo.lock."""

import dataclasses
import re
import subprocess

from .failure import ReleaseError
from .source import ROOT


@dataclasses.dataclass(frozen=True)
class Crate:
    name: str
    version: str
    license: str


@dataclasses.dataclass(frozen=True)
class Crates:
    """`linked` has the code that is in the program: each crate with those that it uses. `build_only` ran while it was compiled."""

    root: Crate
    linked: dict
    build_only: set


def of_program(package, target):
    rows = [_row(line) for line in _tree(package, target, "normal", "depth")]
    used, macros, path = {}, set(), []
    for depth, crate, is_macro in rows:
        path[depth:] = [crate]
        used.setdefault(crate, set())
        if is_macro:
            macros.add(crate)
        if depth:
            used[path[depth - 1]].add(crate)
    root = rows[0][1]
    linked, waiting = {}, [root]
    while waiting:
        crate = waiting.pop()
        if crate not in linked:
            linked[crate] = used[crate] - macros
            waiting.extend(linked[crate])
    everything = {_row(line)[1] for line in _tree(package, target, "normal,build", "depth")}
    return Crates(root, linked, everything - set(linked))


def checksums():
    """Name and version: SHA-256 of the published package. A crate of this repository has none."""
    text = (ROOT / "Cargo.lock").read_text()
    found = re.findall(r'^name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "([0-9a-f]{64})"$', text, re.MULTILINE)
    return {(name, version): checksum for name, version, checksum in found}


def _tree(package, target, edges, prefix):
    command = ["cargo", "tree", "--locked", "--package", package, "--target", target, "--edges", edges, "--prefix", prefix]
    found = subprocess.run([*command, "--format", "{p}|{l}"], cwd=ROOT, capture_output=True, text=True)
    if found.returncode != 0:
        raise ReleaseError(f"`{' '.join(command)}` failed: {found.stderr.strip()}")
    # `[build-dependencies]` is a heading.
    return [line for line in found.stdout.splitlines() if line and "[" not in line]


def _row(line):
    """For example `3tokio v1.54.1|MIT (*)`."""
    depth, name, version, rest, license = re.fullmatch(r"(\d+)(\S+) v(\S+)(.*?)\|(.*?)(?: \(\*\))?", line).groups()
    return int(depth), Crate(name, version, license.replace("/", " OR ")), "(proc-macro)" in rest

"""What the numbers depend on: the machine, and the versions of what was measured."""

import os
import pathlib
import platform
import shutil
import subprocess

from .settings import ROOT


def describe(functions):
    return [
        f"{_processor()}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}",
        f"commit {_commit()}",
        *(f"{function.name}: {function.version}" for function in functions),
    ]


def _processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit():
    if not shutil.which("git"):
        return "unknown"

    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()

    changed = " with local changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    return f"{git('rev-parse', '--short', 'HEAD') or 'unknown'}{changed}"

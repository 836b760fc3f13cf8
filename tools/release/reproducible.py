"""Usage: python -m release.reproducible     The same commit makes the same release in another directory, built from nothing."""

import difflib
import os
import pathlib
import subprocess
import sys
import tempfile

from . import contents, source
from .source import ROOT

SUMS = pathlib.Path("dist") / contents.SUMS


def main():
    here = ROOT / SUMS
    if not here.is_file():
        sys.exit(f"{SUMS} does not exist. Run `make release` first.")
    environment = {name: value for name, value in os.environ.items() if name not in ("CARGO_TARGET_DIR", "RUSTFLAGS", "PYTHONPATH")}
    with tempfile.TemporaryDirectory(prefix="release-again-") as directory:
        clone = pathlib.Path(directory) / "another-directory"
        subprocess.run(["git", "clone", "--quiet", "--no-local", ROOT, clone], check=True)
        subprocess.run(["git", "checkout", "--quiet", "--detach", source.read().commit], cwd=clone, check=True)
        if subprocess.run(["make", "--directory", clone, "release"], env=environment, stdout=sys.stderr).returncode != 0:
            sys.exit("`make release` failed in the clone; see its output above.")
        first, second = here.read_text(), (clone / SUMS).read_text()
    if first != second:
        lines = difflib.unified_diff(first.splitlines(), second.splitlines(), "dist", "dist of the clone", n=0, lineterm="")
        sys.exit("The same commit made different bytes in another directory:\n" + "\n".join(lines))
    print(f"The same bytes in another directory:\n{first}", end="")


if __name__ == "__main__":
    main()

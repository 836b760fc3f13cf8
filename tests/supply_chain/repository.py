"""The files of this repository that install, build or release something."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def scripts():
    """Name: text of every file with commands, in shell, make, YAML or Python."""
    files = [ROOT / "Makefile", ROOT / ".ci" / "run", *WORKFLOWS]
    files += [path for path in (ROOT / "tools").rglob("*") if path.is_file() and path.suffix in ("", ".py")]
    files += [path for path in (ROOT / "tests" / "local_aws").glob("*.py")]
    return {str(path.relative_to(ROOT)): path.read_text() for path in sorted(files)}


def commands(program, text):
    """Every call of a program, as one line of words. In Python a command is a list of strings."""
    text = re.sub(r"\\\n", " ", text)
    for line in text.splitlines():
        if line.lstrip().startswith(("#", '"""')) or "`" in line:
            continue
        words = re.sub(r"""["',\[\]()]+""", " ", line).split()
        for at, word in enumerate(words):
            if word == program:
                yield " ".join(words[at:])


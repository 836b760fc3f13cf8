"""The files of this repository that install, build or release something."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
REQUIREMENTS = sorted([*(ROOT / "tools").glob("*.txt"), ROOT / "tools" / "catalogue" / "requirements.txt"])


def scripts():
    """Name: text of every file with commands, in shell, make, YAML or Python."""
    files = [ROOT / "Makefile", ROOT / ".ci" / "run", *WORKFLOWS]
    files += [path for path in (ROOT / "tools").rglob("*") if path.is_file() and path.suffix in ("", ".py")]
    files += [path for path in (ROOT / "tests").rglob("*.py") if path.parent.name != "supply_chain"]
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


def requirements(text):
    """Name and version of each requirement, with its hashes."""
    text = re.sub(r"\\\n", " ", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE))
    for line in text.splitlines():
        if line.strip():
            name, *_ = line.split()
            yield name, re.findall(r"--hash=(\S+)", line)

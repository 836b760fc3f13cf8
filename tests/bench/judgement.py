"""How long the judgement of a large policy takes: core/examples/speed.rs, which prints a table."""

import re
import subprocess

from .failure import BenchError
from .settings import ROOT

COMMAND = ("cargo", "run", "--locked", "--quiet", "--release", "-p", "delegated-role-core", "--example", "speed")
COLUMNS = 4


def measure():
    """Rows of: what is judged, characters, first, fastest and median time, as text."""
    done = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise BenchError(f"`{' '.join(COMMAND)}` failed:\n{done.stderr}")
    # The name of a row has spaces, the other columns have none.
    rows = [line.rsplit(maxsplit=COLUMNS) for line in done.stdout.splitlines()[1:]]
    # 1.30ms becomes 1.30 ms.
    return [[name, *(re.sub(r"(?<=\d)(?=[mµ]?s$)", " ", cell) for cell in cells)] for name, *cells in rows]

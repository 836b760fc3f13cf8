"""Writes stackset.yaml."""

import sys

from . import STACKSET, CannotGenerate, current

if __name__ == "__main__":
    try:
        STACKSET.write_text(current())
    except CannotGenerate as failure:
        sys.exit(f"stackset.yaml is unchanged. {failure}")

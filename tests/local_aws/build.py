"""`make build`: builds the function as it is deployed, and shows the progress."""

import sys

from . import sam

if __name__ == "__main__":
    try:
        sam.build()
    except sam.CommandFailed as failure:
        sys.exit(str(failure))

"""Lines about the progress, with the time since the start, on standard error."""

import sys
import time


class Progress:
    def __init__(self):
        self._started = time.monotonic()

    def __call__(self, line):
        print(f"[{time.monotonic() - self._started:4.0f} s] {line}", file=sys.stderr, flush=True)

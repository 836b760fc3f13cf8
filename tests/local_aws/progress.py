"""Shows the progress of a long operation: one changing line on a terminal; elsewhere a line every ten seconds, after a minute
every minute."""

import sys
import threading
import time

TERMINAL_SECONDS = 0.2
OTHER_SECONDS = 10
LATER_SECONDS = 60


class Progress:
    """A context manager that prints what `describe` returns, with the elapsed time.

    The line can only change in place if nothing else is printed at the same time (`exclusive`)."""

    def __init__(self, describe, exclusive=True):
        self._describe = describe
        self._terminal = exclusive and sys.stdout.isatty()
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._started = time.monotonic()
        self._thread.start()

    def __exit__(self, *_):
        self._finished.set()
        self._thread.join()
        if self._terminal:
            # Clear the line. The caller prints the result.
            print("\r\033[K", end="", flush=True)

    def _run(self):
        pause = TERMINAL_SECONDS if self._terminal else OTHER_SECONDS
        while not self._finished.wait(pause):
            elapsed = time.monotonic() - self._started
            if not self._terminal and elapsed >= LATER_SECONDS:
                pause = LATER_SECONDS
            line = f"     | ... {self._describe()}, {elapsed:.0f} s"
            if self._terminal:
                print(f"\r\033[K{line}", end="", flush=True)
            else:
                print(line, flush=True)

"""How far something is that takes long: a line that changes on a terminal, a line now and then elsewhere."""

import sys
import threading
import time

TERMINAL_SECONDS = 0.2
ELSEWHERE_SECONDS = 10


class Progress:
    """While it is entered, says how far things are; `tell` gives the words. A line can only change where nothing
    else is written meanwhile: where it is `alone`."""

    def __init__(self, tell, alone=True):
        self._tell = tell
        self._terminal = alone and sys.stdout.isatty()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._started = time.monotonic()
        self._thread.start()

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        if self._terminal:
            # Nothing stays of it: what was reached is said by whoever entered it.
            print("\r\033[K", end="", flush=True)

    def _run(self):
        while not self._over.wait(TERMINAL_SECONDS if self._terminal else ELSEWHERE_SECONDS):
            line = f"     | ... {self._tell()}, {time.monotonic() - self._started:.0f} s"
            if self._terminal:
                print(f"\r\033[K{line}", end="", flush=True)
            else:
                print(line, flush=True)

"""The output of the demo and the rehearsal: numbered steps, and statements that are checked before they are printed."""

import textwrap
import time


class CheckFailed(Exception):
    """The message is the statement that is not true."""


class Report:
    """Prints numbered steps with the time since the start."""

    def __init__(self):
        self._started = time.monotonic()
        self._number = 0

    def step(self, title):
        self._number += 1
        elapsed = time.monotonic() - self._started
        print(f"\n[{elapsed:4.0f} s] {self._number}. {title}", flush=True)

    def info(self, text):
        print(f"     {text}".rstrip(), flush=True)

    def info_wrapped(self, text):
        for line in textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False):
            self.info(f"    {line}")

    def check(self, fact, statement):
        if not fact:
            raise CheckFailed(statement)
        print(f"   ✓ {statement}", flush=True)

    def check_equal(self, actual, expected, statement):
        if actual != expected:
            raise CheckFailed(f"{statement}: expected {expected!r}, found {actual!r}")
        print(f"   ✓ {statement}", flush=True)

    def finish(self):
        print(f"\nAll checks passed ({time.monotonic() - self._started:.0f} s).", flush=True)

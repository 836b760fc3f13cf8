"""What the demo tells: numbered steps, and claims that are printed once they have been checked."""

import textwrap
import time


class NotAsExpected(Exception):
    """Something did not come true; the message says what."""


class Story:
    """Numbered steps with the time since the start."""

    def __init__(self):
        self._started = time.monotonic()
        self._number = 0

    def step(self, title):
        self._number += 1
        elapsed = time.monotonic() - self._started
        print(f"\n[{elapsed:4.0f} s] {self._number}. {title}", flush=True)

    def tell(self, text):
        print(f"     {text}", flush=True)

    def tell_at_length(self, text):
        for line in textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False):
            self.tell(f"    {line}")

    def expect(self, fact, text):
        if not fact:
            raise NotAsExpected(text)
        print(f"   ✓ {text}", flush=True)

    def expect_same(self, actual, expected, text):
        if actual != expected:
            raise NotAsExpected(f"{text}: expected {expected!r}, found {actual!r}")
        print(f"   ✓ {text}", flush=True)

    def end(self):
        print(f"\nEverything was as it should be ({time.monotonic() - self._started:.0f} s).", flush=True)

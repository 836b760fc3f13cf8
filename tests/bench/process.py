"""One process of a function, from its start to its end."""

import pathlib
import queue
import subprocess
import time

from .failure import BenchError
from .runtime_api import TIMEOUT_SECONDS

# The shell waits for a line, so that the process can be put into a group first, and then becomes the function.
WRAPPER = ("/bin/sh", "-c", 'read -r go; exec "$@"', "sh")


class Process:
    """A context manager. The process is killed when it is left."""

    def __init__(self, function, environment, log, share=None):
        self._function, self._environment, self._log, self._share = function, environment, log, share

    def __enter__(self):
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(
                [*WRAPPER, *self._function.command],
                env=self._environment,
                cwd=self._function.package,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if self._share:
            self._share.add(self._child.pid)
        self.started = time.monotonic()
        self._child.stdin.write(b"\n")
        self._child.stdin.flush()
        return self

    def wait_for(self, arrivals):
        """The next entry of a queue, unless the process ends before it."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                return arrivals.get(timeout=0.5)
            except queue.Empty:
                if self._child.poll() is not None or time.monotonic() > deadline:
                    ended = f"ended with code {self._child.returncode}" if self._child.poll() is not None else "did not answer in time"
                    raise BenchError(f"{self._function.name} {ended}. Its last output:\n{self._output()}") from None

    def peak_memory(self):
        """The most memory that was resident, in bytes (VmHWM)."""
        status = pathlib.Path(f"/proc/{self._child.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024

    def _output(self):
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])

    def __exit__(self, *_):
        self._child.kill()
        self._child.wait()
        self._child.stdin.close()

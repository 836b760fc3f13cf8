"""The share of a processor that Lambda gives a function with 128 MB, by the kernel's CPU bandwidth control (cgroups, needs root)."""

import itertools
import os
import pathlib
import time

from .failure import BenchError

# Lambda documents one whole vCPU at 1,769 MB, and a share in proportion to the memory below it.
SHARE = 128 / 1769
# The shorter the period, the shorter a pause. The kernel's default is 100 ms.
PERIOD_US = 20_000
VERSION_1 = pathlib.Path("/sys/fs/cgroup/cpu")
VERSION_2 = pathlib.Path("/sys/fs/cgroup")
_numbers = itertools.count()


class CpuShare:
    """A group with this share. A context manager; the processes in it must have ended when it is left."""

    def __init__(self):
        quota = int(PERIOD_US * SHARE)
        if (VERSION_1 / "cpu.cfs_quota_us").exists():
            self._parent = VERSION_1
            self._limits = (("cpu.cfs_period_us", str(PERIOD_US)), ("cpu.cfs_quota_us", str(quota)))
        else:
            self._parent = VERSION_2
            self._limits = (("cpu.max", f"{quota} {PERIOD_US}"),)
        self._group = self._parent / f"service-provider-access-bench-{os.getpid()}-{next(_numbers)}"

    def __enter__(self):
        try:
            if self._parent == VERSION_2:
                (self._parent / "cgroup.subtree_control").write_text("+cpu")
            self._group.mkdir()
            for name, value in self._limits:
                (self._group / name).write_text(value)
        except OSError as error:
            self._remove()
            raise BenchError(
                f"A share of the CPU could not be set ({error}). It needs root and a writable cgroup file system with the cpu controller."
            ) from error
        return self

    def add(self, pid):
        (self._group / "cgroup.procs").write_text(str(pid))

    def throttled_periods(self):
        """How often the kernel has stopped the processes in the group."""
        return int(dict(line.split() for line in (self._group / "cpu.stat").read_text().splitlines())["nr_throttled"])

    def __exit__(self, *_):
        self._remove()

    def _remove(self):
        # The kernel may need a moment after the last process ended.
        for _ in range(50):
            try:
                self._group.rmdir()
                return
            except FileNotFoundError:
                return
            except OSError:
                time.sleep(0.02)


def why_unavailable():
    """Why no share can be set on this machine, or None."""
    try:
        with CpuShare():
            return None
    except BenchError as reason:
        return str(reason)

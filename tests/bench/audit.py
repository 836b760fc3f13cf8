"""How long our function takes to audit many roles, at 30 ms per call."""

import contextlib
import dataclasses
import statistics

from . import trips
from .cpu_share import CpuShare
from .failure import BenchError
from .sample import Stage

DELAY_SECONDS = 0.03


@dataclasses.dataclass(frozen=True)
class Audit:
    roles: int
    # Whether the function had the CPU share of 128 MB.
    throttled: bool
    # Seconds from the event to the report; the median of the rounds.
    seconds: float
    calls: int
    trips: int
    # Bytes, of a process that audits and does nothing else.
    memory: int


def measure(function, roles, throttled, rounds, account, tls):
    """The function itself makes the roles, so that they are as it writes them. Then fresh processes audit."""
    account.clear()
    with Stage(account, tls, 0) as stage, stage.process(function) as process:
        for number in range(roles):
            stage.give(number)
            stage.finish(process, number)
    return _median([_audit(function, roles, throttled, account, tls) for _ in range(rounds)])


def _audit(function, roles, throttled, account, tls):
    account.calls.clear()
    with CpuShare() if throttled else contextlib.nullcontext() as share:
        with Stage(account, tls, DELAY_SECONDS) as stage, stage.process(function, share) as process:
            stage.runtime_api.give({"Audit": {}})
            ended = process.wait_for(stage.runtime_api.ended)
            _check(ended.content, roles)
            calls = list(account.calls)
            seconds = ended.at - stage.runtime_api.delivered[0]
            return Audit(roles, throttled, seconds, len(calls), trips.one_after_the_other(calls), process.peak_memory())


def _check(report, roles):
    found = len(report["Roles"]) if isinstance(report, dict) and "Roles" in report else None
    if found != roles or not report["Complete"]:
        raise BenchError(f"The audit did not report {roles} roles, complete, but {found}: {str(report)[:500]}")


def _median(audits):
    middle = sorted(audits, key=lambda audit: audit.seconds)[len(audits) // 2]
    return dataclasses.replace(
        middle,
        seconds=statistics.median(audit.seconds for audit in audits),
        memory=int(statistics.median(audit.memory for audit in audits)),
    )

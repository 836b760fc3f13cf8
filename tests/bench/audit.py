"""How long our function takes to audit many roles, at 30 ms per call."""

import dataclasses
import statistics

from . import trips
from .failure import BenchError
from .sample import Stage

DELAY_SECONDS = 0.03


@dataclasses.dataclass(frozen=True)
class Audit:
    roles: int
    # Seconds from the event to the report; the median of the rounds.
    seconds: float
    calls: int
    trips: int
    # Bytes, of a process that audits and does nothing else.
    memory: int


def measure(function, roles, rounds, account, tls):
    """The function itself makes the roles, so that they are as it writes them. Then fresh processes audit."""
    account.clear()
    with Stage(account, tls, 0) as stage, stage.process(function) as process:
        for number in range(roles):
            stage.give(number)
            stage.finish(process, number)
    account.delay = DELAY_SECONDS
    return _median([_audit(function, roles, account, tls) for _ in range(rounds)])


def _audit(function, roles, account, tls):
    account.calls.clear()
    with Stage(account, tls, DELAY_SECONDS) as stage, stage.process(function) as process:
        stage.runtime_api.give({"Audit": {}})
        ended = process.wait_for(stage.runtime_api.ended)
        report = ended.content if isinstance(ended.content, dict) else {}
        complete, found = report.get("Complete"), len(report.get("Roles", []))
        if not complete or found != roles:
            raise BenchError(f"The audit of {roles} roles is wrong: complete is {complete}, {found} roles. {report.get('Gaps') or ended.content}")
        calls = list(account.calls)
        seconds = ended.at - stage.runtime_api.delivered[0]
        return Audit(roles, seconds, len(calls), trips.one_after_the_other(calls), process.peak_memory())


def _median(audits):
    middle = sorted(audits, key=lambda audit: audit.seconds)[len(audits) // 2]
    return dataclasses.replace(
        middle,
        seconds=statistics.median(audit.seconds for audit in audits),
        memory=int(statistics.median(audit.memory for audit in audits)),
    )

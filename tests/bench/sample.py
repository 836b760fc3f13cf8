"""One sample: a fresh process of a function serves one request, and then more requests."""

import dataclasses
import time

from . import event, trips
from .bucket import Bucket
from .cpu_share import CpuShare
from .failure import BenchError
from .functions import environment
from .process import Process
from .runtime_api import RuntimeApi
from .server import Server
from .settings import OUTPUT

WARM_REQUESTS = 3


@dataclasses.dataclass(frozen=True)
class Sample:
    # All times are in seconds. From the start of the process until the answer arrived: what a stack waits for.
    cold: float
    # From the start of the process until it asked for the first event.
    init: float
    # From the first event until the answer arrived.
    first: float
    # The same for each later event.
    warm: tuple
    # Bytes.
    memory: int
    # The calls to IAM for one create, how many of them happened one after the other, and the connections to IAM.
    calls: int
    trips: int
    connections: int


def take(function, condition, account, tls):
    """A sample of this function. `account` stays, but is emptied first."""
    if condition.throttled:
        with CpuShare() as share:
            return _take(function, condition, account, tls, share)
    return _take(function, condition, account, tls, None)


def _take(function, condition, account, tls, share):
    account.clear()
    with Stage(account, tls, condition.delay_ms / 1000) as stage:
        # The event is there when the function asks for it.
        stage.give(0)
        with stage.process(function, share) as process:
            answer, calls = stage.finish(process, 0)
            delivered = stage.runtime_api.delivered[0]
            connections = stage.iam.connections
            warm = []
            for number in range(1, WARM_REQUESTS + 1):
                stage.give(number)
                later, _ = stage.finish(process, number)
                warm.append(later.arrived - stage.runtime_api.delivered[number])
            return Sample(
                cold=answer.arrived - process.started,
                init=stage.runtime_api.asked[0] - process.started,
                first=answer.arrived - delivered,
                warm=tuple(warm),
                memory=process.peak_memory(),
                calls=len(calls),
                trips=trips.one_after_the_other(calls),
                connections=connections,
            )


class Stage:
    """The servers around a process. A context manager."""

    def __init__(self, account, tls, delay):
        account.delay = delay
        self.account, self.bucket, self.runtime_api = account, Bucket(), RuntimeApi()
        self.bucket.delay = delay
        self.iam = Server(account.answer, tls)
        self._bucket_server = Server(self.bucket.answer, tls)
        self._runtime_server = Server(self.runtime_api.answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in (self.iam, self._bucket_server, self._runtime_server):
            server.close()

    def process(self, function, share=None):
        variables = environment(function, self._runtime_server, self.iam, self._bucket_server)
        return Process(function, variables, OUTPUT / "function.log", share)

    def give(self, number):
        self.runtime_api.give(event.create(number, self._bucket_server.origin))

    def finish(self, process, number):
        """The answer to this request, and its calls to IAM, after the function has returned."""
        before = len(self.account.calls) if number else 0
        answer = process.wait_for(self.bucket.answers)
        ended = process.wait_for(self.runtime_api.ended)
        if not ended.returned:
            raise BenchError(f"The function failed: {ended.content}")
        event.check(self.account, number, answer.content)
        resource = (event.STACK, f"Role{number}")
        self.account.resources[resource] = answer.content["PhysicalResourceId"]
        return answer, [call for call in self.account.calls[before:] if call.arrived <= answer.arrived]

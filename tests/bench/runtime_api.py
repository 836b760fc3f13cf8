"""The Lambda Runtime API: hands events to a function, and takes what it returns."""

import dataclasses
import json
import queue
import time

from .server import Response

FUNCTION_ARN = "arn:aws:lambda:us-east-1:111111111111:function:service-provider-access"
TIMEOUT_SECONDS = 300


@dataclasses.dataclass(frozen=True)
class Ended:
    # Whether the function returned, and did not fail.
    returned: bool
    content: object
    at: float


class RuntimeApi:
    def __init__(self):
        self._events = queue.Queue()
        self.ended = queue.Queue()
        # When the function asked for each event, and when it got it.
        self.asked, self.delivered = [], []

    def give(self, event):
        self._events.put(json.dumps(event).encode())

    def answer(self, request):
        parts = request.target.strip("/").split("/")
        if request.method == "GET" and parts[-1] == "next":
            return self._next(request)
        # …/invocation/ID/response, …/invocation/ID/error or …/init/error
        self.ended.put(Ended(parts[-1] == "response", _content(request.body), request.arrived))
        return Response(202)

    def _next(self, request):
        self.asked.append(request.arrived)
        event = self._events.get()
        headers = (
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", f"00000000-0000-4000-8000-{len(self.asked):012d}"),
            ("Lambda-Runtime-Deadline-Ms", str(int((time.time() + TIMEOUT_SECONDS) * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN),
            ("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0"),
        )
        self.delivered.append(time.monotonic())
        return Response(200, event, headers)


def _content(body):
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")

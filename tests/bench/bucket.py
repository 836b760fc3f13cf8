"""The fake response bucket: where CloudFormation reads the answers. The arrival of an answer is what a stack waits for."""

import dataclasses
import json
import queue
import time

from .server import Response


@dataclasses.dataclass(frozen=True)
class Answer:
    content: dict
    arrived: float


class Bucket:
    def __init__(self):
        self.delay = 0.0
        self.answers = queue.Queue()

    def answer(self, request):
        if request.method != "PUT":
            return Response(405)
        self.answers.put(Answer(json.loads(request.body), request.arrived))
        time.sleep(max(0.0, request.arrived + self.delay - time.monotonic()))
        return Response()

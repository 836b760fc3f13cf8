"""What the functions did, told by their own log: one line of JSON for each request, with its calls of AWS."""

import dataclasses
import json

from botocore.exceptions import ClientError

from .stacks import FUNCTION_NAME

LOG_GROUP = f"/aws/lambda/{FUNCTION_NAME}"


@dataclasses.dataclass
class Sum:
    requests: int = 0
    calls: int = 0
    retries: int = 0


class Ledger:
    """The lines that were read are not read again."""

    def __init__(self):
        self._known = set()

    def enter(self, instance):
        """What the function of this account and Region did since it was last asked about."""
        found = Sum()
        for line in _lines(instance.account.client("logs", instance.region)):
            if line["request_id"] not in self._known:
                self._known.add(line["request_id"])
                found.requests += 1
                found.calls += line["aws_calls"]
                found.retries += line["Retries"]
        return found


def _lines(logs):
    try:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=LOG_GROUP):
            for event in page["events"]:
                if event["message"].startswith("{"):
                    line = json.loads(event["message"])
                    if "aws_calls" in line:
                        yield line
    except ClientError as error:
        # Gone with its stack.
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise

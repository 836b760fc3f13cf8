"""Counts requests and AWS calls from the functions' logs. The function logs one line of JSON per request."""

import dataclasses
import json

from botocore.exceptions import ClientError

from .constants import LOG_GROUP


@dataclasses.dataclass
class Usage:
    requests: int = 0
    calls: int = 0
    retries: int = 0


class FunctionLogs:
    """Counts every request once."""

    def __init__(self):
        self._counted = set()

    def new_usage(self, instance):
        """The usage of the function in this account and Region since the last call of this method."""
        usage = Usage()
        for line in _lines(instance.account.client("logs", instance.region)):
            if line["request_id"] not in self._counted:
                self._counted.add(line["request_id"])
                usage.requests += 1
                usage.calls += line["aws_calls"]
                usage.retries += line["Retries"]
        return usage


def messages(logs, log_group):
    """All messages in a log group."""
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=log_group):
        for event in page["events"]:
            yield event["message"]


def _lines(logs):
    try:
        for message in messages(logs, LOG_GROUP):
            if message.startswith("{"):
                line = json.loads(message)
                if "aws_calls" in line:
                    yield line
    except ClientError as error:
        # The log group was deleted with its stack.
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise

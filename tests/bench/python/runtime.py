"""Takes events from the Lambda Runtime API. It does less than Lambda's own runtime for Python, which favours this function."""

import http.client
import json
import os
import sys
import time

sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
import handler


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))


def main():
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", "/2018-06-01/runtime/invocation/next")
        response = api.getresponse()
        event = json.loads(response.read())
        context = Context(response.headers)
        result = handler.handler(event, context)
        api.request("POST", f"/2018-06-01/runtime/invocation/{context.aws_request_id}/response", json.dumps(result))
        api.getresponse().read()


if __name__ == "__main__":
    main()

"""The function logs one line per request, without secrets."""

import json

from .constants import FIRST_ID, LOG_GROUP, PROVIDER
from .fixtures import LocalAwsTestCase
from .function_logs import messages
from .stacks import delegated_role

ATTEMPTS = 5


class Log(LocalAwsTestCase):
    def test_has_one_line_of_json_per_request_and_no_secrets(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=FIRST_ID))
        stack.update(delegated_role(ExternalAwsAccountId=PROVIDER))
        generated = stack.outputs()["ExternalId"]
        # An invalid external ID. The reason must not contain it.
        stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=f"{FIRST_ID} "))
        [reason] = stack.reasons("Role")
        self.assertIn("ExternalId", reason)
        stack.delete()
        lines = self.lines_about(stack, 5)

        for text in [reason, *lines]:
            self.assertNotIn(FIRST_ID, text)
            self.assertNotIn(generated, text)
            self.assertNotIn("cfn-response/", text, "the response URL")
        requests = [json.loads(line) for line in lines]
        self.assertEqual(
            sorted((request["request_type"], request["outcome"]) for request in requests),
            # The updates are the one that succeeds, the one that fails, and its rollback.
            [("Create", "success"), ("Delete", "success"), ("Update", "failed"), ("Update", "success"), ("Update", "success")],
        )

    def lines_about(self, stack, expected):
        """The lines of the function that name the stack, when there are as many as expected."""
        for _ in range(ATTEMPTS):
            lines = [line for line in messages(self.customer.client("logs"), LOG_GROUP) if f":stack/{stack.name}/" in line]
            if len(lines) >= expected:
                break
            # The local AWS can collect a line together with the next request, so send one.
            self.stack().create(delegated_role())
        return lines

"""What the function logs: enough to follow it, and nothing that opens a door."""

import json

from .emulator import PROVIDER
from .installed import OnLocalAws
from .stacks import FUNCTION_NAME, delegated_role

PATIENCE = 5
EXTERNAL_ID = "acme-d41d8cd98f00b204e980"


class Log(OnLocalAws):
    def test_has_a_line_of_json_per_request_and_no_secrets(self):
        stack = self.stack()
        stack.create(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=EXTERNAL_ID))
        stack.update(delegated_role(ExternalAwsAccountId=PROVIDER))
        generated = stack.outputs()["ExternalId"]
        # A slip that must not put the external ID into a reason.
        stack.update(delegated_role(ExternalAwsAccountId=PROVIDER, ExternalId=f"{EXTERNAL_ID} "))
        [reason] = stack.reasons("Role")
        self.assertIn("ExternalId", reason)
        stack.delete()
        lines = self.lines_about(stack, 5)

        for told in [reason, *lines]:
            self.assertNotIn(EXTERNAL_ID, told)
            self.assertNotIn(generated, told)
            self.assertNotIn("cfn-response/", told, "the response URL")
        requests = [json.loads(line) for line in lines]
        self.assertEqual(
            sorted((request["request_type"], request["outcome"]) for request in requests),
            # The second update; then the one that failed, and its rollback.
            [("Create", "success"), ("Delete", "success"), ("Update", "failed"), ("Update", "success"), ("Update", "success")],
        )

    def lines_about(self, stack, expected):
        """The function's own lines that name the stack."""
        logs = self.customer.client("logs")
        for _ in range(PATIENCE):
            found = [
                event["message"]
                for page in logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{FUNCTION_NAME}")
                for event in page["events"]
                if f":stack/{stack.name}/" in event["message"]
            ]
            if len(found) >= expected:
                break
            # The local AWS may collect a line with the request that follows it.
            self.stack().create(delegated_role())
        return found

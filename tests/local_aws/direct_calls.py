"""Direct calls of the function: someone invokes it and waits for its answer, which is JSON."""

import json


class InvocationFailed(Exception):
    """Lambda reports an error of the function, or returns no JSON object."""


def invoke(function, name, event):
    """The answer of the function with this name. `function` is a client of Lambda."""
    response = function.invoke(FunctionName=name, InvocationType="RequestResponse", Payload=json.dumps(event).encode())
    text = response["Payload"].read().decode()
    if response["StatusCode"] != 200 or "FunctionError" in response:
        raise InvocationFailed(f"status {response['StatusCode']}, {response.get('FunctionError')}: {text}")
    answer = json.loads(text)
    if not isinstance(answer, dict):
        raise InvocationFailed(f"no JSON object: {text}")
    return answer


def findings(report, role_name):
    """What the audit found in a role: the severities by their codes."""
    [role] = [role for role in report["Roles"] if role["RoleName"] == role_name]
    return {finding["Code"]: finding["Severity"] for finding in role["Findings"]}

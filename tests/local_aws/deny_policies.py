"""The inline policies that the function adds to every role. They only deny."""

from .constants import CUSTOMER, FUNCTION_NAME, REGION, ROLE_PATH_PREFIX
from .policies import document

GUARDRAILS = "ServiceProviderAccessGuardrails"
REVOCATION = "AWSRevokeOlderSessions"


def guardrails(account, stack, function_stack, prefix=ROLE_PATH_PREFIX, region=REGION):
    """The guardrail policy of a role: its sessions cannot change the function, the roles or the stacks."""
    configuration = account.client("lambda", region).get_function_configuration(FunctionName=FUNCTION_NAME)
    # Every Region has a function of this name, and a stack that installs it.
    function = f"arn:aws:lambda:*:{CUSTOMER}:function:{FUNCTION_NAME}"
    stack_ids = (each.describe()["StackId"].replace(f":{region}:", ":*:") for each in (stack, function_stack))
    stacks = list(dict.fromkeys(stack_id.rsplit("/", 1)[0] + "/*" for stack_id in stack_ids))
    read_roles = ["iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy", "sts:*"]
    read_stacks = [f"cloudformation:{verb}*" for verb in ("Describe", "Detect", "Get", "List")]
    stack_sets = [f"arn:aws:cloudformation:*:*:{kind}/service-provider-access*" for kind in ("stackset", "stackset-target")]
    functions = [function, f"{function}:*"]
    read_functions = ["lambda:Get*", "lambda:List*"]
    protected = {
        "DenyFunctionChanges": (read_functions, functions),
        "DenyEventSourceChanges": (read_functions, ["*"]),
        "DenyRoleChanges": (read_roles, [f"arn:aws:iam::{CUSTOMER}:role{prefix}*", configuration["Role"]]),
        "DenyStackChanges": (read_stacks, [stacks[0], *stack_sets, *stacks[1:]]),
        "DenyCodeChanges": (["s3:Get*", "s3:List*"], ["arn:aws:s3:::service-provider-access-*"]),
    }
    conditions = {"DenyEventSourceChanges": {"Condition": {"ArnLike": {"lambda:FunctionArn": functions}}}}
    return document(
        *(
            {"Sid": sid, "Effect": "Deny", "NotAction": read_actions, "Resource": resources, **conditions.get(sid, {})}
            for sid, (read_actions, resources) in protected.items()
        )
    )


def cutoff(policy):
    """The time before which sessions are revoked. Fails unless the policy is the one that the IAM console writes."""
    time = policy["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"]
    statement = {
        "Effect": "Deny",
        "Action": ["*"],
        "Resource": ["*"],
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": time}},
    }
    assert policy == document(statement), policy
    return time


def split_revocation(role):
    """The role without its revocation policy, and the cutoff of that policy (None if there is none)."""
    policies = dict(role["InlinePolicies"])
    revocation = policies.pop(REVOCATION, None)
    return {**role, "InlinePolicies": policies}, revocation and cutoff(revocation)

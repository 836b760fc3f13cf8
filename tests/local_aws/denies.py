"""The inline policies that the function itself puts on a role. They only deny."""

from .emulator import CUSTOMER, REGION
from .stacks import FUNCTION_NAME

GUARDRAILS = "ServiceProviderAccessGuardrails"
REVOCATION = "AWSRevokeOlderSessions"


def guardrails(account, stack, function_stack, prefix="/delegated/", region=REGION):
    """What keeps the role of this stack from changing its own cage."""
    configuration = account.client("lambda", region).get_function_configuration(FunctionName=FUNCTION_NAME)
    # Of this name there is a function, and a stack that installs it, in each Region.
    function = f"arn:aws:lambda:*:{CUSTOMER}:function:{FUNCTION_NAME}"
    stack_ids = (any_stack.describe()["StackId"].replace(f":{region}:", ":*:") for any_stack in (stack, function_stack))
    stacks = list(dict.fromkeys(stack_id.rsplit("/", 1)[0] + "/*" for stack_id in stack_ids))
    read_roles = ["iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy", "sts:*"]
    read_stacks = [f"cloudformation:{reads}*" for reads in ("Describe", "Detect", "Get", "List")]
    kept = {
        "KeepOffTheFunction": (["lambda:Get*", "lambda:List*"], [function, f"{function}:*"]),
        "KeepOffTheRoles": (read_roles, [f"arn:aws:iam::{CUSTOMER}:role{prefix}*", configuration["Role"]]),
        "KeepOffTheStacks": (read_stacks, stacks),
    }
    statements = [
        {"Sid": sid, "Effect": "Deny", "NotAction": reads, "Resource": resources} for sid, (reads, resources) in kept.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def cut_off(policy):
    """Until when it ends sessions, if it is the policy that the console writes."""
    date = policy["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"]
    statement = {
        "Effect": "Deny",
        "Action": ["*"],
        "Resource": ["*"],
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": date}},
    }
    assert policy == {"Version": "2012-10-17", "Statement": [statement]}, policy
    return date


def without_revocation(role):
    """The role apart from the sessions that were ended, and until when; None when none were."""
    policies = dict(role["InlinePolicies"])
    revocation = policies.pop(REVOCATION, None)
    return {**role, "InlinePolicies": policies}, revocation and cut_off(revocation)

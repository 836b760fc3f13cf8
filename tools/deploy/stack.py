"""The parameters that the deployed stack has. `sam deploy` keeps those that are not given."""

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .failure import DeployError


def parameters(name):
    """Empty if there is no such stack yet."""
    try:
        [stack] = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise DeployError(f"Could not read the stack {name}. Nothing was deployed. {error}") from error
    except BotoCoreError as error:
        raise DeployError(
            f"Could not read the stack {name}. Nothing was deployed. {error} Log in to the account, or set AWS_PROFILE, and set "
            "AWS_DEFAULT_REGION to the Region for the function."
        ) from error
    return {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack.get("Parameters", [])}

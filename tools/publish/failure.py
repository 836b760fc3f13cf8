"""Errors as messages for the user of `make publish`."""

import contextlib

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError


class PublishError(Exception):
    """The message says what happened and what to do."""


@contextlib.contextmanager
def aws_errors(action):
    """Turns an error of an AWS call into a PublishError with the action that failed and the message from AWS."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise PublishError(
            "No AWS credentials were found. Log in to the account that publishes (the organization's management account or a "
            "delegated administrator), or name its profile: AWS_PROFILE=... make publish ..."
        ) from error
    except ClientError as error:
        raise PublishError(f"{action} failed. {aws_message(error)}") from error
    except BotoCoreError as error:
        raise PublishError(f"{action} failed: {error}") from error


def aws_message(error):
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    return f"AWS reports {code}: {message}"

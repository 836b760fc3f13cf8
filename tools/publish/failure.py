"""What went wrong, as a sentence for whoever publishes."""

import contextlib

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError


class CannotPublish(Exception):
    """The message says what happened and what to do."""


@contextlib.contextmanager
def told_as(what):
    """Whatever AWS refuses in here is told as: what was tried, and AWS's words."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise CannotPublish(
            "No AWS credentials were found. Log in to the account that publishes (the organization's management account or a "
            "delegated administrator), or name its profile: AWS_PROFILE=... make publish ..."
        ) from error
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        raise CannotPublish(f"{what} failed. AWS says: {code}: {message}") from error
    except BotoCoreError as error:
        raise CannotPublish(f"{what} failed: {error}") from error

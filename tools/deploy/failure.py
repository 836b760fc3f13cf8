"""Errors as messages for the user of `make deploy`."""


class DeployError(Exception):
    """The message says what happened and what to do."""

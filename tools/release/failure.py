class ReleaseError(Exception):
    """The message says what happened and what to do."""

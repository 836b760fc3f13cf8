class CannotGenerate(Exception):
    """The message says what does not fit together and what to do."""

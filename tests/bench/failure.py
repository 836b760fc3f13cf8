"""A failure with a message for the person who runs the benchmark."""


class BenchError(Exception):
    """The message says what happened and what to do."""

"""How many calls happened one after the other: what distance costs."""


def one_after_the_other(calls):
    """The most calls of which each arrived after the one before was answered."""
    count, free = 0, float("-inf")
    for call in sorted(calls, key=lambda call: call.answered):
        if call.arrived >= free:
            count, free = count + 1, call.answered
    return count

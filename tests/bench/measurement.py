"""All samples of all functions under all conditions, in rounds: every round has one sample of each, in another order."""

import dataclasses

from . import sample


@dataclasses.dataclass(frozen=True)
class Series:
    """The samples of one function under one condition, one for each round."""

    samples: tuple

    def values(self, of):
        return [of(sample) for sample in self.samples]


def measure(functions, conditions, rounds, account, tls, progress):
    """(function name, condition): series."""
    taken = {(function.name, condition): [] for function in functions for condition in conditions}
    # The first start of a program reads it from the disk.
    for function in functions:
        sample.take(function, conditions[0], account, tls)
    for condition in conditions:
        for number in range(rounds):
            progress(f"{condition.title}: round {number + 1} of {rounds}")
            turn = number % len(functions)
            for function in functions[turn:] + functions[:turn]:
                taken[function.name, condition].append(sample.take(function, condition, account, tls))
    return {key: Series(tuple(samples)) for key, samples in taken.items()}

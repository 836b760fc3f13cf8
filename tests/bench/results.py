"""Everything that was measured, and what is derived from it."""

import dataclasses

from .functions import OURS, PYTHON
from .settings import Condition
from .summary import Ratio, Spread

# IAM calls of a create that can only happen one after the other: the role, the guardrail policy, everything else.
FLOOR_TRIPS = 3


@dataclasses.dataclass(frozen=True)
class Aim:
    text: str
    limit: float
    # None if it was not measured.
    reached: float | None
    unit: str = ""

    @property
    def verdict(self):
        if self.reached is None:
            return "not measured"
        return "reached" if self.reached <= self.limit else "missed"


@dataclasses.dataclass(frozen=True)
class Results:
    functions: list
    conditions: tuple
    rounds: int
    # (function name, condition): Series
    series: dict
    # function name: packages.Size
    sizes: dict
    audits: list
    # Rows of text.
    judgement: list
    # What could not be measured, as sentences.
    gaps: list
    # Lines about the machine and the versions.
    machine: list

    def spread(self, function, condition, of):
        return Spread.of(self.series[function.name, condition].values(of))

    def ratio(self, function, condition, of, base=PYTHON):
        """Compared with the function of the name `base`, in the same round."""
        return Ratio.of(self.series[function.name, condition].values(of), self.series[base, condition].values(of))

    def aims(self):
        at_30, at_128_mb = Condition(30, False), Condition(30, True)
        return [
            Aim("cold start at 30 ms per call, compared with Python", 0.15, self._cold_ratio(at_30)),
            Aim("cold start at 30 ms per call with the CPU share of 128 MB, compared with Python", 0.055, self._cold_ratio(at_128_mb)),
            Aim("event to answer at 30 ms per call, compared with three round trips (90 ms)", 1.15, self._floor_ratio(at_30)),
            Aim("memory", 10, self._ours(at_30, lambda sample: sample.memory / 1e6), " MB"),
            Aim("package, zipped", 3.5, self.sizes[OURS].zipped / 1e6, " MB"),
        ]

    def _cold_ratio(self, condition):
        if (OURS, condition) not in self.series:
            return None
        ours, python = (self.series[name, condition].values(cold) for name in (OURS, PYTHON))
        return Ratio.of(ours, python).median

    def _floor_ratio(self, condition):
        floor = FLOOR_TRIPS * condition.delay_ms / 1000
        return self._ours(condition, lambda sample: sample.first / floor)

    def _ours(self, condition, of):
        if (OURS, condition) not in self.series:
            return None
        return Spread.of(self.series[OURS, condition].values(of)).median


def cold(sample):
    return sample.cold


def first(sample):
    return sample.first


def warm(sample):
    """The median of the warm requests of one process."""
    return sorted(sample.warm)[len(sample.warm) // 2]


def init(sample):
    return sample.init


def memory(sample):
    return sample.memory

"""Numbers that describe many samples. A ratio compares samples of the same round, so a slow moment of the machine is in both."""

import dataclasses
import random
import statistics

BOOTSTRAPS = 2_000


@dataclasses.dataclass(frozen=True)
class Spread:
    median: float
    # The quartiles: half of the samples are between them.
    low: float
    high: float

    @staticmethod
    def of(values):
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return Spread(median, low, high)


@dataclasses.dataclass(frozen=True)
class Ratio:
    median: float
    # The interval that holds the median with 95 % confidence, by resampling the rounds.
    low: float
    high: float

    @staticmethod
    def of(values, base):
        """`values` and `base` have one entry for each round."""
        ratios = [value / reference for value, reference in zip(values, base, strict=True)]
        # Always the same resamples, so that equal samples give equal reports.
        chance = random.Random(0)
        medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(BOOTSTRAPS))
        return Ratio(statistics.median(ratios), medians[int(BOOTSTRAPS * 0.025)], medians[int(BOOTSTRAPS * 0.975) - 1])

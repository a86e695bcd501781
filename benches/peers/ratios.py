"""What the numbers of several rounds amount to."""

import random
from statistics import median

DRAWS = 10_000
# The same samples give the same interval.
SEED = 0
# Of fewer values the median lies outside of all of them too often for 95%.
FEWEST = 6


def interval(values):
    """The median and its 95% interval, by drawing the values again with replacement (the percentile bootstrap)."""
    draw = random.Random(SEED)
    medians = sorted(median(draw.choices(values, k=len(values))) for _ in range(DRAWS))
    return median(values), medians[int(0.025 * DRAWS)], medians[int(0.975 * DRAWS) - 1]


def verdict(values, low, high, target):
    """Whether the interval of these lies on the right side of what is wanted."""
    if len(values) < FEWEST:
        return "too few rounds"
    if low >= target:
        return "met"
    return "not met" if high < target else "too close to say"

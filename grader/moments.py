"""Figures of a series of pairs, taken in one pass: how many, their means, how far they vary, how they go together."""

from __future__ import annotations

import math

_DEVIATIONS = 1.959963984540054  # standard deviations; 2.5 % of a normal distribution lie beyond on either side


class Pairs:
    """The moments of pairs (x, y), by Welford's update: equal values vary by exactly nothing, however many."""

    __slots__ = ("_xx", "_xy", "_yy", "count", "x", "y")

    def __init__(self) -> None:
        self.count = 0
        self.x = self.y = 0.0  # means
        self._xx = self._yy = self._xy = 0.0  # sums of squares and of products, around the means

    def add(self, x: float, y: float) -> None:
        """Take in one pair."""
        self.count += 1
        before_x, before_y = x - self.x, y - self.y
        self.x += before_x / self.count
        self.y += before_y / self.count
        self._xx += before_x * (x - self.x)
        self._yy += before_y * (y - self.y)
        self._xy += before_x * (y - self.y)

    @property
    def correlation(self) -> float | None:
        """Pearson's r, from -1 to 1; None where either side does not vary, since nothing can go with it then."""
        if self._xx <= 0 or self._yy <= 0:
            return None
        spread = math.sqrt(self._xx) * math.sqrt(self._yy)
        return min(1.0, max(-1.0, self._xy / spread)) if spread > 0 else None


def interval(correlation: float, count: int) -> tuple[float, float]:
    """Where the correlation of all who could have been asked lies, in 95 of 100 such samples: by Fisher's z.

    `count` is that of the pairs; three or fewer tell nothing.
    """
    if count <= 3:
        return -1.0, 1.0
    if abs(correlation) >= 1:
        return correlation, correlation
    middle, reach = math.atanh(correlation), _DEVIATIONS / math.sqrt(count - 3)
    return math.tanh(middle - reach), math.tanh(middle + reach)


def quantile(ordered: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of ascending values lie, between two neighbours in proportion."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

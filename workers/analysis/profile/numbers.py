"""The distribution of a column's finite numbers: moments, extremes and the float-bit histogram."""

import math
from dataclasses import dataclass, field

import numpy as np

from workers.analysis.profile.floatbits import FloatBits, Floats, Ints


@dataclass
class Numbers:
    """Finite values only; missing, NaN and infinite ones are counted by the column.

    ``m2`` is the sum of squared deviations from ``mean``. Everything but ``mean`` and ``m2`` is exactly independent of order
    and grouping; these two may differ in their last bits.
    """

    histogram: FloatBits = field(default_factory=FloatBits)
    n: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    mean: float = 0.0
    m2: float = 0.0
    integral: bool = True

    @property
    def std(self) -> float:
        """Population standard deviation (ddof 0); not a number without values."""
        return math.sqrt(self.m2 / self.n) if self.n and self.m2 >= 0 else math.nan

    def add(self, values: Floats) -> None:
        """Count finite float64 values."""
        n = len(values)
        if n == 0:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(values.mean())
            deviations = values - mean
            self._combine(n, mean, float(deviations @ deviations))
        self._extremes(values)
        self.histogram.add(values)

    def add_weighted(self, values: Floats, counts: Ints) -> None:
        """Count finite values that occur ``counts`` (positive) times each."""
        if len(values) == 0:
            return
        mean = float(np.average(values, weights=counts))
        deviations = values - mean
        self._combine(int(counts.sum()), mean, float((deviations * deviations) @ counts))
        self._extremes(values)
        self.histogram.add_weighted(values, counts)

    def merge(self, other: "Numbers") -> None:
        """Add another distribution."""
        if other.n:
            self._combine(other.n, other.mean, other.m2)
            self.minimum = min(self.minimum, other.minimum)
            self.maximum = max(self.maximum, other.maximum)
            self.integral = self.integral and other.integral
        self.histogram.merge(other.histogram)

    def _extremes(self, values: Floats) -> None:
        # `+ 0.0` makes a negative zero positive, so that the extremes do not depend on which zero came first.
        self.minimum = min(self.minimum, float(values.min()) + 0.0)
        self.maximum = max(self.maximum, float(values.max()) + 0.0)
        self.integral = self.integral and bool((values == np.floor(values)).all())

    def _combine(self, n: int, mean: float, m2: float) -> None:
        """Pairwise update of mean and squared deviations (Chan, Golub, LeVeque 1979)."""
        total = self.n + n
        delta = mean - self.mean
        self.m2 += m2 + delta * delta * (self.n / total * n)
        self.mean += delta * (n / total)
        self.n = total

    def intervals(self) -> tuple[Floats, Floats, Ints]:
        """Value intervals with counts, ascending; see :meth:`FloatBits.intervals`."""
        return self.histogram.intervals(self.minimum, self.maximum, integral=self.integral)

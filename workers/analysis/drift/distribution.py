"""Distributions as piecewise-linear cumulative functions, read from histograms; distances between two of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workers.analysis.profile.floatbits import Floats, Ints
from workers.analysis.profile.numbers import Numbers


@dataclass(frozen=True)
class Distribution:
    """Ascending value intervals ``[low, high]`` with counts, each spread evenly inside; ``low == high`` is a point.

    At the interval edges the cumulative function is exact; with an exact histogram it is exact everywhere.
    """

    low: Floats
    high: Floats
    counts: Ints
    std: float

    @classmethod
    def of(cls, numbers: Numbers) -> "Distribution":
        """The distribution of a profile's numbers; they must not be empty."""
        low, high, counts = numbers.intervals()
        return cls(low, high, counts, numbers.std)

    @cached_property
    def n(self) -> int:
        """How many values."""
        return int(self.counts.sum())

    @cached_property
    def upper(self) -> Floats:
        """The cumulative share at each interval's end."""
        return np.asarray(np.cumsum(self.counts) / self.n, np.float64)

    @cached_property
    def edges(self) -> Floats:
        """Every interval edge, ascending and distinct."""
        return np.unique(np.concatenate([self.low, self.high]))

    def cdf(self, at: Floats, *, below: bool = False) -> Floats:
        """The share of values ``<= at``, or ``< at`` when ``below``."""
        index = np.searchsorted(self.low, at, side="left" if below else "right") - 1
        inside = np.maximum(index, 0)
        start = np.concatenate([[0.0], self.upper[:-1]])[inside]
        with np.errstate(over="ignore", invalid="ignore"):
            width = self.high[inside] - self.low[inside]
            way = np.where(width > 0, (at - self.low[inside]) / np.where(width > 0, width, 1.0), 1.0)
        shares = start + np.clip(np.nan_to_num(way, nan=0.5), 0.0, 1.0) * (self.upper[inside] - start)
        return np.asarray(np.where(index < 0, 0.0, shares), np.float64)

    def quantile(self, levels: Floats) -> Floats:
        """The values at cumulative shares, interpolated inside an interval."""
        index = np.minimum(np.searchsorted(self.upper, levels - 1e-12), len(self.upper) - 1)
        start = np.concatenate([[0.0], self.upper[:-1]])[index]
        share = np.clip((levels - start) / (self.upper[index] - start), 0.0, 1.0)
        # a weighted mean, not low + share * (high - low): the difference of two huge numbers overflows
        return np.asarray(self.low[index] * (1 - share) + self.high[index] * share, np.float64)

    def snapped_quantile(self, levels: Floats) -> Floats:
        """The interval ends at or above cumulative shares: there the cumulative function carries no interpolation error."""
        return np.asarray(
            self.high[np.minimum(np.searchsorted(self.upper, levels - 1e-12), len(self.upper) - 1)],
            np.float64,
        )


def ks_distance(first: Distribution, second: Distribution) -> float:
    """Kolmogorov-Smirnov D: the largest gap between the cumulative functions, taken at the edges of both."""
    at = np.union1d(first.edges, second.edges)
    gaps = (
        np.abs(first.cdf(at) - second.cdf(at)),
        np.abs(first.cdf(at, below=True) - second.cdf(at, below=True)),
    )
    return float(max(gaps[0].max(), gaps[1].max()))


def wasserstein(first: Distribution, second: Distribution, clip: tuple[float, float] | None = None) -> float:
    """W1 = integral of |F - G| (Vallender 1974), exact for the piecewise-linear functions, sign changes included.

    ``clip`` = (a, b) gives the distance of the values clipped to [a, b]: the same integral over that range. Infinite when the
    range of the values is.
    """
    at = np.union1d(first.edges, second.edges)
    if clip is not None:
        at = np.unique(np.concatenate([np.clip(at, *clip), np.asarray(clip)]))
    left = (first.cdf(at) - second.cdf(at))[:-1]
    right = (first.cdf(at, below=True) - second.cdf(at, below=True))[1:]
    gap = np.abs(left) + np.abs(right)
    crossing = left * right < 0
    heights = np.where(crossing, (left * left + right * right) / (2 * np.where(crossing, gap, 1.0)), gap / 2)
    with np.errstate(over="ignore"):
        return float((heights * np.diff(at)).sum())


def decile_psi(reference: Distribution, current: Distribution) -> float:
    """Population stability index over the reference's deciles: sum (p - q) ln(p / q) (Siddiqi 2006).

    Half a row stands in for an empty bin, so that the index stays finite.
    """
    edges = np.unique(reference.snapped_quantile(np.linspace(0.1, 0.9, 9)))
    shares = [np.diff(np.concatenate([[0.0], side.cdf(edges), [1.0]])) for side in (reference, current)]
    p, q = (np.maximum(share, 0.5 / side.n) for share, side in zip(shares, (reference, current), strict=True))
    return float(((p - q) * np.log(p / q)).sum())

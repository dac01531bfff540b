"""Drift of numbers: how far the whole distribution moved, and values outside the range known so far."""

from dataclasses import dataclass

import numpy as np

from workers.analysis.drift import null
from workers.analysis.drift.distribution import Distribution, decile_psi, ks_distance, wasserstein
from workers.analysis.drift.findings import Effect, Test, percent, short
from workers.analysis.drift.settings import Settings
from workers.analysis.profile.floatbits import FloatBits
from workers.analysis.profile.numbers import Numbers

_NORMAL_IQR = 1.349  # interquartile range of a standard normal distribution
_PSI_NULL99 = 21.666  # chi-square, 9 degrees of freedom, 99 %
_TAIL = 0.001  # share of the reference that is clipped at each end
_TAIL_VALUES = 10
_MOST_TAIL = 0.05
_MOVED = 0.05  # of the robust scale: below it the centre counts as unmoved


@dataclass(frozen=True)
class NumberPair:
    """Both sides of a numeric column, neither empty."""

    reference: Distribution
    current: Distribution
    pooled: Distribution
    minimum: float
    maximum: float
    scale: float

    @classmethod
    def of(cls, reference: Numbers, current: Numbers) -> "NumberPair":
        """Build the distributions once for all statistics."""
        pooled = Numbers(FloatBits(min(reference.histogram.bins, current.histogram.bins)))
        pooled.merge(reference)
        pooled.merge(current)
        first = Distribution.of(reference)
        return cls(
            first,
            Distribution.of(current),
            Distribution.of(pooled),
            reference.minimum,
            reference.maximum,
            robust_scale(first),
        )


def robust_scale(side: Distribution) -> float:
    """Interquartile range / 1.349 (a normal distribution's standard deviation); the standard deviation where that is zero."""
    low, high = side.quantile(np.array([0.25, 0.75]))
    with np.errstate(over="ignore"):
        scale = float(high - low) / _NORMAL_IQR
    return scale if scale > 0 else side.std


def robust_wasserstein(pair: NumberPair) -> tuple[float, float] | None:
    """W1 of the values clipped to the reference's 0.1 to 99.9 % range, in robust standard deviations, and its 99 % null.

    A few outliers can neither cause nor hide it: of a small reference at least ten values lie beyond each end of the range.
    None where the reference has no spread to measure by.
    """
    tail = max(_TAIL, min(_TAIL_VALUES / pair.reference.n, _MOST_TAIL))
    low, high = (float(edge) for edge in pair.reference.quantile(np.array([tail, 1 - tail])))
    if not (pair.scale > 0 and np.isfinite(pair.scale) and high > low):
        return None
    distance = wasserstein(pair.reference, pair.current, (low, high)) / pair.scale
    chance = null.wasserstein_null99(pair.pooled, pair.reference.n, pair.current.n, (low, high)) / pair.scale
    return (distance, chance) if np.isfinite(distance) and np.isfinite(chance) else None


def direction(pair: NumberPair) -> str:
    """``up``, ``down``, ``wider``, ``narrower`` or ``shape``: what the main part of the values did."""
    levels = np.array([0.25, 0.5, 0.75])
    before, after = pair.reference.quantile(levels), pair.current.quantile(levels)
    scale = pair.scale if pair.scale > 0 and np.isfinite(pair.scale) else 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        moved = float(after[1] - before[1]) / scale
        spread = float(after[2] - after[0]), float(before[2] - before[0])
    if abs(moved) >= _MOVED:
        return "up" if moved > 0 else "down"
    if spread[1] > 0 and not 0.9 <= spread[0] / spread[1] <= 1.1:
        return "wider" if spread[0] > spread[1] else "narrower"
    return "shape"


def values_test(pair: NumberPair, settings: Settings, name: str = "values", noun: str = "Values") -> Test:
    """Whether the distribution changed. Evidence: the p of KS. Sizes: KS D, robust W1, decile PSI.

    Thresholds of W1 and PSI rise to their own 99 % null where chance reaches further than they do.
    """
    n, m = pair.reference.n, pair.current.n
    distance = ks_distance(pair.reference, pair.current)
    effects = [Effect("ks", distance, settings.ks)]
    if (moved := robust_wasserstein(pair)) is not None:
        effects.append(Effect("robust_wasserstein", moved[0], max(settings.wasserstein, moved[1])))
    index, index_null = decile_psi(pair.reference, pair.current), _PSI_NULL99 * (1 / n + 1 / m)
    effects.append(
        Effect("psi", index, max(settings.psi, index_null), warn=max(settings.psi_warn, index_null))
    )
    enough = null.ks_null99(n, m) <= settings.ks
    return Test(name, effects, null.ks_p(distance, n, m), enough, _sentence(pair, distance, noun))


def _sentence(pair: NumberPair, distance: float, noun: str) -> str:
    how = {
        "up": "moved up",
        "down": "moved down",
        "wider": "spread out",
        "narrower": "drew together",
        "shape": "changed shape",
    }
    half = np.array([0.5])
    before, after = float(pair.reference.quantile(half)[0]), float(pair.current.quantile(half)[0])
    return (
        f"{noun} {how[direction(pair)]}: median {short(before)} → {short(after)}, KS distance {distance:.3f}."
    )


def range_test(pair: NumberPair, settings: Settings) -> Test:
    """Whether values lie outside the reference's minimum and maximum, more of them than chance puts there.

    Counts whole bins, so binned data can only understate it.
    """
    n, m = pair.reference.n, pair.current.n
    above = int(pair.current.counts[pair.current.low > pair.maximum].sum())
    below = int(pair.current.counts[pair.current.high < pair.minimum].sum())
    p = min(1.0, 2 * min(null.beyond_p(above, n, m), null.beyond_p(below, n, m)))
    share = (above + below) / m
    known = f"{short(pair.minimum)} to {short(pair.maximum)}"
    return Test(
        "range",
        [Effect("outside_range", share, settings.outside_range)],
        p,
        sentence=f"{percent(share)} of the values lie outside the reference's range {known}.",
    )

"""The score that Evidently 0.7 gives a column by default, computed from profiles, to reconcile our report with theirs.

Rules (n = rows of the reference with a value): numbers with more than five distinct values: two-sample Kolmogorov-Smirnov p
up to 1,000 rows, above that W1 / max(std of the reference, 0.001). Everything else: chi-square p (z-test with two values) up
to 1,000 rows, above that the Jensen-Shannon distance with natural logarithm. A score drifts at 0.1 or more, a p below 0.05.
Whole-number columns with at most ten distinct values count as categories. Dates are not looked at; texts get a trained
classifier, which is not reproduced here.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from workers.analysis.drift.distribution import Distribution, ks_distance, wasserstein
from workers.analysis.drift.null import js_terms, ks_p
from workers.analysis.drift.settings import Settings
from workers.analysis.profile.floatbits import Floats, Ints

SMALL = 1000
FEW_NUMBERS = 5
FEW_INTEGERS = 10
_EXACT_KS = 10_000
_MIN_STD = 0.001


@dataclass(frozen=True)
class Score:
    """``method`` as Evidently names it; ``drift`` by its rule."""

    method: str
    value: float
    threshold: float
    drift: bool

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        value = float(f"{self.value:.6g}") if np.isfinite(self.value) else None
        return {"method": self.method, "score": value, "threshold": self.threshold, "drift": self.drift}


def js_distance(reference: Ints | Floats, current: Ints | Floats) -> float:
    """Jensen-Shannon distance, natural logarithm: sqrt((KL(p||m) + KL(q||m)) / 2), of two vectors of counts."""
    divergence = js_terms(reference / reference.sum(), current / current.sum()).sum()
    return float(np.sqrt(max(0.0, float(divergence))))


def number_score(reference: Distribution, current: Distribution, settings: Settings) -> Score:
    """Numbers with more than :data:`FEW_NUMBERS` distinct values."""
    if reference.n <= SMALL:
        return _p_score("Kolmogorov-Smirnov p-value", _small_ks(reference, current), settings)
    distance = wasserstein(reference, current) / max(reference.std, _MIN_STD)
    return Score(
        "Wasserstein distance (normed)", distance, settings.evidently, distance >= settings.evidently
    )


def _small_ks(reference: Distribution, current: Distribution) -> float:
    exact = np.array_equal(reference.low, reference.high) and np.array_equal(current.low, current.high)
    if exact and current.n <= _EXACT_KS:
        samples = (np.repeat(side.low, side.counts) for side in (reference, current))
        return float(stats.ks_2samp(*samples).pvalue)
    return ks_p(ks_distance(reference, current), reference.n, current.n)


def category_score(reference: Ints, current: Ints, settings: Settings) -> Score:
    """Categories, as counts over the union of the values of both sides."""
    n, m = int(reference.sum()), int(current.sum())
    if n > SMALL:
        distance = js_distance(reference, current)
        return Score("Jensen-Shannon distance", distance, settings.evidently, distance >= settings.evidently)
    if len(reference) > 2:
        with np.errstate(divide="ignore"):
            expected = reference * (m / n)
            statistic = float(((current - expected) ** 2 / expected).sum())
        return _p_score("chi-square p-value", float(stats.chi2.sf(statistic, len(reference) - 1)), settings)
    return _p_score("Z-test p-value", _z_test(int(reference[0]), n, int(current[0]), m), settings)


def _z_test(first: int, n: int, second: int, m: int) -> float:
    pooled = (first + second) / (n + m)
    if pooled in {0.0, 1.0}:
        return 1.0
    z = (first / n - second / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return float(2 * stats.norm.sf(abs(z)))


def _p_score(method: str, p: float, settings: Settings) -> Score:
    return Score(method, p, settings.evidently_p, p < settings.evidently_p)

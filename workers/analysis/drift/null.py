"""What chance alone produces: p-values, and how large an effect two samples of one distribution would show.

All of it is deterministic: where draws are needed they come from a fixed seed.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special, stats

from workers.analysis.drift.distribution import Distribution
from workers.analysis.profile.floatbits import Floats, Ints

_SEED = 20261
_DRAWS = 199
_SIMULATED_CATEGORIES = 256
_CATEGORY_DRAWS = 300
_RARE = 256  # up to this many rows a category's null is summed exactly
_COMMON_KS = 1_000_000
_GRID = np.concatenate(
    [[0.001, 0.002, 0.005, 0.01, 0.02], np.linspace(0.04, 0.96, 47), [0.98, 0.99, 0.995, 0.998, 0.999]]
)


def ks_p(distance: float, n: int, m: int) -> float:
    """Two-sided p of the two-sample Kolmogorov-Smirnov D with effective size n m / (n + m), as scipy's asymptotic method does.

    Conservative where values repeat.
    """
    effective = n * m / (n + m)
    if effective < _COMMON_KS:
        return float(stats.kstwo.sf(distance, max(round(effective), 1)))
    return float(special.kolmogorov(distance * np.sqrt(effective)))


def ks_null99(n: int, m: int) -> float:
    """The D that one in a hundred pairs of identically distributed samples exceeds (Smirnov 1948)."""
    return min(1.0, float(np.sqrt(-np.log(0.01 / 2) / 2 * (1 / n + 1 / m))))


@lru_cache(maxsize=1)
def _bridges() -> Floats:
    """Draws of Brownian bridges at the probabilities of the grid: [draws, grid]."""
    steps = np.diff(np.concatenate([[0.0], _GRID, [1.0]]))
    walks = np.cumsum(np.random.default_rng(_SEED).normal(size=(_DRAWS, len(steps))) * np.sqrt(steps), axis=1)
    return np.asarray(walks[:, :-1] - walks[:, -1:] * _GRID, np.float64)


def wasserstein_null99(pooled: Distribution, n: int, m: int, clip: tuple[float, float]) -> float:
    """The clipped W1 that one in a hundred pairs of samples of the pooled distribution exceeds.

    The difference of two empirical cumulative functions tends to a Brownian bridge times sqrt(1/n + 1/m) (Donsker); its
    absolute integral over the quantile function of the pooled values is simulated on a grid that is finer in the tails.
    """
    values = np.clip(pooled.quantile(_GRID), *clip)
    bridges = np.abs(_bridges())
    with np.errstate(over="ignore", invalid="ignore"):
        areas = ((bridges[:, 1:] + bridges[:, :-1]) / 2 * np.diff(values)).sum(axis=1) * np.sqrt(
            1 / n + 1 / m
        )
    return float(np.quantile(areas, 0.99))


def proportions_p(first: int, n: int, second: int, m: int) -> float:
    """Two-sided p of a difference of two proportions: pooled z-test, Fisher's exact test where a count is small."""
    if n == 0 or m == 0:
        return 1.0
    counted = first + second
    if counted in {0, n + m}:
        return 1.0
    # In whole numbers, so that counting what is there and what is not gives the same p.
    if min(counted, n + m - counted) * min(n, m) < 10 * (n + m):
        return float(stats.fisher_exact([[first, n - first], [second, m - second]]).pvalue)
    pooled = counted / (n + m)
    z = (first / n - second / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return float(2 * stats.norm.sf(abs(z)))


def beyond_p(beyond: int, n: int, m: int) -> float:
    """P of ``beyond`` current values above every one of the n reference values: the top ones of the pool all come from the m.

    Product of (m - i) / (n + m - i): the exact chance when rows are exchangeable.
    """
    if beyond <= 0 or m == 0:
        return 1.0
    return float(np.exp(_log_choose(m, beyond) - _log_choose(n + m, beyond)))


def _log_choose(n: int, k: int) -> float:
    return float(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))


def js_terms(first: Floats, second: Floats) -> Floats:
    """What each category adds to the Jensen-Shannon divergence (natural logarithm) of two shares."""
    middle = (first + second) / 2
    return np.asarray((special.rel_entr(first, middle) + special.rel_entr(second, middle)) / 2, np.float64)


@dataclass(frozen=True)
class DivergenceNull:
    """Mean and variance of the Jensen-Shannon divergence when the two labels are shuffled over the pooled rows."""

    mean: float
    variance: float

    def p(self, divergence: float) -> float:
        """The chance of at least this divergence, from a gamma distribution of the same mean and variance.

        For large counts the divergence is a scaled chi-square, which is one.
        """
        if self.variance <= 0 or self.mean <= 0:
            return 1.0
        return float(
            stats.gamma.sf(divergence, self.mean**2 / self.variance, scale=self.variance / self.mean)
        )

    def quantile99(self) -> float:
        """The divergence that one in a hundred shuffles exceeds."""
        if self.variance <= 0 or self.mean <= 0:
            return self.mean
        return float(stats.gamma.isf(0.01, self.mean**2 / self.variance, scale=self.variance / self.mean))


def divergence_null(totals: Ints, n: int, m: int) -> DivergenceNull:
    """The permutation null of the divergence, given the pooled counts of each category.

    The divergence is a sum over categories, and shuffled, each category's count is hypergeometric; so the mean is exact for
    rare categories (summed over every split) and exact to second order for common ones. The variance is simulated for few
    categories, where their dependence matters, and summed for many, where it does not.
    """
    distinct, times = np.unique(totals[totals > 0], return_counts=True)
    mean = variance = 0.0
    for total, weight in zip(distinct.tolist(), times.tolist(), strict=True):
        term_mean, term_variance = _category_null(total, n, m)
        mean += weight * term_mean
        variance += weight * term_variance
    categories = int(times.sum())
    if 1 < categories <= _SIMULATED_CATEGORIES:
        variance = _simulated_variance(totals[totals > 0], n, m)
    return DivergenceNull(mean, variance if categories > 1 else 0.0)


@lru_cache(maxsize=4096)
def _category_null(total: int, n: int, m: int) -> tuple[float, float]:
    """Mean and variance of one category's term of the divergence under shuffling."""
    if total > _RARE:
        # second-order expansion about equal shares: term = (p - q)^2 / (8 pooled share)
        pool = n + m
        mean = pool / (8.0 * n * m) * (pool - total) / max(pool - 1, 1)
        return mean, 2 * mean * mean
    split = np.arange(max(0, total - m), min(total, n) + 1)
    chances = stats.hypergeom.pmf(split, n + m, total, n)
    terms = js_terms(split / n, (total - split) / m)
    mean = float(chances @ terms)
    return mean, max(0.0, float(chances @ (terms - mean) ** 2))


def _simulated_variance(totals: Ints, n: int, m: int) -> float:
    generator = np.random.default_rng(_SEED)
    if n + m < 1_000_000_000:  # numpy's bound
        firsts = generator.multivariate_hypergeometric(totals, n, size=_CATEGORY_DRAWS, method="marginals")
    else:
        firsts = generator.multinomial(n, totals / totals.sum(), size=_CATEGORY_DRAWS)
        firsts = np.minimum(firsts, totals)
    return float(js_terms(firsts / n, (totals - firsts) / m).sum(axis=1).var(ddof=1))


def new_share_null(totals: Ints, n: int, m: int) -> tuple[float, float]:
    """Mean and standard deviation of the current side's share of rows in categories that the reference lacks, when shuffled.

    A category with t rows in all misses the reference with chance C(n + m - t, n) / C(n + m, n), about (m / (n + m))^t.
    """
    chance = np.exp(totals * np.log(m / (n + m)))
    mean = float((totals * chance).sum()) / m
    return mean, float(np.sqrt((totals.astype(np.float64) ** 2 * chance * (1 - chance)).sum())) / m


def adjusted(p_values: list[float]) -> list[float]:
    """Benjamini-Hochberg adjusted p-values, in the given order (Benjamini, Hochberg 1995)."""
    if not p_values:
        return []
    return [float(value) for value in stats.false_discovery_control(np.clip(p_values, 0.0, 1.0), method="bh")]

"""The statistics against scipy on the full data, and the calibrated nulls against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from scipy.spatial.distance import jensenshannon

from tests.unit.analysis.builders import profile_of
from workers.analysis.drift import evidently, null
from workers.analysis.drift.distribution import Distribution, decile_psi, ks_distance, wasserstein
from workers.analysis.drift.numeric import NumberPair, range_test, robust_scale, robust_wasserstein
from workers.analysis.drift.settings import Settings
from workers.analysis.profile.numbers import Numbers

SETTINGS = Settings()
_columns = arrays.arrays(
    np.float64,
    st.integers(1, 60),
    elements=st.one_of(
        st.floats(-1e6, 1e6), st.integers(-5, 5).map(float), st.sampled_from([0.0, -0.0, 5e-324])
    ),
)


def numbers_of(values: np.ndarray) -> Numbers:
    numbers = profile_of({"x": values}).columns["x"].numbers
    assert numbers is not None
    return numbers


def _pair(first: np.ndarray, second: np.ndarray) -> tuple[Distribution, Distribution]:
    return Distribution.of(numbers_of(first)), Distribution.of(numbers_of(second))


@settings(max_examples=200, deadline=None)
@given(_columns, _columns)
def test_small_data_gives_scipys_numbers(first: np.ndarray, second: np.ndarray) -> None:
    reference, current = _pair(first, second)
    span = max(1.0, float(np.abs(np.concatenate([first, second])).max()))
    assert ks_distance(reference, current) == pytest.approx(
        stats.ks_2samp(first, second).statistic, abs=1e-12
    )
    assert wasserstein(reference, current) == pytest.approx(
        stats.wasserstein_distance(first, second), abs=1e-11 * span
    )
    low, high = np.quantile(first, [0.1, 0.9])
    clipped = stats.wasserstein_distance(np.clip(first, low, high), np.clip(second, low, high))
    assert wasserstein(reference, current, (low, high)) == pytest.approx(clipped, abs=1e-11 * span)
    assert reference.std == pytest.approx(np.std(first), rel=1e-9, abs=1e-9 * span)
    at = np.concatenate([first, second])
    assert reference.cdf(at) == pytest.approx(stats.ecdf(first).cdf.evaluate(at), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(_columns)
def test_quantiles_of_small_data_are_values_of_it(values: np.ndarray) -> None:
    side = Distribution.of(numbers_of(values))
    levels = np.array([0.01, 0.25, 0.5, 0.75, 0.99, 1.0])
    expected = np.quantile(values, levels, method="inverted_cdf")
    assert side.quantile(levels) == pytest.approx(expected)
    assert side.snapped_quantile(levels) == pytest.approx(expected)


_LAWS = {
    "normal": lambda random, n: random.normal(size=n),
    "offset": lambda random, n: random.normal(300, 1, n),
    "uniform": lambda random, n: random.random(n),
    "lognormal": lambda random, n: random.lognormal(0, 1, n),
    "pareto": lambda random, n: random.pareto(1.5, n) + 1,
    "t2": lambda random, n: random.standard_t(2, n),
    "cauchy": lambda random, n: random.standard_cauchy(n),
    "bimodal": lambda random, n: np.where(
        random.random(n) < 0.5, random.normal(-2, 0.7, n), random.normal(3, 1, n)
    ),
    "zeros": lambda random, n: np.where(random.random(n) < 0.8, 0.0, random.gamma(2, 50, n)),
    "money": lambda random, n: np.round(random.lognormal(3, 0.8, n), 2),
    "poisson": lambda random, n: random.poisson(7, n).astype(float),
}


@pytest.mark.parametrize("law", sorted(_LAWS))
@pytest.mark.parametrize("factor", [1.0, 1.3])
def test_binned_data_stays_within_the_published_error(law: str, factor: float) -> None:
    random = np.random.default_rng(11)
    first, second = _LAWS[law](random, 60_000), _LAWS[law](random, 60_000) * factor
    reference, current = _pair(first, second)
    exact, ours = stats.wasserstein_distance(first, second), wasserstein(reference, current)
    scale = max(np.std(first), 0.001)
    assert abs(ours - exact) / scale <= max(2e-4 * exact / scale, 2e-5)
    assert (
        abs(ks_distance(reference, current) - stats.ks_2samp(first, second).statistic)
        <= 1.5e-3 * (factor != 1) + 2e-4
    )
    levels = np.linspace(0.05, 0.95, 19)
    low, high = np.quantile(first, [0.25, 0.75])
    spread = max(high - low, np.std(first) / 10)
    assert reference.quantile(levels) == pytest.approx(np.quantile(first, levels), abs=0.01 * spread)


def test_decile_psi_is_siddiqis_sum() -> None:
    random = np.random.default_rng(2)
    first, second = random.normal(size=8000), random.normal(0.4, 1.2, 8000)
    edges = np.sort(first)[np.arange(800, 8000, 800) - 1]
    p, q = (
        np.diff(np.concatenate([[0], np.searchsorted(np.sort(x), edges, "right") / len(x), [1]]))
        for x in (first, second)
    )
    assert decile_psi(*_pair(first, second)) == pytest.approx(
        float(((p - q) * np.log(p / q)).sum()), rel=1e-9
    )
    assert np.isfinite(decile_psi(*_pair(first, first + 1e6)))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=30))
def test_jensen_shannon_is_scipys(counts: list[tuple[int, int]]) -> None:
    first, second = np.array(counts).T
    if first.sum() and second.sum():
        expected = jensenshannon(first / first.sum(), second / second.sum())
        assert evidently.js_distance(first, second) == pytest.approx(np.nan_to_num(expected), abs=1e-7)


@pytest.mark.parametrize(("n", "m"), [(30, 40), (500, 500), (200, 9000), (300_000, 200_000)])
def test_ks_p_is_scipys_asymptotic_one(n: int, m: int) -> None:
    random = np.random.default_rng(n)
    result = stats.ks_2samp(random.normal(size=n), random.normal(0.01, 1, m), method="asymp")
    assert null.ks_p(result.statistic, n, m) == pytest.approx(result.pvalue, rel=1e-6)
    assert stats.kstwo.sf(null.ks_null99(n, m), round(n * m / (n + m))) == pytest.approx(0.009, abs=0.002)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.integers(0, 300))
def test_proportions_agree_with_the_exact_test(first: int, second: int) -> None:
    """Holds for each of the 301² pairs (counted out once).

    The reference is the mid-p value (Lancaster 1961): Fisher's own is conservative, by half the chance of the observed table,
    which with few counts is more than 0.1.
    """
    p = null.proportions_p(first, 300, second, 300)
    exact = float(stats.fisher_exact([[first, 300 - first], [second, 300 - second]]).pvalue)
    pooled = first + second
    if min(pooled, 600 - pooled) < 20:  # fewer than ten expected on a side: the exact test itself
        assert p == pytest.approx(exact, abs=1e-12)
    elif first == second:
        assert p == 1.0
    else:
        # The mirrored table is as likely as the observed one, and no other is: twice half of its chance.
        mid = exact - float(stats.hypergeom(600, pooled, 300).pmf(first))
        assert abs(p - mid) < 0.015
        assert (p < 0.01) == (mid < 0.01) or abs(mid - 0.01) < 0.00025


@pytest.mark.parametrize(
    ("categories", "n", "m"), [(2, 50, 80), (20, 400, 300), (200, 1000, 1000), (3000, 2000, 3000)]
)
def test_the_divergence_null_is_that_of_shuffled_labels(categories: int, n: int, m: int) -> None:
    random = np.random.default_rng(categories)
    weights = 1 / np.arange(1, categories + 1) ** 0.8
    totals = random.multinomial(n + m, weights / weights.sum())
    totals = totals[totals > 0]
    splits = random.multivariate_hypergeometric(totals, n, size=2000, method="marginals")
    draws = null.js_terms(splits / n, (totals - splits) / m).sum(axis=1)
    ours = null.divergence_null(totals, n, m)
    assert ours.mean == pytest.approx(draws.mean(), rel=0.05)
    assert ours.variance == pytest.approx(draws.var(), rel=0.35)
    assert ours.quantile99() == pytest.approx(np.quantile(draws, 0.99), rel=0.1)
    assert ours.p(float(np.quantile(draws, 0.95))) == pytest.approx(0.05, abs=0.025)


def test_the_null_of_common_categories_joins_that_of_rare_ones() -> None:
    # at the border between the two ways of computing it
    for n, m in ((5000, 5000), (3000, 9000)):
        for total in (null._RARE, null._RARE + 1):
            splits = stats.hypergeom(n + m, total, n).rvs(20_000, random_state=np.random.default_rng(1))
            draws = null.js_terms(splits / n, (total - splits) / m)
            assert null._category_null(total, n, m)[0] == pytest.approx(draws.mean(), rel=0.05)


@pytest.mark.parametrize("law", ["normal", "lognormal", "cauchy", "zeros"])
def test_the_wasserstein_null_is_what_chance_gives(law: str) -> None:
    random = np.random.default_rng(3)
    n, m, found = 1500, 2500, []
    for _ in range(120):
        pair = NumberPair.of(numbers_of(_LAWS[law](random, n)), numbers_of(_LAWS[law](random, m)))
        result = robust_wasserstein(pair)
        assert result is not None
        found.append(result)
    values, nulls = np.array(found).T
    assert np.mean(values > nulls) <= 0.05  # one in a hundred expected
    assert np.median(nulls) <= 3 * np.quantile(values, 0.95)  # and not by being far too wide


def test_the_range_p_is_the_chance_of_the_top_ranks() -> None:
    random = np.random.default_rng(4)
    hits = (
        sum(random.permutation(30)[:2].min() >= 12 for _ in range(20_000)) / 20_000
    )  # both top ranks from the last 18
    assert null.beyond_p(2, 12, 18) == pytest.approx(18 * 17 / (30 * 29)) == pytest.approx(hits, abs=0.02)
    assert null.beyond_p(0, 10, 10) == 1.0
    values = np.arange(1000.0)
    test = range_test(
        NumberPair.of(numbers_of(values), numbers_of(np.concatenate([values, [5000.0] * 40]))), SETTINGS
    )
    assert test.p < 1e-9 and test.effects[0].value == pytest.approx(40 / 1040)


def test_scales_survive_constants_and_extremes() -> None:
    constant, huge = numbers_of(np.full(50, 7.0)), numbers_of(np.array([-1.7e308, 1.7e308, 0.0, 1.0] * 20))
    assert robust_scale(Distribution.of(constant)) == 0.0
    for first, second in ((constant, huge), (huge, constant), (huge, huge), (constant, constant)):
        pair = NumberPair.of(first, second)
        assert 0 <= ks_distance(pair.reference, pair.current) <= 1
        assert robust_wasserstein(pair) is None or first is huge


def test_adjusted_p_values_are_benjamini_hochbergs() -> None:
    # the worked example of the 1995 paper: with q = 0.05 the first four of fifteen are rejected
    published = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    assert sum(p <= 0.05 for p in null.adjusted(published)) == 4
    assert null.adjusted([]) == []

"""The reconciling score against Evidently 0.7.23: its published formulas, and its own output on seeded data.

The golden numbers were printed by Evidently's DataDriftPreset on these 50,000 rows a side (numpy's default_rng([seed, 20261])).
"""

import numpy as np
import pytest
from scipy import stats

from tests.unit.analysis.builders import Values, column_of, report_of

ROWS = 50_000


def _zipf(kinds: int, exponent: float) -> np.ndarray:
    weights = 1 / np.arange(1, kinds + 1) ** exponent
    return weights / weights.sum()


def _pick(random: np.random.Generator, shares: np.ndarray, prefix: str) -> np.ndarray:
    index = np.searchsorted(np.cumsum(shares)[:-1], random.random(ROWS))
    return np.char.add(prefix, index.astype(str))


def _made(seed: int, *, current: bool) -> dict[str, Values]:
    """The first columns of the generator behind the published figures, in its order of draws."""
    random = np.random.default_rng([seed, 20261])
    columns: dict[str, Values] = {
        "n01_normal": random.normal(0.3 if current else 0.0, 1, ROWS),
        "n02_offset": random.normal(300, 1, ROWS),
        "n03_uniform": random.random(ROWS),
        "n04_expon": random.exponential(1, ROWS),
        "n05_lognorm": random.lognormal(0, 1.0, ROWS) * (1.3 if current else 1),
        "n06_pareto": random.pareto(1.5, ROWS) + 1,
        "n07_t2": random.standard_t(2, ROWS),
    }
    mix = random.random(ROWS) < (0.6 if current else 0.5)
    columns["n08_bimodal"] = np.where(mix, random.normal(-2, 0.7, ROWS), random.normal(3, 1, ROWS))
    random.poisson(7, ROWS)
    np.where(random.random(ROWS) < 0.8, 0.0, random.gamma(2, 50, ROWS))
    random.normal(10, 4, ROWS)
    random.random(ROWS)
    random.lognormal(3, 0.8, ROWS)
    _pick(random, np.array([0.7, 0.3]), "")
    _pick(random, _zipf(5, 0.7), "")
    shares = np.append(_zipf(20, 0.8), 0.0)
    if current:
        moved = shares[:20].copy()
        moved[0] *= 0.7
        moved[5] *= 1.8
        shares = np.append(moved / moved.sum() * 0.99, 0.01)
    columns["c03_cat20"] = _pick(random, shares, "city ")
    return columns


@pytest.fixture(scope="module")
def report() -> dict:
    return report_of(_made(0, current=False), _made(1000, current=True))


@pytest.mark.parametrize(
    ("name", "score", "tolerance"),
    [
        ("n01_normal", 0.305399, 2e-5),
        ("n05_lognorm", 0.229615, 2e-5),
        ("n08_bimodal", 0.193092, 2e-5),
        ("c03_cat20", 0.0957243, 1e-6),
        ("n02_offset", 0.0072168, 1.5e-3),
        ("n03_uniform", 0.0038659, 1.5e-3),
        ("n04_expon", 0.0061381, 1.5e-3),
        ("n06_pareto", 0.0043118, 1.5e-3),
        ("n07_t2", 0.015226, 1.5e-3),
    ],
)
def test_scores_are_evidentlys(report: dict, name: str, score: float, tolerance: float) -> None:
    ours = column_of(report, name)["evidently"]
    assert ours["score"] == pytest.approx(score, rel=tolerance)
    assert ours["drift"] == (score >= 0.1) and ours["threshold"] == 0.1


def test_our_verdict_finds_what_their_rule_misses(report: dict) -> None:
    verdicts = {column["name"]: column["verdict"] for column in report["columns"]}
    moved = {"n01_normal": "drift", "n05_lognorm": "drift", "n08_bimodal": "drift", "c03_cat20": "warning"}
    assert verdicts == {**dict.fromkeys(verdicts, "stable"), **moved}
    mix = column_of(report, "c03_cat20")
    assert not mix["evidently"]["drift"] and mix["p_adjusted"] < 1e-12 and "city 20" in mix["sentence"]


def _score(reference: Values, current: Values) -> dict:
    return column_of(report_of({"x": reference}, {"x": current}), "x")["evidently"]


def test_small_numeric_references_get_the_ks_p() -> None:
    random = np.random.default_rng(1)
    first, second = random.normal(size=1000), random.normal(0.1, 1, 700)
    score = _score(first, second)
    assert score["method"] == "Kolmogorov-Smirnov p-value"
    assert score["score"] == pytest.approx(stats.ks_2samp(first, second).pvalue, rel=1e-5)
    assert score["drift"] == (score["score"] < 0.05)
    assert _score(np.append(first, 0.5), second)["method"] == "Wasserstein distance (normed)"


def test_rows_without_a_value_do_not_count() -> None:
    first = np.concatenate([np.random.default_rng(1).normal(size=1000), np.full(500, np.nan), [np.inf] * 9])
    assert _score(first, first)["method"] == "Kolmogorov-Smirnov p-value"


def test_small_categories_get_chi_square_against_the_references_shares() -> None:
    first, second = ["a"] * 300 + ["b"] * 200 + ["c"] * 100, ["a"] * 150 + ["b"] * 160 + ["c"] * 90
    expected = stats.chisquare([150, 160, 90], np.array([300, 200, 100]) * 400 / 600).pvalue
    score = _score(first, second)
    assert score["method"] == "chi-square p-value" and score["score"] == pytest.approx(expected, rel=1e-5)
    assert _score(first, [*second, "new"])["drift"]  # an expected count of zero


def test_two_values_get_the_z_test() -> None:
    first, second = ["a"] * 300 + ["b"] * 200, ["a"] * 100 + ["b"] * 140
    pooled = 400 / 740
    z = (0.6 - 100 / 240) / np.sqrt(pooled * (1 - pooled) * (1 / 500 + 1 / 240))
    score = _score(first, second)
    assert score["method"] == "Z-test p-value" and score["score"] == pytest.approx(
        2 * stats.norm.sf(z), rel=1e-5
    )
    flags = _score([True] * 300 + [False] * 200, [True] * 100 + [False] * 140)
    assert flags["score"] == pytest.approx(score["score"])


def test_few_distinct_numbers_count_as_categories() -> None:
    random = np.random.default_rng(1)
    assert (
        _score(random.integers(0, 10, 2000), random.integers(0, 10, 2000))["method"]
        == "Jensen-Shannon distance"
    )
    assert (
        _score(random.integers(0, 11, 2000), random.integers(0, 11, 2000))["method"]
        == "Wasserstein distance (normed)"
    )
    halves = random.integers(0, 5, 2000) / 2
    assert _score(halves, halves)["method"] == "Jensen-Shannon distance"


def test_a_constant_reference_is_measured_in_thousandths() -> None:
    score = _score(np.concatenate([np.full(2000, 1.0)]), np.linspace(1.0, 1.002, 2000))
    assert score["score"] == pytest.approx(1.0, rel=1e-3)

"""Groups of repeated seeds: scipy's numbers, honest error rates, silence where there is too little."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workers.analysis.seed_groups import alone, differences, grouped, hedges

A, B = [0.9, 0.92, 0.95, 0.91], [0.8, 0.86, 0.81]


def rows_of(*sides: list[float], name: str = "acc"):
    groups, metrics = [], []
    for side in sides:
        groups.append(list(range(len(metrics), len(metrics) + len(side))))
        metrics += [{name: value} for value in side]
    return differences(groups, metrics)


def test_the_numbers_are_scipys() -> None:
    (row,) = rows_of(A, B)
    test = stats.ttest_ind(B, A, equal_var=False)
    interval = test.confidence_interval(0.95)
    assert row["difference"] == pytest.approx(np.mean(B) - np.mean(A))
    assert (row["p"], row["q"]) == (pytest.approx(test.pvalue), pytest.approx(test.pvalue))
    assert (row["low"], row["high"]) == (pytest.approx(interval.low), pytest.approx(interval.high))
    pooled = math.sqrt((3 * np.var(A, ddof=1) + 2 * np.var(B, ddof=1)) / 5)
    assert row["effect"] == pytest.approx((np.mean(B) - np.mean(A)) / pooled * (1 - 3 / 19))
    assert (row["n"], row["verdict"]) == ([4, 3], "differs")
    assert hedges(np.array(A), np.array(B)) == -hedges(np.array(B), np.array(A))


def test_all_tests_together_are_adjusted() -> None:
    source = np.random.default_rng(1)
    sides = [source.normal(0, 1, 5).tolist() for _ in range(9)]
    rows = rows_of(*sides)
    assert [row["q"] for row in rows] == pytest.approx(
        stats.false_discovery_control([row["p"] for row in rows])
    )


@pytest.mark.parametrize(
    ("other", "verdict"), [([0.5, 0.6], "too few"), ([0.5, math.nan, 0.7], "too few"), ([math.inf] * 4, None)]
)
def test_too_few_values_are_not_tested(other: list[float], verdict: str | None) -> None:
    rows = rows_of(A, other)
    assert [row["verdict"] for row in rows] == ([verdict] if verdict else [])
    assert all(row["p"] is None for row in rows)


def test_no_spread_is_said_and_tells_no_error() -> None:
    (row,) = rows_of([1.0] * 3, [2.0] * 3)
    assert (row["verdict"], row["difference"], row["p"]) == ("no spread", 1.0, None)


def test_single_runs_are_no_groups() -> None:
    assert rows_of([1.0], [2.0], [3.0]) == []


def test_false_alarms_are_as_rare_as_promised() -> None:
    """2,000 pairs of equal groups: the share called different is 5 % within four standard errors."""
    source = np.random.default_rng(7)
    alarms = sum(
        rows_of(source.normal(0, 1, 5).tolist(), source.normal(0, 1, 8).tolist())[0]["verdict"] == "differs"
        for _ in range(2000)
    )
    assert abs(alarms / 2000 - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 2000)


def test_the_interval_covers_as_often_as_promised() -> None:
    source = np.random.default_rng(11)
    covered = 0
    for _ in range(2000):
        (row,) = rows_of(source.normal(0, 1, 6).tolist(), source.normal(0.7, 2, 9).tolist())
        covered += row["low"] <= 0.7 <= row["high"]
    assert abs(covered / 2000 - 0.95) < 4 * math.sqrt(0.05 * 0.95 / 2000)


PARAMS = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "seed"]), st.sampled_from(["1", "2"])), min_size=1, max_size=8
)


@given(PARAMS)
def test_what_changed_alone_changed_alone(params: list[dict[str, str]]) -> None:
    groups = grouped(params, {"seed"})
    assert sorted(position for members in groups.values() for position in members) == list(range(len(params)))
    keys = [dict(key) for key in groups]
    rows = alone(groups, [{"m": float(position)} for position in range(len(params))])
    expected = {
        (left, right)
        for left in range(len(keys))
        for right in range(left + 1, len(keys))
        if sum(keys[left].get(name) != keys[right].get(name) for name in ("a", "b")) == 1
    }
    assert {tuple(row["groups"]) for row in rows} == expected
    for row in rows:
        left, right = row["groups"]
        assert (row["before"], row["after"]) == (keys[left].get(row["param"]), keys[right].get(row["param"]))
        members = list(groups.values())
        assert row["metrics"]["m"] == pytest.approx(np.mean(members[right]) - np.mean(members[left]))

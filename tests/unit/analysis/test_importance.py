"""Importance of parameters: the one that matters is first, noise is not explained, the same input gives the same answer."""

import math

import numpy as np
import pytest
from scipy import stats

from workers.analysis.importance import FEWEST_RUNS, importance

SOURCE = np.random.default_rng(3)
RATES = SOURCE.uniform(0.001, 0.1, 60)
PARAMS = [
    {
        "lr": f"{rate:.5f}",
        "model": ("forest", "linear")[number % 2],
        "note": f"free text {number}",
        "seed": str(number),
    }
    for number, rate in enumerate(RATES)
]


def test_what_matters_comes_first() -> None:
    metrics = [{"acc": 3 * rate + 0.02 * (number % 2)} for number, rate in enumerate(RATES)]
    (found,) = importance(PARAMS, metrics, left_out={"seed"})
    assert [row["param"] for row in found["rows"]] == ["lr", "model"]  # free texts are names, not choices
    assert found["r2"] > 0.8
    assert found["rows"][0]["importance"] > 10 * found["rows"][1]["importance"] > 0
    expected = stats.spearmanr([float(one["lr"]) for one in PARAMS], [one["acc"] for one in metrics])
    assert (found["rows"][0]["rho"], found["rows"][0]["p"]) == (
        pytest.approx(expected.statistic),
        pytest.approx(expected.pvalue),
    )
    assert found["rows"][1]["rho"] is None
    assert importance(PARAMS, metrics, left_out={"seed"}) == [found]


def test_noise_is_not_explained() -> None:
    metrics = [{"acc": value} for value in np.random.default_rng(5).normal(size=60).tolist()]
    (found,) = importance(PARAMS, metrics, left_out={"seed"})
    assert (found["reason"], found["rows"]) == ("not predictable", [])
    assert found["r2"] < 0.2


def test_too_few_runs_are_too_few() -> None:
    few = FEWEST_RUNS - 1
    metrics = [{"acc": float(number)} for number in range(few)]
    assert importance(PARAMS[:few], metrics, left_out=set())[0]["reason"] == "too few"


def test_odd_values_do_no_harm() -> None:
    params = [
        {"lr": ("1e-3", "inf", "nan", "x", "1e300")[number % 5], "a": "1" if number % 2 else ""}
        for number in range(40)
    ]
    metrics = [{"acc": (0.1, math.nan, math.inf, 0.3)[number % 4], "same": 1.0} for number in range(40)]
    (found,) = importance(params, metrics, left_out=set())
    assert found["metric"] == "acc"
    assert found["n"] == 20


def test_a_missing_value_is_a_value() -> None:
    params = [{"depth": str(number % 5)} if number % 2 else {} for number in range(40)]
    metrics = [{"acc": 1.0 if number % 2 else 0.0} for number in range(40)]
    (found,) = importance(params, metrics, left_out=set())
    assert found["rows"][0]["param"] == "depth"

"""Comparing runs: directions only where the name leaves no doubt, seeds together, spikes kept, plain JSON."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workers.analysis.compare_runs import Curve, RunInput, compare, metric_direction, thin


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("val_loss", "lower"), ("test/rmse", "lower"), ("mean_absolute_error", "lower"), ("eval.log-loss", "lower"),
        ("accuracy", "higher"), ("val_acc", "higher"), ("roc_auc", "higher"), ("F1", "higher"), ("r2", "higher"),
        ("neg_mean_squared_error", "higher"), ("negative_log_loss", "higher"), ("mAP", "higher"),
        ("f1_loss", ""), ("duration", ""), ("lossy_ratio", ""), ("epoch", ""), ("neg_accuracy", ""), ("", ""),
        ("lr", ""), ("negatives", ""), ("accelerate", ""),
    ],
)  # fmt: skip
def test_directions(name: str, direction: str) -> None:
    assert metric_direction(name) == direction


def _run(
    name: str, params: dict[str, str] | None = None, curves: tuple[Curve, ...] = (), **metrics: float
) -> RunInput:
    return RunInput(name, name, params or {}, metrics, curves=curves)


def test_what_differs_comes_first_and_a_missing_value_differs() -> None:
    result = compare([_run("a", {"x": "1", "y": "2", "z": "0"}), _run("b", {"x": "1", "y": "3"})])
    assert [(row["name"], row["differs"], row["values"]) for row in result["params"]] == [
        ("y", True, ["2", "3"]),
        ("z", True, ["0", None]),
        ("x", False, ["1", "1"]),
    ]


def test_the_best_is_marked_only_where_there_is_one() -> None:
    runs = [
        _run("a", loss=1.0, accuracy=0.9, same_error=2.0, score=1.0, wer=math.nan),
        _run("b", loss=0.5, accuracy=0.9, same_error=2.0, score=2.0, wer=0.2),
        _run("c", loss=0.5, accuracy=math.nan, same_error=2.0, score=3.0),
    ]
    best = {row["name"]: row["best"] for row in compare(runs)["metrics"]}
    assert best == {"loss": [1, 2], "accuracy": [], "same_error": [], "score": [], "wer": []}
    infinite = compare([_run("a", loss=math.inf), _run("b", loss=1.0), _run("c", loss=2.0)])["metrics"][0]
    assert infinite["best"] == [1] and infinite["values"][0] == "Infinity" and infinite["spread"] == 1.0


def test_seeds_are_grouped_with_students_interval() -> None:
    values = [0.81, 0.84, 0.79, 0.85]
    runs = [
        _run(f"s{seed}", {"random_state": str(seed), "depth": "3"}, auc=value)
        for seed, value in enumerate(values)
    ]
    runs.append(_run("deep", {"random_state": "0", "depth": "9"}, auc=0.9))
    result = compare(runs)
    assert result["seed_params"] == ["random_state"]
    group, alone = result["groups"]
    assert (group["params"], group["runs"]) == ({"depth": "3"}, [0, 1, 2, 3])
    assert group["seeds"][2] == {"random_state": "2"}
    (auc,) = group["metrics"]
    low, high = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (auc["n"], auc["low"], auc["high"]) == (4, pytest.approx(low), pytest.approx(high))
    assert alone["metrics"] == [{"name": "auc", "n": 1, "mean": 0.9, "std": None, "low": None, "high": None}]


def test_no_groups_without_repeated_seeds() -> None:
    assert compare([_run("a", {"seed": "1", "x": "1"}), _run("b", {"seed": "2", "x": "2"})])["groups"] == []
    assert compare([_run("a", {"x": "1"}), _run("b", {"x": "1"})])["groups"] == []
    assert compare([_run("a", {"seedling": "1"}), _run("b", {"seedling": "2"})])["seed_params"] == []


def test_values_that_were_logged_once_make_no_curve() -> None:
    curves = (Curve("loss", [0, 1], [1.0, 0.5], 2), Curve("final", [0], [1.0], 1))
    assert [curve["name"] for curve in compare([_run("a", curves=curves), _run("b")])["curves"]] == ["loss"]


@given(
    st.lists(st.one_of(st.floats(width=32), st.sampled_from([math.nan, math.inf, -math.inf])), max_size=400),
    st.integers(4, 50),
)
def test_thinning_keeps_ends_and_extremes(values: list[float], limit: int) -> None:
    array = np.array(values, np.float64)
    kept = thin(array, limit)
    assert len(kept) <= max(limit, 0) or len(values) <= limit
    assert kept.tolist() == sorted(set(kept.tolist()))
    if len(values):
        assert kept[0] == 0 and kept[-1] == len(values) - 1
    known = array[~np.isnan(array)]
    if len(known):
        assert np.nanmax(array[kept]) == known.max() and np.nanmin(array[kept]) == known.min()


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(["loss", "acc", "x"]), st.floats()),
            st.dictionaries(st.sampled_from(["seed", "lr"]), st.sampled_from(["1", "2"])),
            st.lists(st.floats(), max_size=9),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_runs_give_plain_json(runs: list[tuple[dict[str, float], dict[str, str], list[float]]]) -> None:
    inputs = [
        RunInput(
            str(i), "r", params, metrics, curves=(Curve("loss", list(range(len(curve))), curve, len(curve)),)
        )
        for i, (metrics, params, curve) in enumerate(runs)
    ]
    json.dumps(compare(inputs), allow_nan=False)

"""The verdict: real changes are found, chance is not, and too little data is said to be too little."""

import json
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.analysis.builders import Values, column_of, outcomes_of, profile_of, report_of, verdict_of
from workers.analysis.drift import drift_report
from workers.analysis.profile import merge

N = 20_000


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.mark.parametrize("law", ["lognormal", "pareto", "cauchy"])
def test_heavy_tails_times_one_and_a_half_drift_though_the_default_rule_is_blind(
    law: str, random: np.random.Generator
) -> None:
    draw = {
        "lognormal": lambda: random.lognormal(0, 2, 100_000),
        "pareto": lambda: random.pareto(1.5, 100_000) + 1,
        "cauchy": lambda: random.standard_cauchy(100_000),
    }[law]
    column = column_of(report_of({"x": draw()}, {"x": draw() * 1.5}), "x")
    assert column["verdict"] == "drift"
    if law != "lognormal":  # there the default score lies about its threshold
        assert not column["evidently"]["drift"]
    if law == "cauchy":
        assert column["histogram"]["axis"] == "asinh"


def test_one_outlier_in_the_reference_does_not_hide_a_shift(random: np.random.Generator) -> None:
    reference = random.normal(size=N)
    reference[0] = 1e6
    column = column_of(report_of({"x": reference}, {"x": random.normal(1, 1, N)}), "x")
    assert column["verdict"] == "drift" and column["direction"] == "up" and not column["evidently"]["drift"]


def test_one_outlier_in_the_current_side_is_no_drift(random: np.random.Generator) -> None:
    current = random.normal(size=N)
    current[0] = 1e9
    column = column_of(report_of({"x": random.normal(size=N)}, {"x": current}), "x")
    assert column["verdict"] == "stable"
    assert column["current"]["max"] == 1e9


@pytest.mark.parametrize(
    ("change", "direction"),
    [
        (lambda x: x + 0.3, "up"),
        (lambda x: x - 0.3, "down"),
        (lambda x: x * 1.5, "wider"),
        (lambda x: x * 0.6, "narrower"),
    ],
)
def test_directions(change: object, direction: str, random: np.random.Generator) -> None:
    column = column_of(report_of({"x": random.normal(size=N)}, {"x": change(random.normal(size=N))}), "x")  # type: ignore[operator]
    assert (column["verdict"], column["direction"]) == ("drift", direction)


def test_missing_values_are_a_drift_of_their_own(random: np.random.Generator) -> None:
    def gone(share: float) -> np.ndarray:
        values = random.normal(10, 4, N)
        values[random.random(N) < share] = np.nan
        return values

    column = column_of(report_of({"x": gone(0.12)}, {"x": gone(0.25)}), "x")
    assert column["verdict"] == "drift"
    assert column["sentence"] == "Missing values went from 11.7 % to 24.7 %."
    assert not outcomes_of(column)["values"]["fires"] and not column["evidently"]["drift"]
    assert verdict_of(gone(0.12), gone(0.125)) == "stable"
    assert verdict_of(["a", "b"] * 500, pa.nulls(1000)) == "drift"


def test_new_categories_are_found_and_rare_ones_of_a_long_tail_are_not(random: np.random.Generator) -> None:
    weights = 1 / np.arange(1, 5001) ** 0.8
    shares = weights / weights.sum()
    tail = [[f"u{index}" for index in random.choice(5000, 8000, p=shares)] for _ in range(2)]
    unchanged = column_of(report_of({"x": tail[0]}, {"x": tail[1]}), "x")
    assert unchanged["verdict"] == "stable" and unchanged["categories"]["new"]["share"] > 0.05
    few = [["a", "b", "c"][index] for index in random.integers(0, 3, N)]
    fresh = [*few[: N - 400], *["brand new"] * 400]
    column = column_of(report_of({"x": few}, {"x": fresh}), "x")
    assert column["verdict"] == "drift" and "brand new" in column["sentence"]
    assert column["categories"]["new"]["values"][0] == {
        "value": "brand new",
        "reference": 0.0,
        "current": 0.02,
    }
    lost = column_of(report_of({"x": fresh}, {"x": few}), "x")
    assert lost["categories"]["lost"]["count"] == 1 and lost["verdict"] != "drift"


def test_values_outside_the_known_range(random: np.random.Generator) -> None:
    column = column_of(
        report_of({"x": random.random(N)}, {"x": np.concatenate([random.random(N), np.full(60, 5.0)])}), "x"
    )
    assert column["verdict"] == "drift" and column["effect"]["test"] == "range"


def test_too_few_rows_say_so_and_a_blatant_change_is_found_all_the_same(random: np.random.Generator) -> None:
    assert verdict_of(random.normal(size=100), random.normal(size=100)) == "not_enough_data"
    assert verdict_of(random.normal(size=100), random.normal(4, 1, 100)) == "drift"
    assert (
        verdict_of([f"id {i}" for i in range(300)], [f"id {i}" for i in range(150, 450)]) == "not_enough_data"
    )
    assert verdict_of(random.normal(size=8), random.normal(size=8)) == "not_enough_data"
    assert verdict_of([], [1.0, 2.0]) == "not_enough_data"
    report = report_of({"x": random.normal(size=50)}, {"x": random.normal(size=50)})
    assert report["verdict"]["state"] == "not_enough_data" and "too few rows" in report["verdict"]["sentence"]


_ZIPF = 1 / np.arange(1, 2001) ** 0.8
_SAME: dict[str, object] = {
    "normal": lambda random, n: random.normal(size=n),
    "pareto": lambda random, n: random.pareto(1.5, n) + 1,
    "t2": lambda random, n: random.standard_t(2, n),
    "poisson": lambda random, n: random.poisson(3, n),
    "coin": lambda random, n: random.random(n) < 0.3,
    "twenty": lambda random, n: random.integers(0, 20, n).astype(str),
    "thousands": lambda random, n: random.choice(2000, n, p=_ZIPF / _ZIPF.sum()).astype(str),
    "gaps": lambda random, n: np.where(random.random(n) < 0.1, np.nan, random.random(n)),
}


@pytest.mark.parametrize(("n", "m"), [(200, 200), (1001, 1001), (20_000, 300)])
def test_false_alarms_stay_below_two_in_a_hundred(n: int, m: int) -> None:
    random = np.random.default_rng(n)
    alarms = judged = 0
    for _ in range(25):
        sides = [{name: draw(random, rows) for name, draw in _SAME.items()} for rows in (n, m)]  # type: ignore[operator]
        verdicts = [column["verdict"] for column in report_of(*sides)["columns"]]
        judged += len(verdicts)
        alarms += sum(verdict in {"drift", "warning"} for verdict in verdicts)
    assert judged == 200 and alarms <= 4


@pytest.mark.parametrize("kinds", [20, 200, 2000, 20_000])
def test_many_categories_raise_no_false_alarm_though_the_default_rule_does(kinds: int) -> None:
    random = np.random.default_rng(kinds)
    weights = 1 / np.arange(1, kinds + 1) ** 0.8
    alarms, theirs = 0, 0
    for _ in range(12):
        sides = [{"x": random.choice(kinds, 5000, p=weights / weights.sum()).astype(str)} for _ in range(2)]
        column = column_of(report_of(*sides), "x")
        alarms += column["verdict"] == "drift"
        theirs += column["evidently"]["drift"]
    assert alarms == 0 and (theirs >= 5) == (kinds >= 200)


def test_schema_changes_are_always_told(random: np.random.Generator) -> None:
    base: dict[str, Values] = {"a": random.normal(size=1000), "b": ["x", "y"] * 500}
    report = report_of(base | {"gone": [1] * 1000}, base | {"b": [1, 2] * 500, "new": ["n"] * 1000})
    assert report["schema"] == {
        "added": [{"name": "new", "kind": "string"}],
        "removed": [{"name": "gone", "kind": "number"}],
        "retyped": [{"name": "b", "reference": "string", "current": "number"}],
    }
    assert report["verdict"]["state"] == "schema_changed" and column_of(report, "b")["verdict"] == "retyped"
    assert "1 column added: new" in report["verdict"]["sentence"]


def test_files_that_disagree_about_a_type_are_not_comparable() -> None:
    mixed = merge([profile_of({"x": [1, 2]}), profile_of({"x": ["a"]}, first_row=2)])
    report = drift_report(mixed, mixed)
    assert column_of(report, "x")["verdict"] == "not_comparable"


def _moments(start: datetime, count: int, random: np.random.Generator, hours: tuple[int, int]) -> pa.Array:
    days = random.integers(0, 60, count)
    clock = random.uniform(*hours, count)
    return pa.array(
        [start + timedelta(days=int(day), hours=float(hour)) for day, hour in zip(days, clock, strict=True)]
    )


def test_times_move_on_without_drifting_but_their_hours_may_drift(random: np.random.Generator) -> None:
    spring, autumn = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 9, 1, tzinfo=UTC)
    whole, office = (0, 24), (9, 17)
    same = column_of(
        report_of({"t": _moments(spring, 4000, random, whole)}, {"t": _moments(autumn, 4000, random, whole)}),
        "t",
    )
    assert same["verdict"] == "stable" and same["histogram"]["axis"] == "time" and "evidently" not in same
    assert same["reference"]["min"].startswith("2024-03-01T")
    column = column_of(
        report_of(
            {"t": _moments(spring, 4000, random, whole)}, {"t": _moments(autumn, 4000, random, office)}
        ),
        "t",
    )
    assert column["verdict"] == "drift" and column["effect"]["test"] == "hours"


def test_texts_are_judged_by_length_and_words(random: np.random.Generator) -> None:
    def texts(words: int) -> list[str]:
        return [
            " ".join(f"{random.integers(10**6)}" for _ in range(random.poisson(words) + 5))
            for _ in range(3000)
        ]

    column = column_of(report_of({"x": texts(8)}, {"x": texts(12)}), "x")
    assert (column["role"], column["verdict"], column["direction"]) == ("text", "drift", "up")
    assert {"lengths", "words"} <= set(outcomes_of(column))
    assert verdict_of(texts(8), texts(8)) == "stable"


def test_high_cardinality_beyond_the_limit_is_compared_by_bucket(
    random: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.analysis.profile.categories.EXACT_CATEGORIES", 500)
    ids = [[f"k{value}" for value in random.integers(0, 800, 30_000)] for _ in range(2)]
    column = column_of(report_of({"x": ids[0]}, {"x": ids[1]}), "x")
    assert column["verdict"] == "stable" and column["categories"]["approximate"]
    moved = [f"k{int(value)}" for value in random.beta(2, 5, 30_000) * 800]
    assert verdict_of(ids[0], moved) == "drift"
    few = ["k1"] * 20_000 + ["k2"] * 10_000
    assert verdict_of(ids[0], few) == "drift"  # one side exact, the other not


_HOSTILE: list[Values] = [
    [],
    [None, None],
    [float("nan")] * 5,
    [math.inf, -math.inf, 1.0],
    [1.7e308, -1.7e308, 0.0] * 50,
    [5e-324, -5e-324, 0.0] * 50,
    [7.0] * 3000,
    [2**63 - 1, -(2**63), 0] * 500,
    np.concatenate([np.zeros(99_999), [1e300]]),
    ["", " ", "\x00", "é" * 500] * 300,
    [True] * 9,
    pa.array([0, 2**62, -(2**62)], pa.timestamp("us")),
    pa.array([[1], None]),
]


@pytest.mark.parametrize("first", range(len(_HOSTILE)))
def test_any_pair_of_columns_gives_a_report_of_plain_json(first: int) -> None:
    for other in _HOSTILE:
        report = report_of({"x": _HOSTILE[first]}, {"x": other})
        text = json.dumps(report, allow_nan=False)
        assert report["verdict"]["sentence"] and len(text) < 40_000
        assert report["columns"][0]["verdict"] in {
            *("drift", "retyped", "warning", "not_enough_data", "stable", "not_comparable"),
        }


def test_the_report_stays_small_and_its_shares_are_shares(random: np.random.Generator) -> None:
    def table(shift: float) -> dict[str, Values]:
        numbers = {f"n{i}": random.lognormal(shift, 1, 5000) for i in range(13)}
        return numbers | {f"c{i}": random.integers(0, 10 ** (i + 1), 5000).astype(str) for i in range(4)}

    report = report_of(table(0), table(0.3))
    assert 20_000 < len(json.dumps(report, separators=(",", ":"))) < 65_000
    for column in report["columns"]:
        if "histogram" in column:
            drawn = column["histogram"]
            assert len(drawn["edges"]) == len(drawn["reference"]) + 1 <= 61
            assert drawn["edges"] == sorted(drawn["edges"])
            assert (
                sum(drawn["reference"])
                == pytest.approx(1, abs=1e-3)
                == pytest.approx(sum(drawn["current"]), abs=1e-3)
            )


def test_wide_reports_draw_only_the_strongest_columns(random: np.random.Generator) -> None:
    wide = {f"c{i}": random.normal(size=30) for i in range(260)}
    columns = report_of(wide, wide | {"c9": random.normal(9, 1, 30)})["columns"]
    assert columns[0]["name"] == "c9" and len(columns) == 260
    assert "histogram" in columns[199] and "histogram" not in columns[200] and columns[200]["tests"]


def test_drift_comes_first_and_the_sentence_names_it(random: np.random.Generator) -> None:
    same = {f"s{i}": random.normal(size=N) for i in range(3)}
    report = report_of(same | {"x": random.normal(size=N)}, same | {"x": random.normal(1, 1, N)})
    assert report["columns"][0]["name"] == "x"
    assert report["verdict"]["sentence"] == "1 of 4 columns drifted: x."
    assert report["verdict"]["drifted"] == 1 and report["verdict"]["share"] == 0.25
    assert report_of(same, same)["verdict"]["sentence"] == "No drift: all 3 columns look the same."

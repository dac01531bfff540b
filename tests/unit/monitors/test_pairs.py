"""Two measured versions of a table beside each other: what moved, how far, and both distributions over common bars."""

from itertools import pairwise
from typing import Any

import pytest

from ropewalk.monitors.pairs import pair_tables
from ropewalk.monitors.shares import Spread, gap, spread_of, together


def numbers(name: str, edges: list[Any], shares: list[float], **more: Any) -> dict[str, Any]:
    histogram = {"axis": more.pop("axis", "linear"), "edges": edges, "reference": shares}
    histogram |= {"open": more.pop("open", [False, False])}
    return {
        "name": name,
        "kind": "number",
        "role": "number",
        "missing_share": 0.0,
        "histogram": histogram,
        **more,
    }


def words(name: str, distinct: int = 2, **top: float) -> dict[str, Any]:
    rows = [{"value": value, "share": share} for value, share in top.items()]
    return {
        "name": name,
        "kind": "string",
        "role": "category",
        "missing_share": 0.0,
        "distinct": distinct,
        "top": rows,
    }


def table(*columns: dict[str, Any], count: int = 0, rows: int = 10) -> dict[str, Any]:
    return {"rows": rows, "files": 1, "column_count": count or len(columns), "columns": list(columns)}


def test_what_moved_most_comes_first_after_the_schema() -> None:
    even, late = [0.25, 0.25, 0.25, 0.25], [0.0, 0.25, 0.25, 0.5]
    edges = [0.0, 1.0, 2.0, 3.0, 4.0]
    before = table(
        numbers("still", edges, even),
        numbers("moved", edges, even),
        words("gone", a=1.0),
        words("kind", a=1.0),
    )
    after = table(
        numbers("still", edges, even),
        numbers("moved", edges, late),
        numbers("kind", edges, even),
        words("new", a=1.0),
        rows=12,
    )
    found = pair_tables(before, after)
    assert [(one.name, one.status, one.moved) for one in found.columns] == [
        ("kind", "type", 1.0),
        ("gone", "removed", 1.0),
        ("new", "added", 1.0),
        ("moved", "same", 0.25),
        ("still", "same", 0.0),
    ]
    assert (found.rows, found.furthest and found.furthest.name, found.partial) == ((10, 12), "moved", False)


def test_wide_tables_guess_no_columns() -> None:
    found = pair_tables(table(words("a", a=1.0), count=400), table(words("b", b=1.0)))
    assert [(one.name, one.status) for one in found.columns] == [("a", "removed")]
    assert found.partial


def test_missing_values_count_as_movement_and_times_do_not() -> None:
    edges = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"]
    later = ["2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z"]
    sides = [
        numbers("at", one, [1.0], axis="time") | {"kind": "datetime", "missing_share": share}
        for one, share in ((edges, 0.1), (later, 0.3))
    ]
    (column,) = pair_tables(table(sides[0]), table(sides[1])).columns
    assert (column.gap, round(column.moved, 6), column.missing_change) == (1.0, 0.2, pytest.approx(0.2))
    assert column.histogram and column.histogram["edges"][0] == edges[0]
    assert column.histogram["edges"][-1] == later[-1] and column.histogram["axis"] == "time"


def test_frequent_values_say_no_more_than_is_known() -> None:
    (cut,) = pair_tables(
        table(words("c", distinct=50, a=0.5, b=0.2)), table(words("c", distinct=50, a=0.5, d=0.3))
    ).columns
    assert [(one.value, one.before, one.after) for one in cut.top] == [
        ("a", 0.5, 0.5),
        ("d", None, 0.3),
        ("b", 0.2, None),
    ]
    assert cut.gap == pytest.approx(0.05)  # d is at most as frequent before as b was: 0.3 - 0.2, halved
    (whole,) = pair_tables(table(words("c", a=0.5, b=0.5)), table(words("c", a=1.0, distinct=1))).columns
    assert whole.gap == 0.5 and whole.top[1].after == 0.0


def test_common_bars_keep_the_shares() -> None:
    first = numbers("n", [0.0, 1.0, 2.0], [0.5, 0.5], quantiles=[0, 0, 0, 0.5, 1, 1.5, 2, 2, 2])
    second = numbers("n", [1.0, 3.0], [1.0], quantiles=[1, 1, 1, 1.5, 2, 2.5, 3, 3, 3])
    drawn = together(first, second)
    assert drawn is not None and drawn["axis"] == "linear" and len(drawn["edges"]) == 41
    assert (drawn["edges"][0], drawn["edges"][-1]) == (0.0, 3.0)
    assert sum(drawn["reference"]) == pytest.approx(1, abs=1e-3) and sum(drawn["current"]) == pytest.approx(
        1, abs=1e-3
    )
    assert drawn["current"][0] == 0.0 and drawn["reference"][-1] == 0.0


def test_far_tails_get_a_bent_axis() -> None:
    tight = numbers("n", [0.0, 1.0], [1.0], quantiles=[0, 0, 0.1, 0.25, 0.5, 0.75, 0.9, 1, 1])
    tail = numbers(
        "n", [0.0, 1.0, 1e6], [0.99, 0.01], axis="asinh", quantiles=[0, 0, 0.1, 0.25, 0.5, 0.75, 0.9, 1, 1]
    )
    drawn = together(tight, tail)
    assert drawn is not None and drawn["axis"] == "asinh"
    assert all(low <= high for low, high in pairwise(drawn["edges"]))
    assert sum(share > 0.001 for share in drawn["reference"]) > 1


def test_points_and_bars_meet() -> None:
    points = {"histogram": {"axis": "discrete", "values": [0.0, 1.0], "reference": [0.5, 0.5]}}
    bars = {
        "histogram": {"axis": "linear", "edges": [0.0, 2.0], "reference": [1.0], "open": [False, True]},
        "max": 9.0,
    }
    drawn = together(points, bars)
    assert drawn is not None and drawn["open"] == [False, True]
    assert drawn["reference"][0] == 0.5 and drawn["current"][-1] > 0.7
    both = together(
        points, {"histogram": {"axis": "discrete", "values": [1.0, 2.0], "reference": [0.1, 0.9]}}
    )
    assert both == {
        "axis": "discrete",
        "values": [0.0, 1.0, 2.0],
        "reference": [0.5, 0.5, 0.0],
        "current": [0.0, 0.1, 0.9],
    }


def test_the_gap_is_that_of_the_cumulative_shares() -> None:
    low, high = Spread([(0.0, 0.0, 0.5), (1.0, 1.0, 0.5)], (0.0, 1.0)), Spread([(1.0, 1.0, 1.0)], (1.0, 1.0))
    assert gap(low, high) == 0.5 and gap(low, low) == 0.0
    even = Spread([(0.0, 1.0, 1.0)], (0.0, 1.0))
    assert even.below(0.25, inclusive=False) == 0.25 and gap(even, low) == 0.5


@pytest.mark.parametrize(
    "histogram",
    [
        None,
        {"axis": "discrete", "values": [], "reference": []},
        {"axis": "discrete", "values": [None], "reference": [1.0]},
        {"axis": "time", "edges": [None, "2024-01-01T00:00:00Z"], "reference": [1.0]},
        {"axis": "linear", "edges": [0.0, float("inf")], "reference": [1.0]},
        {"axis": "linear", "edges": [0.0, 1.0], "reference": [1.0], "open": [True, False]},
    ],
)
def test_what_can_not_be_drawn_is_left_out(histogram: Any) -> None:
    facts = {"name": "n", "kind": "number", "role": "number", "missing_share": 0.0, "histogram": histogram}
    assert spread_of(facts) is None and together(facts, facts) is None
    (column,) = pair_tables(table(facts), table(facts)).columns
    assert (column.moved, column.histogram) == (0.0, None)

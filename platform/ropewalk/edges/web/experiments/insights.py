"""What a comparison says beyond its tables: whether groups differ, what moves a metric, what changed alone, the Pareto front."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.http import QueryDict

from ropewalk.comparisons.pareto import front
from ropewalk.edges.web.experiments.curves import Chart, chart

_MOST_DIFFERENCES = 60
_MOST_ALONE = 60
_METRICS_ALONE = 4


def name_of(params: Mapping[str, str]) -> str:
    """A group by what sets it apart."""
    return ", ".join(f"{key} = {value}" for key, value in params.items()) or "all the same"


def differences(result: Mapping[str, Any]) -> dict[str, Any]:
    """Each group from the first: what the tests showed first, then what they did not, then what could not be tested."""
    combinations = result.get("combinations", [])
    order = {"differs": 0, "not shown": 1, "no spread": 2, "too few": 3}
    rows = sorted(
        result.get("differences", []), key=lambda row: (order.get(row["verdict"], 9), row["q"] or 0.0)
    )
    directions = {row["name"]: row["direction"] for row in result.get("metrics", [])}
    found = [
        {**row, "name": name_of(combinations[row["group"]]["params"]), "better": _better(row, directions)}
        for row in rows[:_MOST_DIFFERENCES]
    ]
    return {
        "rows": found,
        "more": len(rows) - len(found),
        "first": name_of(combinations[0]["params"]) if combinations else "",
    }


def _better(row: Mapping[str, Any], directions: Mapping[str, str]) -> str:
    """``better`` or ``worse`` where a difference was shown and the metric's name says which way is better."""
    direction = directions.get(row["metric"], "")
    if row["verdict"] != "differs" or not direction:
        return ""
    return "better" if (row["difference"] > 0) == (direction == "higher") else "worse"


def alone(result: Mapping[str, Any]) -> dict[str, Any]:
    """Pairs of groups that differ in one parameter: what its change did to the metrics that differ."""
    names = [row["name"] for row in result.get("metrics", []) if row["differs"]][:_METRICS_ALONE]
    rows = result.get("alone", [])
    return {
        "names": names,
        "rows": [
            {**row, "cells": [row["metrics"].get(name) for name in names]} for row in rows[:_MOST_ALONE]
        ],
        "more": max(0, len(rows) - _MOST_ALONE),
    }


def importance(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters of each metric that a forest could predict, and why it could not predict the others."""
    found = []
    for one in result.get("importance", []):
        most = max([row["importance"] for row in one["rows"]], default=0.0)
        rows = [
            {**row, "share": max(0.0, row["importance"]) / most if most > 0 else 0.0}
            for row in one["rows"][:12]
        ]
        found.append({**one, "rows": rows})
    return found


def trade_off(result: Mapping[str, Any], query: QueryDict) -> dict[str, Any]:
    """Two metrics against each other with their Pareto front; ``x``, ``y``, ``x_best``, ``y_best`` choose what and which way."""
    metrics = {row["name"]: row for row in result.get("metrics", [])}
    candidates = [name for name, row in metrics.items() if row["differs"]]
    ranked = sorted(candidates, key=lambda name: not metrics[name]["direction"])
    if len(ranked) < 2:
        return {}
    x = _chosen(query.get("x"), metrics, ranked)
    y = _chosen(
        query.get("y"), [name for name in metrics if name != x], [name for name in ranked if name != x]
    )
    ways = tuple(
        _way(query.get(f"{axis}_best", ""), metrics[name]["direction"]) for axis, name in (("x", x), ("y", y))
    )
    points = [
        (float(a), float(b)) if _plain(a) and _plain(b) else None
        for a, b in zip(metrics[x]["values"], metrics[y]["values"], strict=True)
    ]
    best = front(points, (ways[0] == "higher", ways[1] == "higher"))
    runs = result.get("runs", [])
    return {
        "x": x,
        "y": y,
        "ways": ways,
        "names": list(metrics),
        "front": [
            {"run": runs[place], "x": point[0], "y": point[1]} for place in best if (point := points[place])
        ],
        "left_out": sum(point is None for point in points),
        "chart": _cloud(x, y, points, best),
    }


def _chosen(asked: str | None, known: Collection[str], ranked: Sequence[str]) -> str:
    return asked if asked and asked in known else ranked[0]


def _way(asked: str, by_name: str) -> str:
    return asked if asked in {"higher", "lower"} else by_name or "higher"


def _plain(value: Any) -> bool:
    return isinstance(value, int | float)


def _cloud(x: str, y: str, points: Sequence[tuple[float, float] | None], best: Sequence[int]) -> Chart:
    on = [list(point) for place in best if (point := points[place])]
    off = [list(point) for place, point in enumerate(points) if point and place not in set(best)]
    drawn = chart(f"{y} over {x}", [("Pareto front", len(on), on), ("dominated", len(off), off)])
    drawn.data.update(scatter=True, x=x, y=y)
    return drawn

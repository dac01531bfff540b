"""Runs that differ only in their seed as one: what their means say, whether two such groups differ, and what changed alone.

A group is all runs whose parameters but for the seed are equal. Everything here takes finite values only.

Differences are of each group from the first, the one that the page measures the others against: Welch's t test (Welch 1947)
with its confidence interval, Hedges' g (Hedges 1981) as the size of the effect, and over all tests together the adjustment of
Benjamini and Hochberg (1995). Below :data:`FEWEST` values on either side nothing is tested and that is said.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from workers.analysis.drift.null import adjusted

FEWEST = 3
ALPHA = 0.05
MOST_ROWS = 400
MOST_CHANGES = 200
Key = tuple[tuple[str, str], ...]


def grouped(params: Sequence[Mapping[str, str]], seeds: set[str]) -> dict[Key, list[int]]:
    """Positions of runs by their parameters but for the seeds, in the order of each group's first run."""
    groups: dict[Key, list[int]] = {}
    for position, given in enumerate(params):
        key = tuple(sorted((name, value) for name, value in given.items() if name not in seeds))
        groups.setdefault(key, []).append(position)
    return groups


def differences(
    groups: Sequence[Sequence[int]], metrics: Sequence[Mapping[str, float]]
) -> list[dict[str, Any]]:
    """Each group from the first, metric by metric.

    Rows {metric, group, n: [first, other], difference, low, high, p, q, effect, verdict}, ``group`` a position among the groups;
    ``verdict`` is ``differs`` (q below 0.05), ``not shown`` or ``too few``. Only where some group has two runs or more.
    """
    if len(groups) < 2 or all(len(members) < 2 for members in groups):
        return []
    names = sorted({name for one in metrics for name in one})
    rows: list[dict[str, Any]] = []
    for name in names:
        first = _values(name, groups[0], metrics)
        for number, members in enumerate(groups[1:], 1):
            other = _values(name, members, metrics)
            if len(first) and len(other):
                rows.append({"metric": name, "group": number, **_welch(first, other)})
            if len(rows) >= MOST_ROWS:
                break
    tested = [row for row in rows if row["p"] is not None]
    for row, q in zip(tested, adjusted([row["p"] for row in tested]), strict=True):
        row["q"] = q
        row["verdict"] = "differs" if q < ALPHA else "not shown"
    return rows


def _values(
    name: str, members: Sequence[int], metrics: Sequence[Mapping[str, float]]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    found = [metrics[member].get(name, math.nan) for member in members]
    return np.array([value for value in found if math.isfinite(value)], np.float64)


def _welch(first: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> dict[str, Any]:
    """The difference of means with its interval, p and effect; without them where there are too few values or no spread."""
    row: dict[str, Any] = dict.fromkeys(("low", "high", "p", "q", "effect"))
    with np.errstate(all="ignore"):
        row |= {
            "n": [len(first), len(other)],
            "difference": _number(other.mean() - first.mean()),
            "verdict": "too few",
        }
        if min(len(first), len(other)) < FEWEST:
            return row
        spread = math.sqrt((first.var(ddof=1) + other.var(ddof=1)) / 2)
        if not spread or not math.isfinite(spread):
            # Repetitions that come out the same each time: a difference between them is no chance, but nothing tells its error.
            return row | {"verdict": "no spread"}
        test = stats.ttest_ind(other, first, equal_var=False)
        interval = test.confidence_interval(1 - ALPHA)
        row |= {"low": _number(interval.low), "high": _number(interval.high), "p": _number(test.pvalue)}
        row["effect"] = _number(hedges(first, other))
    return row if row["p"] is not None else row | {"verdict": "no spread"}


def hedges(first: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Hedges' g: the difference in pooled standard deviations, with his correction for small samples."""
    n, m = len(first), len(other)
    freedom = n + m - 2
    pooled = math.sqrt(((n - 1) * first.var(ddof=1) + (m - 1) * other.var(ddof=1)) / freedom)
    return float((other.mean() - first.mean()) / pooled * (1 - 3 / (4 * freedom - 1)))


def _number(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def alone(
    groups: Mapping[Key, Sequence[int]], metrics: Sequence[Mapping[str, float]]
) -> list[dict[str, Any]]:
    """Pairs of groups between which one parameter changed and nothing else: what that did to each metric's mean.

    Rows {param, before, after, groups: [position, position], metrics: {name: difference}}; a missing parameter is None.
    """
    keys = [dict(key) for key in groups]
    members = list(groups.values())
    rows: list[dict[str, Any]] = []
    for left in range(len(keys)):
        for right in range(left + 1, len(keys)):
            changed = {
                name
                for name in keys[left].keys() | keys[right].keys()
                if keys[left].get(name) != keys[right].get(name)
            }
            if len(changed) != 1 or len(rows) >= MOST_CHANGES:
                continue
            (name,) = changed
            moved = {}
            for metric in sorted(
                {one for member in (*members[left], *members[right]) for one in metrics[member]}
            ):
                before, after = (_values(metric, members[side], metrics) for side in (left, right))
                if (
                    len(before)
                    and len(after)
                    and (value := _number(after.mean() - before.mean())) is not None
                ):
                    moved[metric] = value
            rows.append(
                {
                    "param": name,
                    "before": keys[left].get(name),
                    "after": keys[right].get(name),
                    "groups": [left, right],
                    "metrics": moved,
                }
            )
    return sorted(rows, key=lambda row: row["param"])

"""Two stored histograms on one axis. Pure, and small: a histogram of a summary has at most 60 bars.

A bar's share lies evenly in it: what is drawn on another axis, and the gap between two, are as exact as the bars are fine.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

_BARS = 40
_MOST = 60
_LINEAR = 12.0  # interquartile ranges that a linear axis may span
_LOWER, _MIDDLE, _UPPER = 3, 4, 5  # places of the quartiles among the stored quantiles


@dataclass(frozen=True)
class Spread:
    """One side: ascending intervals (low, high, share), points where both ends are equal, and the ends of what is drawn."""

    intervals: Sequence[tuple[float, float, float]]
    drawn: tuple[float, float]

    def below(self, at: float, *, inclusive: bool) -> float:
        """The share of values below ``at``."""
        total = 0.0
        for low, high, share in self.intervals:
            if high < at or (inclusive and high == at):
                total += share
            elif low < at:
                total += share * (at - low) / (high - low)
        return min(total, 1.0)


def spread_of(facts: Mapping[str, Any]) -> Spread | None:
    """A stored column as a spread; None where it has no histogram, or one that is cut beyond what can be told."""
    histogram = facts.get("histogram")
    if not histogram:
        return None
    shares = [share or 0.0 for share in histogram["reference"]]
    try:
        if histogram["axis"] == "discrete":
            values = [as_number(value) for value in histogram["values"]]
            points = [(value, value, share) for value, share in zip(values, shares, strict=True)]
            return Spread(points, (values[0], values[-1])) if values else None
        edges = [as_number(edge) for edge in histogram["edges"]]
        drawn, (below, above) = (edges[0], edges[-1]), histogram.get("open", [False, False])
        if below:
            edges[0] = min(as_number(facts["min"]), edges[0])
        if above:
            edges[-1] = max(as_number(facts["max"]), edges[-1])
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    bars = [(low, high, share) for (low, high), share in zip(pairwise(edges), shares, strict=False)]
    return Spread(bars, drawn)


def as_number(value: Any) -> float:
    """A number, or a time in ISO 8601 as seconds. Raises :class:`ValueError` or :class:`TypeError` for what is neither."""
    number = datetime.fromisoformat(value).timestamp() if isinstance(value, str) else float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def gap(first: Spread, second: Spread) -> float:
    """The largest gap between the two cumulative shares (Kolmogorov-Smirnov), 0 to 1."""
    at = {end for side in (first, second) for low, high, _ in side.intervals for end in (low, high)}
    return max(
        abs(first.below(one, inclusive=inclusive) - second.below(one, inclusive=inclusive))
        for one in at
        for inclusive in (True, False)
    )


def together(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any] | None:
    """Both histograms over common bars, in the form of a drift report's: ``axis``, ``values`` or ``edges``, and both shares."""
    first, second = spread_of(before), spread_of(after)
    if first is None or second is None:
        return None
    axes = [facts["histogram"]["axis"] for facts in (before, after)]
    values = sorted({low for side in (first, second) for low, _, _ in side.intervals})
    if axes == ["discrete", "discrete"] and len(values) <= _MOST:
        sides = [{low: share for low, _, share in side.intervals} for side in (first, second)]
        return {
            "axis": "discrete",
            "values": values,
            "reference": [sides[0].get(value, 0.0) for value in values],
            "current": [sides[1].get(value, 0.0) for value in values],
        }
    time = "time" in axes
    edges, axis = _edges(first, second, before, after, time=time)
    ends = [
        (min(low for low, _, _ in side.intervals), max(high for _, high, _ in side.intervals))
        for side in (first, second)
    ]
    return {
        "axis": "time" if time else axis,
        "edges": [_instant(edge) if time else edge for edge in edges],
        "reference": _over(first, edges),
        "current": _over(second, edges),
        "open": [min(low for low, _ in ends) < edges[0], max(high for _, high in ends) > edges[-1]],
    }


def _over(side: Spread, edges: Sequence[float]) -> list[float]:
    """Shares in bars; the outer ones take everything beyond."""
    bounds = [0.0, *(side.below(edge, inclusive=False) for edge in edges[1:-1]), 1.0]
    return [round(max(high - low, 0.0), 5) for low, high in pairwise(bounds)]


def _edges(
    first: Spread, second: Spread, before: Mapping[str, Any], after: Mapping[str, Any], *, time: bool
) -> tuple[list[float], str]:
    low, high = min(first.drawn[0], second.drawn[0]), max(first.drawn[1], second.drawn[1])
    if low == high:
        return [low - 0.5, low + 0.5], "linear"
    width = high - low
    if not math.isfinite(width):
        return [low, low / 2 + high / 2, high], "linear"
    middle = max(_iqr(before), _iqr(after))
    if time or not middle or width <= _LINEAR * middle:
        return [low + width * step / _BARS for step in range(_BARS)] + [high], "linear"
    center, scale = as_number(before["quantiles"][_MIDDLE]), middle / 2
    ends = math.asinh((low - center) / scale), math.asinh((high - center) / scale)
    inner = [
        center + scale * math.sinh(ends[0] + (ends[1] - ends[0]) * step / _BARS) for step in range(1, _BARS)
    ]
    return [low, *(min(max(edge, low), high) for edge in inner), high], "asinh"


def _iqr(facts: Mapping[str, Any]) -> float:
    try:
        return as_number(facts["quantiles"][_UPPER]) - as_number(facts["quantiles"][_LOWER])
    except (KeyError, TypeError, ValueError, IndexError):
        return 0.0


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

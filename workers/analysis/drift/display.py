"""What a page draws of two distributions: common bars, quantiles, plain statistics. At most 60 bars a side."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from workers.analysis.drift.distribution import Distribution
from workers.analysis.drift.findings import number
from workers.analysis.drift.numeric import NumberPair
from workers.analysis.profile.columns import Column
from workers.analysis.profile.floatbits import Floats
from workers.analysis.profile.numbers import Numbers

LEVELS = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
_BARS = 40
_MOST = 60
_LINEAR = 12.0  # interquartile ranges that a linear axis may span
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(microseconds: float) -> str | None:
    """A time in ISO 8601, UTC, to the second; None outside the years 1 to 9999."""
    try:
        return (_EPOCH + timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError):
        return None


def side(column: Column, numbers: Numbers | None = None) -> dict[str, Any]:
    """Plain statistics of one side; times in ISO 8601."""
    numbers = numbers or column.numbers
    plain: dict[str, Any] = {
        "rows": column.rows,
        "values": column.n,
        "missing": column.missing,
        "missing_share": number(column.missing / column.rows if column.rows else 0.0),
        "infinite": column.infinite,
    }
    if column.categories is not None:
        plain |= {"distinct": column.categories.distinct, "distinct_exact": column.categories.exact}
    if numbers is None or numbers.n == 0:
        return plain
    shown = instant if column.hours is not None else lambda value: number(value, 9)
    quantiles = [shown(float(value)) for value in Distribution.of(numbers).quantile(np.array(LEVELS))]
    spread = None if column.hours is not None else number(numbers.std)
    return plain | {
        "min": shown(numbers.minimum),
        "max": shown(numbers.maximum),
        "mean": shown(numbers.mean),
        "std": spread,
        "quantiles": quantiles,
    }


def quantile_shift(pair: NumberPair) -> dict[str, Any]:
    """The p1…p99 strip: each level's value on both sides, and its shift in robust standard deviations of the reference."""
    levels = np.array(LEVELS)
    before, after = pair.reference.quantile(levels), pair.current.quantile(levels)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        shift = (after - before) / pair.scale if pair.scale > 0 else np.full(len(levels), np.nan)
    return {"levels": LEVELS, "shift": [number(float(value), 4) for value in shift]}


def histogram(pair: NumberPair, *, integral: bool, time: bool = False) -> dict[str, Any]:
    """Shares of both sides over common bars.

    ``axis``: ``discrete`` (``values``, one bar each), ``linear``, ``asinh`` (bars even in asinh((x - center) / scale), for
    heavy tails) or ``time``. ``edges`` bounds the bars; ``open`` says whether the first and last bar hold everything beyond.
    """
    sides = pair.reference, pair.current
    values = np.union1d(pair.reference.low, pair.current.low)
    if len(values) <= _MOST and not time and all(np.array_equal(one.low, one.high) for one in sides):
        bars = [[number(float(share), 5) for share in _points(one, values)] for one in sides]
        return {
            "axis": "discrete",
            "values": [number(float(v), 10) for v in values],
            "reference": bars[0],
            "current": bars[1],
        }
    edges, axis, extra = _edges(pair, integral)
    bars = [[number(float(share), 5) for share in _shares(one, edges)] for one in sides]
    low, high = float(min(one.low[0] for one in sides)), float(max(one.high[-1] for one in sides))
    shown = [instant(float(edge)) if time else number(float(edge), 10) for edge in edges]
    return {
        "axis": "time" if time else axis,
        "edges": shown,
        "reference": bars[0],
        "current": bars[1],
        "open": [bool(low < edges[0]), bool(high > edges[-1])],
        **({} if time else extra),
    }


def _points(one: Distribution, values: Floats) -> Floats:
    shares = np.zeros(len(values))
    shares[np.searchsorted(values, one.low)] = one.counts / one.n
    return shares


def _shares(one: Distribution, edges: Floats) -> Floats:
    cumulative = one.cdf(edges, below=True)
    cumulative[0], cumulative[-1] = 0.0, 1.0
    return np.maximum(np.diff(cumulative), 0.0)


def _edges(pair: NumberPair, integral: bool) -> tuple[Floats, str, dict[str, Any]]:
    pooled = pair.pooled
    low, high = float(pooled.low[0]), float(pooled.high[-1])
    if integral and high - low < _MOST:
        return np.arange(low - 0.5, high + 1.0), "linear", {}
    inner = pooled.quantile(np.array([0.001, 0.25, 0.5, 0.75, 0.999]))
    with np.errstate(over="ignore"):
        spread = float(inner[3] - inner[1])
    if not (spread > 0 and np.isfinite(spread)):
        spread = pooled.std if pooled.std > 0 and np.isfinite(pooled.std) else max(abs(low), abs(high), 1.0)
    with np.errstate(over="ignore"):
        if high - low <= _LINEAR * spread:
            return np.linspace(low, high, _BARS + 1), "linear", {}
        if inner[4] - inner[0] <= _LINEAR * spread:
            return np.linspace(float(inner[0]), float(inner[4]), _BARS + 1), "linear", {}
    center, scale = float(inner[2]), spread / 2
    with np.errstate(over="ignore", invalid="ignore"):
        ends = np.arcsinh(low / scale - center / scale), np.arcsinh(high / scale - center / scale)
        edges = center + scale * np.sinh(np.linspace(*ends, _BARS + 1))
    edges[0], edges[-1] = low, high
    return (
        np.maximum.accumulate(np.clip(edges, low, high)),
        "asinh",
        {"center": number(center), "scale": number(scale)},
    )

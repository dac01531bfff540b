"""Metric curves as the chart island reads them, with the numbers of its accessible table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ropewalk.tracking.types import MetricHistory

_TABLE_POINTS = 12


@dataclass(frozen=True)
class Chart:
    """One metric's curves: the island's JSON, and a row (name, points, first, last, lowest, highest) for each series."""

    name: str
    data: dict[str, Any]
    summary: tuple[tuple[str, int, float | None, float | None, float | None, float | None], ...]


def charts_of(histories: Iterable[MetricHistory], names: Mapping[str, str]) -> list[Chart]:
    """A chart for each metric of which some run logged more than one value; ``names`` are the runs' by id."""
    by_key: dict[str, list[MetricHistory]] = {}
    for history in histories:
        by_key.setdefault(history.key, []).append(history)
    charts = []
    for key in sorted(by_key):
        if any(history.total > 1 for history in by_key[key]):
            series = [
                (
                    names.get(history.run_id, history.run_id[:8]),
                    history.total,
                    [[point.step, point.value, point.timestamp_ms] for point in history.points],
                )
                for history in by_key[key]
            ]
            charts.append(chart(key, series))
    return charts


def chart(name: str, series: Iterable[tuple[str, int, list[list[Any]]]]) -> Chart:
    """A chart of (label, number of logged points, [[step, value(, time)], …]) series."""
    kept = list(series)
    data = {"series": [{"name": label, "points": points} for label, _, points in kept]}
    return Chart(name, data, tuple(_summary(label, total, points) for label, total, points in kept))


def _summary(
    label: str, total: int, points: list[list[Any]]
) -> tuple[str, int, float | None, float | None, float | None, float | None]:
    values = [point[1] for point in points if point[1] is not None]
    if not values:
        return label, total, None, None, None, None
    return label, total, values[0], values[-1], min(values), max(values)

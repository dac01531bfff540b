"""A report's columns as the page draws them: distributions as bars in per cent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ropewalk.edges.web.histograms import bar_labels, note_of

_OPEN = 6  # columns whose details are open at first


@dataclass(frozen=True)
class Distribution:
    """Two distributions over common bars; ``note`` says what the bars are when they are not even."""

    title: str
    data: dict[str, Any]
    note: str = ""

    @property
    def rows(self) -> list[tuple[str, float, float]]:
        """(bar, reference share, current share) for the table beside the chart, in per cent."""
        return list(zip(self.data["labels"], self.data["reference"], self.data["current"], strict=True))


@dataclass(frozen=True)
class DriftColumn:
    """One column: ``facts`` as the runner stored it, what to draw, and whether to show it at once."""

    facts: dict[str, Any]
    distributions: tuple[Distribution, ...]
    statistics: tuple[tuple[str, Any, Any], ...]
    open: bool


def columns_of(result: Mapping[str, Any]) -> list[DriftColumn]:
    """The columns of a report's result in its order: the strongest verdicts first."""
    found = []
    for index, column in enumerate(result.get("columns", [])):
        worth = column["verdict"] in {"drift", "warning", "retyped"}
        found.append(
            DriftColumn(column, _distributions(column), _statistics(column), worth and index < _OPEN)
        )
    return found


def _distributions(column: Mapping[str, Any]) -> tuple[Distribution, ...]:
    drawn = []
    if histogram := column.get("histogram"):
        drawn.append(_histogram("Values", histogram))
    for key, title in (("lengths", "Text lengths"), ("words", "Words")):
        if part := column.get(key):
            drawn.append(_histogram(title, part["histogram"]))
    categories = column.get("categories") or {}
    if top := categories.get("top"):
        labels = [str(row["value"]) for row in top]
        drawn.append(
            Distribution(
                "Categories", _bars(labels, [r["reference"] for r in top], [r["current"] for r in top])
            )
        )
    for key, title in (("weekdays", "Weekdays"), ("hours", "Hours")):
        if part := column.get(key):
            sides = [_shares(part["reference"]), _shares(part["current"])]
            names = _WEEKDAYS if key == "weekdays" else [str(hour) for hour in range(len(sides[0]))]
            drawn.append(Distribution(title, _bars(names, *sides)))
    return tuple(drawn)


_WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def _histogram(title: str, histogram: Mapping[str, Any]) -> Distribution:
    labels, _ = bar_labels(histogram)
    data = _bars(labels, histogram["reference"], histogram["current"])
    return Distribution(title, data, note_of(histogram))


def _bars(
    labels: Sequence[str], reference: Sequence[float | None], current: Sequence[float | None]
) -> dict[str, Any]:
    return {
        "labels": list(labels),
        "reference": [round((share or 0.0) * 100, 3) for share in reference],
        "current": [round((share or 0.0) * 100, 3) for share in current],
    }


def _shares(counts: Sequence[float]) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in counts]


def _statistics(column: Mapping[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    before, after = column.get("reference") or {}, column.get("current") or {}
    names = (
        ("Values", "values"),
        ("Distinct", "distinct"),
        ("Mean", "mean"),
        ("Std. deviation", "std"),
        ("Lowest", "min"),
    )
    rows = [(label, before.get(key), after.get(key)) for label, key in (*names, ("Highest", "max"))]
    if before.get("quantiles") and after.get("quantiles"):
        rows.insert(3, ("Median", before["quantiles"][4], after["quantiles"][4]))
    return tuple(row for row in rows if row[1] is not None or row[2] is not None)

"""Profiles and reports of in-memory columns, for tests."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from workers.analysis.drift import drift_report
from workers.analysis.profile import TableProfile

Values = Sequence[Any] | np.ndarray | pa.Array


def profile_of(
    columns: dict[str, Values], *, batch_rows: int = 0, seed: int = 0, first_row: int = 0
) -> TableProfile:
    table = pa.table(
        {name: value if isinstance(value, pa.Array) else pa.array(value) for name, value in columns.items()}
    )
    profile = TableProfile.for_width(table.num_columns)
    step = batch_rows or max(table.num_rows, 1)
    for start in range(0, max(table.num_rows, 1), step):
        profile.add(table.slice(start, step), seed=seed, first_row=first_row + start)
    return profile.settle()


def report_of(reference: dict[str, Values], current: dict[str, Values]) -> dict[str, Any]:
    return drift_report(profile_of(reference), profile_of(current))


def column_of(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(column for column in report["columns"] if column["name"] == name)


def verdict_of(reference: Values, current: Values) -> str:
    return column_of(report_of({"x": reference}, {"x": current}), "x")["verdict"]


def outcomes_of(column: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {test["test"]: test for test in column["tests"]}


def state_of(profile: TableProfile) -> dict[str, Any]:
    """Everything of a profile that must not depend on order or grouping, as plain values."""
    columns = {}
    for name, column in sorted(profile.columns.items()):
        parts: dict[str, Any] = {
            "kind": column.kind,
            "types": sorted(column.types),
            "counts": (column.n, column.null, column.nan, column.infinite),
        }
        for part in ("numbers", "lengths", "words"):
            numbers = getattr(column, part)
            if numbers is not None:
                histogram = numbers.histogram
                parts[part] = (
                    *(numbers.n, numbers.minimum, numbers.maximum, numbers.integral),
                    *(histogram.bins, histogram.shift, histogram.keys.tolist(), histogram.counts.tolist()),
                )
        if column.categories is not None:
            kept = column.categories
            buckets = None if kept.buckets is None else kept.buckets.tolist()
            parts["categories"] = (
                *(kept.n, kept.values.to_pylist(), kept.counts.tolist(), buckets, kept.smallest.tolist()),
            )
        if column.hours is not None:
            parts["clock"] = (column.hours.tolist(), column.weekdays.tolist())
        columns[name] = parts
    sample = None
    if profile.sample is not None and profile.sample.table is not None:
        # NaN differs from itself, so rows are compared by their text
        sample = (profile.sample.hashes.tolist(), str(profile.sample.table.to_pylist()))
    return {"rows": profile.rows, "columns": columns, "sample": sample}

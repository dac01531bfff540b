"""The small JSON of a profile that pages show beside a file: its columns at a glance, without opening the profile."""

from typing import Any

from workers.analysis.drift import display
from workers.analysis.drift.findings import number
from workers.analysis.drift.numeric import NumberPair
from workers.analysis.profile.columns import Column, Kind
from workers.analysis.profile.table import TableProfile

_COLUMNS = 300
_TOP = 5
_LABEL = 60


def summarize(profile: TableProfile) -> dict[str, Any]:
    """What the module says, as JSON.

    ``rows``, ``files``, ``columns`` [{name, kind, role, rows, values, missing, missing_share, distinct?, min?, max?, mean?,
    std?, quantiles?, top? [{value, share}], histogram?}], at most 300 of them, and ``column_count``.
    """
    columns = list(profile.columns.values())
    return {
        "rows": profile.rows,
        "files": profile.files,
        "column_count": len(columns),
        "columns": [_column(column) for column in columns[:_COLUMNS]],
    }


def _column(column: Column) -> dict[str, Any]:
    role = (
        "text"
        if column.is_text
        else {Kind.STRING: "category", Kind.BOOLEAN: "category"}.get(column.kind, column.kind.value)
    )
    plain = {"name": column.name, "kind": column.kind.value, "role": role, **display.side(column)}
    if column.categories is not None and column.categories.exact and role == "category":
        plain["top"] = [
            {"value": value[:_LABEL], "share": number(count / column.n, 4)}
            for value, count in column.categories.top(_TOP)
        ]
    if column.numbers is not None and column.numbers.n:
        pair = NumberPair.of(column.numbers, column.numbers)
        time = column.kind is Kind.DATETIME
        drawn = display.histogram(pair, integral=column.numbers.integral, time=time)
        plain["histogram"] = {key: value for key, value in drawn.items() if key != "current"}
    return plain

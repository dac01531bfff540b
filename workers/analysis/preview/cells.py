"""Values of tables as JSON that a page can show: short, and never longer than a document may be."""

import json
import math
from datetime import date, time
from typing import Any

MOST_CELLS = 200_000
MOST_ROWS = 5000
MOST_COLUMNS = 300
MOST_CHARACTERS = 4 << 20  # of all cells together
_CELL = 400
_EXACT = 2**53


def rows_for(columns: int) -> int:
    """How many rows the preview of a table of this width has."""
    return max(20, min(MOST_ROWS, MOST_CELLS // max(columns, 1)))


def shown(value: Any) -> Any:
    """One cell: None, a truth value, a number that JSON holds exactly, or a short text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list | dict | tuple):
        return _cut(json.dumps(value, default=str, ensure_ascii=False))
    return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= _CELL else text[:_CELL] + "…"


def within(rows: list[list[Any]]) -> list[list[Any]]:
    """As many of the first rows as a document may hold."""
    room = MOST_CHARACTERS
    for number, row in enumerate(rows):
        room -= sum(len(cell) if isinstance(cell, str) else 8 for cell in row)
        if room < 0:
            return rows[: max(number, 1)]
    return rows

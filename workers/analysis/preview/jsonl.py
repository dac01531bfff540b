"""JSON Lines as a table: a column for each key of the objects, in the order in which they turn up."""

import heapq
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workers.analysis.errors import AnalysisError
from workers.analysis.preview import Document, Progress
from workers.analysis.preview.cells import MOST_COLUMNS, rows_for, shown, within
from workers.analysis.profile.jsonl_reader import lines
from workers.analysis.profile.limits import Limits

_MOST_LINE = 4 << 20
_PROBED = 1000
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}


def jsonl_preview(path: Path, name: str, order: tuple[int, bool] | None, progress: Progress) -> Document:
    """As :func:`~workers.analysis.preview.tables.table_preview`; ``order`` is (column, whether the largest come first)."""
    names = _columns(path, name)
    most = rows_for(len(names))
    lines = JsonLines(path, name, progress)
    if order is None:
        rows: list[list[Any]] = []
        for value in lines.values(most):
            if len(rows) < most:
                rows.append(_row(value, names))
    else:
        if order[0] >= len(names):
            raise AnalysisError("bad_column", "The table has no such column.")
        rows = _sorted(lines, names, order, most)
    kinds = [_type(rows, index) for index in range(len(names))]
    return {
        "columns": [{"name": name[:200], "type": kind} for name, kind in zip(names, kinds, strict=True)],
        "rows": within([[shown(cell) for cell in row] for row in rows]),
        "total": lines.count,
        "hidden_columns": 0,
    }


class JsonLines:
    """The lines of a file that may be compressed; ``count`` counts them."""

    def __init__(self, path: Path, name: str, progress: Progress) -> None:
        self._path, self._progress, self.count = path, progress, 0
        self._compression = next((kind for end, kind in _COMPRESSIONS.items() if name.endswith(end)), "")

    def values(self, most: int | None = None) -> Iterator[Any]:
        """Each line's value; after ``most`` of them lines are only counted."""
        for line in self._lines():
            self.count += 1
            if most is None or self.count <= most:
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError):
                    raise AnalysisError("bad_json", f"Line {self.count:,} is not valid JSON.") from None

    def _lines(self) -> Iterator[bytes]:
        return lines(self._path, self._compression, Limits(), _MOST_LINE, self._progress)


def _columns(path: Path, name: str) -> list[str]:
    names: dict[str, None] = {}
    for number, value in enumerate(JsonLines(path, name, lambda _share: None).values()):
        names |= dict.fromkeys(map(str, value)) if isinstance(value, dict) else {"value": None}
        if number >= _PROBED or len(names) > MOST_COLUMNS:
            break
    if not names:
        raise AnalysisError("empty_file", "The file has no rows.")
    return list(names)[:MOST_COLUMNS]


def _row(value: Any, names: list[str]) -> list[Any]:
    return (
        [value.get(name) for name in names]
        if isinstance(value, dict)
        else [value, *[None] * (len(names) - 1)]
    )


def _sorted(lines: JsonLines, names: list[str], order: tuple[int, bool], most: int) -> list[list[Any]]:
    index, descending = order

    def key(item: tuple[int, list[Any]]) -> tuple[Any, ...]:
        """Numbers before texts, nothing at the end, whichever way."""
        place, row = item
        cell = row[index]
        number = isinstance(cell, int | float)
        rank = 2 if cell is None else int(not number)
        content = (float(cell) if number else 0.0, "" if number or cell is None else str(shown(cell)))
        return (-rank, *content, -place) if descending else (rank, *content, place)

    rows = ((place, _row(value, names)) for place, value in enumerate(lines.values()))
    found = heapq.nlargest(most, rows, key) if descending else heapq.nsmallest(most, rows, key)
    return [row for _, row in found]


def _type(rows: list[list[Any]], index: int) -> str:
    values = [row[index] for row in rows if row[index] is not None]
    if values and all(isinstance(value, bool) for value in values):
        return "boolean"
    if values and all(isinstance(value, int | float) for value in values):
        return "number"
    return "JSON" if any(isinstance(value, list | dict) for value in values) else "text"

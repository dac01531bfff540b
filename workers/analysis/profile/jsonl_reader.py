"""JSON Lines as batches of typed columns: a column for each key, objects inside objects spelled out, lists by their length."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from workers.analysis.errors import AnalysisError
from workers.analysis.profile.limits import Limits
from workers.analysis.profile.streams import Progress, unpacked

_BATCH_ROWS = 16_384
_DEPTH = 2  # objects within a row's object that become columns of their own
_TYPES = {bool: pa.bool_(), float: pa.float64(), str: pa.string()}


@dataclass(frozen=True)
class MixedCells:
    """The cells of one column of a batch whose values are of several kinds: which Arrow types, how many, how many missing."""

    types: set[str]
    n: int
    null: int


@dataclass(frozen=True)
class JsonBatch:
    """``count`` rows: the columns of one kind as a table, the others apart; ``names`` are all of them in their order."""

    names: list[str]
    rows: pa.Table
    mixed: dict[str, MixedCells]
    count: int


def lines(path: Path, compression: str, limits: Limits, most: int, progress: Progress) -> Iterator[bytes]:
    """The lines that are not blank, each at most ``most`` bytes long. Raises ``line_too_long``."""
    with unpacked(path, compression, limits) as (stream, packed):
        rest = b""
        while block := stream.read(1 << 20):
            *whole, rest = (rest + block).split(b"\n")
            yield from (line for line in whole if line.strip())
            if len(rest) > most:
                raise AnalysisError("line_too_long", f"A line is longer than {most >> 20} MiB.")
            progress(packed.share)
        if rest.strip():
            yield rest


def batches(path: Path, compression: str, limits: Limits, progress: Progress) -> Iterator[JsonBatch]:
    """All rows. Raises ``bad_json``, ``line_too_long`` or ``too_many_columns``; ``empty_file`` without any row."""
    rows: list[dict[str, Any]] = []
    read = held = 0
    for number, line in enumerate(lines(path, compression, limits, limits.block, progress), start=1):
        rows.append(_row(line, number, limits))
        read, held = number, held + len(line)
        if len(rows) >= _BATCH_ROWS or held >= limits.block:
            yield _batch(rows, limits)
            rows, held = [], 0
    if rows:
        yield _batch(rows, limits)
    if not read:
        raise AnalysisError("empty_file", "The file has no rows.")


def _row(line: bytes, number: int, limits: Limits) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise AnalysisError("bad_json", f"Line {number:,} is not valid JSON.") from None
    cells: dict[str, Any] = {}
    _spell_out(value if isinstance(value, dict) else {"value": value}, "", _DEPTH, cells)
    if len(cells) > limits.columns:
        raise _too_wide(len(cells), limits)
    return cells


def _spell_out(value: Mapping[str, Any], prefix: str, depth: int, cells: dict[str, Any]) -> None:
    for given, inner in value.items():
        key = _storable(given)
        if isinstance(inner, dict) and depth > 1 and inner:
            _spell_out(inner, f"{prefix}{key}.", depth - 1, cells)
        elif isinstance(inner, list):
            cells[f"{prefix}{key}[]"] = float(len(inner))
        elif isinstance(inner, dict):
            cells[f"{prefix}{key}"] = json.dumps(inner, sort_keys=True)
        elif isinstance(inner, int) and not isinstance(inner, bool):
            cells[f"{prefix}{key}"] = _number(inner)
        else:
            cells[f"{prefix}{key}"] = inner


def _number(value: int) -> float:
    """JSON has one kind of number, and a column has one in every batch, whatever its rows happen to be."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _batch(rows: list[dict[str, Any]], limits: Limits) -> JsonBatch:
    names = list(dict.fromkeys(name for row in rows for name in row))
    if len(names) > limits.columns:
        raise _too_wide(len(names), limits)
    arrays: dict[str, pa.Array] = {}
    mixed: dict[str, MixedCells] = {}
    for name in names:
        cells = [row.get(name) for row in rows]
        kinds = {type(cell) for cell in cells if cell is not None}
        if len(kinds) > 1:
            null = cells.count(None)
            mixed[name] = MixedCells({str(_TYPES[kind]) for kind in kinds}, len(cells) - null, null)
            continue
        if kinds == {str}:
            cells = [None if cell is None else _storable(cell) for cell in cells]
        arrays[name] = pa.array(cells, _TYPES[kinds.pop()] if kinds else pa.null())
    return JsonBatch(names, pa.table(arrays), mixed, len(rows))


def _storable(text: str) -> str:
    """A text that UTF-8 can hold: JSON may name half of a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def _too_wide(columns: int, limits: Limits) -> AnalysisError:
    return AnalysisError(
        "too_many_columns",
        f"The file has more than {min(columns, limits.columns):,} columns; at most {limits.columns:,} can be profiled.",
    )

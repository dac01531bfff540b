"""The first rows of a table, in its own order or sorted by a column; read in bounded memory."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workers.analysis.errors import AnalysisError
from workers.analysis.preview import Document, Progress
from workers.analysis.preview.cells import MOST_COLUMNS, rows_for, shown, within
from workers.analysis.preview.jsonl import jsonl_preview
from workers.analysis.profile import csv_reader
from workers.analysis.profile.formats import check_magic, format_of
from workers.analysis.profile.limits import Limits
from workers.analysis.profile.reading import batch_rows, open_parquet, parquet_batches, text_columns

_SORT = re.compile(r"sort:(\d{1,4}):(asc|desc)\Z")
_NUMBER = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"
_KEY, _PLACE = "\x00key", "\x00place"
_REDUCE_AT = 50_000


@dataclass(frozen=True)
class Order:
    """By which column, and whether the largest come first."""

    column: int
    descending: bool


def order_of(options: str) -> Order | None:
    """The order that the options ask for; None for the file's own."""
    found = _SORT.match(options)
    return Order(int(found[1]), found[2] == "desc") if found else None


def table_preview(path: Path, name: str, options: str, progress: Progress) -> Document:
    """{columns: [{name, type}], rows, total, hidden_columns}. Raises :class:`AnalysisError`."""
    order, small = order_of(options), name.lower()
    if re.search(r"\.(jsonl|ndjson)(\.\w+)?$", small):
        return jsonl_preview(path, small, (order.column, order.descending) if order else None, progress)
    file_format = format_of(name)
    if file_format is None:
        raise AnalysisError("unsupported_format", "This is no kind of table that can be shown.")
    with path.open("rb") as file:
        check_magic(file.read(65536), file_format)
    limits = Limits()
    if file_format.kind == "parquet":
        return _parquet(path, limits, order, progress)
    layout = csv_reader.layout_of(path, file_format, limits)
    batches = csv_reader.batches(path, file_format, layout, limits, progress)
    return _gathered((pa.table(batch) for batch in batches), layout.names, [], order)


def _parquet(path: Path, limits: Limits, order: Order | None, progress: Progress) -> Document:
    try:
        texts = text_columns(path, limits)
        with open_parquet(path, texts) as file:
            schema, total = file.schema_arrow, file.metadata.num_rows
            names = csv_reader.unique_names(schema.names)
            batches = _parquet_tables(file, names, limits, progress)
            types = [_type_name(field.type) for field in schema]
            return _gathered(batches, names, types, order, total=total)
    except MemoryError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise AnalysisError(
            "damaged_file", "The Parquet file is damaged or uses a feature that cannot be read."
        ) from error


def _type_name(kind: pa.DataType) -> str:
    return str(kind.value_type if pa.types.is_dictionary(kind) else kind)


def _parquet_tables(
    file: pq.ParquetFile, names: list[str], limits: Limits, progress: Progress
) -> Iterator[pa.Table]:
    done, total = 0, max(file.metadata.num_rows, 1)
    size = min(batch_rows(file.metadata, limits), 16_384)
    for batch in parquet_batches(file, size):
        yield pa.table(batch.columns, names=names)
        done += batch.num_rows
        progress(min(done / total, 1.0))


def _gathered(
    tables: Iterator[pa.Table],
    names: list[str],
    types: list[str],
    order: Order | None,
    total: int | None = None,
) -> Document:
    """The first rows. Without a known total the rest is only counted."""
    if order and order.column >= len(names):
        raise AnalysisError("bad_column", "The table has no such column.")
    most, counted = rows_for(len(names)), 0
    kept: list[pa.Table] = []
    numeric: bool | None = None
    for table in tables:
        if order:
            numeric = _is_numeric(table.column(order.column)) if numeric is None else numeric
            kept.append(_keyed(table, order, counted, numeric=numeric))
            if sum(part.num_rows for part in kept) > _REDUCE_AT:
                kept = [_first(kept, order, most)]
        elif counted < most:
            kept.append(table.slice(0, most - counted))
        counted += table.num_rows
        if not order and total is not None and counted >= most:
            break
    if order and kept:
        kept = [_first(kept, order, most)]
    rows = _rows(kept, names, most)
    kinds = types or [_csv_type(rows, index) for index in range(min(len(names), MOST_COLUMNS))]
    return {
        "columns": [
            {"name": name[:200], "type": kind[:60]} for name, kind in zip(names, kinds, strict=False)
        ][:MOST_COLUMNS],
        "rows": rows,
        "total": counted if total is None else total,
        "hidden_columns": max(len(names) - MOST_COLUMNS, 0),
    }


def _rows(kept: list[pa.Table], names: list[str], most: int) -> list[list[Any]]:
    columns: list[list[Any]] = []
    for index in range(min(len(names), MOST_COLUMNS)):
        values: list[Any] = []
        for part in kept:
            values.extend(shown(value) for value in _listed(part.column(index)))
        columns.append(values[:most])
    return within([list(row) for row in zip(*columns, strict=True)])


def _listed(column: pa.ChunkedArray) -> list[Any]:
    """As Python's values; nanoseconds as those of pandas, which Arrow must be told to load."""
    if "[ns" in str(column.type):
        column[:0].to_pandas()
    return list(column.to_pylist())


def _is_numeric(column: pa.ChunkedArray) -> bool:
    """Whether a column of texts holds numbers, judged by its first batch."""
    if not pa.types.is_string(column.type):
        return False
    matches = pc.all(pc.match_substring_regex(column, _NUMBER), min_count=0).as_py()
    return bool(matches) and column.null_count < len(column)


def _keyed(table: pa.Table, order: Order, start: int, *, numeric: bool) -> pa.Table:
    key = table.column(order.column)
    if pa.types.is_dictionary(key.type):
        key = key.cast(key.type.value_type)
    if numeric:
        sound = pc.if_else(pc.match_substring_regex(key, _NUMBER), key, pa.scalar(None, key.type))
        key = pc.cast(pc.utf8_trim_whitespace(sound), pa.float64())
    elif pa.types.is_nested(key.type):
        raise AnalysisError("not_sortable", "A column of lists or structures can't be sorted.")
    place = pa.array(range(start, start + table.num_rows), pa.int64())
    return table.append_column(_KEY, key).append_column(_PLACE, place)


def _first(parts: list[pa.Table], order: Order, most: int) -> pa.Table:
    table = pa.concat_tables(parts)
    direction = "descending" if order.descending else "ascending"
    keys = [(_KEY, direction), (_PLACE, "ascending")]
    try:
        places = pc.sort_indices(table, sort_keys=keys, null_placement="at_end")
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise AnalysisError("not_sortable", "A column of this type can't be sorted.") from error
    return table.take(places[:most])


def _csv_type(rows: list[list[Any]], index: int) -> str:
    values = [row[index] for row in rows if row[index] is not None]
    return "number" if values and all(re.match(_NUMBER, str(value)) for value in values) else "text"

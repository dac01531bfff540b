"""Both versions of a table as views of DuckDB: ``place`` is a row's number from 0, the columns are c0, c1 and so on."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workers.analysis.contents import Side
from workers.analysis.contents.tables.session import Session, quoted_name, quoted_text
from workers.analysis.errors import AnalysisError
from workers.analysis.preview.jsonl import JsonLines
from workers.analysis.profile import csv_reader
from workers.analysis.profile.formats import FileFormat, check_magic, format_of
from workers.analysis.profile.limits import Limits
from workers.analysis.profile.reading import arrow_batches, arrow_reader, text_columns

MOST_COLUMNS = 1000
_LIMITS = Limits(columns=MOST_COLUMNS, rows=300_000_000)
_BATCH = 20_000
_LOOKS_LIKE_JSON = re.compile(r'\s*(?:["\[{\d-]|true\b|false\b|null\b|NaN\b|Infinity\b)')
_JSONL = re.compile(r"\.(jsonl|ndjson)(\.\w+)?$")
Share = Callable[[float], None]


@dataclass(frozen=True)
class Column:
    """A column of one version. ``type`` is shown, ``sql_type`` is DuckDB's; text files have ``number`` and ``text``."""

    name: str
    type: str
    sql_type: str


@dataclass(frozen=True)
class Table:
    """One version: the view's name, its columns in order, and how many rows it has."""

    view: str
    columns: list[Column]
    rows: int


def table_of(db: Session, side: Side, view: str, share: Share, *, as_json: bool = True) -> Table:
    """Make the view of a file. Without ``as_json`` the texts of JSON Lines are as they are, so that "1" is like 1.

    Raises :class:`AnalysisError`.
    """
    name = side.name.lower()
    if _JSONL.search(name):
        names, types = _jsonl(side, name, share, as_json=as_json)
        path = side.path.with_suffix(".parquet")
        return _viewed(db, view, path, names, types)
    found = format_of(name)
    if found is None:
        raise AnalysisError("unsupported_format", "This is no kind of table that can be compared.")
    with side.path.open("rb") as file:
        check_magic(file.read(65536), found)
    if found.kind == "parquet":
        names, types = _parquet(side.path)
        return _viewed(db, view, side.path, names, types)
    path = side.path.with_suffix(".parquet")
    if found.kind == "arrow":
        return _viewed(db, view, path, *_arrow(side.path, path, share))
    return _viewed(db, view, path, _csv(side.path, found, path, share), [])


def _viewed(db: Session, view: str, path: Path, names: list[str], types: list[str]) -> Table:
    """The view of a Parquet file. Without ``types`` its columns are texts, whose kind is judged by what they hold."""
    source = f"read_parquet({quoted_text(str(path))}, file_row_number = true)"
    described = [(str(row[0]), str(row[1])) for row in db.rows(f"DESCRIBE SELECT * FROM {source}")]
    described = [one for one in described if one[0] != "file_row_number"]
    if len(described) != len(names):
        raise AnalysisError("unreadable_table", "The table has columns that can't be told apart.")
    columns = [
        f"{_plain(quoted_name(name), kind)} AS c{index}" for index, (name, kind) in enumerate(described)
    ]
    db.run(f"CREATE VIEW {view} AS SELECT {', '.join(['file_row_number AS place', *columns])} FROM {source}")
    kinds = ["VARCHAR" if _nested(kind) else kind for _, kind in described]
    rows = int(db.row(f"SELECT count(*) FROM {view}")[0])
    types = types or _text_types(db, view, len(names))
    return Table(view, [Column(*parts) for parts in zip(names, types, kinds, strict=True)], rows)


def _nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT", "JSON", "GEOMETRY"))


def _plain(name: str, kind: str) -> str:
    """Lists and structures are compared as the text that they are written as."""
    return f"CAST({name} AS VARCHAR)" if _nested(kind) else name


def _text_types(db: Session, view: str, columns: int) -> list[str]:
    """``number`` for columns of texts that all are numbers, or nothing; else ``text``."""
    found: list[str] = []
    for start in range(0, columns, 50):
        part = range(start, min(start + 50, columns))
        sums = ", ".join(
            f"coalesce(bool_and(trim(c{n}) = '' OR TRY_CAST(c{n} AS DOUBLE) IS NOT NULL), false)"
            f" AND count(nullif(trim(c{n}), '')) > 0"
            for n in part
        )
        found += ["number" if numeric else "text" for numeric in db.row(f"SELECT {sums} FROM {view}")]
    return found


def _parquet(path: Path) -> tuple[list[str], list[str]]:
    try:
        text_columns(path, _LIMITS)
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, MemoryError):
            raise
        raise AnalysisError(
            "damaged_file", "The Parquet file is damaged or uses a feature that cannot be read."
        ) from error
    return csv_reader.unique_names(schema.names), [_type_name(field.type)[:60] for field in schema]


def _type_name(kind: pa.DataType) -> str:
    """Arrow's name; how texts are laid out in memory is no difference."""
    name = str(kind.value_type if pa.types.is_dictionary(kind) else kind)
    return "string" if name in {"large_string", "string_view"} else name


def _csv(path: Path, file_format: FileFormat, target: Path, share: Share) -> list[str]:
    layout = csv_reader.layout_of(path, file_format, _LIMITS)
    schema = pa.schema([(f"c{index}", pa.string()) for index in range(len(layout.names))])
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in csv_reader.batches(path, file_format, layout, _LIMITS, share, as_written=True):
            writer.write_batch(pa.record_batch(batch.columns, schema=schema))
    return layout.names


def _arrow(path: Path, target: Path, share: Share) -> tuple[list[str], list[str]]:
    """Written anew as Parquet. Each batch is checked whole first: its bytes are somebody else's."""
    try:
        with pa.OSFile(str(path)) as source:
            reader, _ = arrow_reader(source)
            if len(reader.schema) > _LIMITS.columns:
                raise AnalysisError(
                    "too_many_columns", f"The table has more than {_LIMITS.columns:,} columns."
                )
            schema = pa.schema(
                [(f"c{index}", _written_type(one.type)) for index, one in enumerate(reader.schema)]
            )
            with pq.ParquetWriter(target, schema, compression="lz4") as writer:
                for batch in arrow_batches(reader):
                    batch.validate(full=True)
                    plain = pa.record_batch(batch.columns, names=schema.names)
                    for start in range(0, plain.num_rows, _BATCH):
                        writer.write_batch(plain.slice(start, _BATCH).cast(schema))
                    share(min(source.tell() / max(source.size(), 1), 1.0))
            types = [_type_name(one.type)[:60] for one in reader.schema]
            return csv_reader.unique_names(reader.schema.names), types
    except MemoryError:  # Arrow's is an ArrowException too
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise AnalysisError(
            "damaged_file", "The Arrow file is damaged or uses a feature that cannot be read."
        ) from error


def _written_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _jsonl(side: Side, name: str, share: Share, *, as_json: bool) -> tuple[list[str], list[str]]:
    """Read twice: for the keys of all objects, then for their values."""
    keys: dict[str, None] = {}
    for value in JsonLines(side.path, name, lambda part: share(part / 2)).values():
        keys |= dict.fromkeys(value) if isinstance(value, dict) else {"value": None}
        if len(keys) > MOST_COLUMNS:
            raise AnalysisError(
                "too_many_columns", f"The objects have more than {MOST_COLUMNS:,} different keys."
            )
    if not keys:
        raise AnalysisError("empty_file", "The file has no rows.")
    names = list(keys)
    schema = pa.schema([(f"c{index}", pa.string()) for index in range(len(names))])
    with pq.ParquetWriter(side.path.with_suffix(".parquet"), schema, compression="lz4") as writer:
        for rows in _batches(JsonLines(side.path, name, lambda part: share(0.5 + part / 2)), names, as_json):
            columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))
    return [one or "(empty)" for one in names], []


def _batches(lines: JsonLines, names: list[str], as_json: bool) -> Iterator[list[list[str | None]]]:
    rows: list[list[str | None]] = []
    size = max(100, min(_BATCH, 2_000_000 // len(names)))
    for value in lines.values():
        entry = value if isinstance(value, dict) else {"value": value}
        rows.append([_written(entry.get(name), as_json) for name in names])
        if len(rows) >= size:
            yield rows
            rows = []
    if rows:
        yield rows


def _written(value: Any, as_json: bool) -> str | None:
    """A value as text: a string as it is, unless (``as_json``) it could be taken for something else; everything else as JSON."""
    if value is None:
        return None
    if isinstance(value, str):
        text = value.encode("utf-8", "replace").decode()
        return json.dumps(text, ensure_ascii=False) if as_json and _LOOKS_LIKE_JSON.match(text) else text
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8", "replace").decode()

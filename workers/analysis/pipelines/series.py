"""What a plot shows: the files' rows as series, counts or bars, down-sampled so that a page can hold them."""

import csv
import io
import math
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from workers.analysis.errors import AnalysisError
from workers.analysis.pointers.documents import MAX_BYTES, read_document

MAX_TABLE_BYTES = 32 << 20
MAX_ROWS = 500_000
MAX_POINTS = 1000  # of one series, after down-sampling
MAX_SERIES = 20
MAX_CLASSES = 40
MAX_BARS = 100
_MOST_TEXT = 80
_MOST_COLUMNS = 500
_BARS = {"bar_horizontal", "bar_horizontal_sorted"}
_CONFUSIONS = {"confusion", "confusion_normalized"}


@dataclass
class Table:
    """A file's rows by column, all of the same length; ``cut`` when it has more rows than are read."""

    columns: dict[str, list[Any]] = field(default_factory=dict)
    cut: bool = False

    @property
    def rows(self) -> int:
        """How many."""
        return len(next(iter(self.columns.values()), []))


def read_table(data: bytes, path: str, *, header: bool = True) -> Table:
    """The rows of a CSV, TSV, JSON or YAML file, as DVC finds them. Raises :class:`AnalysisError`."""
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in {".csv", ".tsv"}:
        return _delimited(data, "," if suffix == ".csv" else "\t", header)
    if suffix not in {".json", ".yaml", ".yml"}:
        raise AnalysisError("unknown_format", "Only CSV, TSV, JSON, YAML and images are drawn.")
    if len(data) > MAX_BYTES:
        raise AnalysisError(
            "too_large", f"This file is larger than {MAX_BYTES >> 20} MiB, the most that is read."
        )
    return _nested(read_document(data, path))


def _delimited(data: bytes, delimiter: str, header: bool) -> Table:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AnalysisError("not_text", "This file is not UTF-8 text.") from None
    try:
        rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), MAX_ROWS + 2))
    except csv.Error as error:
        raise AnalysisError("bad_csv", f"This file can't be read as rows: {str(error)[:100]}.") from None
    if not rows:
        raise AnalysisError("empty_file", "This file has no rows.")
    names = rows.pop(0) if header else [str(number) for number in range(len(rows[0]))]
    names = list(dict.fromkeys(names))[:_MOST_COLUMNS]
    table = Table({name: [] for name in names}, cut=len(rows) > MAX_ROWS)
    for row in rows[:MAX_ROWS]:
        if row:
            for at, name in enumerate(names):
                table.columns[name].append(_plain(row[at]) if at < len(row) else None)
    return table


def _plain(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _nested(document: Any) -> Table:
    """The lists of mappings in a document, their rows joined by place."""
    rows: list[dict[str, Any]] = []
    for one in _lists(document):
        if one and all(isinstance(item, dict) for item in one):
            for at, item in enumerate(one[: MAX_ROWS + 1]):
                if at == len(rows):
                    rows.append({})
                rows[at].update(item)
    if not rows:
        raise AnalysisError("no_rows", "This file has no list of rows.")
    names = list(dict.fromkeys(name for row in rows[:1000] for name in row))[:_MOST_COLUMNS]
    return Table(
        {name: [row.get(name) for row in rows[:MAX_ROWS]] for name in names}, cut=len(rows) > MAX_ROWS
    )


def _lists(document: Any) -> list[list[Any]]:
    if isinstance(document, list):
        return [document]
    found: list[list[Any]] = []
    for value in document.values() if isinstance(document, dict) else ():
        found += _lists(value) if isinstance(value, dict) else [value] if isinstance(value, list) else []
    return found


def drawn(plot: dict[str, Any], tables: dict[str, Table]) -> dict[str, Any]:
    """A plot's ``series``, ``matrix`` or ``bars``. Raises :class:`AnalysisError` for fields that are not there."""
    template = plot["template"]
    found: dict[str, Any] = {"cut": any(table.cut for table in tables.values())}
    if template in _CONFUSIONS:
        return found | {"matrix": _matrix(*_pair(plot, tables))}
    if template in _BARS:
        return found | {"bars": _bars(*_pair(plot, tables), order=template.endswith("sorted"))}
    return found | _series(plot, tables)


def _pair(plot: dict[str, Any], tables: dict[str, Table]) -> tuple[list[Any], list[Any]]:
    """The x and y columns of a plot that has one of each."""
    for file, table in tables.items():
        y = (plot["y"].get(file) or _last(table))[0]
        x = _x_field(plot, file) or next(iter(table.columns))
        return _column(table, x, file), _column(table, y, file)
    raise AnalysisError("no_rows", "None of its files could be read.")


def _x_field(plot: dict[str, Any], file: str) -> str:
    x = plot["x"]
    return str(x.get(file, "")) if isinstance(x, dict) else str(x)


def _last(table: Table) -> list[str]:
    return list(table.columns)[-1:]


def _column(table: Table, name: str, file: str) -> list[Any]:
    if name not in table.columns:
        known = ", ".join(list(table.columns)[:10])
        raise AnalysisError("no_column", f"{file} has no field “{name[:100]}”; it has {known[:300]}.")
    return table.columns[name]


def _series(plot: dict[str, Any], tables: dict[str, Table]) -> dict[str, Any]:
    lines: list[dict[str, Any]] = []
    labels: dict[str, int] = {}
    scatter = plot["template"].startswith("scatter")
    other = _elsewhere(plot, tables)
    for file, table in tables.items():
        for y in plot["y"].get(file) or (_last(table) if file in plot["y"] else []):
            x = _x_field(plot, file)
            xs = other or (_column(table, x, file) if x else list(range(table.rows)))
            ys = _column(table, y, file)
            if len(xs) != len(ys):
                raise AnalysisError("other_length", "The fields for x and y have different numbers of rows.")
            points = _points(xs, ys, labels)
            name = y if len(tables) == 1 else f"{file.rpartition('/')[2]} {y}"
            lines.append(
                {
                    "name": name[:_MOST_TEXT],
                    "points": _thinned(points, scatter),
                    "rows": len(points),
                    **_summary(points),
                }
            )
    if len(lines) > MAX_SERIES:
        raise AnalysisError("too_many_series", f"It has {len(lines)} series; at most {MAX_SERIES} are drawn.")
    return {
        "series": lines,
        "labels": [label for label, _ in sorted(labels.items(), key=lambda item: item[1])],
    }


def _elsewhere(plot: dict[str, Any], tables: dict[str, Table]) -> list[Any]:
    """The x values where they come from another file than the y values."""
    if isinstance(plot["x"], dict):
        for file, name in plot["x"].items():
            if file not in plot["y"] and file in tables:
                return _column(tables[file], str(name), file)
    return []


def _points(xs: list[Any], ys: list[Any], labels: dict[str, int]) -> list[tuple[float, float]]:
    """Pairs of finite numbers; an x that is a text counts by its place among the texts."""
    texts = any(isinstance(x, str) for x in xs)
    points = []
    for x, y in zip(xs, ys, strict=True):
        if isinstance(y, bool) or not isinstance(y, int | float) or not math.isfinite(y) or x is None:
            continue
        if texts:
            at: float = labels.setdefault(str(x)[:_MOST_TEXT], len(labels))
        elif isinstance(x, int | float) and math.isfinite(x):
            at = float(x)
        else:
            continue
        points.append((at, float(y)))
    return points


def _summary(points: list[tuple[float, float]]) -> dict[str, Any]:
    ys = [y for _, y in points]
    return {"first": ys[0], "last": ys[-1], "least": min(ys), "most": max(ys)} if ys else {}


def _thinned(points: list[tuple[float, float]], scatter: bool) -> list[list[float]]:
    """At most :data:`MAX_POINTS`: the least and the most of each stretch of a line; every n-th point of a cloud."""
    if len(points) <= MAX_POINTS:
        return [list(point) for point in points]
    if scatter:
        return [list(points[len(points) * at // MAX_POINTS]) for at in range(MAX_POINTS)]
    stretches, kept = MAX_POINTS // 2, []
    for at in range(stretches):
        low, high = len(points) * at // stretches, len(points) * (at + 1) // stretches
        ends = {
            min(range(low, high), key=lambda n: points[n][1]),
            max(range(low, high), key=lambda n: points[n][1]),
        }
        kept += [list(points[number]) for number in sorted(ends)]
    return kept


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:_MOST_TEXT]


def _matrix(xs: list[Any], ys: list[Any]) -> dict[str, Any]:
    """How often each x goes with each y: the classes of both, and a row of counts for each y."""
    counts: dict[tuple[str, str], int] = {}
    for x, y in zip(xs, ys, strict=False):
        if x is not None and y is not None:
            key = _text(x), _text(y)
            counts[key] = counts.get(key, 0) + 1
    columns, rows = sorted({x for x, _ in counts}), sorted({y for _, y in counts})
    if max(len(columns), len(rows)) > MAX_CLASSES:
        raise AnalysisError("too_many_classes", f"It has more than {MAX_CLASSES} classes.")
    return {
        "columns": columns,
        "rows": rows,
        "counts": [[counts.get((x, y), 0) for x in columns] for y in rows],
    }


def _bars(xs: list[Any], ys: list[Any], *, order: bool) -> list[dict[str, Any]]:
    """A bar of length x for each y."""
    pairs = [
        (_text(y), float(x))
        for x, y in zip(xs, ys, strict=False)
        if isinstance(x, int | float) and math.isfinite(x)
    ]
    if order:
        pairs.sort(key=lambda pair: -pair[1])
    return [{"name": name, "value": value} for name, value in pairs[:MAX_BARS]]

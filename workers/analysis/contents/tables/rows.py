"""Rows of a table by conditions, a text and an order: out of core, in the calculator that also compares tables.

A question is data, never SQL: columns are found by name and written as c0, c1 and so on; values are bound.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from workers.analysis.contents import Side
from workers.analysis.contents.tables.session import Session, session
from workers.analysis.contents.tables.sources import Column, Table, table_of
from workers.analysis.errors import AnalysisError
from workers.analysis.preview.cells import MOST_COLUMNS, rows_for, shown, within

SECONDS = 500
_CELL = 401
_MOST_WHOLE = 1 << 120  # what the calculator has integers for
_COMPARE = {
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "eq": "IS NOT DISTINCT FROM",
    "ne": "IS DISTINCT FROM",
}
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
            "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip
_WORDS = {
    "time_limit": "Looking through this table took too long. Ask for less, or use a smaller file.",
    "unreadable_table": "The table is damaged or uses a feature that can't be read.",
}
Share = Callable[[float], None]


@dataclass(frozen=True)
class _Term:
    """A part of an SQL expression with the values that are bound in it."""

    sql: str
    values: tuple[Any, ...] = ()


def find_rows(path: Path, name: str, query: dict[str, Any], share: Share) -> dict[str, Any]:
    """{columns: [{name, type}], rows, places, total, matching, hidden_columns}; ``places`` are their numbers in the file, from 1.

    ``query`` is that of ``ropewalk.data.rows.RowQuery.document``. The folder of ``path`` is room for temporary files. There are
    as many rows as a preview has; ``matching`` counts all. Raises :class:`AnalysisError`.
    """
    try:
        with session(path.parent, SECONDS) as db:
            table = table_of(db, Side(path, name), "wanted", lambda part: share(0.7 * part), as_json=False)
            where = _where(table, query)
            share(0.75)
            matching = int(
                db.rows(f"SELECT count(*) FROM {table.view} WHERE {where.sql}", where.values)[0][0]
            )  # values are bound
            share(0.85)
            return _document(db, table, where, query, matching)
    except AnalysisError as error:
        if error.code in _WORDS:
            raise AnalysisError(error.code, _WORDS[error.code]) from error
        raise


def _document(
    db: Session, table: Table, where: _Term, query: dict[str, Any], matching: int
) -> dict[str, Any]:
    most, visible = rows_for(len(table.columns)), table.columns[:MOST_COLUMNS]
    cells = ", ".join(["place", *(_cell(index, column) for index, column in enumerate(visible))])
    order = _order(table, query)
    found = db.rows(
        f"SELECT {cells} FROM {table.view} WHERE {where.sql} ORDER BY {order} LIMIT {most}",  # values are bound
        where.values,
    )
    rows = within([[shown(value) for value in row[1:]] for row in found])
    return {
        "columns": [{"name": column.name[:200], "type": column.type[:60]} for column in visible],
        "rows": rows,
        "places": [int(row[0]) + 1 for row in found[: len(rows)]],
        "total": table.rows,
        "matching": matching,
        "hidden_columns": len(table.columns) - len(visible),
    }


def _cell(index: int, column: Column) -> str:
    """As much of a cell as is shown, so that a few giants do not fill the memory."""
    if column.sql_type == "VARCHAR":
        return f"left(c{index}, {_CELL})"
    return f"octet_length(c{index}) || ' bytes'" if column.sql_type in {"BLOB", "BIT"} else f"c{index}"


def _where(table: Table, query: dict[str, Any]) -> _Term:
    terms = [_condition(table, *map(str, condition)) for condition in query["conditions"]]
    if text := str(query["text"]):
        searched = [
            f"contains(lower(CAST(c{index} AS VARCHAR)), lower(?))" for index in range(len(table.columns))
        ]
        terms.append(_Term(f"({' OR '.join(searched)})", (text,) * len(searched)))
    if not terms:
        return _Term("true")
    return _Term(
        " AND ".join(term.sql for term in terms), tuple(value for term in terms for value in term.values)
    )


def _order(table: Table, query: dict[str, Any]) -> str:
    if not query["order"]:
        return "place"
    index, column = _found(table, str(query["order"]))
    key = f"TRY_CAST(trim(c{index}) AS DOUBLE)" if _is_number_text(column) else f"c{index}"
    return f"{key} {'DESC' if query['descending'] else 'ASC'} NULLS LAST, place"


def _found(table: Table, name: str) -> tuple[int, Column]:
    for index, column in enumerate(table.columns):
        if column.name == name:
            return index, column
    raise AnalysisError("bad_column", f"The table has no column “{name[:100]}”.")


def _is_number_text(column: Column) -> bool:
    """Whether it is a column of texts that all are numbers."""
    return column.sql_type == "VARCHAR" and column.type == "number"


def _condition(table: Table, name: str, operator: str, value: str) -> _Term:
    index, column = _found(table, name)
    cell = f"c{index}"
    if operator in {"empty", "filled"}:
        empty = f"({cell} IS NULL OR trim(CAST({cell} AS VARCHAR)) = '')"
        return _Term(empty if operator == "empty" else f"NOT {empty}")
    if operator in {"contains", "starts"}:
        function = "contains" if operator == "contains" else "starts_with"
        return _Term(f"coalesce({function}(lower(CAST({cell} AS VARCHAR)), lower(?)), false)", (value,))
    if operator not in _COMPARE:
        raise AnalysisError("bad_operator", f"“{operator[:40]}” is no way to compare.")
    return _compared(cell, column, _COMPARE[operator], value)


def _compared(cell: str, column: Column, sign: str, value: str) -> _Term:
    kind = column.sql_type.upper()
    if _is_number_text(column) or kind.startswith(_NUMBERS):
        left = f"TRY_CAST(trim({cell}) AS DOUBLE)" if kind == "VARCHAR" else cell
        return _Term(f"{left} {sign} ?", (_number(column, value),))
    if kind == "BOOLEAN":
        if value.strip().lower() not in {"true", "false"}:
            raise _mismatch(column, value, "`true` or `false`")
        return _Term(f"{cell} {sign} ?", (value.strip().lower() == "true",))
    if kind.startswith(("DATE", "TIMESTAMP")):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            raise _mismatch(column, value, "a date or time like 2024-01-31 or 2024-01-31 12:00") from None
        target = "TIMESTAMPTZ" if "TIME ZONE" in kind else "TIMESTAMP"
        return _Term(f"CAST({cell} AS {target}) {sign} CAST(? AS {target})", (moment.isoformat(sep=" "),))
    return _Term(f"CAST({cell} AS VARCHAR) {sign} ?", (value,))


def _number(column: Column, value: str) -> int | float:
    text = value.strip()
    try:
        if "_" in text:  # Python would take it
            raise ValueError
        number = float(text)
    except ValueError:
        raise _mismatch(column, value, "a number") from None
    whole = int(text) if text.lstrip("+-").isdigit() else 0
    return whole if 0 < abs(whole) < _MOST_WHOLE else number


def _mismatch(column: Column, value: str, wanted: str) -> AnalysisError:
    return AnalysisError(
        "bad_value", f"“{value[:60]}” can't be compared with column “{column.name[:60]}”: it needs {wanted}."
    )

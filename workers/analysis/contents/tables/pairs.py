"""Columns that both versions have, and in which type their cells are compared."""

import re
from dataclasses import dataclass

from workers.analysis.contents.tables.sources import Table

_INTEGERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "HUGEINT",
)
_FLOATS = ("FLOAT", "DOUBLE")
_MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_DIGITS = 39  # of the largest HUGEINT; DuckDB's decimals have at most 38
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_EXACT = (
    "EXACT"  # integers against floats, which lose digits from 2⁵³ on: as text, whole numbers without a point
)
_MOMENT = "MOMENT"  # nanoseconds reach from 1677 to 2262 only: as text, too


@dataclass(frozen=True)
class Pair:
    """A column of both versions: its places, and its value on each side (``o``, ``n``) as SQL of one type."""

    name: str
    old_index: int
    new_index: int
    sql_type: str
    old_type: str = ""
    new_type: str = ""

    @property
    def old_sql(self) -> str:
        """Its value in the old version."""
        return _as(f"o.c{self.old_index}", self.old_type, self.sql_type)

    @property
    def new_sql(self) -> str:
        """Its value in the new version."""
        return _as(f"n.c{self.new_index}", self.new_type, self.sql_type)


def pairs_of(old: Table, new: Table) -> list[Pair]:
    """The columns of both, in the order of the new version."""
    before = {column.name: (index, column.sql_type) for index, column in enumerate(old.columns)}
    found = []
    for index, column in enumerate(new.columns):
        if column.name in before:
            place, kind = before[column.name]
            common = common_type(kind, column.sql_type)
            found.append(Pair(column.name, place, index, common, kind, column.sql_type))
    return found


def common_type(old: str, new: str) -> str:
    """In which type values of both can be compared without loss; as they are written where there is none.

    Decimals and floats are compared as floats: 1.10 and 1.1 are the same.
    """
    if old == new:
        return old
    if old in _INTEGERS and new in _INTEGERS:
        return "HUGEINT"
    if old in _FLOATS and new in _FLOATS:
        return "DOUBLE"
    if {old, new} <= {*_FLOATS, *_INTEGERS}:
        return _EXACT
    if {old, new} <= {*_MOMENTS}:
        return _MOMENT if "TIMESTAMP_NS" in (old, new) else "TIMESTAMP"
    if any(_DECIMAL.fullmatch(one) for one in (old, new)):
        return _with_decimals(old, new)
    return "VARCHAR"


def _with_decimals(old: str, new: str) -> str:
    if old in _FLOATS or new in _FLOATS:
        return "DOUBLE"
    whole, fraction = 0, 0
    for one in (old, new):
        parts = _DECIMAL.fullmatch(one)
        if parts is None and one not in _INTEGERS:
            return "VARCHAR"
        digits, scale = (int(parts[1]), int(parts[2])) if parts else (_integer_digits(one), 0)
        whole, fraction = max(whole, digits - scale), max(fraction, scale)
    return f"DECIMAL({whole + fraction},{fraction})" if whole + fraction < _DIGITS else "VARCHAR"


def _integer_digits(kind: str) -> int:
    return _DIGITS if kind == "HUGEINT" else 20


def _as(column: str, kind: str, wanted: str) -> str:
    """A column's value in the common type, as SQL."""
    if wanted == _MOMENT:
        return f"CAST({column if kind == 'TIMESTAMP_NS' else f'CAST({column} AS TIMESTAMP)'} AS VARCHAR)"
    if wanted != _EXACT:
        return f"CAST({column} AS {wanted})"
    if kind not in _FLOATS:
        return f"CAST({column} AS VARCHAR)"
    whole = f"abs({column}) < 1e38 AND {column} = trunc({column})"
    return f"CASE WHEN {whole} THEN CAST(TRY_CAST({column} AS HUGEINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"

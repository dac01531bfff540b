"""Columns that both versions have, and in which type their cells are compared."""

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


@dataclass(frozen=True)
class Pair:
    """A column of both versions: its places, and its value on each side (``o``, ``n``) as SQL of one type."""

    name: str
    old_index: int
    new_index: int
    sql_type: str

    @property
    def old_sql(self) -> str:
        """Its value in the old version."""
        return f"CAST(o.c{self.old_index} AS {self.sql_type})"

    @property
    def new_sql(self) -> str:
        """Its value in the new version."""
        return f"CAST(n.c{self.new_index} AS {self.sql_type})"


def pairs_of(old: Table, new: Table) -> list[Pair]:
    """The columns of both, in the order of the new version."""
    before = {column.name: index for index, column in enumerate(old.columns)}
    return [
        Pair(
            column.name,
            before[column.name],
            index,
            common_type(old.columns[before[column.name]].sql_type, column.sql_type),
        )
        for index, column in enumerate(new.columns)
        if column.name in before
    ]


def common_type(old: str, new: str) -> str:
    """In which type values of both can be compared without loss; as they are written where there is none."""
    if old == new:
        return old
    if old in _INTEGERS and new in _INTEGERS:
        return "HUGEINT"
    if old in _FLOATS + _INTEGERS and new in _FLOATS + _INTEGERS:
        return "DOUBLE"
    return "VARCHAR"

"""Which rows belong together, and which of them differ: the table ``d`` of the session, one row for each difference.

``d`` has status (``added``, ``removed``, ``changed``), and the places old_place and new_place, null where the row is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.analysis.contents.tables.keys import Key
from workers.analysis.contents.tables.pairs import Pair
from workers.analysis.contents.tables.session import Session
from workers.analysis.contents.tables.sources import Table

_AT_ONCE = 12  # columns counted in one pass: what the join carries must fit


@dataclass(frozen=True)
class Counts:
    """How many rows came, went, changed, and stayed as they were."""

    added: int
    removed: int
    changed: int
    unchanged: int


def match(db: Session, old: Table, new: Table, pairs: list[Pair], key: Key) -> Counts:
    """Make ``d``. Rows are equal when all columns that both versions have are; their equality is that of 64-bit hashes."""
    for table, alias, name in ((old, "o", "before_rows"), (new, "n", "after_rows")):
        values = ", ".join(pair.old_sql if alias == "o" else pair.new_sql for pair in pairs)
        look = f"hash(row({values}))" if pairs else "0"
        own = "0" if key.pair is None else key.pair.old_sql if alias == "o" else key.pair.new_sql
        db.run(f"CREATE TABLE {name} AS SELECT place, {own} AS k, {look} AS h FROM {table.view} {alias}")
    db.run(_BY_UNIQUE_KEY if key.unique else _BY_ROWS)
    if not key.unique:
        db.run(_BY_KEY if key.pair is not None else _BY_NOTHING)
    found = {
        str(status): int(count) for status, count in db.rows("SELECT status, count(*) FROM d GROUP BY status")
    }
    removed, changed = found.get("removed", 0), found.get("changed", 0)
    return Counts(found.get("added", 0), removed, changed, old.rows - removed - changed)


_STATUS = """CASE WHEN o.place IS NULL THEN 'added' WHEN n.place IS NULL THEN 'removed' ELSE 'changed' END AS status,
    o.place AS old_place, n.place AS new_place"""
_BY_UNIQUE_KEY = f"""
CREATE TABLE d AS SELECT {_STATUS} FROM before_rows o FULL JOIN after_rows n ON o.k = n.k
WHERE o.h IS DISTINCT FROM n.h"""
# What is equal goes first, each row once; what is left has no equal on the other side.
_BY_ROWS = """
CREATE TABLE left_rows AS
WITH o AS (SELECT *, row_number() OVER (PARTITION BY k, h ORDER BY place) AS nth FROM before_rows),
     n AS (SELECT *, row_number() OVER (PARTITION BY k, h ORDER BY place) AS nth FROM after_rows)
SELECT o.place AS old_place, n.place AS new_place, o.k AS old_k, n.k AS new_k
FROM o FULL JOIN n ON o.k IS NOT DISTINCT FROM n.k AND o.h = n.h AND o.nth = n.nth
WHERE o.place IS NULL OR n.place IS NULL"""
# Rows of the same key are paired in their order.
_BY_KEY = f"""
CREATE TABLE d AS
WITH o AS (SELECT old_place AS place, old_k AS k, row_number() OVER (PARTITION BY old_k ORDER BY old_place) AS nth
           FROM left_rows WHERE old_place IS NOT NULL),
     n AS (SELECT new_place AS place, new_k AS k, row_number() OVER (PARTITION BY new_k ORDER BY new_place) AS nth
           FROM left_rows WHERE new_place IS NOT NULL)
SELECT {_STATUS} FROM o FULL JOIN n ON o.k IS NOT DISTINCT FROM n.k AND o.nth = n.nth"""
_BY_NOTHING = """
CREATE TABLE d AS SELECT CASE WHEN old_place IS NULL THEN 'added' ELSE 'removed' END AS status, old_place, new_place
FROM left_rows"""


def changed_cells(db: Session, old: Table, new: Table, pairs: Sequence[Pair]) -> dict[str, int]:
    """In how many of the changed rows each common column differs."""
    found: dict[str, int] = {}
    for start in range(0, len(pairs), _AT_ONCE):
        part = pairs[start : start + _AT_ONCE]
        sums = ", ".join(f"count(*) FILTER ({pair.old_sql} IS DISTINCT FROM {pair.new_sql})" for pair in part)
        counts = db.row(
            f"SELECT {sums} FROM d JOIN {old.view} o ON o.place = d.old_place"
            f" JOIN {new.view} n ON n.place = d.new_place WHERE d.status = 'changed'"
        )
        found |= {pair.name: int(count) for pair, count in zip(part, counts, strict=True)}
    return found

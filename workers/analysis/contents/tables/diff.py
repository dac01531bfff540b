"""The document of two versions of a table."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.analysis.contents import Document, Progress, Side
from workers.analysis.contents.tables.keys import Key, key_of
from workers.analysis.contents.tables.matching import Counts, changed_cells, match
from workers.analysis.contents.tables.pairs import Pair, pairs_of
from workers.analysis.contents.tables.session import Session, session
from workers.analysis.contents.tables.sources import Table, table_of
from workers.analysis.errors import AnalysisError
from workers.analysis.preview.cells import shown

MOST_LISTED = 5000  # rows of one status
_MOST_CELLS = 120_000
_MOST_SHOWN_COLUMNS = 60
_BYTES_SHOWN = 16
_MOST_CHARACTERS = 2 << 20


def table_diff(
    old: Side | None, new: Side | None, options: str, folder: Path, progress: Progress
) -> Document:
    """{columns, key, rows, shown, lists}.

    ``columns``: {name, old_type, new_type, status (``same``, ``added``, ``removed``, ``type``), changed}, ``changed`` being in
    how many changed rows the column differs. ``rows``: {old, new, added, removed, changed, unchanged}. ``shown``: the indexes of
    the columns whose cells are in the lists. ``lists``: the first rows of each status, ``[place, cells]``, and for changed ones
    ``[old place, new place, new cells, {position: old cell}]``; places count from 1. Raises :class:`AnalysisError`.
    """
    if old is None or new is None:
        raise AnalysisError("one_side", "A table is compared with another version of itself.")
    with session(folder) as db:
        before = table_of(db, old, "old_rows", lambda share: progress(0.2 * share, "Reading the old table"))
        after = table_of(
            db, new, "new_rows", lambda share: progress(0.2 + 0.2 * share, "Reading the new table")
        )
        pairs = pairs_of(before, after)
        progress(0.4, "Looking for a key column")
        key = key_of(db, before, after, pairs, options)
        progress(0.5, "Matching rows")
        counts = match(db, before, after, pairs, key)
        progress(0.7, "Counting changed cells")
        cells = changed_cells(db, before, after, pairs) if counts.changed else {}
        progress(0.9, "Listing rows")
        columns = _columns(before, after, cells)
        chosen = _shown(columns, key)
        names = [columns[index]["name"] for index in chosen]
        return {
            "columns": columns,
            "key": _key(key),
            "rows": _rows(before, after, counts),
            "shown": chosen,
            "lists": _lists(db, before, after, _cells(before, after, pairs, names)),
        }


def _columns(old: Table, new: Table, cells: dict[str, int]) -> list[dict[str, Any]]:
    """In the new order; what is gone stands at the end."""
    before, after = ({column.name: column.type for column in table.columns} for table in (old, new))
    found = []
    for name in [*after, *(name for name in before if name not in after)]:
        types = before.get(name), after.get(name)
        status = "added" if types[0] is None else "removed" if types[1] is None else "same"
        if status == "same" and types[0] != types[1]:
            status = "type"
        found.append(
            {
                "name": name,
                "old_type": types[0],
                "new_type": types[1],
                "status": status,
                "changed": cells.get(name, 0),
            }
        )
    return found


def _shown(columns: list[dict[str, Any]], key: Key) -> list[int]:
    """The key, then what changed, then the first others: as many as a page can have, in the table's order."""

    def rank(index: int) -> tuple[bool, bool, int]:
        column = columns[index]
        is_key = key.pair is not None and column["name"] == key.pair.name
        return not is_key, not (column["changed"] or column["status"] != "same"), index

    chosen = sorted(sorted(range(len(columns)), key=rank)[:_MOST_SHOWN_COLUMNS])
    first = [index for index in chosen if not rank(index)[0]]
    return first + [index for index in chosen if index not in first]


def _key(key: Key) -> dict[str, Any]:
    return {"name": key.pair.name if key.pair else None, "unique": key.unique, "chosen": key.chosen}


def _rows(old: Table, new: Table, counts: Counts) -> dict[str, int]:
    return {
        "old": old.rows,
        "new": new.rows,
        "added": counts.added,
        "removed": counts.removed,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
    }


@dataclass(frozen=True)
class _Cells:
    """What is asked of a row for the lists: its cells on each side, and which of them differ, as SQL."""

    width: int
    old: str
    new: str
    marks: str


def _cells(old: Table, new: Table, pairs: list[Pair], names: list[str]) -> _Cells:
    before = {column.name: _shown_sql(f"o.c{n}", column.sql_type) for n, column in enumerate(old.columns)}
    after = {column.name: _shown_sql(f"n.c{n}", column.sql_type) for n, column in enumerate(new.columns)}
    differs = {pair.name: f"{pair.old_sql} IS DISTINCT FROM {pair.new_sql}" for pair in pairs}
    return _Cells(
        len(names),
        ", ".join(before.get(name, "NULL") for name in names),
        ", ".join(after.get(name, "NULL") for name in names),
        ", ".join(differs.get(name, "false") for name in names),
    )


def _shown_sql(column: str, kind: str) -> str:
    """A cell so that two which differ look different: nanoseconds, and bytes by the first of them and a digest."""
    if kind == "TIMESTAMP_NS":
        return f"CAST({column} AS VARCHAR)"
    if kind == "BLOB":
        start = f"'0x' || lower(hex({column}[:{_BYTES_SHOWN}]))"
        more = f"'… ' || octet_length({column}) || ' bytes, md5 ' || md5({column})[:8]"
        return f"CASE WHEN octet_length({column}) <= {_BYTES_SHOWN} THEN {start} ELSE {start} || {more} END"
    return column


def _lists(db: Session, old: Table, new: Table, cells: _Cells) -> dict[str, list[Any]]:
    most = max(50, min(MOST_LISTED, _MOST_CELLS // cells.width))

    def first(status: str, order: str) -> str:
        return f"""WITH p AS (SELECT old_place, new_place FROM d WHERE status = '{status}'
                   ORDER BY {order} LIMIT {most})"""

    before, after = f"{old.view} o ON o.place = p.old_place", f"{new.view} n ON n.place = p.new_place"
    added = db.rows(
        f"{first('added', 'new_place')} SELECT new_place, {cells.new} FROM p JOIN {after} ORDER BY 1"
    )
    removed = db.rows(
        f"{first('removed', 'old_place')} SELECT old_place, {cells.old} FROM p JOIN {before} ORDER BY 1"
    )
    changed = db.rows(
        f"{first('changed', 'new_place')} SELECT new_place, old_place, {cells.new}, {cells.old}, {cells.marks}"
        f" FROM p JOIN {before} JOIN {after} ORDER BY 1"
    )
    return {
        "changed": _within([_changed(row, cells.width) for row in changed]),
        "added": _within([[row[0] + 1, [shown(cell) for cell in row[1:]]] for row in added]),
        "removed": _within([[row[0] + 1, [shown(cell) for cell in row[1:]]] for row in removed]),
    }


def _changed(row: tuple[Any, ...], width: int) -> list[Any]:
    after, before, differs = (row[2 + n * width : 2 + (n + 1) * width] for n in range(3))
    old_cells = {str(n): shown(before[n]) for n, mark in enumerate(differs) if mark}
    return [row[1] + 1, row[0] + 1, [shown(cell) for cell in after], old_cells]


def _within(rows: list[Any]) -> list[Any]:
    """As many of the first rows as a document may hold."""
    room = _MOST_CHARACTERS
    for number, row in enumerate(rows):
        texts = [cell for part in row if isinstance(part, list) for cell in part]
        texts += [cell for part in row if isinstance(part, dict) for cell in part.values()]
        room -= sum(len(cell) if isinstance(cell, str) else 8 for cell in texts)
        if room < 0:
            return rows[: max(number, 1)]
    return rows

"""By which column the rows of two versions belong together."""

import re
from dataclasses import dataclass

from workers.analysis.contents.tables.pairs import Pair
from workers.analysis.contents.tables.session import Session
from workers.analysis.contents.tables.sources import Table
from workers.analysis.errors import AnalysisError

BY_ROWS = "rows"  # as an option: no key, whole rows
_BY_KEY = "key:"
_TRIED = 8
_ALIKE = 0.8  # of the rows: an estimate below it is no key
_NAME = re.compile(r"^(id|key|uuid|guid|index|__index_level_0__|.*[_ .-](id|key|uuid)|.*Id)$")
_MEASURES = ("FLOAT", "DOUBLE", "BOOLEAN", "BLOB", "INTERVAL")


@dataclass(frozen=True)
class Key:
    """``pair`` is None when whole rows are compared. ``unique``: no value is missing or there twice, on either side.

    ``chosen`` is ``viewer``, ``unique`` (found by itself) or ``none`` (there is no column to find).
    """

    pair: Pair | None
    unique: bool
    chosen: str


def key_of(db: Session, old: Table, new: Table, pairs: list[Pair], options: str) -> Key:
    """The key that was asked for, else a column that is unique on both sides and shares most values. Raises ``bad_column``."""
    if options == BY_ROWS:
        return Key(None, unique=False, chosen="viewer")
    if options.startswith(_BY_KEY):
        name = options.removeprefix(_BY_KEY)
        pair = next((pair for pair in pairs if pair.name == name), None)
        if pair is None:
            raise AnalysisError(
                "bad_column", "Both versions need the key column, and one has no such column."
            )
        return Key(pair, _unique(db, old, new, pair), "viewer")
    best: tuple[int, Pair] | None = None
    for pair in _candidates(db, old, new, pairs):
        if _unique(db, old, new, pair):
            shared = db.row(
                f"SELECT count(*) FROM {old.view} o SEMI JOIN {new.view} n ON {pair.old_sql} = {pair.new_sql}"
            )[0]
            if shared and (best is None or shared > best[0]):
                best = shared, pair
    return Key(best[1], unique=True, chosen="unique") if best else Key(None, unique=False, chosen="none")


def _candidates(db: Session, old: Table, new: Table, pairs: list[Pair]) -> list[Pair]:
    """Columns that may be unique, likely names first; judged by estimates, which cost one reading of each side."""
    asked = [pair for pair in pairs if not pair.sql_type.startswith(_MEASURES)][:400]
    if not old.rows or not new.rows:
        return []
    for table, side in ((old, "old_sql"), (new, "new_sql")):
        for start in range(0, len(asked), 40):
            part = asked[start : start + 40]
            sums = ", ".join(
                f"approx_count_distinct({getattr(pair, side)}) >= {_ALIKE} * count(*) AND count({getattr(pair, side)}) = count(*)"
                for pair in part
            )
            fits = db.row(f"SELECT {sums} FROM {table.view} {side[0]}") if part else ()
            dropped = {pair.name for pair, fit in zip(part, fits, strict=True) if not fit}
            asked = [pair for pair in asked if pair.name not in dropped]
    return sorted(asked, key=lambda pair: not _NAME.match(pair.name))[:_TRIED]


def _unique(db: Session, old: Table, new: Table, pair: Pair) -> bool:
    return all(
        db.row(f"SELECT count(*) = count(DISTINCT {sql}) FROM {table.view} {alias}")[0]
        for table, sql, alias in ((old, pair.old_sql, "o"), (new, pair.new_sql, "n"))
    )

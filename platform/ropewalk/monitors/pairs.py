"""What moved between two measured versions of a table: from their stored columns alone, so that a page has it at once. Pure.

It says how far, and no verdict: whether that is drift is what a report answers, which knows about chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ropewalk.monitors.shares import gap, spread_of, together

LEVELS = ("1 %", "5 %", "10 %", "25 %", "50 %", "75 %", "90 %", "95 %", "99 %")
_ORDER = ("type", "removed", "added", "same")
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class TopValue:
    """A frequent value with its share on each side; None where it is not among that side's most frequent ones."""

    value: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class ColumnPair:
    """A column of one version or of both. ``status`` is ``added``, ``removed``, ``type`` (another kind of values) or ``same``.

    ``moved`` is how far it moved, 0 to 1: the largest of ``gap`` (between the cumulative shares of numbers; half the summed
    differences of the most frequent values) and the change of the share of missing values. Times always move on, so their gap
    counts for nothing. ``histogram`` has both sides over common bars, as in a drift report.
    """

    name: str
    status: str
    before: Facts | None
    after: Facts | None
    moved: float
    gap: float | None = None
    histogram: dict[str, Any] | None = None
    top: tuple[TopValue, ...] = ()

    @property
    def missing_change(self) -> float | None:
        """The share of missing values after, less the one before."""
        if self.before is None or self.after is None:
            return None
        return (self.after.get("missing_share") or 0.0) - (self.before.get("missing_share") or 0.0)

    @property
    def quantiles(self) -> list[tuple[str, Any, Any]]:
        """(level, before, after), where both sides have quantiles."""
        before, after = ((side or {}).get("quantiles") or () for side in (self.before, self.after))
        return list(zip(LEVELS, before, after, strict=False))


@dataclass(frozen=True)
class TablePair:
    """Two versions of a table: rows of each, and the columns, those first whose kind changed, that went or came, then by how far.

    ``partial``: a side has more columns than were measured, so that others may have come or gone.
    """

    rows: tuple[int, int]
    column_counts: tuple[int, int]
    columns: tuple[ColumnPair, ...]
    partial: bool

    def with_status(self, status: str) -> list[ColumnPair]:
        """The columns of one status."""
        return [column for column in self.columns if column.status == status]

    @property
    def furthest(self) -> ColumnPair | None:
        """The column of both sides that moved most; None where none moved."""
        same = [column for column in self.columns if column.status == "same" and column.moved > 0]
        return max(same, key=lambda column: column.moved, default=None)


def pair_tables(before: Facts, after: Facts) -> TablePair:
    """Two summaries of ``workers.analysis.summary`` beside each other."""
    first, second = ({str(one["name"]): one for one in side["columns"]} for side in (before, after))
    cut = [side["column_count"] > len(side["columns"]) for side in (before, after)]
    found = [_pair(name, facts, second[name]) for name, facts in first.items() if name in second]
    if not cut[1]:
        found += [
            ColumnPair(name, "removed", one, None, 1.0) for name, one in first.items() if name not in second
        ]
    if not cut[0]:
        found += [
            ColumnPair(name, "added", None, one, 1.0) for name, one in second.items() if name not in first
        ]
    found.sort(key=lambda column: (_ORDER.index(column.status), -column.moved))
    return TablePair(
        rows=(before["rows"], after["rows"]),
        column_counts=(before["column_count"], after["column_count"]),
        columns=tuple(found),
        partial=any(cut),
    )


def _pair(name: str, before: Facts, after: Facts) -> ColumnPair:
    kinds = {before["kind"], after["kind"]}
    if len(kinds) > 1 and "empty" not in kinds:
        return ColumnPair(name, "type", before, after, 1.0)
    missing = abs((after.get("missing_share") or 0.0) - (before.get("missing_share") or 0.0))
    first, second = _top(before), _top(after)
    if first and second:
        whole = _complete(before, first), _complete(after, second)
        between = _between(first, second, whole)
        return ColumnPair(
            name, "same", before, after, max(between, missing), between, top=_values(first, second, whole)
        )
    spreads = spread_of(before), spread_of(after)
    if spreads[0] is None or spreads[1] is None:
        return ColumnPair(name, "same", before, after, missing)
    between = round(gap(spreads[0], spreads[1]), 4)
    counted = 0.0 if before["kind"] == "datetime" else between
    return ColumnPair(name, "same", before, after, max(counted, missing), between, together(before, after))


def _top(facts: Facts) -> dict[str, float]:
    if facts["kind"] == "boolean" and (histogram := facts.get("histogram")):
        names = ["true" if value else "false" for value in histogram["values"]]
        return {name: share or 0.0 for name, share in zip(names, histogram["reference"], strict=True)}
    return {str(one["value"]): one["share"] or 0.0 for one in facts.get("top", ())}


def _complete(facts: Facts, top: Mapping[str, float]) -> bool:
    """Whether the most frequent values are all values."""
    return facts["kind"] == "boolean" or (facts.get("distinct") or 0) <= len(top)


def _between(first: Mapping[str, float], second: Mapping[str, float], complete: Sequence[bool]) -> float:
    """Half the summed differences, at least: of a value that a cut list lacks, no more is known than that it is rarer."""

    def share(side: Mapping[str, float], whole: bool, value: str, other: float) -> float:
        if value in side or whole:
            return side.get(value, 0.0)
        return min(other, *side.values())

    total = 0.0
    for value in {*first, *second}:
        before = share(first, complete[0], value, second.get(value, 0.0))
        after = share(second, complete[1], value, first.get(value, 0.0))
        total += abs(before - after)
    return round(min(total / 2, 1.0), 4)


def _values(
    first: Mapping[str, float], second: Mapping[str, float], complete: Sequence[bool]
) -> tuple[TopValue, ...]:
    names = sorted(
        {*first, *second}, key=lambda name: (-max(first.get(name, 0.0), second.get(name, 0.0)), name)
    )
    rest = [0.0 if whole else None for whole in complete]
    return tuple(TopValue(name, first.get(name, rest[0]), second.get(name, rest[1])) for name in names)

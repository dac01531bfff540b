"""The columns of two versions side by side: both distributions on one axis, what moved most first."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.data.listing import sliced
from ropewalk.edges.web.histograms import Ends, bar_labels, note_of
from ropewalk.monitors import services, versions
from ropewalk.monitors.pairs import ColumnPair, TablePair
from ropewalk.monitors.versions import VersionPair

_PER_PAGE = 24
_WIDTH, _HEIGHT = 240.0, 56.0  # of a drawing
_LONGEST_TEXT = 200
_FACTS = (("distinct", "distinct"), ("min", "lowest"), ("max", "highest"), ("mean", "mean"), ("std", "std."))


@dataclass(frozen=True)
class Bar:
    """A bar of the first side, and the width in which it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class Card:
    """One column: the first side's bars, the second side's outline over them, what the axis ends are, facts of both sides."""

    pair: ColumnPair
    bars: Sequence[Bar] = ()
    outline: str = ""
    ends: Ends = ("", "")
    note: str = ""

    @property
    def kind(self) -> str:
        """What the column holds; on both sides where it changed."""
        kinds = [side["role"] if self.pair.status != "type" else side["kind"] for side in self._sides]
        return " → ".join(dict.fromkeys(kinds))

    @property
    def facts(self) -> list[tuple[str, Any, Any]]:
        """(what, before, after) of what either side knows."""
        sides = self.pair.before or {}, self.pair.after or {}
        rows = [(words, sides[0].get(name), sides[1].get(name)) for name, words in _FACTS]
        return [row for row in rows if row[1] is not None or row[2] is not None]

    @property
    def _sides(self) -> list[Any]:
        return [side for side in (self.pair.before, self.pair.after) if side is not None]


def columns_context(
    request: HttpRequest, access: ProjectAccess, pair: VersionPair, here: str
) -> dict[str, Any]:
    """One page of cards. Versions that nobody measured are asked for by those who may; then ``job`` shows how far it is."""
    context: dict[str, Any] = {"columns_url": f"{here}&part=columns", "tabular": pair.tabular}
    if not pair.tabular or pair.same or pair.base.file is None or pair.head.file is None:
        return context
    measured = [services.asked_data_profile(access, file) for file in (pair.base.file, pair.head.file)]
    table = versions.table_pair(measured[0][0], measured[1][0])
    jobs = [found.job for found, _ in measured if found and found.summary is None and found.job]
    context |= {
        "table": table,
        "refused": any(refused for _, refused in measured),
        "job": next((job for job in jobs if not job.active), next(iter(jobs), None)),
    }
    return context | (_page(request, table, context["columns_url"]) if table else {})


def _page(request: HttpRequest, table: TablePair, address: str) -> dict[str, Any]:
    text = request.GET.get("column", "")[:_LONGEST_TEXT]
    wanted = text.strip().lower()
    chosen = [one for one in table.columns if wanted in one.name.lower()]
    page = sliced(chosen, page_number(request.GET.get("columns")), _PER_PAGE)

    def turned(number: int) -> str:
        return f"{address}&{urlencode({'column': text, 'columns': number})}"

    words = (("added", "added"), ("removed", "removed"), ("type", "of another kind"))
    counts = [(word, len(table.with_status(status))) for status, word in words]
    return {
        "cards": [card_of(one) for one in page.items],
        "page": page,
        "text": text,
        "schema_counts": [(word, count) for word, count in counts if count],
        "previous_url": turned(page.number - 1) if page.number > 1 else "",
        "next_url": turned(page.number + 1) if page.has_next else "",
    }


def card_of(pair: ColumnPair) -> Card:
    """A column as it is drawn. Both sides' heights are relative to the highest bar of either."""
    histogram = pair.histogram
    if not histogram or not histogram["reference"]:
        return Card(pair)
    before, after = histogram["reference"], histogram["current"]
    labels, ends = bar_labels(histogram)
    most, width = max(*before, *after) or 1.0, _WIDTH / len(before)
    tops = [round(_HEIGHT * (1 - share / most), 2) for share in after]
    edges = [round(index * width, 2) for index in range(len(after) + 1)]
    steps = [f"H{right}V{top}" for right, top in zip(edges[1:], [*tops[1:], _HEIGHT], strict=True)]
    bars = tuple(
        Bar(
            left,
            round(_HEIGHT * (1 - share / most), 2),
            round(right - left, 2),
            round(_HEIGHT * share / most, 2),
            f"{label}: {share * 100:.2f} % before, {now * 100:.2f} % after",
        )
        for (left, right), share, now, label in zip(pairwise(edges), before, after, labels, strict=True)
    )
    return Card(pair, bars, f"M0 {_HEIGHT}V{tops[0]}{''.join(steps)}", ends, note_of(histogram))

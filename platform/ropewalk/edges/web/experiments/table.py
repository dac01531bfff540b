"""The run table: what its address asks for, which columns it shows, how each sorts, and the cells of a page of runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from ropewalk.core.pagination import Page
from ropewalk.tracking.errors import InvalidFilter
from ropewalk.tracking.types import RunColumns, RunRow, Shown

MOST_COLUMNS = 40
_DEFAULT_METRICS, _DEFAULT_PARAMS = 4, 3
_PREFIXES = {"metrics": "metrics", "params": "params", "tags": "tags"}
_MOST_IN_FILTER = 200  # characters of a value that a click filters by


@dataclass(frozen=True)
class TableQuery:
    """The whole state of a table, as its address holds it: what is saved in a view is this query string."""

    text: str = ""
    order: str = ""
    experiments: list[str] | None = None
    columns: list["Column"] = field(default_factory=list)
    pinned: frozenset[str] = frozenset()
    shown: Shown = Shown.ACTIVE
    group: str = ""

    @classmethod
    def parse(cls, query: QueryDict) -> "TableQuery":
        """What a query string says; what can't be understood is as if it were not there, but for the filter and the order."""
        shown = query.get("show", "")
        columns = parse_columns(query.getlist("column"))
        pinned = frozenset(query.getlist("pin")[:MOST_COLUMNS])
        return cls(
            text=query.get("q", "").strip(),
            order=query.get("sort", "").strip(),
            experiments=experiment_ids(query),
            columns=sorted(columns, key=lambda column: column.name not in pinned),
            pinned=pinned,
            shown=Shown(shown) if shown in set(Shown) else Shown.ACTIVE,
            group=query.get("group", "")[:260],
        )

    @property
    def filtered(self) -> bool:
        """Whether runs are left out that the plain table shows."""
        return bool(self.text or self.experiments or self.shown is not Shown.ACTIVE)


@dataclass(frozen=True)
class Column:
    """One column that somebody may choose. ``name`` is its address in URLs and in the filter language, e.g. ``metrics.loss``."""

    entity: str
    key: str

    @property
    def name(self) -> str:
        """``metrics.loss``."""
        return f"{self.entity}.{self.key}"

    @property
    def order(self) -> str:
        """How the sort language names it; a key with blanks or signs stands in backticks."""
        plain = self.key.replace("_", "").replace(".", "").isalnum()
        return self.name if plain else f"{self.entity}.`{self.key}`"

    @property
    def clause_key(self) -> str:
        """How the filter language names it; empty where it can't."""
        return "" if "`" in self.key else self.order

    @property
    def numeric(self) -> bool:
        """Whether its cells are right-aligned numbers."""
        return self.entity == "metrics"

    def cell(self, run: RunRow) -> Any:
        """The run's value, None when it has none."""
        values: dict[str, Any] = getattr(run, self.entity)
        return values.get(self.key)


@dataclass(frozen=True)
class Heading:
    """A column's head: ``state`` is ``ascending``, ``descending`` or empty; ``next_order`` is what a click sorts by."""

    label: str
    entity: str
    numeric: bool
    state: str
    next_order: str
    column: str = ""
    pinned: bool = False


@dataclass(frozen=True)
class Cell:
    """A run's value in a column; ``clause`` is the filter for runs that have the same, empty where there is none."""

    value: Any
    numeric: bool
    clause: str = ""
    pinned: bool = False


@dataclass(frozen=True)
class TableRow:
    """A run with its cells in the order of the columns."""

    run: RunRow
    cells: tuple[Cell, ...]


def parse_columns(names: Sequence[str]) -> list[Column]:
    """The columns of a query string; unusable names are left out."""
    found = []
    for name in dict.fromkeys(names):
        entity, dot, key = name.partition(".")
        if entity in _PREFIXES and dot and key and "\x00" not in key:
            found.append(Column(entity, key[:250]))
    return found[:MOST_COLUMNS]


def default_columns(known: RunColumns, key_metric: str) -> list[Column]:
    """The project's key metric first, then a few metrics and parameters; system metrics are left to choice."""
    metrics = [key for key in known.metrics if not key.startswith("system/")]
    metrics.sort(key=lambda key: (key != key_metric, key))
    chosen = [Column("metrics", key) for key in metrics[:_DEFAULT_METRICS]]
    return chosen + [Column("params", key) for key in known.params[:_DEFAULT_PARAMS]]


def choices(known: RunColumns, shown: Sequence[Column]) -> list[tuple[str, list[Column]]]:
    """What the column chooser offers beside the columns shown, by kind."""
    groups = []
    for title, entity, keys in (
        ("Metrics", "metrics", known.metrics),
        ("Parameters", "params", known.params),
        ("Tags", "tags", known.tags),
    ):
        offered = [column for key in keys[:200] if (column := Column(entity, key)) not in shown]
        if offered:
            groups.append((title, offered))
    return groups


def filter_keys(known: RunColumns) -> list[str]:
    """The keys that a filter may name, for its completion."""
    found = [Column("metrics", key) for key in known.metrics if not key.startswith("system/")]
    found += [Column("params", key) for key in known.params] + [Column("tags", key) for key in known.tags]
    attributes = ("status", "run_name", "user_id", "start_time", "end_time", "experiment_name")
    return [key for column in found[:600] if (key := column.clause_key)] + [
        f"attributes.{name}" for name in attributes
    ]


def headings(columns: Sequence[Column], order: str, pinned: frozenset[str] = frozenset()) -> list[Heading]:
    """The heads of the chosen columns; numbers sort from the largest first."""
    return [
        replace(
            heading(column.key, column.order, order, entity=column.entity, numeric=column.numeric),
            column=column.name,
            pinned=column.name in pinned,
        )
        for column in columns
    ]


def heading(label: str, name: str, order: str, *, entity: str = "", numeric: bool = False) -> Heading:
    """The head of one column under the present ``order``: a second click turns it round."""
    words = order.strip()
    descending = words.lower().endswith(" desc")
    sorted_by = words.rsplit(None, 1)[0] if words.lower().endswith((" desc", " asc")) else words
    state = ""
    if sorted_by == name:
        state = "descending" if descending else "ascending"
    turn = {"descending": f"{name} ASC", "ascending": f"{name} DESC"}
    return Heading(
        label, entity, numeric, state, turn.get(state, f"{name} DESC" if numeric else f"{name} ASC")
    )


def rows(
    page: Page[RunRow], columns: Sequence[Column], text: str = "", pinned: frozenset[str] = frozenset()
) -> list[TableRow]:
    """The page's runs with their cells; ``text`` is the present filter, which a click on a cell narrows."""

    def cell(run: RunRow, column: Column) -> Cell:
        value = column.cell(run)
        clause = "" if column.numeric else equals(column.clause_key, value)
        return Cell(value, column.numeric, narrowed(text, clause), column.name in pinned)

    return [TableRow(run, tuple(cell(run, column) for column in columns)) for run in page]


def equals(key: str, value: Any) -> str:
    """The clause for one value; empty where the language can't say it."""
    text = "" if value is None else str(value)
    quotes = [quote for quote in "'\"" if quote not in text]
    if not key or not text or not quotes or len(text) > _MOST_IN_FILTER or "\\" in text:
        return ""
    return f"{key} = {quotes[0]}{text}{quotes[0]}"


def narrowed(text: str, clause: str) -> str:
    """The filter with one more clause; empty when the clause adds nothing."""
    if not clause or clause in text:
        return ""
    return f"{text} AND {clause}" if text else clause


def arranged(columns: Sequence[Column], query: QueryDict, pinned: frozenset[str]) -> list[dict[str, Any]]:
    """The shown columns in order, with the addresses that move each one, pin it, or take it away."""

    def address(names: Sequence[str], pins: frozenset[str]) -> str:
        rest = [
            (key, value)
            for key, values in query.lists()
            if key not in {"column", "pin", "page"}
            for value in values
        ]
        given = [("column", name) for name in names] + [("pin", name) for name in names if name in pins]
        return "?" + urlencode([*rest, *given])

    names = [column.name for column in columns]
    found = []
    for place, name in enumerate(names):
        others = names[:place] + names[place + 1 :]
        found.append(
            {
                "name": name,
                "pinned": name in pinned,
                "earlier": address([*others[: place - 1], name, *others[place - 1 :]], pinned)
                if place
                else "",
                "later": address([*others[: place + 1], name, *others[place + 1 :]], pinned)
                if place + 1 < len(names)
                else "",
                "pin": address(names, pinned ^ {name}),
                "without": address(others, pinned) if others else "",
            }
        )
    return found


def wanted_keys(columns: Sequence[Column], entity: str) -> list[str]:
    """The keys of one kind, so that only they are read."""
    return [column.key for column in columns if column.entity == entity]


def experiment_ids(query: QueryDict) -> list[str] | None:
    """The experiments chosen in a query string; None when none is."""
    return query.getlist("experiment")[:100] or None


def empty_page() -> Page[RunRow]:
    """What stands in the table's place while the filter has a mistake."""
    return Page(items=[], number=1, per_page=50, total=0, has_next=False)


def as_message(error: InvalidFilter) -> str:
    """The mistake and how it would be right, on one line."""
    return f"{error.message} {error.hint}".strip()

"""The run table: which columns it shows, how each sorts, and the cells of a page of runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from ropewalk.core.pagination import Page
from ropewalk.tracking.errors import InvalidFilter
from ropewalk.tracking.types import RunColumns, RunRow

MOST_COLUMNS = 40
_DEFAULT_METRICS, _DEFAULT_PARAMS = 4, 3
_PREFIXES = {"metrics": "metrics", "params": "params", "tags": "tags"}


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


@dataclass(frozen=True)
class TableRow:
    """A run with its cells in the order of the columns."""

    run: RunRow
    cells: tuple[tuple[Any, bool], ...]


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


def choices(known: RunColumns, shown: Sequence[Column]) -> list[tuple[str, list[tuple[Column, bool]]]]:
    """What the column chooser offers, by kind; columns in use stay offered even where recent runs lack them."""
    groups = []
    for title, entity, keys in (
        ("Metrics", "metrics", known.metrics),
        ("Parameters", "params", known.params),
        ("Tags", "tags", known.tags),
    ):
        offered = dict.fromkeys(
            [Column(entity, key) for key in keys[:200]] + [c for c in shown if c.entity == entity]
        )
        if offered:
            groups.append((title, [(column, column in shown) for column in offered]))
    return groups


def headings(columns: Sequence[Column], order: str) -> list[Heading]:
    """The heads of the chosen columns; numbers sort from the largest first."""
    return [
        heading(column.key, column.order, order, entity=column.entity, numeric=column.numeric)
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


def rows(page: Page[RunRow], columns: Sequence[Column]) -> list[TableRow]:
    """The page's runs with their cells."""
    return [TableRow(run, tuple((column.cell(run), column.numeric) for column in columns)) for run in page]


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

"""The run table by groups: what repetitions of the same thing reach on the average, and how sure that is."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import Page, page_number
from ropewalk.edges.web.experiments import table
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.errors import InvalidFilter
from ropewalk.tracking.types import COMMIT_TAG, GroupMetric, RunColumns, RunGroup

_MOST_METRICS = 12
_MOST_CLAUSES = 19


@dataclass(frozen=True)
class GroupRow:
    """A group: its parts as (key, value), the filter for its runs (empty where the language can't say it), cells by column."""

    group: RunGroup
    parts: tuple[tuple[str, str], ...]
    clause: str
    cells: tuple[GroupMetric | None, ...]


def groupings(known: RunColumns, chosen: str) -> list[tuple[str, str, bool]]:
    """What runs may be grouped by, as (value, label, chosen)."""
    offered = [
        ("", "None"),
        ("seeds", "Same parameters, any seed"),
        ("dataset", "Data set"),
        ("commit", "Commit"),
    ]
    offered += [(f"params.{key}", f"params.{key}") for key in known.params[:100]]
    offered += [(f"tags.{key}", f"tags.{key}") for key in known.tags[:100]]
    if chosen and chosen not in dict(offered):
        offered.append((chosen, chosen))
    return [(value, label, value == chosen) for value, label in offered]


def grouped(
    request: HttpRequest,
    access: ProjectAccess,
    asked: table.TableQuery,
    known: RunColumns,
    by: tracking.Grouping,
) -> dict[str, Any]:
    """A page of groups with each metric's mean over the group's runs."""
    columns = asked.columns or table.default_columns(known, access.project.key_metric)
    metrics = [column for column in columns if column.entity == "metrics"][:_MOST_METRICS]
    problem, counted = "", 0
    page: Page[RunGroup] = Page(items=[], number=1, per_page=50, total=0, has_next=False)
    try:
        page, counted = tracking.list_groups(
            access.project.id,
            by,
            experiment_ids=asked.experiments,
            filter_text=asked.text,
            order=asked.order,
            shown=asked.shown,
            metric_keys=[column.key for column in metrics],
            page=page_number(request.GET.get("page")),
        )
    except InvalidFilter as error:
        problem = table.as_message(error)
    return {
        "body": "experiments/groups.html",
        "page": page,
        "columns": columns,
        "rows": [_row(group, by, metrics, asked.text) for group in page],
        "headings": table.headings(metrics, asked.order),
        "name_heading": table.heading("Group", "run_name", asked.order),
        "started_heading": table.heading("Newest", "start_time", asked.order),
        "filter": asked.text,
        "order": asked.order,
        "shown": asked.shown.value,
        "group": asked.group,
        "counted": counted,
        "cut": counted == tracking.MOST_RUNS,
        "problem": problem,
        "filtered": asked.filtered,
        "running": False,
    }


def _row(group: RunGroup, by: tracking.Grouping, metrics: list[table.Column], text: str) -> GroupRow:
    parts, clauses = _parts(group.value, by)
    clause = " AND ".join(clauses) if clauses and all(clauses) and len(clauses) <= _MOST_CLAUSES else ""
    if clause and text:
        clause = f"{text} AND {clause}"
    return GroupRow(group, parts, clause, tuple(group.metrics.get(column.key) for column in metrics))


def _parts(value: str | None, by: tracking.Grouping) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """What a group has in common, and the filter's clauses for it."""
    if by.kind == "seeds":
        pairs = tuple(_pair(line, "=") for line in (value or "").split("\n") if line)
        return pairs, [table.equals(table.Column("params", key).clause_key, text) for key, text in pairs]
    if by.kind == "dataset":
        if value is None:
            return (), []
        names = tuple(_pair(one, "@") for one in value.split(", "))
        if len(names) != 1:
            return names, []
        ((name, digest),) = names
        return names, [table.equals("dataset.name", name), table.equals("dataset.digest", digest)]
    key = f"tags.`{COMMIT_TAG}`" if by.key == COMMIT_TAG else table.Column(f"{by.kind}s", by.key).clause_key
    if value is None:
        return (), [f"{key} IS NULL"]
    return (("", value),), [table.equals(key, value)]


def _pair(text: str, sign: str) -> tuple[str, str]:
    key, _, value = text.partition(sign) if sign == "=" else text.rpartition(sign)
    return key, value

"""The experiments table shows which run is best, and why."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.experiments import table
from ropewalk.edges.web.experiments.grouping import grouped, groupings
from ropewalk.edges.web.experiments.saved import plain_query
from ropewalk.edges.web.frame import project_page, rights
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.errors import InvalidFilter
from ropewalk.tracking.types import RunColumns, SavedTable, Shown

_SHOWN = (
    (Shown.ACTIVE, "Runs"),
    (Shown.STARRED, "Starred"),
    (Shown.ARCHIVED, "Archived"),
    (Shown.DELETED, "Deleted"),
)


def experiments(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Every run, filtered, sorted and paged on the server; any of them can be compared. ``fragment=1``: the table alone."""
    asked = table.TableQuery.parse(request.GET)
    known = tracking.run_columns(access.project.id, experiment_ids=asked.experiments)
    grouping = tracking.Grouping.parse(asked.group)
    context = (
        grouped(request, access, asked, known, grouping) if grouping else _runs(request, access, asked, known)
    )
    status = 400 if context["problem"] else 200
    if request.GET.get("fragment"):
        response = render(
            request,
            context["body"],
            {"access": access, "may": rights(access), **context},
            status=status,
        )
        response.headers["X-Fragment"] = "1"
        return response
    context |= _around(request, access, asked, known, context["columns"])
    return project_page(request, access, "experiments/list.html", "experiments", context, status=status)


def _around(
    request: HttpRequest,
    access: ProjectAccess,
    asked: table.TableQuery,
    known: RunColumns,
    columns: list[table.Column],
) -> dict[str, Any]:
    """What stands around the table: choices, views, and what else the address holds."""
    views = _views(request, access)
    return {
        "keys": table.filter_keys(known),
        "choices": table.choices(known, columns),
        "arranged": table.arranged(columns, request.GET, asked.pinned),
        "experiments": tracking.list_experiments(access.project.id),
        "chosen": set(asked.experiments or []),
        "groupings": groupings(known, asked.group if tracking.Grouping.parse(asked.group) else ""),
        "group_kept": [
            (name, value)
            for name, values in request.GET.lists()
            for value in values
            if name not in {"group", "page"}
        ],
        "views": views,
        "view_here": any(here for _, here in views),
        "export_url": f"{access.project.path}/experiments/export",
        "query_string": plain_query(request.GET.urlencode()),
        "shows": [
            (kind.value if kind is not Shown.ACTIVE else "", label, kind is asked.shown)
            for kind, label in _SHOWN
        ],
    }


def _views(request: HttpRequest, access: ProjectAccess) -> list[tuple[SavedTable, bool]]:
    """The saved views, and whether each is what is shown."""
    here = plain_query(request.GET.urlencode())
    return [
        (view, view.query == here) for view in tracking.list_views(access.project.id, access.actor.viewer_id)
    ]


def values(request: HttpRequest, access: ProjectAccess) -> JsonResponse:
    """The commonest texts that a key of the filter has among recent runs, for its completion."""
    return JsonResponse({"values": tracking.values_of_key(access.project.id, request.GET.get("key", ""))})


def _runs(
    request: HttpRequest, access: ProjectAccess, asked: table.TableQuery, known: RunColumns
) -> dict[str, Any]:
    """A page of the table."""
    columns = asked.columns or table.default_columns(known, access.project.key_metric)
    problem = ""
    try:
        page = tracking.list_runs(
            access.project.id,
            experiment_ids=asked.experiments,
            filter_text=asked.text,
            order=asked.order,
            page=page_number(request.GET.get("page")),
            per_page=50,
            shown=asked.shown,
            metric_keys=table.wanted_keys(columns, "metrics"),
            param_keys=table.wanted_keys(columns, "params"),
        )
    except InvalidFilter as error:
        page, problem = table.empty_page(), table.as_message(error)
    return {
        "body": "experiments/body.html",
        "page": page,
        "columns": columns,
        "rows": table.rows(page, columns, asked.text, asked.pinned),
        "headings": table.headings(columns, asked.order, asked.pinned),
        "name_heading": table.heading("Run", "run_name", asked.order),
        "started_heading": table.heading("Started", "start_time", asked.order),
        "duration_heading": table.heading("Duration", "duration", asked.order, numeric=True),
        "filter": asked.text,
        "order": asked.order,
        "shown": asked.shown.value,
        "problem": problem,
        "filtered": asked.filtered,
        "running": any(row.status == "RUNNING" for row in page),
    }

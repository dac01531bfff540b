"""Comparisons of runs show what differs, and whether it matters."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.comparisons import selectors, services
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.experiments import insights
from ropewalk.edges.web.experiments.curves import Chart, chart
from ropewalk.edges.web.frame import project_page

MOST_CHARTS = 24


def comparisons(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The comparisons that were asked for, newest first."""
    page = selectors.list_comparisons(access.project.id, page=page_number(request.GET.get("page")))
    return project_page(request, access, "comparisons/list.html", "experiments", {"page": page})


def start(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Compare the chosen runs: the same choice is the same page."""
    if request.method != "POST":
        return redirect("comparisons", access.project.owner, access.project.slug)
    number = services.request_comparison(access=access, run_ids=request.POST.getlist("run"))
    return redirect("comparison", access.project.owner, access.project.slug, number)


def comparison(request: HttpRequest, access: ProjectAccess, number: int) -> HttpResponse:
    """Parameters and tags that differ first, metrics with the best marked, curves overlaid, repeated seeds together."""
    found = selectors.get_comparison(access.project.id, number)
    result = found.result or {}
    context: dict[str, Any] = {
        "comparison": found,
        "result": result,
        "runs": result.get("runs", []),
        "metrics": [_metric(row) for row in result.get("metrics", [])],
        "params": _split(result.get("params", [])),
        "tags": _split(result.get("tags", [])),
        "charts": _charts(result),
        "groups": _groups(result),
        "differences": insights.differences(result),
        "alone": insights.alone(result),
        "importance": insights.importance(result),
        "trade_off": insights.trade_off(result, request.GET),
        "may_start": access.may(Permission.ANALYSES_START),
    }
    return project_page(request, access, "comparisons/detail.html", "experiments", context)


def _metric(row: dict[str, Any]) -> dict[str, Any]:
    """A metric's row with each cell's value and whether it is the best."""
    best = set(row["best"])
    return {**row, "cells": [(value, position in best) for position, value in enumerate(row["values"])]}


def _split(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rows that differ between the runs, and those that are the same everywhere."""
    return {
        "differ": [row for row in rows if row["differs"]],
        "same": [row for row in rows if not row["differs"]],
    }


def _charts(result: dict[str, Any]) -> list[Chart]:
    """The overlaid curves; a run's name stands for it, with its position where two runs share one."""
    names = [run["name"] for run in result.get("runs", [])]
    labels = [name if names.count(name) == 1 else f"{name} ({place})" for place, name in enumerate(names, 1)]
    charts = []
    for curve in result.get("curves", [])[:MOST_CHARTS]:
        series = [
            (
                labels[one["run"]],
                one["total"],
                [list(point) for point in zip(one["steps"], one["values"], strict=True)],
            )
            for one in curve["series"]
        ]
        charts.append(chart(curve["name"], series))
    return charts


def _groups(result: dict[str, Any]) -> dict[str, Any]:
    """Repeated seeds: one row a group, its metrics' means in the order of the columns."""
    groups = result.get("groups", [])
    names = sorted({metric["name"] for group in groups for metric in group["metrics"]})[:8]
    rows = []
    for group in groups:
        by_name = {metric["name"]: metric for metric in group["metrics"]}
        rows.append({**group, "cells": [by_name.get(name) for name in names]})
    return {"names": names, "rows": rows}

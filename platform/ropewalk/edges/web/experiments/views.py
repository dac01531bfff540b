"""The experiments table shows which run is best, and why."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.experiments import table
from ropewalk.edges.web.frame import project_page
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.errors import InvalidFilter


def experiments(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Every run, filtered, sorted and paged on the server; any of them can be compared."""
    status = 200
    context = _context(request, access)
    if context["problem"]:
        status = 400
    return project_page(request, access, "experiments/list.html", "experiments", context, status=status)


def _context(request: HttpRequest, access: ProjectAccess) -> dict[str, Any]:
    project_id, query = access.project.id, request.GET
    text, order = query.get("q", "").strip(), query.get("sort", "").strip()
    chosen = table.experiment_ids(query)
    known = tracking.run_columns(project_id, experiment_ids=chosen)
    columns = table.parse_columns(query.getlist("column")) or table.default_columns(
        known, access.project.key_metric
    )
    problem = ""
    try:
        page = tracking.list_runs(
            project_id,
            experiment_ids=chosen,
            filter_text=text,
            order=order,
            page=page_number(query.get("page")),
            per_page=50,
            metric_keys=table.wanted_keys(columns, "metrics"),
            param_keys=table.wanted_keys(columns, "params"),
        )
    except InvalidFilter as error:
        page, problem = table.empty_page(), table.as_message(error)
    return {
        "page": page,
        "rows": table.rows(page, columns),
        "headings": table.headings(columns, order),
        "name_heading": table.heading("Run", "run_name", order),
        "started_heading": table.heading("Started", "start_time", order),
        "duration_heading": table.heading("Duration", "duration", order, numeric=True),
        "choices": table.choices(known, columns),
        "experiments": tracking.list_experiments(project_id),
        "chosen": set(chosen or []),
        "filter": text,
        "order": order,
        "problem": problem,
        "filtered": bool(text or chosen),
    }

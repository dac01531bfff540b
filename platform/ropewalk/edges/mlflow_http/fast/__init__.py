"""The requests that clients make by the thousand, answered without MLflow's code: the same bytes at a fraction of the cost.

Each handler understands the plain form of its request alone. At any doubt (an unknown field, another type, a limit that is
reached, a run that is not there) it answers None, and MLflow's own handler judges the request and words the refusal. So a new
release of MLflow can make a fast path useless, never wrong in its refusals; ``tests/protocol/mlflow`` compares both with random
requests.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from ropewalk.access.roles import Permission
from ropewalk.edges.mlflow_http.fast import reads, writes
from ropewalk.edges.mlflow_http.fast.requests import Unusual, parsed
from ropewalk.edges.mlflow_http.rules import NEEDS, without_prefix

Handler = Callable[[int, dict[str, object]], str]
_HANDLERS: dict[tuple[str, str], Handler] = {
    ("POST", "/2.0/mlflow/runs/log-batch"): writes.log_batch,
    ("POST", "/2.0/mlflow/runs/log-metric"): writes.log_metric,
    ("POST", "/2.0/mlflow/runs/log-parameter"): writes.log_parameter,
    ("POST", "/2.0/mlflow/runs/set-tag"): writes.set_tag,
    ("POST", "/2.0/mlflow/runs/create"): writes.create_run,
    ("POST", "/2.0/mlflow/runs/update"): writes.update_run,
    ("GET", "/2.0/mlflow/runs/get"): reads.get_run,
    ("POST", "/2.0/mlflow/runs/search"): reads.search_runs,
    ("GET", "/2.0/mlflow/metrics/get-history"): reads.get_history,
    ("GET", "/2.0/mlflow/metrics/get-history-bulk-interval"): reads.get_history_interval,
}


def find(request: HttpRequest, path: str) -> tuple[Handler, Permission] | None:
    """The handler of a route and what it needs; None when the route has no short way."""
    name = (request.method or "", without_prefix(path))
    handler = _HANDLERS.get(name)
    return (handler, NEEDS[name]) if handler else None


def answer(handler: Handler, request: HttpRequest, project_id: int, body: bytes) -> HttpResponse | None:
    """The answer, or None when MLflow has to give it."""
    try:
        return HttpResponse(handler(project_id, parsed(request, body)), content_type="application/json")
    except Unusual:
        return None

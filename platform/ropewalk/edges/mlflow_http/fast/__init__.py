"""The requests that clients make by the thousand, answered without MLflow's code: the same bytes at a fraction of the cost.

Each handler understands the plain form of its request alone. At any doubt (an unknown field, another type, a limit that is
reached, a run that is not there) it answers None, and MLflow's own handler judges the request and words the refusal. So a new
release of MLflow can make a fast path useless, never wrong in its refusals; ``tests/protocol/mlflow`` compares both with random
requests.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from ropewalk.access.roles import Permission
from ropewalk.core.statements import Condition
from ropewalk.edges.mlflow_http.fast import reads, requests, writes
from ropewalk.edges.mlflow_http.rules import NEEDS, without_prefix
from ropewalk.tracking import services

DONE = writes.DONE
Handler = Callable[[int, dict[str, object]], str]
_LOGS = {
    "/2.0/mlflow/runs/log-batch": writes.batch,
    "/2.0/mlflow/runs/log-metric": writes.metric,
    "/2.0/mlflow/runs/log-parameter": writes.parameter,
    "/2.0/mlflow/runs/set-tag": writes.tag,
}
_HANDLERS: dict[tuple[str, str], Handler] = {
    **{("POST", path): writes.logs(read) for path, read in _LOGS.items()},
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


def logs(path: str) -> Permission | None:
    """What a route that logs to a run needs; None for every other."""
    name = without_prefix(path)
    return NEEDS["POST", name] if name in _LOGS else None


def log(path: str, project_id: int, body: bytes, provided: Condition) -> bool:
    """Log to a run of the project if what is ``provided`` holds; False when nothing was written, for whatever reason.

    ``path`` is one that :func:`logs` knows, the body that of a POST of JSON; the answer to it is :data:`DONE`.
    """
    try:
        run_id, logged = _LOGS[without_prefix(path)](requests.object_in(body))
    except requests.Unusual:
        return False
    return services.log_batch(project_id, run_id, logged, provided=provided)


def answer(handler: Handler, request: HttpRequest, project_id: int, body: bytes) -> HttpResponse | None:
    """The answer, or None when MLflow has to give it."""
    try:
        return HttpResponse(
            handler(project_id, requests.parsed(request, body)), content_type="application/json"
        )
    except requests.Unusual:
        return None

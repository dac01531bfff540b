"""The one view of the MLflow edge."""

from django.http import HttpRequest, HttpResponseBase

from ropewalk.access.roles import DEEDS, Permission
from ropewalk.access.selectors import ask_again
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Denied
from ropewalk.edges.mlflow_http import artifacts, bodies, dispatch, fast, otlp, ownership, pages

ARTIFACT = "/2.0/mlflow-artifacts/artifacts/<path:artifact_path>"
ARTIFACTS = "/2.0/mlflow-artifacts/artifacts"
GRANTED = "ropewalk.granted"
"""In a request's environment: the access of somebody whose next request of this kind may go the shortest way."""


def mlflow_entry(request: HttpRequest, access: ProjectAccess, path: str = "") -> HttpResponseBase:
    """``/<owner>/<project>.mlflow<path>``; the caller may read runs, what else a route needs is checked here."""
    answer = pages.fixed(request, access, path)
    if answer is not None:
        return answer
    if path == "/v1/traces" and request.method == "POST":
        require(access, Permission.RUNS_WRITE)
        return otlp.receive(request, access.project.id)
    body: bytes | None = None
    if short := fast.find(request, path):
        handler, need = short
        require(access, need)
        body = bodies.whole(request)
        if (quick := fast.answer(handler, request, access.project.id, body)) is not None:
            if fast.logs(path):
                request.META[GRANTED] = access
            return quick
    route = dispatch.match(request.method or "GET", path)
    require(access, route.need)
    if route.rule in {ARTIFACT, ARTIFACTS}:
        return artifact_entry(request, access.project.id, route.arguments.get("artifact_path", ""))
    body = bodies.whole(request) if body is None else body
    named = (route.arguments, dict(request.GET.lists()), bodies.parsed(body))
    ownership.check(access.project.id, route.rule, *named)
    return dispatch.call(request, access.project.id, path, body)


def require(access: ProjectAccess, need: Permission) -> None:
    """Raise what the gate says when the caller may not do this."""
    if not access.may(need):
        ask_again(access, need)
        raise Denied(f"Your role does not let you {DEEDS[need]}.")


def artifact_entry(request: HttpRequest, project_id: int, path: str) -> HttpResponseBase:
    """The proxy for artifacts: ours, because MLflow's holds whole files."""
    if request.method == "PUT":
        return artifacts.put(request, project_id, path)
    if request.method == "DELETE":
        return artifacts.delete(project_id, path)
    if path:
        return artifacts.get(request, project_id, path)
    return artifacts.listing(project_id, request.GET.get("path", ""))

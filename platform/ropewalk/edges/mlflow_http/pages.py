"""MLflow's own web UI and the small fixed answers, served without importing MLflow."""

import json
import re
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.html import format_html
from django.views.static import serve

from ropewalk.access.types import ProjectAccess
from ropewalk.edges.mlflow_http.errors import EndpointNotFound, wants_page

_HASHED = re.compile(r"\.[0-9a-f]{8,}\.")
# What 3.x clients ask before large uploads; workspaces are ours, so the UI must not offer a choice of them.
SERVER_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": False,
    "trace_archival_enabled": False,
    "multipart_uploads_enabled": False,
    "multipart_downloads_enabled": False,
    "presigned_upload_run_id_supported": False,
    "presigned_upload_model_id_supported": False,
    "features_enabled": {"gateway": False},
}
# The UI's own preferences (``<key>_v<version>`` in the browser's storage), set where the person has chosen nothing yet: start
# with runs, report nothing to MLflow's makers, keep the assistant (which is off here) closed.
PREFERENCES = {
    "mlflow.workflowType_v1": '"machine_learning"',
    "mlflow.settings.telemetry.enabled_v1": "false",
    "mlflow.telemetry.info.alert.dismissed_v1": "true",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
}
PREFER = (
    f"<script>try{{for(const[k,v]of Object.entries({json.dumps(PREFERENCES)}))"
    "if(localStorage.getItem(k)===null)localStorage.setItem(k,v)}catch{}</script>"
)
BACK = (
    '<a href="{}" style="position:fixed;left:12px;bottom:12px;z-index:2000;padding:6px 12px;border-radius:6px;background:#1f2933;'
    'color:#fff;font:13px system-ui,sans-serif;text-decoration:none;box-shadow:0 1px 4px rgba(0,0,0,.3)">&larr; {}</a>'
)


@cache
def build_folder() -> Path:
    """Where the installed MLflow keeps its built UI (found without importing it)."""
    spec = find_spec("mlflow")
    if spec is None or not spec.submodule_search_locations:
        raise EndpointNotFound("MLflow's web interface is not installed.")
    return Path(next(iter(spec.submodule_search_locations))) / "server" / "js" / "build"


@cache
def shell() -> str:
    """The UI's ``index.html``."""
    try:
        return (build_folder() / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise EndpointNotFound("MLflow's web interface is not installed.") from None


def index(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The UI with a way back to the project; under its present name, for its cookie.

    Its scripts copy each cookie named ``mlflow-request-header-X`` into a request header ``X``: so its calls pass our CSRF check.
    """
    name = access.project.full_name
    if access.former:
        return HttpResponseRedirect(ui_address(name))
    link = format_html(BACK, f"/{name}", name)
    page = shell().replace("<head>", f"<head>{PREFER}", 1).replace("</body>", f"{link}</body>", 1)
    response = HttpResponse(page)
    response.set_cookie(
        "mlflow-request-header-X-CSRFToken",
        get_token(request),
        path=f"/{name}.mlflow/",
        secure=request.is_secure(),
        samesite="Lax",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def static_file(request: HttpRequest, path: str) -> HttpResponseBase:
    """One file of the UI; names with a content hash may be kept for ever."""
    try:
        response = serve(request, path, document_root=str(build_folder()))
    except (Http404, SuspiciousFileOperation):
        raise EndpointNotFound(f"There is no file {path}.") from None
    kept = "public, max-age=31536000, immutable" if _HASHED.search(path) else "public, max-age=3600"
    response.headers["Cache-Control"] = kept
    return response


def with_slash(request: HttpRequest) -> HttpResponseBase:
    """``/o/p.mlflow`` in a browser is ``/o/p.mlflow/``: the UI's addresses are relative."""
    if not wants_page(request):
        raise EndpointNotFound("The tracking URI is complete, but it is not an endpoint itself.")
    return HttpResponseRedirect(f"{request.path}/")


def fixed(request: HttpRequest, access: ProjectAccess, path: str) -> HttpResponseBase | None:
    """The answer for what needs no MLflow: UI, health, version, server information; None for everything else."""
    if request.method not in {"GET", "HEAD"}:
        return None
    if path == "":
        return with_slash(request)
    if path == "/":
        return index(request, access)
    if path.startswith("/static-files/"):
        return static_file(request, path.removeprefix("/static-files/"))
    if path == "/health":
        return HttpResponse("OK", content_type="text/plain")
    if path == "/version":
        return HttpResponse(version("mlflow"), content_type="text/plain")
    if path in {"/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info"}:
        return HttpResponse(json.dumps(SERVER_INFO), content_type="application/json")
    return None


def ui_address(full_name: str) -> str:
    """The address of a project's MLflow UI."""
    owner, _, project = full_name.partition("/")
    return reverse("mlflow", kwargs={"owner": owner, "project": project, "path": "/"})

"""Handing one checked request over to MLflow's Flask app and taking its answer back."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIEnvironment

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from ropewalk.access.roles import Permission
from ropewalk.core import blobs, outages
from ropewalk.core.errors import Invalid, RopewalkError, Unavailable
from ropewalk.edges.mlflow_http import artifacts, rules, runtime
from ropewalk.edges.mlflow_http.errors import BadPath, EndpointNotFound, ResourceMissing, without_statement

log = structlog.get_logger("ropewalk.mlflow")
# Ours alone to know; MLflow gets neither credentials nor a workspace of the client's choosing.
STRIPPED = (
    "HTTP_AUTHORIZATION",
    "HTTP_COOKIE",
    "HTTP_X_MLFLOW_WORKSPACE",
    "HTTP_TRANSFER_ENCODING",
    "HTTP_CONTENT_ENCODING",
)
KEPT = (
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "REMOTE_ADDR",
    "CONTENT_TYPE",
    "QUERY_STRING",
    "wsgi.url_scheme",
)
PROXIED = "/mlflow-artifacts/artifacts/"


@dataclass(frozen=True)
class Route:
    """One of MLflow's routes: its rule without the API prefix, the values in the path, what it needs."""

    rule: str
    arguments: Mapping[str, Any]
    need: Permission


def match(method: str, path: str) -> Route:
    """MLflow's own routing of ``path`` (with its leading slash). Raises :class:`EndpointNotFound` for all that is not offered."""
    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import RequestRedirect

    unknown = EndpointNotFound(f"There is no endpoint {method} {path} here.")
    if "//" in path:  # Werkzeug would send the client elsewhere
        route, proxied, artifact = path.partition(PROXIED)
        if artifact.startswith("/"):
            raise BadPath
        path = route + proxied + re.sub("/+", "/", artifact)
    adapter = runtime.load().url_map.bind("localhost")
    try:
        rule, arguments = adapter.match(path, method, return_rule=True)
    except (HTTPException, RequestRedirect):
        raise unknown from None
    need = rules.need_of(method, rule.rule)
    if need is None:
        raise unknown
    return Route(rules.without_prefix(rule.rule), arguments, need)


def environ_for(request: HttpRequest, path: str, body: bytes) -> WSGIEnvironment:
    """A fresh WSGI environment: the client's headers without ours, the body in memory, the path below the project."""
    environ = {
        name: value
        for name, value in request.META.items()
        if name.startswith("HTTP_") and name not in STRIPPED
    }
    environ.update({name: request.META[name] for name in KEPT if name in request.META})
    environ.update(
        {
            "REQUEST_METHOD": request.method or "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path.encode().decode("latin-1"),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
    )
    return environ


def call(request: HttpRequest, project_id: int, path: str, body: bytes) -> HttpResponseBase:
    """Run MLflow's handler with the project's workspace bound; the answer is in memory, artifacts are streamed by us."""
    from ropewalk.edges.mlflow_http.outages import watched  # imports SQLAlchemy

    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        started[:] = [status, headers]
        return lambda _data: None

    with runtime.bound(project_id), watched() as met:
        try:
            chunks = runtime.load().wsgi_app(environ_for(request, path, body), start_response)
            content = b"".join(chunks)
        except Exception as error:  # some of MLflow's handlers let anything through
            if met:
                raise met[0] from error
            return _failed(error, path)
    status, headers = int(started[0].split()[0]), dict(started[1])
    if status >= 400 and met:
        raise met[0]
    if status == 503:
        log.warning("MLflow's tables were busy", path=path, detail=content.decode("utf-8", "replace")[:2000])
        raise Unavailable("MLflow's tables were busy with something else.", hint="Send this request again.")
    artifact = headers.get(runtime.DELIVERED_BY_US)
    if artifact is not None:
        return _deliver(request, project_id, bytes.fromhex(artifact).decode())
    if status >= 400 and "json" not in headers.get("Content-Type", ""):
        if status == 404:
            raise EndpointNotFound(f"There is no endpoint {request.method} {path} here.")
        raise Invalid("MLflow cannot use this request: a parameter is missing or has the wrong kind.")
    response = HttpResponse(without_statement(content) if status >= 400 else content, status=status)
    for name, value in headers.items():
        if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
            response.headers[name] = value
    return response


def _failed(error: Exception, path: str) -> HttpResponse:
    """The answer for an exception that MLflow did not turn into one. Clients retry a 5xx for minutes, so mistakes are 400."""
    if away := outages.recognise(error):  # of Django's connection: our stores read with it too
        raise away from error
    from graphql import GraphQLError
    from mlflow.exceptions import MlflowException

    if isinstance(error, GraphQLError):
        raise Invalid(error.message) from error
    if isinstance(error, MlflowException):
        return HttpResponse(
            without_statement(error.serialize_as_json().encode()),
            status=error.get_http_status_code(),
            content_type="application/json",
        )
    log.warning("MLflow's handler failed", path=path, exc_info=error)
    if isinstance(
        error, ValueError | TypeError | LookupError | AttributeError | AssertionError | RecursionError
    ):
        raise Invalid("MLflow cannot use this request: a value in it has the wrong kind.") from error
    raise RopewalkError("MLflow failed to answer this request.") from error


def _deliver(request: HttpRequest, project_id: int, path: str) -> HttpResponseBase:
    stat = blobs.store().stat(artifacts.key_of(project_id, path)) if path else None
    if stat is None:
        raise ResourceMissing(f"No such artifact: '{path}'")
    return artifacts.answer(request, stat)

"""A request id that follows the work into jobs and one access line a request, outermost; the short way for data clients."""

import re
import time
import uuid
from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

import structlog
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, ResolverMatch, URLResolver
from django.urls.resolvers import RegexPattern

log = structlog.get_logger("ropewalk.request")
_SAFE_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


def request_id_of(given: str) -> str:
    """The id of a request that begins: what the client gave if it is sane. Bound to the log context."""
    request_id = given if _SAFE_ID.match(given) else uuid.uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    return request_id


def log_request(method: str, path: str, status: int, started: float) -> None:
    """The one access line; ``started`` is the performance counter's."""
    took = round((time.perf_counter() - started) * 1000, 1)
    log.info("request", method=method, path=path, status=status, ms=took)


class RequestContextMiddleware:
    """Binds ``request_id`` (the client's ``X-Request-ID`` when it is sane) to the log context and answers it.

    An address that carries a ``secret`` (a webhook's) is logged without it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the id bound meanwhile."""
        request_id = request_id_of(request.META.get("HTTP_X_REQUEST_ID", ""))
        started = time.perf_counter()
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        path, match = request.path, request.resolver_match
        if match is not None and (secret := str(match.kwargs.get("secret", ""))):
            path = path.replace(secret, "…")
            response._has_been_logged = True  # type: ignore[attr-defined]  # else Django's own line has the whole path
        if not request.path.startswith(("/static/", "/healthz", "/readyz")):
            log_request(request.method or "", path, response.status_code, started)
        return response


class DataClientsMiddleware:
    """Leads a data client's request straight to its view, past sessions, sign-in, messages and static files.

    One that brings credentials of its own, for an address of the DVC, S3 or MLflow edge: a push or a
    training loop asks thousands of times, and the
    guard of the routes checks everything that such a request needs. Whatever stands before this class in the list still applies.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._answer: Any = convert_exception_to_response(self._view)
        self._edges = URLResolver(
            RegexPattern(r"^/"),
            [
                *import_module("ropewalk.edges.dvc_http.urls").urlpatterns,
                *import_module("ropewalk.edges.s3_http.urls").urlpatterns,
                *import_module("ropewalk.edges.mlflow_http.urls").urlpatterns,
            ],
        )

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or pass the request on."""
        if "HTTP_AUTHORIZATION" not in request.META:
            return self.get_response(request)
        try:
            request.resolver_match = self._edges.resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        answer: HttpResponseBase = self._answer(request)
        return answer

    def _view(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # raises for a host that is not ours, as Django's own middleware does
        match = cast("ResolverMatch", request.resolver_match)
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        if isinstance(response, HttpResponse) and not response.has_header("Content-Length"):
            response.headers["Content-Length"] = str(len(response.content))
        return response

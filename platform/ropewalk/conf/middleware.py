"""The outermost middleware: a request id that follows the work into jobs, and one access line a request."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase

log = structlog.get_logger("ropewalk.request")
_SAFE_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


class RequestContextMiddleware:
    """Binds ``request_id`` (the client's ``X-Request-ID`` when it is sane) to the log context and answers it.

    An address that carries a ``secret`` (a webhook's) is logged without it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the id bound meanwhile."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _SAFE_ID.match(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        path, match = request.path, request.resolver_match
        if match is not None and (secret := str(match.kwargs.get("secret", ""))):
            path = path.replace(secret, "…")
            response._has_been_logged = True  # type: ignore[attr-defined]  # else Django's own line has the whole path
        if not request.path.startswith(("/static/", "/healthz", "/readyz")):
            log.info(
                "request",
                method=request.method,
                path=path,
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
        return response

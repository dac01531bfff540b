"""The shortest way, before Django: what training loops log by the thousand, each request one statement of PostgreSQL.

A request goes through Django once a minute; if it was one that logs to a run, came with a token and was answered, the same
caller's next ones are answered here with the same headers. The gate's decision is not taken from memory: the statement that
writes asks whether the facts behind it still hold (:mod:`ropewalk.access.grants`). Whatever is unusual goes Django's way.
"""

import hashlib
import io
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import Error, connection
from django.http import HttpRequest

from ropewalk.access.grants import Grant, grant_of
from ropewalk.conf.middleware import log_request, request_id_of
from ropewalk.edges.mlflow_http import fast
from ropewalk.edges.mlflow_http.views import GRANTED

Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]
Headers = list[tuple[str, str]]
SECONDS, MOST_KEPT, MOST_BYTES = 60, 1000, 1 << 20
_EDGE = ".mlflow/"
_BODY = [fast.DONE.encode()]
# Browsers send these, and clients whose bodies have to be put together first.
_UNUSUAL = (
    "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE", "HTTP_COOKIE", "HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_ENCODING", "HTTP_EXPECT",
)  # fmt: skip
# All of a request that settings and middlewares look at before a view does.
_SEEN = (
    "wsgi.url_scheme",
    "HTTP_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_AUTHORIZATION",
)


@dataclass(frozen=True)
class _Kept:
    """What the gate decided, how Django answered, and until when (monotonic seconds) that is remembered."""

    grant: Grant
    headers: Headers
    until: float


class Lane:
    """Answers what it may, and gives the rest to ``application``."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """A WSGI application."""
        if environ["REQUEST_METHOD"] != "POST" or "HTTP_AUTHORIZATION" not in environ:
            return self._application(environ, start_response)
        project, edge, rest = environ["PATH_INFO"].partition(_EDGE)
        need = fast.logs(f"/{rest}") if edge else None
        if need is None or _is_unusual(environ):
            return self._application(environ, start_response)
        key = hashlib.sha256(
            "\0".join((project, *(environ.get(name, "") for name in _SEEN))).encode("utf-8", "replace")
        )
        kept = self._kept.get(key.digest())
        if kept is None or kept.until < time.monotonic() or need not in kept.grant.permissions:
            return self._through(key.digest(), environ, start_response)
        started = time.perf_counter()
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        if len(body) == int(environ["CONTENT_LENGTH"]) and _written(f"/{rest}", kept.grant, body):
            request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID", ""))
            start_response("200 OK", [*kept.headers, ("X-Request-ID", request_id)])
            log_request("POST", environ["PATH_INFO"], 200, started)
            return _BODY
        environ["wsgi.input"] = io.BytesIO(body)
        return self._through(key.digest(), environ, start_response)

    def _through(self, key: bytes, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Django's answer, remembered if it was one that may be."""
        seen: list[Any] = []

        def start(status: str, headers: Headers, *more: Any) -> Any:
            seen[:] = [status, headers]
            return start_response(status, headers, *more)

        answer = self._application(environ, start)
        access = environ.pop(GRANTED, None)
        if access is not None and seen and seen[0].startswith("200"):
            self._keep(key, environ, access, seen[1])
        return answer

    def _keep(self, key: bytes, environ: Environ, access: Any, headers: Headers) -> None:
        request = HttpRequest()
        request.META = environ
        grant = grant_of(request, access)
        if grant is None:
            return
        headers = [one for one in headers if one[0].lower() != "x-request-id"]
        self._kept[key] = _Kept(grant, headers, time.monotonic() + SECONDS)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def _is_unusual(environ: Environ) -> bool:
    length = environ.get("CONTENT_LENGTH", "")
    return (
        environ.get("CONTENT_TYPE") != "application/json"
        or not (length.isascii() and length.isdigit() and int(length) <= MOST_BYTES)
        or environ.get("QUERY_STRING", "") != ""
        or any(name in environ for name in _UNUSUAL)
    )


def _written(path: str, grant: Grant, body: bytes) -> bool:
    """False also when PostgreSQL is away: Django's way says so, and tries anew."""
    try:
        connection.close_if_unusable_or_obsolete()
        return fast.log(path, grant.project_id, body, grant.condition())
    except Error:
        return False

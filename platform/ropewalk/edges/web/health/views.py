"""Liveness and readiness, as plain text for probes and people."""

from django.http import HttpRequest, HttpResponse

from ropewalk.core import health


def _text(body: str, status: int = 200) -> HttpResponse:
    response = HttpResponse(body, status=status, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    # The answer is the report; Django's own error line for each 503 of a probe would only bury the reason.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked, so that a restart is never the reaction to a lost database."""
    return _text("ok\n")


def readyz(_request: HttpRequest) -> HttpResponse:
    """One line a part; 503 when one of them fails."""
    found = health.checks()
    lines = [f"{check.name}: {'ok' if check.healthy else 'FAILED'} ({check.detail})\n" for check in found]
    return _text("".join(lines), 200 if all(check.healthy for check in found) else 503)

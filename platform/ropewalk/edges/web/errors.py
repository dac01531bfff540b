"""The pages' dialect for errors: what happened, why, and what to do next."""

import sys
from urllib.parse import urlencode

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from ropewalk.access.types import ANONYMOUS
from ropewalk.core import outages
from ropewalk.core.errors import Invalid, NotFound, RopewalkError, TooLarge

_TITLES = {
    400: "That request can't be done",
    401: "Sign in first",
    403: "You may not do this",
    404: "Nothing here",
    405: "That request can't be done",
    409: "That does not fit the present state",
    413: "That is too large",
    422: "That does not fit",
    429: "Too many requests",
    503: "A part of Ropewalk does not answer",
}


def html_error(request: HttpRequest, error: RopewalkError) -> HttpResponse:
    """Render an error as a page; somebody who must sign in is led there and back."""
    if error.status == 401 and request.method in {"GET", "HEAD"} and "HTTP_AUTHORIZATION" not in request.META:
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
    title = _TITLES.get(error.status, "Something went wrong")
    return render(request, "errors/error.html", {"error": error, "title": title}, status=error.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 400s (a bad Host header, a malformed or too large form)."""
    if isinstance(exception, RequestDataTooBig):
        return html_error(
            request,
            TooLarge(
                "This is more than a form may bring: 64 MiB of files, 5 MiB of text.",
                hint="Push large files with git; data belongs to DVC.",
            ),
        )
    return html_error(request, Invalid("The request is malformed."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that no route knows."""
    return html_error(
        request,
        NotFound("There is no page at this address.", hint="Check the address, or start from the home page."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """A defect of ours: it was logged with the request's id. Or an outage met outside our guard (sign-in, admin)."""
    raised = sys.exc_info()[1]
    away = outages.recognise(raised) if raised else None
    if away is not None:
        request.actor = ANONYMOUS  # type: ignore[attr-defined]  # who it is could only be read from what is away
        response = html_error(request, away)
        response.headers["Retry-After"] = str(away.retry_after)
        response._has_been_logged = True  # type: ignore[attr-defined]  # else Django writes a traceback for each
        return response
    error = RopewalkError(
        "An unexpected error happened.",
        hint="It was logged. Try again; if it stays, tell your operator the request id below.",
    )
    return html_error(request, error)

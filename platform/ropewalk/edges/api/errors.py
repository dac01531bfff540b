"""The JSON API's dialect for errors: ``message`` is what DagsHub's client shows, ``code`` is stable for programs."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_exception_handler

from ropewalk.core.errors import Invalid, NotFound, RopewalkError, Unprocessable


def body_of(error: RopewalkError) -> dict[str, str]:
    """The body of every error answer."""
    return {"message": error.message, "hint": error.hint, "code": error.code}


def json_error(request: HttpRequest, error: RopewalkError) -> JsonResponse:
    """Render an error raised before or in an API view."""
    response = JsonResponse(body_of(error), status=error.status)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="Ropewalk"'
    return response


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: our errors in our shape, its own in the same."""
    if isinstance(exc, RecursionError):  # a body of a million opening brackets
        exc = Invalid("The JSON is nested too deeply.")
    if isinstance(exc, RopewalkError):
        return Response(body_of(exc), status=exc.status)
    response = rest_exception_handler(exc, context)
    if response is not None and isinstance(exc, ValidationError):
        # DagsHub answers 422 for a name that is invalid or taken; its client tells that from other failures.
        response.status_code = Unprocessable.status
        response.data = {"message": _first(exc.detail), "hint": "", "code": "invalid", "fields": exc.detail}
    elif response is not None:
        message = str(exc.detail) if isinstance(exc, APIException) else "There is nothing here."
        response.data = {"message": message, "hint": "", "code": getattr(exc, "default_code", "not_found")}
    return response


def _first(detail: Any, field: str = "") -> str:
    if isinstance(detail, dict) and detail:
        name, inner = next(iter(detail.items()))
        return _first(inner, str(name))
    if isinstance(detail, list) and detail:
        return _first(detail[0], field)
    return f"{field}: {detail}" if field and field != "non_field_errors" else str(detail)


def unknown_path(request: HttpRequest, **_: str) -> JsonResponse:
    """Answer any other path below ``/api`` in JSON: clients parse the body, and a page would confuse them."""
    return json_error(request, NotFound("There is no such API route.", hint="See /api/docs."))

"""The JSON API's dialect for errors."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_exception_handler

from ropewalk.core.errors import RopewalkError


def body_of(error: RopewalkError) -> dict[str, str]:
    """``message`` is what DagsHub's client shows; ``code`` is stable for programs."""
    return {"message": error.message, "hint": error.hint, "code": error.code}


def json_error(request: HttpRequest, error: RopewalkError) -> JsonResponse:
    """Render an error raised before or in an API view."""
    response = JsonResponse(body_of(error), status=error.status)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="Ropewalk"'
    return response


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: our errors in our shape, its own with a ``message`` beside."""
    if isinstance(exc, RopewalkError):
        return Response(body_of(exc), status=exc.status)
    response = rest_exception_handler(exc, context)
    if response is not None:
        response.data = {"message": "The request is not valid.", "hint": "", "code": "invalid", "details": response.data}
    return response

"""Errors in MLflow's dialect: ``{"error_code", "message"}``, as its clients map them."""

import json
import re
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url

from ropewalk.core.errors import Invalid, NotFound, RopewalkError

CODES = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    409: "RESOURCE_CONFLICT",
    413: "BAD_REQUEST",
    416: "BAD_REQUEST",
    422: "INVALID_PARAMETER_VALUE",
    429: "REQUEST_LIMIT_EXCEEDED",
    501: "NOT_IMPLEMENTED",
    503: "TEMPORARILY_UNAVAILABLE",
}
# The finer sorting that 3.17's answers carry, as ``mlflow.error_classification`` has it (which would import MLflow).
CLASSES = {
    "BAD_REQUEST": ("KAM00", "INVALID_PARAMETER_VALUE"),
    "ENDPOINT_NOT_FOUND": ("KAM00", "RESOURCE_NOT_FOUND"),
    "INTERNAL_ERROR": ("XXM00", "CLIENT_INTERNAL_ERROR"),
    "INVALID_PARAMETER_VALUE": ("KAM00", "INVALID_PARAMETER_VALUE"),
    "PERMISSION_DENIED": ("KAM00", "PERMISSION_DENIED"),
    "RESOURCE_DOES_NOT_EXIST": ("KAM00", "RESOURCE_NOT_FOUND"),
    "TEMPORARILY_UNAVAILABLE": ("XXM00", "CLIENT_INTERNAL_ERROR"),
}
# How SQLAlchemy's texts begin within MLflow's: the driver's exception, sometimes a remark before it.
_STATEMENT = re.compile(
    r"(\s*Error:)?\s*\((raised as a result of|psycopg\.|builtins\.|sqlalchemy\.).*", re.DOTALL
)


class EndpointNotFound(NotFound):
    """A route that MLflow does not have or that Ropewalk keeps off; 3.x clients fall back to older routes on this code."""

    code = "ENDPOINT_NOT_FOUND"


class ResourceMissing(NotFound):
    """An id that the project does not have, worded as MLflow words it."""

    code = "RESOURCE_DOES_NOT_EXIST"


class BadPath(Invalid):
    """An artifact path that MLflow refuses; same text."""

    code = "INVALID_PARAMETER_VALUE"

    def __init__(self) -> None:
        super().__init__("Invalid path")


def wants_page(request: HttpRequest) -> bool:
    """Whether a person's browser asks for a page (not a client, not the UI's own calls)."""
    return request.method == "GET" and "text/html" in request.headers.get("Accept", "")


def mlflow_error(request: HttpRequest, error: RopewalkError) -> HttpResponseBase:
    """One error as MLflow's JSON; a browser without a session is sent to the sign-in page instead."""
    if error.status == 401 and wants_page(request) and "Authorization" not in request.headers:
        return HttpResponseRedirect(
            f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}"
        )
    code = error.code if error.code.isupper() else CODES.get(error.status, "INTERNAL_ERROR")
    message = f"{error.message} {error.hint}" if error.hint else error.message
    body = {"error_code": code, "message": message}
    if code in CLASSES:
        body["sqlstate"], body["error_class"] = CLASSES[code]
    response = JsonResponse(body, status=error.status)
    # The UI's own calls get no challenge: the browser would open its password box over the page.
    if error.status == 401 and "/ajax-api/" not in request.path:
        response.headers["WWW-Authenticate"] = 'Basic realm="Ropewalk"'
    return response


def without_statement(content: bytes) -> bytes:
    """MLflow's JSON of an error without the SQL that its stores quote in it: tables, values, the project's workspace."""
    try:
        body = json.loads(content)
        text = body["message"]
        found = _STATEMENT.search(text)
    except (ValueError, TypeError, LookupError):
        return content
    if not found:
        return content
    taken = "UniqueViolation" in found[0]
    refused = (
        "Another one has this name or key already."
        if taken
        else "MLflow's tables refuse this: a value has the wrong kind, or what it names does not exist."
    )
    return json.dumps(body | {"message": text[: found.start()] or refused}).encode()


def json_answer(value: object) -> HttpResponse:
    """A 200 with JSON."""
    return JsonResponse(value, safe=False)

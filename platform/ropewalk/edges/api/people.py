"""Who the caller is, and who others are."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.selectors import resolve_owner
from ropewalk.edges.api.requests import caller
from ropewalk.edges.api.shapes import ErrorShape, UserShape, user_body


@extend_schema(summary="The caller", responses={200: UserShape, 401: ErrorShape}, tags=["people"])
@api_view(["GET"])
def current_user(request: Request) -> Response:
    """Tell who the credentials speak for. DagsHub's client asks this to learn whether a token is valid."""
    return Response(user_body(resolve_owner(caller(request), caller(request).username)))


@extend_schema(
    summary="A person or organization",
    responses={200: UserShape, 404: ErrorShape},
    auth=[],
    tags=["people"],
)
@api_view(["GET"])
def user(request: Request, username: str) -> Response:
    """Look a name up."""
    return Response(user_body(resolve_owner(caller(request), username)))

"""Who the caller is, and who others are."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.selectors import may_manage_owner, resolve_owner
from ropewalk.accounts.owner_names import rename_owner
from ropewalk.accounts.types import OwnerView
from ropewalk.core.errors import Conflict, Denied, Invalid, NotFound, Unprocessable
from ropewalk.edges.api.requests import caller
from ropewalk.edges.api.shapes import (
    ErrorShape,
    NewOrganizationNameShape,
    NewUserNameShape,
    UserShape,
    user_body,
)


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


_RENAMED: dict[Any, Any] = {204: None, 403: ErrorShape, 404: ErrorShape, 422: ErrorShape}


@extend_schema(summary="Rename a person", request=NewUserNameShape, responses=_RENAMED, tags=["people"])
@api_view(["POST"])
def rename_user(request: Request, username: str) -> Response:
    """Give a person another name; for administrators. 422 when it is invalid or taken."""
    if not caller(request).is_staff:
        raise Denied(
            "Only an administrator renames others.", hint="Rename yourself in your settings.", code="role"
        )
    wanted = NewUserNameShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    owner = resolve_owner(caller(request), username)
    if owner.is_organization:
        raise NotFound(f"There is no user “{username}”.")
    return _rename(owner, wanted.validated_data["new_username"])


@extend_schema(
    summary="Rename an organization", request=NewOrganizationNameShape, responses=_RENAMED, tags=["people"]
)
@api_view(["POST"])
def rename_organization(request: Request, organization: str) -> Response:
    """Give an organization another name; for its owners. 422 when it is invalid or taken."""
    wanted = NewOrganizationNameShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    owner = resolve_owner(caller(request), organization)
    if not owner.is_organization:
        raise NotFound(f"There is no organization “{organization}”.")
    if not may_manage_owner(caller(request), owner):
        raise Denied(f"Only an owner of {owner.slug} renames it.", code="role")
    return _rename(owner, wanted.validated_data["new_name"])


def _rename(owner: OwnerView, name: str) -> Response:
    try:
        rename_owner(owner_id=owner.id, name=name)
    except (Invalid, Conflict) as error:
        raise Unprocessable(error.message, hint=error.hint, code=error.code) from None
    return Response(status=204)

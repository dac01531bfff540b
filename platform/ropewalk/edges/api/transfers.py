"""Giving a project to another owner, and answering such an offer, in Gitea's words."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access import transfers
from ropewalk.access.types import ProjectAccess
from ropewalk.edges.api.repositories import described
from ropewalk.edges.api.requests import caller
from ropewalk.edges.api.shapes import ErrorShape, RepositoryShape


class NewOwnerShape(serializers.Serializer):
    """Who is to have a project."""

    new_owner = serializers.CharField(max_length=39)


class OfferShape(serializers.Serializer):
    """A project that was offered: all that is said of it before it is taken."""

    full_name = serializers.CharField()
    new_owner = serializers.CharField()
    offered_by = serializers.CharField()


@extend_schema(
    summary="Give a project to another owner",
    request=NewOwnerShape,
    responses={
        201: RepositoryShape,
        202: RepositoryShape,
        403: ErrorShape,
        404: ErrorShape,
        409: ErrorShape,
        422: ErrorShape,
    },
    tags=["projects"],
)
@api_view(["POST"])
def transfer(request: Request, access: ProjectAccess) -> Response:
    """202 when it went there at once (to the caller, or an organization that they own), 201 when the new owner is asked."""
    wanted = NewOwnerShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    moved = transfers.transfer(access, wanted.validated_data["new_owner"])
    return Response(described(moved or access), status=202 if moved else 201)


@extend_schema(
    summary="Take an offered project",
    request=None,
    responses={202: RepositoryShape, 404: ErrorShape, 409: ErrorShape},
    tags=["projects"],
)
@api_view(["POST"])
def accept(request: Request, offered_by: str, offered: str) -> Response:
    """For the new owner. 409 when they have a project of that name, or who offered it may not any more."""
    offer = transfers.offer_named(caller(request), offered_by, offered)
    return Response(described(transfers.accept_offer(caller(request), offer)), status=202)


@extend_schema(
    summary="Refuse an offered project",
    request=None,
    responses={200: OfferShape, 404: ErrorShape},
    tags=["projects"],
)
@api_view(["POST"])
def refuse(request: Request, offered_by: str, offered: str) -> Response:
    """For the new owner, who need not see the project: the answer is what they were told of it."""
    offer = transfers.offer_named(caller(request), offered_by, offered)
    transfers.refuse_offer(caller(request), offer)
    return Response({"full_name": offer.full_name, "new_owner": offer.to_owner, "offered_by": offer.asked_by})

"""How much a project and its owner store, and how much they may."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.authentication import actor_of
from ropewalk.access.selectors import resolve_owner
from ropewalk.access.types import ProjectAccess
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.quotas import selectors
from ropewalk.quotas.types import Limit, StorageUse


class AmountShape(serializers.Serializer):
    """Bytes and things of one kind: `dvc`, `runs` (DVC's run cache), `bucket`, `artifacts`, `releases`, `git`, `parts`, `bin`.

    `bin` is what was removed and can be restored.
    """

    kind = serializers.CharField()
    size = serializers.IntegerField()
    count = serializers.IntegerField()


class UsageShape(serializers.Serializer):
    """All sizes in bytes. `limit` is null for any amount; `shared` lies with another project and does not count."""

    used = serializers.IntegerField()
    limit = serializers.IntegerField(allow_null=True)
    shared = serializers.IntegerField()
    kinds = AmountShape(many=True)


@extend_schema(
    summary="What a project stores, by kind, and what it may",
    responses={200: UsageShape, 404: ErrorShape},
    tags=["storage"],
)
@api_view(["GET"])
def project_usage(request: Request, access: ProjectAccess) -> Response:
    """The sums are exact; a repository's is of its last push or upkeep."""
    number = access.project.id
    return Response(_described(selectors.project_limit(number), selectors.project_use(number)))


@extend_schema(
    summary="What all your projects store together, and what they may",
    responses={200: UsageShape},
    tags=["storage"],
)
@api_view(["GET"])
def my_usage(request: Request) -> Response:
    """Deleted projects count until they are removed for good."""
    actor = actor_of(request._request)
    owner = resolve_owner(actor, actor.username)
    return Response(_described(selectors.owner_limit(owner.id), selectors.owner_use(owner.id)))


def _described(limit: Limit, use: StorageUse) -> dict[str, Any]:
    kinds = [{"kind": one.kind, "size": one.size, "count": one.count} for one in use.amounts]
    return {"used": use.size, "limit": limit.most, "shared": use.lent.size, "kinds": kinds}

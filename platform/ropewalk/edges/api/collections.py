"""Searching for data that nobody needs, and removing it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import page_number
from ropewalk.data import selectors, services
from ropewalk.data.removed import Keep, Unreadable
from ropewalk.data.services.collecting import MOST_GRACE_DAYS
from ropewalk.edges.api.removals import DependentShape
from ropewalk.edges.api.shapes import ErrorShape

_REFUSED = {403: ErrorShape, 404: ErrorShape, 409: ErrorShape}


class NewCollectionShape(serializers.Serializer):
    """`commits`: every commit that a ref reaches keeps its data; `tips`: only those that refs name."""

    keep = serializers.ChoiceField(choices=[str(one) for one in Keep], required=False, default="commits")
    grace_days = serializers.IntegerField(min_value=0, max_value=MOST_GRACE_DAYS, required=False, default=14)
    unreadable = serializers.ChoiceField(
        choices=[str(one) for one in Unreadable],
        required=False,
        default="stop",
        help_text="Commits whose DVC files can't be read end the search (`stop`), or keep every object whose hash stands in"
        " those files (`keep`).",
    )


class CollectionShape(serializers.Serializer):
    """What a search found. The counts are null until it is done; `removal` until it ran."""

    id = serializers.IntegerField()
    keep = serializers.CharField()
    grace_days = serializers.IntegerField()
    search = serializers.CharField(allow_blank=True)
    run = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    objects = serializers.IntegerField(allow_null=True)
    size = serializers.IntegerField(allow_null=True)
    removal = serializers.IntegerField(allow_null=True)
    unreadable = serializers.IntegerField(allow_null=True, help_text="Commits that can't be read.")
    commits = DependentShape(
        many=True, help_text="A page of those that would miss some of it, the newest first."
    )
    commits_total = serializers.IntegerField()


@extend_schema(
    summary="Search for data that nobody needs",
    request=NewCollectionShape,
    responses={202: CollectionShape, **_REFUSED},
    tags=["data"],
)
@api_view(["POST"])
def collections(request: Request, access: ProjectAccess) -> Response:
    """A job searches; nothing is removed by it. It takes the place of the search before."""
    wanted = NewCollectionShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    number = services.start_collection(
        project_id=access.project.id, user_id=access.actor.user_id, **wanted.validated_data
    )
    return Response(_body(access, number), status=202)


@extend_schema(
    summary="What a search found",
    parameters=[OpenApiParameter("page", int, description="Of the commits, a hundred each.")],
    responses={200: CollectionShape, **_REFUSED},
    tags=["data"],
)
@api_view(["GET"])
def collection(request: Request, access: ProjectAccess, collection_id: int) -> Response:
    """With a page of the commits that would miss some of it."""
    return Response(_body(access, collection_id, page_number(request.query_params.get("page"))))


@extend_schema(
    summary="Remove what a search found",
    request=None,
    responses={202: CollectionShape, **_REFUSED},
    tags=["data"],
)
@api_view(["POST"])
def run(request: Request, access: ProjectAccess, collection_id: int) -> Response:
    """A job removes what is unneeded still; the removal can be restored."""
    services.request_run(
        project_id=access.project.id, collection_id=collection_id, user_id=access.actor.user_id
    )
    return Response(_body(access, collection_id), status=202)


def _body(access: ProjectAccess, number: int, page: int = 1) -> dict[str, Any]:
    found = selectors.collection(access.project.id, number)
    if found is None:
        raise NotFound("There is no such search, or a newer one took its place.")
    commits, total = selectors.losing(access.project.id, number, page=page) if found.report else ([], 0)
    failed = next((job for job in (found.run, found.search) if job and job.state == "failed"), None)
    return {
        "id": found.id,
        "keep": found.keep,
        "grace_days": found.grace_days,
        "search": found.search.state if found.search else "",
        "run": found.run.state if found.run else "",
        "error": failed.error_message if failed else "",
        "objects": found.report.objects if found.report else None,
        "size": found.report.size if found.report else None,
        "unreadable": found.report.unreadable if found.report else None,
        "removal": found.removal_id,
        "commits": [
            {"sha": one.commit_sha, "subject": one.subject, "path": one.path, "paths": one.paths}
            for one in commits
        ],
        "commits_total": total,
    }

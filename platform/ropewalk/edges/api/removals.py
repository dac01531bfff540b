"""What was removed from a project's DVC remote, and its restoration."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.data import selectors, services
from ropewalk.data.removed import RemovalView
from ropewalk.edges.api.paging import PAGES, asked_page, page_response
from ropewalk.edges.api.shapes import ErrorShape

_REFUSED = {403: ErrorShape, 404: ErrorShape}


class RemovalShape(serializers.Serializer):
    """Objects that one person removed within a short time. ``through`` is ``client`` or ``collection``; ``size`` in bytes."""

    id = serializers.IntegerField()
    through = serializers.CharField()
    removed_by = serializers.CharField(allow_blank=True)
    started_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    objects = serializers.IntegerField()
    size = serializers.IntegerField()
    kept_until = serializers.DateTimeField()


class DependentShape(serializers.Serializer):
    """A commit that lacks something of it: one path, and of how many."""

    sha = serializers.CharField()
    subject = serializers.CharField()
    path = serializers.CharField()
    paths = serializers.IntegerField()


class RemovalDetailShape(RemovalShape):
    """With the newest hundred commits that lack something of it, and the state of the job that restores it."""

    commits = DependentShape(many=True)
    commits_total = serializers.IntegerField()
    restoration = serializers.CharField(allow_blank=True)


@extend_schema(
    summary="Removed data that can be restored",
    parameters=PAGES,
    responses={200: RemovalShape(many=True), **_REFUSED},
    tags=["data"],
)
@api_view(["GET"])
def removals(request: Request, access: ProjectAccess) -> Response:
    """Newest first."""
    number, length = asked_page(request)
    return page_response(request, selectors.removals(access.project.id, page=number, per_page=length), _body)


@extend_schema(
    summary="One removal, with the commits that lack it",
    responses={200: RemovalDetailShape, **_REFUSED},
    tags=["data"],
)
@api_view(["GET"])
def removal(request: Request, access: ProjectAccess, removal_id: int) -> Response:
    """404 once it is restored whole, or its time is over."""
    found = selectors.removal(access.project.id, removal_id)
    if found is None:
        raise NotFound("There is no such removal: it was restored, or its time is over.")
    commits, total = selectors.dependents(access.project.id, removal_id)
    rows = [
        {"sha": one.commit_sha, "subject": one.subject, "path": one.path, "paths": one.paths}
        for one in commits
    ]
    state = found.job.state if found.job else ""
    return Response({**_body(found), "commits": rows, "commits_total": total, "restoration": state})


@extend_schema(summary="Restore removed data", request=None, responses={202: None, **_REFUSED}, tags=["data"])
@api_view(["POST"])
def restore(request: Request, access: ProjectAccess, removal_id: int) -> Response:
    """Ask for it; a job does it. When it is done the removal is gone."""
    services.request_restoration(
        project_id=access.project.id, removal_id=removal_id, user_id=access.actor.user_id
    )
    return Response(status=202)


def _body(one: RemovalView) -> dict[str, Any]:
    return {
        "id": one.id,
        "through": one.source,
        "removed_by": one.removed_by,
        "started_at": one.started_at.isoformat(),
        "last_at": one.last_at.isoformat(),
        "objects": one.count,
        "size": one.size,
        "kept_until": one.kept_until.isoformat(),
    }

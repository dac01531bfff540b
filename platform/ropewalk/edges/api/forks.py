"""Forks in Gitea's words."""

from dataclasses import replace

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.selectors import accesses
from ropewalk.access.types import ProjectAccess
from ropewalk.data import services
from ropewalk.edges.api.describing import described_all
from ropewalk.edges.api.paging import PAGES, asked_page, page_response
from ropewalk.edges.api.repositories import described
from ropewalk.edges.api.shapes import ErrorShape, RepositoryShape
from ropewalk.projects import lineage


class NewForkShape(serializers.Serializer):
    """A fork to make: in the caller's own name without ``organization``, under the project's name without ``name``."""

    organization = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)
    name = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)
    default_branch_only = serializers.BooleanField(
        required=False, default=False, help_text="Ropewalk's own: copy no other branch and no tag."
    )


class SyncShape(serializers.Serializer):
    """A branch of a fork; the default one without it."""

    branch = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


class SyncedShape(serializers.Serializer):
    """What was done."""

    merge_type = serializers.ChoiceField(choices=["fast-forward", "up-to-date"])


@extend_schema(
    methods=["GET"],
    summary="Forks that the caller may see, newest first",
    parameters=PAGES,
    responses={200: RepositoryShape(many=True), 404: ErrorShape},
    tags=["projects"],
)
@extend_schema(
    methods=["POST"],
    summary="Fork a project",
    description=(
        "Answers at once; the job `fork-project` of the new project fills it. 409 when the owner has a fork of it "
        "already, or a project of this name."
    ),
    request=NewForkShape,
    responses={202: RepositoryShape, 400: ErrorShape, 403: ErrorShape, 404: ErrorShape, 409: ErrorShape},
    tags=["projects"],
)
@api_view(["GET", "POST"])
def forks(request: Request, access: ProjectAccess) -> Response:
    """List the forks, or make one."""
    if request.method == "POST":
        wanted = NewForkShape(data=request.data)
        wanted.is_valid(raise_exception=True)
        given = wanted.validated_data
        made = services.start_fork(
            access,
            given["organization"] or access.actor.username,
            slug=given["name"],
            default_only=given["default_branch_only"],
        )
        return Response(described(made), status=202)
    number, length = asked_page(request)
    page = lineage.forks(access.actor.viewer_id, access.project.id, page=number, per_page=length)
    found = accesses(access.actor, page)
    bodies = {
        one.project.id: body for one, body in zip(found, described_all(access.actor, found), strict=True)
    }
    shown = replace(page, items=[project for project in page if project.id in bodies])
    return page_response(request, shown, lambda project: bodies[project.id])


@extend_schema(
    summary="Bring a fork's branch up to its parent's",
    description=(
        "Forward only, under the rules for branches; 409 with the code `diverged` when both have commits of their own. The "
        "parent's newer data follows by the job `fork-project`. 404 for no fork, and for a parent that the caller may not read."
    ),
    request=SyncShape,
    responses={200: SyncedShape, 403: ErrorShape, 404: ErrorShape, 409: ErrorShape},
    tags=["projects"],
)
@api_view(["POST"])
def merge_upstream(request: Request, access: ProjectAccess) -> Response:
    """Move the branch forward."""
    wanted = SyncShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    moved = services.sync_fork(access, branch=wanted.validated_data["branch"])
    return Response({"merge_type": "fast-forward" if moved else "up-to-date"})

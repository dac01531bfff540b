"""Mirrors in Gitea's words: asking for a sync, and the servers that a project is pushed to."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Invalid, Unprocessable
from ropewalk.data.services import request_sync
from ropewalk.edges.api.durations import go_duration, read_duration
from ropewalk.edges.api.paging import PAGES, asked_page
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.repos import selectors as repos
from ropewalk.repos import services
from ropewalk.repos.mirrors import PushMirrorView

_REFUSED = {403: ErrorShape, 404: ErrorShape, 409: ErrorShape, 422: ErrorShape}


class PushMirrorShape(serializers.Serializer):
    """A server that gets the project's branches and tags. ``remote_name`` is its name in addresses."""

    repo_name = serializers.CharField()
    remote_name = serializers.CharField()
    remote_address = serializers.CharField()
    created = serializers.CharField()
    last_update = serializers.CharField(allow_null=True)
    last_error = serializers.CharField()
    interval = serializers.CharField()
    sync_on_commit = serializers.BooleanField()


class NewPushMirrorShape(serializers.Serializer):
    """Where to push, with what sign-in, and when. The password is kept sealed and never given out."""

    remote_address = serializers.CharField(max_length=2000)
    remote_username = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)
    remote_password = serializers.CharField(
        max_length=4096, required=False, default="", allow_blank=True, trim_whitespace=False, write_only=True
    )
    interval = serializers.CharField(
        max_length=30, required=False, default="0", help_text="`8h0m0s`; `0`: not by the clock."
    )
    sync_on_commit = serializers.BooleanField(required=False, default=True)


@extend_schema(
    summary="Bring a mirror in step with its original",
    request=None,
    responses={200: None, 403: ErrorShape, 404: ErrorShape},
    tags=["mirrors"],
)
@api_view(["POST"])
def mirror_sync(request: Request, access: ProjectAccess) -> Response:
    """Ask for a sync; the answer does not wait for it. 404 for a project that is no mirror."""
    request_sync(project_id=access.project.id, cause="api", requested_by_id=access.actor.user_id)
    return Response(status=200)


@extend_schema(
    methods=["GET"],
    summary="The servers that a project is pushed to",
    parameters=PAGES,
    responses={200: PushMirrorShape(many=True), 404: ErrorShape},
    tags=["mirrors"],
)
@extend_schema(
    methods=["POST"],
    summary="Push a project to another server",
    request=NewPushMirrorShape,
    responses={200: PushMirrorShape, **_REFUSED},
    tags=["mirrors"],
)
@api_view(["GET", "POST"])
def push_mirrors(request: Request, access: ProjectAccess) -> Response:
    """List them (there are at most five), or add one: branches and tags that only the other side has are deleted there."""
    if request.method == "GET":
        number, length = asked_page(request)
        rows = repos.push_mirrors(access.project.id)
        shown = rows[(number - 1) * length : number * length]
        return Response([_body(access, row) for row in shown], headers={"X-Total-Count": str(len(rows))})
    wanted = NewPushMirrorShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    given = wanted.validated_data
    try:
        key = services.add_push_mirror(
            project_id=access.project.id,
            address=given["remote_address"],
            username=given["remote_username"],
            password=given["remote_password"],
            interval=read_duration(given["interval"]),
            sync_on_push=given["sync_on_commit"],
            requested_by_id=access.actor.user_id,
        )
    except Invalid as error:
        raise Unprocessable(error.message, hint=error.hint, code=error.code) from None
    return Response(_body(access, repos.push_mirror(access.project.id, key)))


@extend_schema(
    methods=["GET"],
    summary="One of those servers",
    responses={200: PushMirrorShape, 404: ErrorShape},
    tags=["mirrors"],
)
@extend_schema(
    methods=["DELETE"], summary="Push there no more", responses={204: None, 404: ErrorShape}, tags=["mirrors"]
)
@api_view(["GET", "DELETE"])
def push_mirror(request: Request, access: ProjectAccess, push_key: str) -> Response:
    """Describe one, or end it: the other repository keeps what it has."""
    if request.method == "DELETE":
        services.remove_push_mirror(project_id=access.project.id, key=push_key)
        return Response(status=204)
    return Response(_body(access, repos.push_mirror(access.project.id, push_key)))


@extend_schema(
    summary="Push to all of those servers now",
    request=None,
    responses={200: None, 403: ErrorShape, 404: ErrorShape},
    tags=["mirrors"],
)
@api_view(["POST"])
def push_mirrors_sync(request: Request, access: ProjectAccess) -> Response:
    """Ask for a push to each; the answer does not wait for them."""
    for row in repos.push_mirrors(access.project.id):
        services.request_push(
            project_id=access.project.id, key=row.key, cause="api", requested_by_id=access.actor.user_id
        )
    return Response(status=200)


def _body(access: ProjectAccess, row: PushMirrorView) -> dict[str, Any]:
    return {
        "repo_name": access.project.slug,
        "remote_name": row.key,
        "remote_address": row.address,
        "created": row.created_at.isoformat(),
        "last_update": row.synced_at.isoformat() if row.synced_at else None,
        "last_error": row.last_error,
        "interval": go_duration(row.interval),
        "sync_on_commit": row.sync_on_push,
    }

"""A project that begins as a copy of a repository elsewhere, in Gitea's words: a migration."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import may_create_in, resolve_owner, resolve_project
from ropewalk.core.errors import Denied, Invalid, Unprocessable
from ropewalk.data import services
from ropewalk.edges.api.durations import go_duration, read_duration
from ropewalk.edges.api.repositories import described
from ropewalk.edges.api.requests import caller
from ropewalk.edges.api.shapes import ErrorShape, RepositoryShape
from ropewalk.repos.mirrors import DEFAULT_INTERVAL
from ropewalk.repos.signing_in import MAX_PASSWORD, MAX_USERNAME


class MigrationShape(serializers.Serializer):
    """What is copied and where to. Other fields of Gitea's (wiki, issues, labels …) are taken and choose nothing."""

    clone_addr = serializers.CharField(max_length=2000, help_text="https://, http:// or git://")
    repo_name = serializers.CharField(max_length=100)
    repo_owner = serializers.CharField(
        max_length=100, required=False, default="", allow_blank=True, help_text="Default: the caller."
    )
    description = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    private = serializers.BooleanField(required=False, default=True)
    mirror = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Whether the project follows the other repository from then on.",
    )
    mirror_interval = serializers.CharField(
        max_length=20,
        required=False,
        default=go_duration(DEFAULT_INTERVAL),
        help_text="For example 8h30m0s; 0: only when asked.",
    )
    auth_username = serializers.CharField(
        max_length=MAX_USERNAME, required=False, default="", allow_blank=True, write_only=True
    )
    auth_password = serializers.CharField(
        max_length=MAX_PASSWORD,
        required=False,
        default="",
        allow_blank=True,
        trim_whitespace=False,
        write_only=True,
    )
    auth_token = serializers.CharField(
        max_length=MAX_PASSWORD, required=False, default="", allow_blank=True, write_only=True,
        help_text="In place of a password; no user name is needed with one.",
    )  # fmt: skip


@extend_schema(
    summary="Import a repository from another server",
    request=MigrationShape,
    responses={201: RepositoryShape, 403: ErrorShape, 404: ErrorShape, 409: ErrorShape, 422: ErrorShape},
    tags=["projects"],
)
@api_view(["POST"])
def migrate(request: Request) -> Response:
    """Create the project at once, empty; a job copies branches and tags into it (see its jobs). 409 for a name that is taken."""
    wanted = MigrationShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    given, actor = wanted.validated_data, caller(request)
    owner = resolve_owner(actor, given["repo_owner"] or actor.username)
    if not may_create_in(actor, owner):
        raise Denied(f"You may not create projects in {owner.slug}.", code="role")
    try:
        services.start_import(
            url=given["clone_addr"],
            owner_id=owner.id,
            slug=given["repo_name"],
            created_by_id=actor.user_id or 0,
            description=given["description"],
            visibility="private" if given["private"] else "public",
            username=given["auth_username"],
            password=given["auth_token"] or given["auth_password"],
            mirror_interval=read_duration(given["mirror_interval"]) if given["mirror"] else None,
        )
    except Invalid as error:
        raise Unprocessable(error.message, hint=error.hint, code=error.code) from None
    access = resolve_project(actor, owner.slug, given["repo_name"], needs=Permission.PROJECT_VIEW)
    return Response(described(access), status=201)

"""Projects, in DagsHub's words: repositories."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import ask_again, may_create_in, resolve_owner
from ropewalk.access.types import Actor, ProjectAccess
from ropewalk.core.errors import Conflict, Denied, Invalid, Unprocessable
from ropewalk.data.services import change_mirror
from ropewalk.data.services.founding import found_project
from ropewalk.data.starters import Starter, starter_of
from ropewalk.edges.api.describing import described_all
from ropewalk.edges.api.durations import read_duration
from ropewalk.edges.api.requests import caller
from ropewalk.edges.api.shapes import (
    ChangedRepositoryShape,
    ErrorShape,
    NewRepositoryShape,
    RepositoryShape,
)
from ropewalk.projects import services

_CREATED = {201: RepositoryShape, 403: ErrorShape, 404: ErrorShape, 422: ErrorShape}


@extend_schema(
    methods=["GET"],
    summary="A project",
    responses={200: RepositoryShape, 404: ErrorShape},
    tags=["projects"],
)
@extend_schema(
    methods=["PATCH"],
    summary="Change a project",
    request=ChangedRepositoryShape,
    responses={200: RepositoryShape, 403: ErrorShape, 404: ErrorShape, 422: ErrorShape},
    tags=["projects"],
)
@api_view(["GET", "PATCH"])
def repository(request: Request, access: ProjectAccess) -> Response:
    """Describe a project, or change what is given; another `name` takes its owner. A former name finds it, too.

    One that the caller may not see answers 404, like one that does not exist.
    """
    if request.method == "PATCH":
        wanted = ChangedRepositoryShape(data=request.data)
        wanted.is_valid(raise_exception=True)
        access = _changed(access, wanted.validated_data)
    return Response(described(access))


def _changed(access: ProjectAccess, given: dict[str, Any]) -> ProjectAccess:
    project_id = access.project.id
    if "name" in given:
        ask_again(access, Permission.PROJECT_MOVE)
    try:
        with transaction.atomic():
            services.update_project(
                project_id=project_id,
                description=given.get("description"),
                visibility=_visibility(given, access.project.visibility),
            )
            if "archived" in given and given["archived"] != access.project.archived:
                services.archive_project(project_id=project_id, archived=given["archived"])
            if "mirror_interval" in given:
                change_mirror(project_id=project_id, interval=read_duration(given["mirror_interval"]))
            if "name" in given:
                services.rename_project(project_id=project_id, name=given["name"])
    except (Invalid, Conflict) as error:
        raise Unprocessable(error.message, hint=error.hint, code=error.code) from None
    return ask_again(access, Permission.PROJECT_VIEW)


def _visibility(given: dict[str, Any], before: str) -> str | None:
    """``private`` says only whether everybody may read: a project that is internal is private to those who don't know more."""
    wanted: str | None = given.get("visibility")
    if wanted is None and given.get("private", before != "public") != (before != "public"):
        return "private" if given["private"] else "public"
    return wanted


@extend_schema(
    summary="Create a project of one's own", request=NewRepositoryShape, responses=_CREATED, tags=["projects"]
)
@api_view(["POST"])
def create_for_user(request: Request) -> Response:
    """Create a project in the caller's own namespace. 422 when the name is invalid or taken."""
    return _create(request, caller(request).username)


@extend_schema(
    summary="Create a project of an organization",
    request=NewRepositoryShape,
    responses=_CREATED,
    tags=["projects"],
)
@api_view(["POST"])
def create_for_organization(request: Request, organization: str) -> Response:
    """Create a project of an organization that the caller belongs to. 422 when the name is invalid or taken."""
    return _create(request, organization)


def _create(request: Request, owner_name: str) -> Response:
    actor: Actor = caller(request)
    owner = resolve_owner(actor, owner_name)
    if not may_create_in(actor, owner):
        raise Denied(
            f"You may not create projects in {owner.slug}.",
            hint="Ask one of its owners to add you.",
            code="role",
        )
    wanted = NewRepositoryShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    given = wanted.validated_data
    try:
        access = found_project(
            actor,
            owner.slug,
            slug=given["name"],
            description=given["description"],
            visibility=given.get("visibility") or ("private" if given["private"] else "public"),
            starter=_starter(given),
        )
    except (Invalid, Conflict) as error:
        raise Unprocessable(error.message, hint=error.hint, code=error.code) from None
    return Response(described(access), status=201)


def _starter(given: dict[str, Any]) -> Starter:
    """DagsHub's client always names a .gitignore: without ``auto_init`` nothing is begun with."""
    if not given["auto_init"]:
        return Starter()
    return starter_of(
        readme=True, gitignore=given["gitignores"], license_name=given["license"], dvc=given["dvc"]
    )


def described(access: ProjectAccess) -> dict[str, Any]:
    """A project as the API answers it."""
    return described_all(access.actor, [access])[0]

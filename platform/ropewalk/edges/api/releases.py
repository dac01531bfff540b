"""Releases in Gitea's shape. Drafts are there for those who may write, and answer 404 to others."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.data.services.releasing import save_release
from ropewalk.edges.api.paging import PAGES, asked_page, page_response
from ropewalk.edges.api.release_shapes import EditReleaseShape, NewReleaseShape, ReleaseShape, release_body
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.releases import selectors, services
from ropewalk.releases.types import ReleaseText, ReleaseView

_REFUSED = {400: ErrorShape, 403: ErrorShape, 404: ErrorShape, 409: ErrorShape, 422: ErrorShape}
_ONE: dict[str, Any] = {"responses": {200: ReleaseShape, 404: ErrorShape}, "tags": ["releases"]}


def sees_drafts(access: ProjectAccess) -> bool:
    """Drafts are for those who may write."""
    return access.may(Permission.CODE_WRITE)


def _flag(request: Request, name: str) -> bool | None:
    raw = request.query_params.get(name, "").lower()
    return raw in {"1", "true", "yes"} if raw else None


@extend_schema(
    methods=["GET"],
    summary="Releases, drafts first, then the newest",
    parameters=[
        *PAGES,
        OpenApiParameter("draft", bool, description="Only drafts, or none."),
        OpenApiParameter("pre-release", bool, description="Only pre-releases, or none."),
    ],
    responses={200: ReleaseShape(many=True), 404: ErrorShape},
    tags=["releases"],
)
@extend_schema(
    methods=["POST"],
    summary="Make a release",
    request=NewReleaseShape,
    responses={201: ReleaseShape, **_REFUSED},
    tags=["releases"],
)
@api_view(["GET", "POST"])
def releases(request: Request, access: ProjectAccess) -> Response:
    """List releases, or make one, published unless it is a draft."""
    if request.method == "GET":
        number, length = asked_page(request)
        page = selectors.releases(
            access.project.id,
            drafts=sees_drafts(access),
            only_drafts=_flag(request, "draft"),
            prerelease=_flag(request, "pre-release"),
            page=number,
            per_page=length,
        )
        return page_response(request, page, lambda release: release_body(access, release))
    wanted = NewReleaseShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    given = wanted.validated_data
    text = _text(given, None)
    saved = save_release(access, text, publish=not given.get("draft", False))
    return Response(release_body(access, saved), status=201)


def _text(given: dict[str, Any], found: ReleaseView | None) -> ReleaseText:
    """What was given over what there is."""
    tag = given.get("tag_name", found.tag if found else "")
    title = given.get("name", found.title if found else "")
    return ReleaseText(
        tag=tag,
        title=title or tag,
        notes=given.get("body", found.notes if found else ""),
        target=given.get("target_commitish", found.target if found else ""),
        prerelease=given.get("prerelease", found.prerelease if found else False),
        latest=given.get("latest", found.latest if found else True),
    )


@extend_schema(methods=["GET"], summary="A release", **_ONE)
@extend_schema(
    methods=["PATCH"],
    summary="Change a release",
    request=EditReleaseShape,
    responses={200: ReleaseShape, **_REFUSED},
    tags=["releases"],
)
@extend_schema(
    methods=["DELETE"],
    summary="Delete a release with its files; its tag stays",
    responses={204: None, 403: ErrorShape, 404: ErrorShape},
    tags=["releases"],
)
@api_view(["GET", "PATCH", "DELETE"])
def release(request: Request, access: ProjectAccess, release_id: int) -> Response:
    """Show, change, publish (``draft`` false), take back (``draft`` true) or delete a release."""
    found = selectors.release(access.project.id, release_id, drafts=sees_drafts(access))
    if request.method == "GET":
        return Response(release_body(access, found))
    if request.method == "DELETE":
        services.delete_release(project_id=access.project.id, release_id=found.id)
        return Response(status=204)
    wanted = EditReleaseShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    given = wanted.validated_data
    turned = "draft" in given and given["draft"] != found.draft
    publish = found.draft if turned else None
    saved = save_release(access, _text(given, found), release_id=found.id, publish=publish)
    return Response(release_body(access, saved))


@extend_schema(methods=["GET"], operation_id="release_by_tag", summary="The release of a tag", **_ONE)
@extend_schema(
    methods=["DELETE"],
    operation_id="release_delete_by_tag",
    summary="Delete the release of a tag; the tag stays",
    responses={204: None, 403: ErrorShape, 404: ErrorShape},
    tags=["releases"],
)
@api_view(["GET", "DELETE"])
def release_by_tag(request: Request, access: ProjectAccess, tag: str) -> Response:
    """Show or delete a release by its tag."""
    found = selectors.release_of_tag(access.project.id, tag, drafts=sees_drafts(access))
    if request.method == "GET":
        return Response(release_body(access, found))
    services.delete_release(project_id=access.project.id, release_id=found.id)
    return Response(status=204)


@extend_schema(operation_id="release_latest", summary="The latest release", **_ONE)
@api_view(["GET"])
def latest(request: Request, access: ProjectAccess) -> Response:
    """What people should take: never a draft or a pre-release."""
    return Response(release_body(access, selectors.latest_release(access.project.id)))

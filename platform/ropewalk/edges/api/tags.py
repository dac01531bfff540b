"""Tags in Gitea's shape."""

from typing import Any
from urllib.parse import quote

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Conflict
from ropewalk.data.services.tags import create_tag, delete_tag
from ropewalk.edges.api.paging import PAGES, asked_page, page_response
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.projects.types import ProjectView
from ropewalk.releases.selectors import titles_of_tags
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Tag


class TagCommitShape(serializers.Serializer):
    """The commit that a tag names; empty where it names something else."""

    sha = serializers.CharField()
    url = serializers.CharField()
    created = serializers.CharField()


class TagShape(serializers.Serializer):
    """A tag. ``id`` is the tag object's name, or the commit's for a lightweight tag, whose ``message`` is empty."""

    name = serializers.CharField()
    id = serializers.CharField()
    message = serializers.CharField()
    commit = TagCommitShape()
    zipball_url = serializers.CharField()
    tarball_url = serializers.CharField()


class NewTagShape(serializers.Serializer):
    """A tag to make: of a branch, tag or commit (without one, of the default branch); annotated when it has a message."""

    tag_name = serializers.CharField(max_length=400)
    target = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)
    message = serializers.CharField(max_length=20_000, required=False, default="", allow_blank=True)


_REFUSED = {400: ErrorShape, 403: ErrorShape, 404: ErrorShape, 409: ErrorShape}


def archive_urls(project: ProjectView, link: str) -> dict[str, str]:
    """Where the archives of a revision are."""
    root = f"{project.url}/archive/{quote(link, safe='/')}" if link else ""
    return {
        "zipball_url": f"{root}.zip" if root else "",
        "tarball_url": f"{root}.tar.gz" if root else "",
    }


def _bodies(access: ProjectAccess, tags: list[Tag]) -> dict[str, dict[str, Any]]:
    project = access.project
    shas = list(dict.fromkeys(tag.sha for tag in tags if tag.sha))
    times = {item.sha: item.committer.when.isoformat() for item in repos.commits_by_sha(project.id, shas)}
    return {
        tag.name: {
            "name": tag.name,
            "id": tag.oid,
            "message": tag.message,
            "commit": {
                "sha": tag.sha,
                "url": f"{project.url}/commit/{tag.sha}" if tag.sha else "",
                "created": times.get(tag.sha, ""),
            },
            **archive_urls(project, tag.link if tag.sha else ""),
        }
        for tag in tags
    }


@extend_schema(
    methods=["GET"],
    summary="Tags, newest first",
    parameters=[*PAGES, OpenApiParameter("q", str, description="A part of the name.")],
    responses={200: TagShape(many=True), 404: ErrorShape},
    tags=["releases"],
)
@extend_schema(
    methods=["POST"],
    summary="Make a tag",
    request=NewTagShape,
    responses={201: TagShape, **_REFUSED},
    tags=["releases"],
)
@api_view(["GET", "POST"])
def tags(request: Request, access: ProjectAccess) -> Response:
    """List tags, or make one."""
    if request.method == "GET":
        number, length = asked_page(request)
        query = request.query_params.get("q", "")[:200]
        page = repos.tags(access.project.id, query=query, page=number, per_page=length)
        bodies = _bodies(access, page.items)
        return page_response(request, page, lambda tag: bodies[tag.name])
    wanted = NewTagShape(data=request.data)
    wanted.is_valid(raise_exception=True)
    given = wanted.validated_data
    made = create_tag(access, name=given["tag_name"], target=given["target"], message=given["message"])
    return Response(_bodies(access, [made])[made.name], status=201)


@extend_schema(
    methods=["GET"], summary="A tag", responses={200: TagShape, 404: ErrorShape}, tags=["releases"]
)
@extend_schema(
    methods=["DELETE"],
    summary="Delete a tag",
    description="409 while it has a release that is no draft: delete that first, or make it a draft.",
    responses={204: None, **_REFUSED},
    tags=["releases"],
)
@api_view(["GET", "DELETE"])
def tag(request: Request, access: ProjectAccess, tag: str) -> Response:
    """Show a tag, or delete it."""
    found = repos.tag(access.project.id, tag)
    if request.method == "GET":
        return Response(_bodies(access, [found])[found.name])
    if title := titles_of_tags(access.project.id, [tag], drafts=False).get(tag):
        raise Conflict(
            f"“{tag}” is the tag of the release “{title}”.",
            hint="Delete the release first, or make it a draft.",
            code="tag_has_release",
        )
    delete_tag(access, name=found.name, seen=found.oid)
    return Response(status=204)

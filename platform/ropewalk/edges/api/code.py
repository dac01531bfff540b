"""Code as a whole: an archive of a revision, and searching its lines."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.authentication import caller_key
from ropewalk.access.types import ProjectAccess
from ropewalk.core.limits import spend
from ropewalk.core.ranges import names_etag
from ropewalk.edges.api.requests import caller
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.repos import selectors as repos
from ropewalk.repos.archives import find_archive
from ropewalk.repos.searching import CodeQuestion, Found, search_code

PER_MINUTE = 60


def archive(request: HttpRequest, access: ProjectAccess, archive: str) -> HttpResponseBase:
    """``<revision>.zip`` or ``<revision>.tar.gz``, streamed. Plain Django: DRF would choose a format for the bytes."""
    found = find_archive(access.project.id, access.project.slug, archive)
    headers = found.headers
    if names_etag(request.headers.get("If-None-Match", ""), headers["ETag"]):
        return HttpResponse(status=304, headers={"ETag": headers["ETag"]})
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    return StreamingHttpResponse(found.open(caller_key(request, access.actor)), headers=headers)


class CodeLineShape(serializers.Serializer):
    """A line; ``match`` is false for one of context."""

    line = serializers.IntegerField()
    text = serializers.CharField()
    match = serializers.BooleanField()


class CodeFileShape(serializers.Serializer):
    """A file with its lines; ``more``: it may have more matches than are listed."""

    path = serializers.CharField()
    url = serializers.CharField()
    matches = serializers.IntegerField()
    more = serializers.BooleanField()
    lines = CodeLineShape(many=True)


class CodeSearchShape(serializers.Serializer):
    """What was found in which commit. ``cut`` is empty, ``many`` or ``time``: then there may be more."""

    commit = serializers.CharField()
    cut = serializers.CharField()
    files = CodeFileShape(many=True)


@extend_schema(
    summary="Search code",
    parameters=[
        OpenApiParameter("q", str, required=True, description="One line: a text, or an expression."),
        OpenApiParameter("ref", str, description="Branch, tag or commit; the default branch without it."),
        OpenApiParameter("regex", bool, description="`q` is a POSIX extended expression."),
        OpenApiParameter("case", bool, description="Match upper and lower case."),
        OpenApiParameter("word", bool, description="Whole words only."),
        OpenApiParameter("path", str, description="A folder, a file or a pattern as `*.py`."),
    ],
    responses={200: CodeSearchShape, 400: ErrorShape, 404: ErrorShape},
    tags=["code"],
)
@api_view(["GET"])
def search(request: Request, access: ProjectAccess) -> Response:
    """Find lines of a revision's text files: at most 50 files, 20 lines of each, in ten seconds."""
    spend(
        "code-search", caller_key(request._request, caller(request)), per_minute=PER_MINUTE, what="searches"
    )
    asked = request.query_params
    revision = repos.resolve(access.project.id, asked.get("ref", ""))
    question = CodeQuestion(
        text=asked.get("q", ""),
        regex=_flag(asked.get("regex")),
        any_case=not _flag(asked.get("case")),
        word=_flag(asked.get("word")),
        path=asked.get("path", "") or revision.path,
    )
    found = search_code(access.project.id, revision.sha, question, context=0)
    return Response(_body(access, revision.sha, found))


def _flag(raw: str | None) -> bool:
    return (raw or "").lower() in {"1", "true", "yes", "on"}


def _body(access: ProjectAccess, sha: str, found: Found) -> dict[str, Any]:
    files = [
        {
            "path": file.path,
            "url": f"{access.project.url}/src/{sha}/{quote(file.path, safe='/')}",
            "matches": file.matches,
            "more": file.more,
            "lines": [
                {"line": line.number, "text": "".join(text for text, _ in line.parts), "match": line.match}
                for run in file.runs
                for line in run
            ],
        }
        for file in found.files
    ]
    return {"commit": sha, "cut": found.cut, "files": files}

"""``/storage``: the project's own bucket and the connected ones, listed and read in DagsHub's words."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.buckets import selectors as buckets
from ropewalk.buckets.folders import folder_page
from ropewalk.buckets.rules import GET
from ropewalk.core.errors import Invalid, NotFound
from ropewalk.core.serving import bytes_answer
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.outside import selectors as outside
from ropewalk.outside.places import askable
from ropewalk.outside.types import RemoteFile
from ropewalk.outside.visits import Visit

PROTOCOL = "s3"
MOST = 1000
MAX_TOKEN = 4096
WAIT = 2.0  # seconds for a place: DagsHub's client reads with dozens of threads
_ROOM = "files"  # the project's own bucket
Row = tuple[str, str, int, str]  # type, key, size, hash


class StorageShape(serializers.Serializer):
    """A bucket: the project's own has its name."""

    name = serializers.CharField()
    protocol = serializers.ChoiceField(choices=[PROTOCOL])
    list_path = serializers.CharField()


class StorageEntryShape(serializers.Serializer):
    """A file or folder of a bucket; ``path`` begins with the protocol and the bucket's name, ``hash`` is its ETag."""

    path = serializers.CharField()
    type = serializers.ChoiceField(choices=["file", "dir"])
    size = serializers.IntegerField()
    hash = serializers.CharField()
    versioning = serializers.ChoiceField(choices=["bucket"])
    download_url = serializers.CharField()
    content_url = serializers.CharField()


class StoragePageShape(serializers.Serializer):
    """A page of a folder; ``next_token`` is null on the last one."""

    entries = StorageEntryShape(many=True)
    next_token = serializers.CharField(allow_null=True)
    limit = serializers.IntegerField()


@extend_schema(
    summary="The project's buckets",
    description="Its own, and those of other services that a maintainer connected.",
    responses={200: StorageShape(many=True)},
    tags=["storage"],
)
@api_view(["GET"])
def storages(request: Request, access: ProjectAccess) -> Response:
    """Asked by DagsHub's client before it streams."""
    names = [access.project.slug, *(one.name for one in outside.connected_buckets(access.project.id))]
    return Response(
        [
            {"name": name, "protocol": PROTOCOL, "list_path": _address(access, "content", name, "")}
            for name in dict.fromkeys(names)
        ]
    )


@extend_schema(
    summary="A folder of a bucket, or a file's facts",
    description="A page of a folder; a path that is a file answers a page with this one entry.",
    parameters=[
        OpenApiParameter("from_token", str, description="The former page's `next_token`."),
        OpenApiParameter("limit", int, description=f"Entries a page, at most and usually {MOST}."),
    ],
    responses={200: StoragePageShape, 404: ErrorShape, 422: ErrorShape, 429: ErrorShape, 503: ErrorShape},
    tags=["storage"],
)
@api_view(["GET"])
def content(
    request: Request, access: ProjectAccess, protocol: str, bucket_name: str, storage_path: str = ""
) -> Response:
    """One page."""
    token, limit = request.query_params.get("from_token", ""), _limit(request)
    if len(token) > MAX_TOKEN:
        raise Invalid("`from_token` is too long.")
    list_page = _lister(access, protocol, bucket_name)
    rows, following = list_page(storage_path.rstrip("/"), token, limit)
    body = {
        "entries": [_entry(access, bucket_name, row) for row in rows],
        "next_token": following or None,
        "limit": limit,
    }
    return Response(body)


def raw(
    request: HttpRequest, access: ProjectAccess, protocol: str, bucket_name: str, storage_path: str
) -> HttpResponseBase:
    """A file's bytes, in ranges, never shown by a browser. Plain Django: DRF would choose a format for the bytes."""
    if _is_own(access, protocol, bucket_name):
        found = buckets.object_at(access.project.id, _ROOM, storage_path)
        if found is None:
            raise NotFound("There is no such object in the bucket.", code="object_missing")
        buckets.require_allowed(access.project.id, _ROOM, GET, found.key)
        headers = _headers(storage_path, f"sha256-{found.sha256}")
        return bytes_answer(
            request, headers, found.size, lambda start, end: buckets.open_object(found, start, end)
        )
    with Visit(access.project.id, bucket_name, wait=WAIT) as visit:
        file = visit.reader.stat(storage_path)
        headers = _headers(storage_path, file.mark)
        return bytes_answer(request, headers, file.size, lambda start, end: visit.body(file, start, end))


def _is_own(access: ProjectAccess, protocol: str, name: str) -> bool:
    if protocol != PROTOCOL:
        raise NotFound("Only buckets that speak S3 can be connected here.", code="no_such_bucket")
    return name == access.project.slug


def _lister(
    access: ProjectAccess, protocol: str, name: str
) -> Callable[[str, str, int], tuple[list[Row], str]]:
    if _is_own(access, protocol, name):
        return lambda path, token, limit: _own_page(access.project.id, path, token, limit)
    outside.connected_bucket(access.project.id, name)
    return lambda path, token, limit: _connected_page(access.project.id, name, path, token, limit)


def _own_page(project_id: int, path: str, token: str, limit: int) -> tuple[list[Row], str]:
    prefix = f"{path}/" if path else ""
    page = folder_page(project_id, _ROOM, prefix=prefix, after=token, limit=limit)
    rows: list[Row] = [("dir", one, 0, "") for one in page.folders]
    rows += [("file", one.key, one.size, one.etag) for one in page.objects if one.key != prefix]
    if not rows and path and not token:
        found = buckets.object_at(project_id, _ROOM, path)
        if found is None and not page.objects:
            raise NotFound("There is no such folder or file in the bucket.")
        rows = [("file", found.key, found.size, found.etag)] if found else []
    return rows, page.next


def _connected_page(project_id: int, name: str, path: str, token: str, limit: int) -> tuple[list[Row], str]:
    """What can't be asked for is left out: clients go into every folder that they are told of."""
    with Visit(project_id, name, wait=WAIT) as visit:
        page = visit.reader.page(f"{path}/" if path else "", token=token, limit=limit)
        files: tuple[RemoteFile, ...] = page.files
        if path and not (token or files or page.folders or page.next):
            files = (visit.reader.stat(path),)
    rows: list[Row] = [("dir", one, 0, "") for one in page.folders if askable(one)]
    rows += [("file", one.key, one.size, one.etag) for one in files if _is_file(one.key)]
    return rows, page.next


def _is_file(key: str) -> bool:
    return askable(key) and not key.endswith("/")


def _entry(access: ProjectAccess, name: str, row: Row) -> dict[str, Any]:
    kind, key, size, etag = row
    plain = key.rstrip("/") if kind == "dir" else key
    content_url = _address(access, "content", name, plain)
    return {
        "path": f"{PROTOCOL}/{name}/{plain}",
        "type": kind,
        "size": size,
        "hash": etag,
        "versioning": "bucket",
        "download_url": _address(access, "raw", name, plain) if kind == "file" else content_url,
        "content_url": content_url,
    }


def _address(access: ProjectAccess, page: str, name: str, key: str) -> str:
    project = access.project
    root = project.url.removesuffix(project.path)
    tail = f"/{quote(key, safe='/')}" if key else ""
    return f"{root}/api/v1/repos{project.path}/storage/{page}/{PROTOCOL}/{name}{tail}"


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(MOST))
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Invalid("`limit` is a number.")
    return min(max(int(text), 1), MOST)


def _headers(path: str, mark: str) -> dict[str, str]:
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.rpartition('/')[2], safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie",
        "ETag": f'"{mark}"',
    }


__all__ = ["content", "raw", "storages"]

"""A connected bucket answers what lies in it: folders, files, and how to get at them. Every answer is asked of its server."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound, RopewalkError
from ropewalk.core.serving import bytes_answer
from ropewalk.data.selectors import is_tabular
from ropewalk.edges.web.data.columns import cards_context
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.outside.places import address_of, asked_key
from ropewalk.edges.web.outside.using import snippets
from ropewalk.edges.web.outside.words import visible
from ropewalk.edges.web.rendering import quoted
from ropewalk.monitors import selectors as monitors
from ropewalk.monitors.outside import asked_outside_profile
from ropewalk.outside import selectors
from ropewalk.outside.places import askable
from ropewalk.outside.types import ConnectedView, Listing, RemoteFile
from ropewalk.outside.visits import Visit

_MOST = 1024
_MOST_TOKEN = 4096
PER_PAGE = 100


def browse(request: HttpRequest, access: ProjectAccess, bucket_name: str) -> HttpResponse:
    """One folder, a hundred entries at a time; a fault of the other server is told in its place."""
    bucket = selectors.connected_bucket(access.project.id, bucket_name)
    folder, token = request.GET.get("prefix", "")[:_MOST], request.GET.get("token", "")[:_MOST_TOKEN]
    found, fault = Listing((), (), ""), None
    try:
        with Visit(access.project.id, bucket_name) as visit:
            found = visit.reader.page(folder, token=token, limit=PER_PAGE)
    except RopewalkError as error:
        fault = error
    context = {
        "bucket": bucket,
        "folder": folder,
        "token": token,
        "fault": fault,
        "more": urlencode({"prefix": folder, "token": found.next}) if found.next else "",
        **_rows(access, bucket, folder, found),
        **neighbours(access),
    }
    return project_page(
        request, access, "outside/browse.html", "data", context, status=fault.status if fault else 200
    )


def file(request: HttpRequest, access: ProjectAccess, bucket_name: str) -> HttpResponse:
    """One file's facts, and lines to copy."""
    bucket = selectors.connected_bucket(access.project.id, bucket_name)
    with Visit(access.project.id, bucket_name) as visit:
        found = visit.reader.stat(asked_key(request))
    columns_url = address_of(access, bucket, "outside-columns", key=found.key)
    context = {
        "bucket": bucket,
        "file": found,
        "shown": visible(found.key),
        "name": visible(found.key.rstrip("/").rpartition("/")[2]),
        "crumbs": _crumbs(access, bucket, found.key[: found.key.rfind("/") + 1]),
        "download_url": address_of(access, bucket, "outside-download", key=found.key),
        "use": snippets(access, bucket, found),
        "columns_url": columns_url if is_tabular(found.key) else "",
        **_past(access, bucket, found),
    }
    return project_page(request, access, "outside/file.html", "data", context)


def _past(access: ProjectAccess, bucket: ConnectedView, file: RemoteFile) -> dict[str, Any]:
    """Former contents of a table file, and the reports on it."""
    if not is_tabular(file.key):
        return {}
    known, present = selectors.measured_files(access.project.id, bucket.id, file.key), file.pin(bucket)
    return {
        "former": [one for one in known if one.pin != present],
        "reports": monitors.reports_of_pins(access.project.id, [present, *(one.pin for one in known)]),
        "compare_url": address_of(access, bucket, "outside-compare", key=file.key),
    }


def columns(request: HttpRequest, access: ProjectAccess, bucket_name: str) -> HttpResponse:
    """What each column of a table file holds, as a part that the file's page loads, or as a page of its own."""
    bucket = selectors.connected_bucket(access.project.id, bucket_name)
    with Visit(access.project.id, bucket_name) as visit:
        found = visit.reader.stat(asked_key(request))
    if not is_tabular(found.key):
        raise NotFound("This file's name promises no table.")
    profile, refused = asked_outside_profile(access, bucket, found)
    address = address_of(access, bucket, "outside-columns", key=found.key)
    context = {
        **cards_context(request, access, profile, address),
        "file": {"present": True},
        "refused": refused,
        "kept": [("key", found.key)],
        "bucket": bucket,
        "name": visible(found.key),
        "file_url": address_of(access, bucket, "outside-file", key=found.key),
    }
    if request.GET.get("fragment"):
        response = render(request, "data/columns_body.html", {"access": access, **context})
        response.headers["X-Fragment"] = "1"
        return response
    return project_page(request, access, "outside/columns.html", "data", context)


def download(request: HttpRequest, access: ProjectAccess, bucket_name: str) -> HttpResponseBase:
    """A file's bytes as they come from its server, always saved: what somebody else keeps never runs in our origin."""
    with Visit(access.project.id, bucket_name) as visit:
        found = visit.reader.stat(asked_key(request))
        return bytes_answer(
            request, download_headers(found), found.size, lambda start, end: visit.body(found, start, end)
        )


def download_headers(file: RemoteFile) -> dict[str, str]:
    """Of an answer with its bytes."""
    name = file.key.rstrip("/").rpartition("/")[2] or "object"
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quoted(name)}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie",
        "ETag": f'"{file.mark}"',
    }


def neighbours(access: ProjectAccess) -> dict[str, Any]:
    """The project's buckets, its own first, for the line that leads from one to another."""
    own = (access.project.slug, f"{access.project.path}/bucket", "")
    others = [
        (one.name, address_of(access, one, "outside"), one.name)
        for one in selectors.connected_buckets(access.project.id)
    ]
    return {"buckets": [own, *others]}


def _rows(access: ProjectAccess, bucket: ConnectedView, folder: str, found: Listing) -> dict[str, Any]:
    """Folders and files with their addresses; what can't be asked for has none."""
    base, file_base = address_of(access, bucket, "outside"), address_of(access, bucket, "outside-file")
    return {
        "crumbs": _crumbs(access, bucket, folder),
        "folders": [
            (
                visible(one.removeprefix(folder)),
                f"{base}?{urlencode({'prefix': one})}" if askable(one) else "",
            )
            for one in found.folders
        ],
        "files": [
            (
                one,
                visible(one.key.removeprefix(folder)),
                f"{file_base}?{urlencode({'key': one.key})}"
                if askable(one.key) and not one.key.endswith("/")
                else "",
            )
            for one in found.files
        ],
    }


def _crumbs(access: ProjectAccess, bucket: ConnectedView, folder: str) -> list[tuple[str, str]]:
    base, parts = address_of(access, bucket, "outside"), folder.split("/")[:-1]
    return [
        (visible(name), f"{base}?{urlencode({'prefix': '/'.join(parts[: depth + 1]) + '/'})}")
        for depth, name in enumerate(parts)
    ]

"""A project's own bucket answers what lies in it: folders by the slashes in keys, objects, and how to get at them."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.buckets import selectors, services
from ropewalk.buckets.folders import folder_page
from ropewalk.buckets.rules import GET
from ropewalk.buckets.types import ObjectView
from ropewalk.core.errors import NotFound
from ropewalk.core.serving import bytes_answer
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.outside.browsing import neighbours
from ropewalk.edges.web.rendering import quoted

_ROOM = "files"
_MOST = 1024


def browse(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """One folder of the bucket, a hundred entries at a time."""
    prefix, after = request.GET.get("prefix", "")[:_MOST], request.GET.get("after", "")[: _MOST + 1]
    found = folder_page(access.project.id, _ROOM, prefix=prefix, after=after)
    base = f"{access.project.path}/bucket"
    parts = prefix.split("/")[:-1]
    context = {
        "prefix": prefix,
        "after": after,
        "crumbs": [
            (name, f"{base}?{urlencode({'prefix': '/'.join(parts[: depth + 1]) + '/'})}")
            for depth, name in enumerate(parts)
        ],
        "folders": [
            (one.removeprefix(prefix), f"{base}?{urlencode({'prefix': one})}") for one in found.folders
        ],
        "objects": [
            (one, one.key.removeprefix(prefix), urlencode({"key": one.key})) for one in found.objects
        ],
        "damaged": any(one.damaged for one in found.objects),
        "more": urlencode({"prefix": prefix, "after": found.next}) if found.next else "",
        "endpoint": access.project.bucket_endpoint,
        "may_write": access.may(Permission.DATA_WRITE),
        "prefix_query": urlencode({"prefix": prefix}) if prefix else "",
        "rules": selectors.rules_of(access.project.id, _ROOM) if access.may(Permission.DATA_WRITE) else (),
        **neighbours(access),
    }
    return project_page(request, access, "data/bucket.html", "data", context)


def _object(request: HttpRequest, access: ProjectAccess) -> ObjectView:
    found = selectors.object_at(access.project.id, _ROOM, request.GET.get("key", ""))
    if found is None:
        raise NotFound("There is no such object in the bucket.", hint="Somebody may have removed it.")
    return found


def download(request: HttpRequest, access: ProjectAccess) -> HttpResponseBase:
    """An object's bytes, always saved to a file: what somebody uploaded never runs in our origin."""
    found = _object(request, access)
    selectors.require_allowed(access.project.id, _ROOM, GET, found.key)
    name = found.key.rstrip("/").rpartition("/")[2] or "object"
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quoted(name)}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "ETag": f'"sha256-{found.sha256}"',
    }
    return bytes_answer(
        request, headers, found.size, lambda start, end: selectors.open_object(found, start, end)
    )


def delete(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Remove one object after asking."""
    found = _object(request, access)
    prefix = found.key[: found.key.rfind("/") + 1]
    back = f"{access.project.path}/bucket" + (f"?{urlencode({'prefix': prefix})}" if prefix else "")
    if request.method == "POST":
        services.delete_object(project_id=access.project.id, bucket=_ROOM, key=found.key)
        messages.success(request, "The object was deleted.")
        return redirect(back)
    context = {"object": found, "back": back}
    return project_page(request, access, "data/bucket_delete.html", "data", context)

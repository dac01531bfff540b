"""Downloading a whole revision."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from ropewalk.access.authentication import caller_key
from ropewalk.access.types import ProjectAccess
from ropewalk.core.ranges import names_etag
from ropewalk.repos.archives import find_archive


def archive(request: HttpRequest, access: ProjectAccess, archive: str) -> HttpResponseBase:
    """``<revision>.zip`` or ``<revision>.tar.gz``, streamed."""
    found = find_archive(access.project.id, access.project.slug, archive)
    headers = found.headers
    if names_etag(request.headers.get("If-None-Match", ""), headers["ETag"]):
        return HttpResponse(status=304, headers={name: headers[name] for name in ("ETag", "Cache-Control")})
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    return StreamingHttpResponse(found.open(caller_key(request, access.actor)), headers=headers)

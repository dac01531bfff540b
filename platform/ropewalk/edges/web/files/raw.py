"""A file's bytes: streamed, in ranges, and never executed on our origin."""

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.ranges import Unsatisfiable, names_etag, parse_range
from ropewalk.data import selectors as data
from ropewalk.data.types import DataFile
from ropewalk.edges.web.files.kinds import content_type
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision


def raw(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponseBase:
    """A file's bytes, from git or the DVC store."""
    revision = repos.resolve(access.project.id, rev_path)
    file = data.resolve_data_file(access.project.id, revision.sha, revision.path)
    if file.is_dir:
        return redirect("file", access.project.owner, access.project.slug, rev_path)
    if not file.present:
        raise NotFound(
            f"The bytes of “{file.path}” were not pushed here.",
            hint="Whoever has them runs `dvc push`.",
            code="object_missing",
        )
    headers = _headers(revision, file, download="download" in request.GET)
    etag, size = headers["ETag"], file.size
    if names_etag(request.headers.get("If-None-Match", ""), etag):
        return HttpResponse(status=304, headers={name: headers[name] for name in ("ETag", "Cache-Control")})
    asked = request.headers.get("Range", "") if request.headers.get("If-Range", etag) == etag else ""
    try:
        part = parse_range(asked, size) if asked and size is not None else None
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    return _answer(request, access, file, headers, part)


def _answer(
    request: HttpRequest,
    access: ProjectAccess,
    file: DataFile,
    headers: dict[str, str],
    part: tuple[int, int] | None,
) -> HttpResponseBase:
    start, end = part or (0, file.size)
    if end is not None:
        headers["Content-Length"] = str(end - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{part[1] - 1}/{file.size}"
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    blocks = data.open_data_file(access.project.id, file, start, part[1] if part else None)
    return StreamingHttpResponse(blocks, status=206 if part else 200, headers=headers)


def _headers(revision: Revision, file: DataFile, *, download: bool) -> dict[str, str]:
    """Media and text may be looked at, sandboxed; everything else is a download. A commit's file never changes."""
    kind, shown = content_type(file.path)
    disposition = "inline" if shown and not download else "attachment"
    name = file.path.rpartition("/")[2]
    return {
        "Content-Type": kind,
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": f"private, {'max-age=31536000, immutable' if revision.kind == 'commit' else 'no-cache'}",
        "Accept-Ranges": "bytes",
        "ETag": f'"{file.content_hash.replace(":", "-")}"',
    }

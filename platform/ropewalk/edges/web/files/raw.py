"""A file's bytes: streamed, in ranges, and never executed on our origin."""

from urllib.parse import quote

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.serving import bytes_answer
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
    return bytes_answer(
        request,
        headers,
        file.size,
        lambda start, end: data.open_data_file(access.project.id, file, start, end),
    )


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
        "ETag": f'"{file.content_hash.replace(":", "-")}"',
    }

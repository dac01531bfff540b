"""The pages of releases for reading: the list, one, and the addresses of the latest and of files."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import page_number
from ropewalk.core.ranges import Unsatisfiable, names_etag, parse_range
from ropewalk.edges.web.files.kinds import content_type
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.links import quoted
from ropewalk.edges.web.releases.shown import file_url, shown
from ropewalk.releases import selectors, services
from ropewalk.releases.notes import commits_since
from ropewalk.releases.types import ReleaseFileView
from ropewalk.repos import selectors as repos


def sees_drafts(access: ProjectAccess) -> bool:
    """Drafts are for those who may write."""
    return access.may(Permission.CODE_WRITE)


def releases(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Drafts for those who write them, then the published ones, newest first."""
    number = page_number(request.GET.get("page"))
    page = selectors.releases(access.project.id, drafts=sees_drafts(access), page=number)
    context = {"page": page, "shown": shown(access, page.items), "area": "releases"}
    return project_page(request, access, "releases/list.html", "files", context)


def release(request: HttpRequest, access: ProjectAccess, tag: str) -> HttpResponse:
    """One release with its files' hashes."""
    found = selectors.release_of_tag(access.project.id, tag, drafts=sees_drafts(access))
    state = repos.state(access.project.id)
    since = (
        commits_since(access.project.id, found.sha, state.head_sha) if found.sha and state.head_sha else None
    )
    context = {
        "item": shown(access, [found])[0],
        "since": since,
        "default_branch": state.default_branch,
        "area": "releases",
    }
    return project_page(request, access, "releases/detail.html", "files", context)


def latest(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """To the latest release."""
    found = selectors.latest_release(access.project.id)
    return redirect(f"{access.project.path}/releases/tag/{quoted(found.tag)}")


def latest_file(request: HttpRequest, access: ProjectAccess, file: str) -> HttpResponse:
    """To a file of the latest release, which must have it."""
    found = selectors.latest_release(access.project.id)
    return redirect(file_url(access, found.tag, selectors.file_of(found, file).name))


def download(request: HttpRequest, access: ProjectAccess, tag: str, file: str) -> HttpResponseBase:
    """A file's bytes, in ranges too; a browser saves them and never shows them."""
    release = selectors.release_of_tag(access.project.id, tag, drafts=sees_drafts(access))
    found = selectors.file_of(release, file)
    headers = _headers(found)
    if names_etag(request.headers.get("If-None-Match", ""), headers["ETag"]):
        return HttpResponse(status=304, headers={name: headers[name] for name in ("ETag", "Cache-Control")})
    asked = request.headers.get("Range", "")
    if request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
        asked = ""
    try:
        part = parse_range(asked, found.size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{found.size}"})
    return _answer(request, access, found, headers, part)


def _answer(
    request: HttpRequest,
    access: ProjectAccess,
    found: ReleaseFileView,
    headers: dict[str, str],
    part: tuple[int, int] | None,
) -> HttpResponseBase:
    start, end = part or (0, found.size)
    headers["Content-Length"] = str(end - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    blocks = selectors.open_file(access.project.id, found, start, end)
    if start == 0 and end == found.size:
        services.count_download(project_id=access.project.id, file_id=found.id)
    return StreamingHttpResponse(blocks, status=206 if part else 200, headers=headers)


def _headers(found: ReleaseFileView) -> dict[str, str]:
    return {
        "Content-Type": content_type(found.name)[0],
        "Content-Disposition": f"attachment; filename*=UTF-8''{quoted(found.name)}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",  # a file may be deleted, and another come under its name
        "Accept-Ranges": "bytes",
        "ETag": f'"sha256-{found.sha256}"',
    }

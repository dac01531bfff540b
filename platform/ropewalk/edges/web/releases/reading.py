"""The pages of releases for reading: the list, one, and the addresses of the latest and of files."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import page_number
from ropewalk.core.serving import bytes_answer
from ropewalk.edges.web.files.kinds import content_type
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.links import quoted
from ropewalk.edges.web.releases.shown import file_url, shown
from ropewalk.releases import selectors, services
from ropewalk.releases.notes import commits_since
from ropewalk.releases.types import ReleaseFileView
from ropewalk.repos import selectors as repos

_NOTES_IN_LIST = 8000  # characters


def sees_drafts(access: ProjectAccess) -> bool:
    """Drafts are for those who may write."""
    return access.may(Permission.CODE_WRITE)


def releases(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Drafts for those who write them, then the published ones, newest first."""
    number = page_number(request.GET.get("page"))
    page = selectors.releases(access.project.id, drafts=sees_drafts(access), page=number)
    context = {"page": page, "shown": shown(access, page.items, _NOTES_IN_LIST), "area": "releases"}
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
    project_id = access.project.id
    found = selectors.file_of(selectors.release_of_tag(project_id, tag, drafts=sees_drafts(access)), file)

    def blocks(start: int, end: int | None) -> Iterator[bytes]:
        opened = selectors.open_file(project_id, found, start, end)
        if start == 0 and end in {None, found.size}:
            services.count_download(project_id=project_id, file_id=found.id)
        return opened

    return bytes_answer(request, _headers(found), found.size, blocks)


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

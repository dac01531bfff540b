"""Whether what a commit tracks can be checked out today: a part of several pages, and a page of its own."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import page_number
from ropewalk.data import selectors as data
from ropewalk.data import services
from ropewalk.data.availability import Availability
from ropewalk.edges.web.frame import project_page
from ropewalk.repos import selectors as repos

_NAMED = 5  # in the part


def stock_of(access: ProjectAccess, sha: str) -> Availability:
    """What ``data/availability.html`` shows; the index of the commit is asked for where there is none, by those who may."""
    found = data.availability(access.project.id, sha, per_page=_NAMED)
    if not found.indexed and access.may(Permission.ANALYSES_START):
        services.ensure_indexed(
            project_id=access.project.id, commit_sha=sha, requested_by_id=access.actor.user_id
        )
    return found


def commit_data(request: HttpRequest, access: ProjectAccess, sha: str) -> HttpResponse:
    """All outputs of a commit that can't be checked out; with ``folder`` the files that one of them lacks."""
    project_id = access.project.id
    revision = repos.resolve(project_id, sha)
    number, folder = page_number(request.GET.get("page")), request.GET.get("folder", "")[:4000]
    context: dict[str, Any] = {"commit": repos.commit(project_id, revision.sha), "folder": folder}
    if folder:
        context["page"] = _files(project_id, revision.sha, folder, number)
    else:
        stock_of(access, revision.sha)
        context["stock"] = data.availability(project_id, revision.sha, page=number)
        context["page"] = context["stock"].lacking
    return project_page(request, access, "data/commit.html", "files", context)


def _files(project_id: int, sha: str, folder: str, number: int) -> Any:
    output = next(iter(data.availability(project_id, sha, path=folder).lacking), None)
    if output is None or output.address is None or not output.is_dir:
        raise NotFound(f"No folder “{folder[:200]}” lacks files in this commit.")
    return data.files_missing(project_id, output.address, page=number)

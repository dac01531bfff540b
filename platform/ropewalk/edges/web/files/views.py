"""The start of the files, and the branches."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.frame import project_page
from ropewalk.repos import selectors as repos


def root(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The default branch's folder, or the first commands for an empty repository."""
    state = repos.state(access.project.id)
    if state.empty or not state.head_sha:
        return project_page(request, access, "files/empty.html", "files", {})
    return redirect("file", access.project.owner, access.project.slug, state.default_branch)


def branches(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """All branches, newest first."""
    page = repos.branches(access.project.id, page=page_number(request.GET.get("page")))
    return project_page(request, access, "files/refs.html", "files", {"page": page})

"""The start of the files."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ropewalk.access.types import ProjectAccess
from ropewalk.edges.web.frame import project_page
from ropewalk.repos import selectors as repos


def root(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The default branch's folder, or the first commands for an empty repository."""
    state = repos.state(access.project.id)
    if state.empty or not state.head_sha:
        return project_page(request, access, "files/empty.html", "files", {})
    return redirect("file", access.project.owner, access.project.slug, state.default_branch)

"""A project's settings of branches: the default one."""

from django.http import HttpRequest, HttpResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.edges.web.frame import project_page
from ropewalk.repos import selectors as repos

_CHOICES = 100


def rules(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The default branch."""
    project_id = access.project.id
    context = {
        "section": "branches",
        "default_branch": repos.state(project_id).default_branch or access.project.default_branch,
        "starts": repos.branch_names(project_id, limit=_CHOICES),
    }
    return project_page(request, access, "branches/settings.html", "settings", context)

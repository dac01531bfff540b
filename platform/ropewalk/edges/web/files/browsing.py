"""The page of a folder or a file at a revision."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.files.content import file_context
from ropewalk.edges.web.files.documents import readme_of
from ropewalk.edges.web.files.listing import folder_of
from ropewalk.edges.web.files.place import address, place
from ropewalk.edges.web.files.source import find_source
from ropewalk.edges.web.frame import project_page
from ropewalk.repos import selectors as repos


def browse(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """A folder or a file, from git or tracked by DVC."""
    revision = repos.resolve(access.project.id, rev_path)
    context: dict[str, Any] = place(access, revision)
    source = find_source(access, revision)
    if source is not None:
        context |= file_context(access, revision, source, request.GET.dict())
        return project_page(request, access, "files/file.html", "files", context)
    number = page_number(request.GET.get("page"))
    folder = folder_of(access, revision, context["base"], number)
    context |= {
        "folder": folder,
        "page": folder.page,
        "commit": repos.commit(access.project.id, revision.sha),
        "as_data_url": address(access, "data", revision.name, revision.path)
        if revision.path and folder.entries
        else "",
        "readme": readme_of(access, revision, folder.entries, revision.path) if number == 1 else None,
    }
    return project_page(request, access, "files/tree.html", "files", context)

"""Datasets answer which data there is, in which version, and whether it is here."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import Page, page_number
from ropewalk.data import selectors as data
from ropewalk.data.types import DatasetVersion
from ropewalk.edges.web.data.columns import columns_url
from ropewalk.edges.web.data.listing import folder_rows, rows_at, sliced
from ropewalk.edges.web.data.using import snippets
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.rendering import quoted
from ropewalk.monitors import selectors as monitors
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision


def datasets(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """What DVC tracks at the default branch, and the tables that git itself holds there."""
    project_id = access.project.id
    state = repos.state(project_id)
    revision = repos.resolve(project_id) if state.head_sha else None
    rows = rows_at(access, revision) if revision else []
    context = {
        "page": sliced(rows, page_number(request.GET.get("page"))),
        "revision": revision,
        "usage": data.usage(project_id),
        "indexed": revision is None or bool(data.indexed(project_id, [revision.sha])),
    }
    return project_page(request, access, "data/list.html", "data", context)


def dataset(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """One dataset: its versions, each to be compared with the newest, and what lies in it."""
    project_id = access.project.id
    revision = repos.resolve(project_id, rev_path)
    file = data.resolve_data_file(project_id, revision.sha, revision.path)
    versions = data.versions(project_id, revision.path, revision.name)
    page = sliced(versions, page_number(request.GET.get("page")))
    folder = request.GET.get("folder", "").strip("/")
    context = {
        "revision": revision,
        "file": file,
        "tabular": file.is_dir or data.is_tabular(revision.path),
        "versions": _numbered(page),
        "page": page,
        "newest": versions[0] if versions else None,
        "reports": monitors.list_reports(project_id, path=revision.path, per_page=5),
        "folder": folder,
        "files": folder_rows(access, revision, file, folder),
        "download_url": _download_url(access, revision),
        "columns_url": columns_url(access, revision),
        "use": snippets(access, file) if file.present else [],
        "rows_url": f"{access.project.path}/src/{quote(revision.name, safe='/')}/{quoted(revision.path)}",
    }
    return project_page(request, access, "data/detail.html", "data", context)


def _numbered(page: Page[DatasetVersion]) -> list[dict[str, Any]]:
    """Versions with what the newest is compared with: each other one, and for the newest the one before."""
    rows = []
    for place, version in enumerate(page.items):
        older = page.items[place + 1] if place + 1 < len(page.items) else None
        rows.append({"version": version, "newest": page.number == 1 and place == 0, "older": older})
    return rows


def _download_url(access: ProjectAccess, revision: Revision) -> str:
    return f"{access.project.path}/download/{quote(revision.name, safe='/')}/{quoted(revision.path)}"


def download(request: HttpRequest, access: ProjectAccess, rev_path: str) -> StreamingHttpResponse:
    """A data file's bytes, wherever they are; always saved to a file, never shown in our origin."""
    revision = repos.resolve(access.project.id, rev_path)
    file = data.resolve_data_file(access.project.id, revision.sha, revision.path)
    if file.is_dir:
        raise NotFound("A folder can't be downloaded as one file.", hint="Use `dvc pull` or `dvc get`.")
    response = StreamingHttpResponse(
        data.open_data_file(access.project.id, file), content_type="application/octet-stream"
    )
    if file.size is not None and file.present:
        response.headers["Content-Length"] = str(file.size)
    response.headers["Content-Disposition"] = (
        f"attachment; filename*=UTF-8''{quote(file.path.rpartition('/')[2])}"
    )
    return response

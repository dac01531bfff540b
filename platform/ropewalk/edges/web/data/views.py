"""Datasets answer which data there is, in which version, and whether it is here."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import Page, page_number
from ropewalk.data import selectors as data
from ropewalk.data.types import DatasetVersion
from ropewalk.edges.web.data.availability import stock_of
from ropewalk.edges.web.data.columns import columns_url
from ropewalk.edges.web.data.comparing import compare_url
from ropewalk.edges.web.data.listing import dataset_page, folder_rows, rows_at, sliced
from ropewalk.edges.web.data.rows import rows_url
from ropewalk.edges.web.data.usage import usage_url
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
    sort, _, way = request.GET.get("sort", "").partition(":")
    number = page_number(request.GET.get("page"))
    context = {
        "page": dataset_page(access, rows, number, sort, descending=way == "desc"),
        "heads": _heads(sort, way),
        "revision": revision,
        "usage": data.usage(project_id),
        "indexed": revision is None or bool(data.indexed(project_id, [revision.sha])),
        "stock": stock_of(access, revision.sha) if revision else None,
    }
    return project_page(request, access, "data/list.html", "data", context)


_HEADS = (("path", "Path"), ("", "Tracked by"), ("", "Here"), ("size", "Size"), ("rows", "Rows"), ("", "Columns"),
          ("files", "Files"), ("versions", "Versions"), ("", "Made by"))  # fmt: skip
_NUMBERS = {"Size", "Rows", "Columns", "Files", "Versions"}


def _heads(sort: str, way: str) -> list[dict[str, Any]]:
    """The heads of the list's columns: what a click on one asks for, and how it is sorted now."""
    heads = []
    for key, words in _HEADS:
        mine = bool(key) and key == sort
        first, second = ("asc", "desc") if key == "path" else ("desc", "asc")
        asks = f"{key}:{second if mine and way == first else first}" if key else ""
        order = ("descending" if way == "desc" else "ascending") if mine else ""
        heads.append({"words": words, "asks": asks, "sorted": order, "number": words in _NUMBERS})
    return heads


def dataset(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """One dataset: its versions, each to be compared with the newest, and what lies in it."""
    project_id = access.project.id
    revision = repos.resolve(project_id, rev_path)
    file = data.resolve_dataset(project_id, revision.sha, revision.path)
    versions, unread = data.version_history(project_id, revision.path, revision.name)
    page = sliced(versions, page_number(request.GET.get("page")))
    folder = request.GET.get("folder", "").strip("/")
    context = {
        "revision": revision,
        "file": file,
        "tabular": file.is_dir or data.is_tabular(revision.path),
        "measured": file.is_dir or data.is_tabular(revision.path) or data.is_medium(revision.path),
        "versions": _numbered(page, versions),
        "unread": unread,
        "page": page,
        "newest": versions[0] if versions else None,
        "reports": monitors.list_reports(project_id, path=revision.path, per_page=5),
        "folder": folder,
        "files": folder_rows(access, revision, file, folder),
        "use": snippets(access, file) if file.present else [],
        **_addresses(access, revision),
    }
    return project_page(request, access, "data/detail.html", "data", context)


def _addresses(access: ProjectAccess, revision: Revision) -> dict[str, str]:
    """Where the parts and neighbours of a dataset's page are."""
    return {
        "download_url": _download_url(access, revision),
        "columns_url": columns_url(access, revision),
        "usage_url": usage_url(access, revision),
        "compare_action": compare_url(access, revision.path),
        "rows_url": f"{access.project.path}/src/{quote(revision.name, safe='/')}/{quoted(revision.path)}",
        "table_url": rows_url(access, revision),
    }


def _numbered(page: Page[DatasetVersion], versions: list[DatasetVersion]) -> list[dict[str, Any]]:
    """Versions with what the newest is compared with: each other one, and for the newest the one before.

    Pages after the first begin with the newest, too, ``apart``: what is chosen on one page only can be compared with it.
    """
    rows: list[dict[str, Any]] = []
    for place, version in enumerate(page.items):
        older = page.items[place + 1] if place + 1 < len(page.items) else None
        rows.append({"version": version, "newest": page.number == 1 and place == 0, "older": older})
    if page.number > 1 and page.items:
        rows.insert(0, {"version": versions[0], "newest": True, "older": None, "apart": True})
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

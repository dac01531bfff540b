"""Any two versions of a dataset on one page: files, columns, rows, and the drift report one click away."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.edges.web.data.moved import columns_context
from ropewalk.edges.web.diffs import kinds
from ropewalk.edges.web.diffs.folders import folder_at, folder_context
from ropewalk.edges.web.diffs.options import Options
from ropewalk.edges.web.diffs.page import file_url
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.rendering import quoted
from ropewalk.monitors import versions
from ropewalk.monitors.versions import VersionPair
from ropewalk.repos import selectors as repos

_LONGEST = 1000
_OFFERED = 200


def compare_url(access: ProjectAccess, path: str, **query: str) -> str:
    """The page that compares two versions of a path."""
    more = urlencode({name: value for name, value in query.items() if value})
    return f"{access.project.path}/data-compare/{quoted(path)}" + (f"?{more}" if more else "")


def compare_versions(request: HttpRequest, access: ProjectAccess, path: str) -> HttpResponse:
    """``base`` and ``head`` are revisions; without them the newest version and the one before. ``head_path``: its other path."""
    base, head, head_path = (
        request.GET.get(name, "").strip()[:_LONGEST] for name in ("base", "head", "head_path")
    )
    head, head_path = head or repos.default_branch(access.project.id), head_path.strip("/") or path
    base = base or versions.version_before(access.project.id, head_path, head)
    context = _form(access, path, base, head, head_path)
    if not base:
        return project_page(request, access, "data/compare.html", "data", context | {"alone": True})
    try:
        pair = versions.version_pair(access.project.id, (base, path), (head, head_path))
    except NotFound as error:
        return project_page(
            request, access, "data/compare.html", "data", context | {"error": error}, status=404
        )
    context |= {"pair": pair, **columns_context(request, access, pair, context["here"])}
    if request.GET.get("fragment"):
        may = {"analyses_start": access.may(Permission.ANALYSES_START)}
        response = render(request, "data/compare_columns.html", {"access": access, "may": may, **context})
        response.headers["X-Fragment"] = "1"
        return response
    context |= _files(request, access, pair) | {"report": versions.report_between(access.project.id, pair)}
    return project_page(request, access, "data/compare.html", "data", context)


def _form(access: ProjectAccess, path: str, base: str, head: str, head_path: str) -> dict[str, Any]:
    """What the form shows and offers, and the addresses of the page and of both sides the other way round."""
    project_id, other = access.project.id, head_path if head_path != path else ""
    names = [*repos.branch_names(project_id, limit=_OFFERED), *repos.tag_names(project_id, limit=_OFFERED)]
    return {
        "path": path,
        "base_name": base,
        "head_name": head,
        "head_path": head_path,
        "revisions": names,
        "here": compare_url(access, path, base=base, head=head, head_path=other),
        "swap_url": compare_url(access, head_path, base=head, head=base, head_path=path if other else ""),
        "action": compare_url(access, path),
    }


def _files(request: HttpRequest, access: ProjectAccess, pair: VersionPair) -> dict[str, Any]:
    """The files of tracked folders, or where the rows of two tables are compared."""
    base, head = pair.base.commit.sha, pair.head.commit.sha
    if pair.same:
        return {}
    address = file_url(access, base, head, pair.head.path, pair.base.path, Options())
    if not pair.folders:
        both = pair.both_present and kinds.kind_of(pair.head.path) != "media"
        return {"rows_url": address if both else ""}
    folder = folder_at(access.project.id, base, head, pair.head.path, pair.base.path)
    if folder is None:
        return {}
    return {"folder_url": address, "folder": folder_context(request, access, base, head, folder, Options())}

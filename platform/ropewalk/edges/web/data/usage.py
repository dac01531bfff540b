"""What each version of a dataset was used for: a part of its page that comes later, and the runs of one version."""

from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import page_number
from ropewalk.data import selectors as data
from ropewalk.data.types import DatasetVersion
from ropewalk.edges.web.data.listing import dataset_url, sliced
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.rendering import quoted
from ropewalk.monitors.usage import dataset_usage, runs_of_version
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

_PER_PAGE = 20


def usage_url(access: ProjectAccess, revision: Revision) -> str:
    """Where the usage of a path's versions is."""
    return f"{access.project.path}/data-usage/{quote(revision.name, safe='/')}/{quoted(revision.path)}"


def usage(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """The versions with what used them, a page at a time; with ``version`` (a content's hash) all runs of that one."""
    revision = repos.resolve(access.project.id, rev_path)
    versions = data.versions(access.project.id, revision.path, revision.name)
    if not versions:
        raise NotFound(f"No version of “{revision.path[:200]}” is known here.")
    context = {
        "revision": revision,
        "here": usage_url(access, revision),
        "dataset_url": dataset_url(access, revision.name, revision.path),
    }
    if oid := request.GET.get("version", ""):
        context |= _runs(request, access, revision, versions, oid)
        return project_page(request, access, "data/usage_runs.html", "data", context)
    context |= _versions(request, access, revision, versions)
    if request.GET.get("fragment"):
        response = render(request, "data/usage_body.html", {"access": access, **context})
        response.headers["X-Fragment"] = "1"
        return response
    return project_page(request, access, "data/usage.html", "data", context)


def _versions(
    request: HttpRequest, access: ProjectAccess, revision: Revision, versions: list[DatasetVersion]
) -> dict[str, Any]:
    page = sliced(versions, page_number(request.GET.get("page")), _PER_PAGE)
    here = usage_url(access, revision)
    return {
        "usage": dataset_usage(access.project.id, revision.path, page.items),
        "page": page,
        "previous_url": f"{here}?{urlencode({'page': page.number - 1})}",
        "next_url": f"{here}?{urlencode({'page': page.number + 1})}",
    }


def _runs(
    request: HttpRequest,
    access: ProjectAccess,
    revision: Revision,
    versions: list[DatasetVersion],
    oid: str,
) -> dict[str, Any]:
    version = next((one for one in versions if one.oid == oid), None)
    if version is None:
        raise NotFound("This path has no such version in this history.")
    number, git = page_number(request.GET.get("page")), version.source == "git"
    page = runs_of_version(access.project.id, revision.path, oid, git=git, page=number)
    return {"version": version, "page": page}

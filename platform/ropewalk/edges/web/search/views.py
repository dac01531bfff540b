"""Search everywhere (projects, people) and in a project (files, runs, models; code has its own page)."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ropewalk.access.authentication import actor_of
from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import find_owners
from ropewalk.core.pagination import Page, page_number
from ropewalk.core.patience import TookTooLong, patience
from ropewalk.data import selectors as data
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.links import quoted
from ropewalk.projects.selectors import list_projects
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import EmptyRepository
from ropewalk.tracking import selectors as tracking

LONGEST = 200
_PER_PAGE, _LAST_PAGE = 30, 20
_LIMIT_MS = 3_000
T = TypeVar("T")


def _text(request: HttpRequest) -> str:
    return request.GET.get("q", "")[:LONGEST].replace("\0", "").strip()


def tabs(
    choices: list[tuple[str, str, str]], active: str, text: str, addresses: dict[str, str]
) -> list[dict[str, Any]]:
    """The kinds to choose from as (key, label, icon), each with its address for this text."""
    return [
        {
            "label": label,
            "icon": icon,
            "url": f"{addresses[key]}{'&' if '?' in addresses[key] else '?'}{urlencode({'q': text})}",
            "active": key == active,
        }
        for key, label, icon in choices
    ]


def search(request: HttpRequest) -> HttpResponse:
    """Projects that the viewer may see; people and organizations for who signed in."""
    text, viewer, number = _text(request), actor_of(request).viewer_id, page_number(request.GET.get("page"))
    choices = [("projects", "Projects", "database")]
    if viewer is not None:
        choices.append(("people", "People", "users"))
    kind = "people" if viewer is not None and request.GET.get("in") == "people" else "projects"
    context: dict[str, Any] = {
        "search_text": text,
        "kind": kind,
        "kinds": tabs(choices, kind, text, {"projects": "/search", "people": "/search?in=people"}),
        "limit": LONGEST,
    }
    if text:
        find = (
            (lambda: find_owners(text, page=number))
            if kind == "people"
            else (lambda: list_projects(viewer, text=text, page=number))
        )
        context |= _within_time(find)
    return render(request, "search/everywhere.html", context)


def project_kinds(access: ProjectAccess, active: str, text: str) -> list[dict[str, Any]]:
    """The tabs of a project's search, code among them, of what the viewer may read."""
    path = access.project.path
    choices = [
        (("files", "Files", "file"), Permission.CODE_READ),
        (("code", "Code", "code"), Permission.CODE_READ),
        (("runs", "Runs", "run"), Permission.RUNS_READ),
        (("models", "Models", "cube"), Permission.MODELS_READ),
    ]
    addresses = {key: f"{path}/search?in={key}" for key in ("runs", "models")}
    addresses |= {"files": f"{path}/search", "code": f"{path}/search/HEAD"}
    return tabs([choice for choice, needs in choices if access.may(needs)], active, text, addresses)


def search_project(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Files of the default branch, runs or models whose name fits."""
    text, kind = _text(request), request.GET.get("in", "files")
    if kind not in _IN_PROJECT:
        kind = "files"
    find, needs = _IN_PROJECT[kind]
    context: dict[str, Any] = {
        "search_text": text,
        "kind": kind,
        "kinds": project_kinds(access, kind, text),
        "everywhere_url": f"/search?{urlencode({'q': text})}",
        "limit": LONGEST,
    }
    if text and access.may(needs):
        number = page_number(request.GET.get("page"), most=_LAST_PAGE)
        context |= _within_time(lambda: find(access, text, number))
    return project_page(request, access, "search/project.html", "", context)


def _within_time(find: Callable[[], "Page[Any]"]) -> dict[str, Any]:
    try:
        with patience(_LIMIT_MS):
            return {"page": find()}
    except TookTooLong as error:
        return {"problem": error}


def _cut(found: list[T], number: int) -> "Page[T]":
    """A page of what was found up to one more than its end. How many there are in all is not counted."""
    start = (number - 1) * _PER_PAGE
    more = len(found) > start + _PER_PAGE and number < _LAST_PAGE
    return Page(found[start : start + _PER_PAGE], number, _PER_PAGE, len(found), more, total_exact=not more)


def _files(access: ProjectAccess, text: str, number: int) -> "Page[Any]":
    try:
        revision = repos.resolve(access.project.id, "")
    except EmptyRepository:
        return _cut([], number)
    names, _ = data.file_names(access.project.id, revision.sha)
    base = f"{access.project.path}/src/{quoted(revision.name)}"
    found = data.ranked_names(text, names, most=number * _PER_PAGE + 1)
    return _cut([(path, f"{base}/{quoted(path)}") for path in found], number)


def _runs(access: ProjectAccess, text: str, number: int) -> "Page[Any]":
    return _cut(tracking.find_runs(access.project.id, text, limit=number * _PER_PAGE + 1), number)


def _models(access: ProjectAccess, text: str, number: int) -> "Page[Any]":
    found = tracking.find_models(access.project.id, text, limit=number * _PER_PAGE + 1)
    base = f"{access.project.path}.mlflow/#/models"
    return _cut([(model, f"{base}/{quote(model.name, safe='')}") for model in found], number)


_IN_PROJECT: dict[str, tuple[Callable[[ProjectAccess, str, int], "Page[Any]"], Permission]] = {
    "files": (_files, Permission.CODE_READ),
    "runs": (_runs, Permission.RUNS_READ),
    "models": (_models, Permission.MODELS_READ),
}

"""The pipeline answers how a project's data and models are made, and whether they still are what their inputs give."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import page_number
from ropewalk.edges.web.data.listing import sliced
from ropewalk.edges.web.files.place import address
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.pipeline.asking import Asked, ask, resolved
from ropewalk.edges.web.pipeline.graph import Drawing, Shown, draw
from ropewalk.edges.web.pipeline.listing import counted, rows_of
from ropewalk.edges.web.pipeline.stage import stage_context
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

_CHOICES = 50
_PER_PAGE = 100
_MOST_OPENED = 50


def newest(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The default branch's pipeline, or how to make one in an empty repository."""
    if not repos.state(access.project.id).head_sha:
        return project_page(request, access, "pipeline/empty.html", "pipeline", {})
    return _page(request, access, repos.resolve(access.project.id))


def pipeline(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """The pipeline of a revision; the part about one stage alone for the page's script."""
    return _page(request, access, resolved(access.project.id, rev_path))


def _page(request: HttpRequest, access: ProjectAccess, revision: Revision) -> HttpResponse:
    asked = ask(access, revision, request.GET.get("base", ""))
    chosen = request.GET.get("stage", "")[:2000]
    context: dict[str, Any] = {
        "asked": asked,
        "revision": revision,
        "current": chosen,
        "base_name": asked.base.name if asked.base else "",
    }
    if asked.pipeline is not None and chosen:
        context |= stage_context(access, asked, chosen)
    if request.GET.get("fragment"):
        response = render(request, "pipeline/stage.html", {"access": access, **context})
        response.headers["X-Fragment"] = "1"
        return response
    context |= switch(access, revision)
    if asked.pipeline is not None:
        rows = rows_of(asked, request.GET.get("q", "")[:200], request.GET.get("state", "")[:20])
        context |= {
            "drawing": _drawn(request, access, asked),
            "page": sliced(rows, page_number(request.GET.get("page")), _PER_PAGE),
            "counts": counted(asked.pipeline),
            "chosen_state": request.GET.get("state", "")[:20],
            "text": request.GET.get("q", "")[:200],
        }
    return project_page(request, access, "pipeline/page.html", "pipeline", context)


def switch(access: ProjectAccess, revision: Revision, page: str = "pipeline") -> dict[str, Any]:
    """The branches and tags to choose from, and the addresses of the revision's pages."""
    branches = repos.branch_names(access.project.id, limit=_CHOICES)
    tags = repos.tag_names(access.project.id, limit=_CHOICES)
    names = [(name, name) for name in branches]
    names += [(name, f"refs/tags/{name}" if name in branches else name) for name in tags]
    return {
        "choices": [(name, address(access, page, target), target) for name, target in names],
        "here": address(access, page, revision.name),
        "permalink": address(access, page, revision.sha),
        "graph_url": address(access, "pipeline", revision.name),
        "plots_url": address(access, "plots", revision.name),
        "src": address(access, "src", revision.name),
    }


def _drawn(request: HttpRequest, access: ProjectAccess, asked: Asked) -> Drawing:
    assert asked.pipeline is not None  # noqa: S101  # the caller asked
    here = address(access, "pipeline", asked.revision.name)
    opened = request.GET.getlist("open")[:_MOST_OPENED]
    base = [("base", asked.base.name)] if asked.base else []
    kept = [*base, *(("open", one) for one in opened)]
    changes = asked.changes
    marks = {one.new.number: one.status for one in changes.stages if one.new} if changes else {}
    if changes:
        below = asked.pipeline.by_address
        marks |= {
            below[one].number: "downstream" for one in changes.downstream if below[one].number not in marks
        }

    def group_url(name: str) -> str:
        others = [("open", one) for one in opened if one != name]
        return f"{here}?{urlencode([*base, *others, *([] if name in opened else [('open', name)])])}#graph"

    return draw(
        asked.pipeline,
        Shown(
            opened=frozenset(opened),
            marks=marks,
            gone=tuple(one.old for one in changes.stages if one.old and not one.new) if changes else (),
            stage_url=lambda name: f"{here}?{urlencode([*kept, ('stage', name)])}#stage",
            group_url=group_url,
            data_url=lambda path: address(access, "data", asked.revision.name, path),
        ),
    )

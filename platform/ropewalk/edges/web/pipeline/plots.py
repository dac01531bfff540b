"""The plots that a pipeline asks for, of one revision or of several laid over each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import RopewalkError
from ropewalk.core.pagination import page_number
from ropewalk.core.types import JobView
from ropewalk.data import services
from ropewalk.edges.web.data.listing import sliced
from ropewalk.edges.web.files.place import address
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.pipeline.asking import resolved, side
from ropewalk.edges.web.pipeline.views import switch
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

MOST_REVISIONS = 5
_PER_PAGE = 24
_MOST_SERIES = 40
_MOST_IMAGES = 60


@dataclass(frozen=True)
class Side:
    """A revision's plots; ``job`` makes them, ``refused``: nobody asked for them, and the viewer may not."""

    revision: Revision
    plots: Sequence[Mapping[str, Any]] = ()
    job: JobView | None = None
    refused: bool = False


@dataclass
class Card:
    """One plot of every revision that has it. ``sides`` are (revision's name, the plot as a worker read it)."""

    title: str
    file: str
    custom: str
    sides: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    chart: dict[str, Any] | None = None
    smooth: bool = False
    rows: list[dict[str, Any]] = field(default_factory=list)
    matrices: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    bars: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    images: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def newest(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The default branch's plots."""
    if not repos.state(access.project.id).head_sha:
        return project_page(request, access, "pipeline/empty.html", "pipeline", {})
    return _page(request, access, repos.resolve(access.project.id))


def plots(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """The plots of a revision, and of those that ``rev`` names."""
    return _page(request, access, resolved(access.project.id, rev_path))


def _page(request: HttpRequest, access: ProjectAccess, revision: Revision) -> HttpResponse:
    revisions, faults = _revisions(access, revision, request.GET.getlist("rev"))
    sides = [_side(access, one) for one in revisions]
    cards = cards_of(access, sides)
    page = sliced(cards, page_number(request.GET.get("page")), _PER_PAGE)
    context = {
        "revision": revision,
        "others": revisions[1:],
        "faults": faults,
        "jobs": [one.job for one in sides if one.job],
        "refused": [one.revision.short for one in sides if one.refused],
        "page": page,
        "full": len(revisions) >= MOST_REVISIONS,
        **switch(access, revision, "plots"),
    }
    return project_page(request, access, "pipeline/plots.html", "pipeline", context)


def _revisions(
    access: ProjectAccess, first: Revision, names: Sequence[str]
) -> tuple[list[Revision], list[str]]:
    found, faults = [first], []
    for name in names[: MOST_REVISIONS * 2]:
        try:
            one = resolved(access.project.id, name[:300].strip()) if name.strip() else None
        except RopewalkError as error:
            faults.append(error.message)
            continue
        if one and one.name not in {other.name for other in found} and len(found) < MOST_REVISIONS:
            found.append(one)
    return found, faults


def _side(access: ProjectAccess, revision: Revision) -> Side:
    pipeline, job, refused = side(access, revision)
    if pipeline is None or not pipeline.plots:
        return Side(revision, job=job, refused=refused)
    found = services.request_plots(
        project_id=access.project.id, pipeline=pipeline, requested_by_id=access.actor.user_id
    )
    if found is None or found.document is None:
        return Side(revision, job=found.job if found else None)
    return Side(revision, found.document["plots"])


def cards_of(access: ProjectAccess, sides: Sequence[Side]) -> list[Card]:
    """The plots of all revisions, those of one name and kind together."""
    cards: dict[tuple[Any, ...], Card] = {}
    for one in sides:
        seen: dict[tuple[Any, ...], int] = {}
        for plot in one.plots:
            kind = plot["file"], plot["name"], plot["template"]
            seen[kind] = seen.get(kind, 0) + 1
            title = plot.get("title") or plot["name"]
            card = cards.setdefault((*kind, seen[kind]), Card(title, plot["file"], plot["custom"]))
            card.smooth = plot["template"] == "smooth"
            _add(access, card, one.revision, plot)
    several = len(sides) > 1
    for card in cards.values():
        _chart(card, several=several)
    return list(cards.values())


def _add(access: ProjectAccess, card: Card, revision: Revision, plot: Mapping[str, Any]) -> None:
    name = revision.short
    card.sides.append((name, plot))
    card.problems += [f"{name}: {text}" for text in plot.get("problems", ())]
    if plot.get("images"):
        urls = [(path, address(access, "raw", revision.sha, path)) for path in plot["images"][:_MOST_IMAGES]]
        card.images.append((name, urls))
    if plot.get("matrix"):
        card.matrices.append((name, _matrix(plot["matrix"], share=plot["template"].endswith("normalized"))))
    if plot.get("bars"):
        most = max((abs(bar["value"]) for bar in plot["bars"]), default=0.0) or 1.0
        card.bars.append(
            (name, [{**bar, "share": round(100 * abs(bar["value"]) / most, 1)} for bar in plot["bars"]])
        )


def _matrix(matrix: Mapping[str, Any], *, share: bool) -> dict[str, Any]:
    """Rows of cells with their shade from 0 to 100; as shares of their row where ``share``."""
    sums = [sum(row) or 1 for row in matrix["counts"]]
    most = 1.0 if share else max((max(row) for row in matrix["counts"]), default=0) or 1
    rows = [
        (
            name,
            [
                {
                    "value": (n / total if share else n),
                    "shade": round(100 * (n / total if share else n) / most),
                }
                for n in row
            ],
        )
        for name, row, total in zip(matrix["rows"], matrix["counts"], sums, strict=True)
    ]
    return {"columns": matrix["columns"], "rows": rows, "share": share}


def _chart(card: Card, *, several: bool) -> None:
    """The series of every revision over the same labels, with a row of numbers for each."""
    labels: dict[str, int] = {}
    series = []
    first = card.sides[0][1]
    for revision, plot in card.sides:
        places = [labels.setdefault(label, len(labels)) for label in plot.get("labels", ())]
        for one in plot.get("series", ()):
            name = f"{revision} {one['name']}" if several else one["name"]
            points = [[places[int(x)], y] for x, y in one["points"]] if places else one["points"]
            series.append({"name": name, "points": points})
            card.rows.append({**one, "name": name})
    if not series:
        return
    card.chart = {
        "series": series[:_MOST_SERIES],
        "x": first.get("x_label") or first.get("x") or "row",
        "y": first.get("y_label", ""),
        "labels": list(labels),
        "scatter": first["template"].startswith("scatter"),
    }
    card.rows = card.rows[:_MOST_SERIES]

"""The columns of one version of a dataset: what each holds, drawn from its profile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import page_number
from ropewalk.data import selectors as data
from ropewalk.data.types import DataFile
from ropewalk.edges.web.data.gallery import gallery_url, strip
from ropewalk.edges.web.data.listing import dataset_url, sliced
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.histograms import bar_labels, note_of
from ropewalk.edges.web.rendering import quoted
from ropewalk.monitors import services
from ropewalk.monitors.types import DataProfile
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

PER_PAGE = 24
_WIDTH, _HEIGHT = 240.0, 48.0  # of a histogram's drawing
_LONGEST_TEXT = 200
_SORTS = (("", "as in the file"), ("missing", "most missing first"), ("name", "by name"))


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram in the drawing's units, and what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True)
class ColumnCard:
    """One column: ``facts`` as the worker stored them, the histogram's bars with its ends, or its most frequent values."""

    facts: Mapping[str, Any]
    bars: Sequence[Bar] = ()
    ends: tuple[str, str] = ("", "")
    note: str = ""
    top: Sequence[Mapping[str, Any]] = ()

    @property
    def median(self) -> Any:
        """The middle value; None where there are no quantiles."""
        quantiles = self.facts.get("quantiles")
        return quantiles[4] if quantiles else None


def columns(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """The columns as a part that the dataset's page loads, or as a page of their own."""
    revision = repos.resolve(access.project.id, rev_path)
    file = data.resolve_dataset(access.project.id, revision.sha, revision.path)
    context = columns_context(request, access, revision, file)
    if request.GET.get("fragment"):
        response = render(request, "data/columns_body.html", {"access": access, **context})
        response.headers["X-Fragment"] = "1"
        return response
    return project_page(request, access, "data/columns.html", "data", context)


def columns_context(
    request: HttpRequest, access: ProjectAccess, revision: Revision, file: DataFile
) -> dict[str, Any]:
    """The cards of one page; the profile is asked for at its first view by those who may."""
    found, refused = services.asked_data_profile(access, file) if file.present else (None, False)
    address, media = columns_url(access, revision), ((found.summary if found else None) or {}).get("media")
    shown = cards_context(request, access, found, address)
    plain = not (shown["text"] or shown["sort"])
    return {
        **shown,
        "revision": revision,
        "file": file,
        "dataset_url": dataset_url(access, revision.name, revision.path),
        "media": media,
        "strip": strip(access, revision, found.id, media) if found and media and plain else [],
        "gallery_url": gallery_url(access, revision),
        "refused": refused,
    }


def cards_context(
    request: HttpRequest, access: ProjectAccess, found: DataProfile | None, address: str
) -> dict[str, Any]:
    """The cards of one page of a profile that is shown at ``address``, filtered and sorted as asked."""
    summary = (found.summary if found else None) or {}
    text, sort = request.GET.get("q", "")[:_LONGEST_TEXT], request.GET.get("sort", "")
    chosen = _chosen(summary.get("columns", []), text, sort)
    page = sliced(chosen, page_number(request.GET.get("page")), PER_PAGE)
    return {
        "summary": summary,
        "cards": [card_of(column) for column in page.items],
        "page": page,
        "columns_url": address,
        "text": text,
        "sort": sort,
        "sorts": _SORTS,
        "previous_url": _turned(address, text, sort, page.number - 1) if page.number > 1 else "",
        "next_url": _turned(address, text, sort, page.number + 1) if page.has_next else "",
        "job": found.job if found and found.summary is None else None,
        "may": {"analyses_start": access.may(Permission.ANALYSES_START)},
    }


def columns_url(access: ProjectAccess, revision: Revision) -> str:
    """Where the columns of a path at a revision are."""
    return f"{access.project.path}/columns/{quote(revision.name, safe='/')}/{quoted(revision.path)}"


def _chosen(found: Sequence[Mapping[str, Any]], text: str, sort: str) -> list[Mapping[str, Any]]:
    wanted = text.strip().lower()
    chosen = [column for column in found if wanted in str(column["name"]).lower()]
    if sort == "missing":
        chosen.sort(key=lambda column: -(column.get("missing_share") or 0.0))
    elif sort == "name":
        chosen.sort(key=lambda column: str(column["name"]).lower())
    return chosen


def _turned(address: str, text: str, sort: str, number: int) -> str:
    return f"{address}{'&' if '?' in address else '?'}q={quote(text)}&sort={quote(sort)}&page={number}"


def card_of(column: Mapping[str, Any]) -> ColumnCard:
    """A stored column as it is drawn. The bars' heights are relative to the highest."""
    histogram = column.get("histogram")
    if not histogram:
        return ColumnCard(column, top=column.get("top", ()))
    if column.get("kind") == "boolean":
        pairs = zip(histogram["values"], histogram["reference"], strict=True)
        top = [{"value": "true" if value else "false", "share": share or 0.0} for value, share in pairs]
        return ColumnCard(column, top=top)
    shares = [share or 0.0 for share in histogram["reference"]]
    most = max(shares, default=0.0) or 1.0
    labels, ends = bar_labels(histogram)
    width = _WIDTH / max(len(shares), 1)
    bars = tuple(
        Bar(
            round(index * width, 2),
            round(_HEIGHT * (1 - share / most), 2),
            round(width * 0.9, 2),
            round(_HEIGHT * share / most, 2),
            f"{label}: {share * 100:.2f} %",
        )
        for index, (label, share) in enumerate(zip(labels, shares, strict=True))
    )
    return ColumnCard(column, bars, ends, note_of(histogram))

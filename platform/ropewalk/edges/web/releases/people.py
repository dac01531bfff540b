"""The page of contributors: who wrote the default branch, and when."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import usernames_by_email
from ropewalk.core import clock, jobs
from ropewalk.core.pagination import Page, page_number
from ropewalk.core.selectors import view_of
from ropewalk.core.types import JobView
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.releases.bars import bars, span_of
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import FIND_CONTRIBUTORS, Activity, Contributor

_PER_PAGE = 30


@dataclass(frozen=True)
class Person:
    """A contributor, or several that are one account. ``username`` is empty unless a verified address says whose it is."""

    name: str
    username: str
    commits: int
    first: datetime
    last: datetime
    weeks: dict[int, int]


def contributors(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """People by commits, with their weeks."""
    state = repos.state(access.project.id)
    context: dict[str, Any] = {"area": "contributors", "branch": state.default_branch, "page": None}
    if state.head_sha:
        found = repos.activity(access.project.id, state.head_sha)
        context |= _filled(found, page_number(request.GET.get("page")), request.GET.get("range", ""))
        context["job"] = None if found.complete else _job(access, state.head_sha)
    return project_page(request, access, "releases/contributors.html", "files", context)


def _job(access: ProjectAccess, sha: str) -> JobView:
    return view_of(
        jobs.enqueue(
            FIND_CONTRIBUTORS,
            subject=f"commit:{sha[:12]}",
            fingerprint=repos.activity_key(access.project.id, sha),
            payload={"sha": sha},
            project_id=access.project.id,
        )
    )


def _filled(found: Activity, number: int, wanted: str) -> dict[str, Any]:
    span = span_of(found.weeks, repos.monday, clock.now(), year=wanted == "year")
    charts = [(person, bars(person.weeks, span)) for person in merged(found.people)]
    if wanted == "year":
        charts = [(person, chart) for person, chart in charts if chart.total]
        charts.sort(key=lambda row: (-row[1].total, row[0].name))
    start = (number - 1) * _PER_PAGE
    shown = charts[start : start + _PER_PAGE]
    most = max((chart.most for _, chart in charts), default=0)
    more = start + _PER_PAGE < len(charts)
    return {
        "activity": found,
        "page": Page(shown, number, _PER_PAGE, len(charts), has_next=more),
        "rows": [(person, chart.scaled(most)) for person, chart in shown],
        "whole": bars(found.weeks, span),
        "span": span,
        "range": wanted,
    }


def merged(people: tuple[Contributor, ...]) -> list[Person]:
    """People with an account once, whatever addresses they used; most commits first."""
    names = usernames_by_email(person.email for person in people)
    groups: dict[str, list[Contributor]] = {}
    for person in people:
        username = names.get(person.email.lower(), "")
        groups.setdefault(f"@{username}" if username else person.email, []).append(person)
    found = [
        Person(
            name=group[0].name,
            username=key[1:] if key.startswith("@") and names.get(group[0].email.lower()) else "",
            commits=sum(person.commits for person in group),
            first=min(person.first for person in group),
            last=max(person.last for person in group),
            weeks=sum((Counter(person.weeks) for person in group), Counter()),
        )
        for key, group in groups.items()
    ]
    return sorted(found, key=lambda person: (-person.commits, person.name))

"""What the list of branches shows: a page of rows in one of its views."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.http import QueryDict

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import usernames_by_email, verified_emails
from ropewalk.core.pagination import Page, page_number
from ropewalk.edges.web.files.place import address
from ropewalk.repos import selectors as repos
from ropewalk.repos.rules import Protection, covering
from ropewalk.repos.types import BranchRow
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.types import RunRow

PER_PAGE = 30
GONE = "deleted"
_LABELS = {"all": "All", "mine": "Yours", "active": "Active", "stale": "Stale", GONE: "Deleted"}
_METRICS_SHOWN = 2
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Row:
    """One branch with its addresses, the newest run on its last commit, and the rules that cover it."""

    branch: BranchRow
    tree_url: str
    compare_url: str
    run: RunRow | None
    metrics: tuple[tuple[str, float], ...]
    rules: tuple[Protection, ...]


def list_context(access: ProjectAccess, query: QueryDict) -> dict[str, Any]:
    """The context of ``branches/list.html``."""
    project_id, text = access.project.id, query.get("q", "")[:200]
    tips = repos.branch_tips(project_id)
    gone = repos.gone_branches(project_id, tips) if access.actor.signed_in else []
    views: dict[str, list[Any]] = repos.views_of(repos.named_like(tips, text), _emails(access))
    views[GONE] = repos.named_like(gone, text)
    view = query.get("view", "all")
    view = view if view in views else "all"
    number = page_number(query.get("page"))
    page: Page[Any] = (
        _cut(views[GONE], number) if view == GONE else _page(access, views[view], number, tips[:1])
    )
    return {
        "view": view,
        "views": [(key, _LABELS[key], len(views[key])) for key in _LABELS if key in _offered(access, gone)],
        "text": text,
        "page": page,
        "people": usernames_by_email(row.branch.commit.author.email for row in page) if view != GONE else {},
        "none_at_all": not tips,
        "just_deleted": next((item for item in gone if item.name == query.get("deleted")), None),
    }


def _emails(access: ProjectAccess) -> frozenset[str]:
    return verified_emails(access.actor.user_id)


def _offered(access: ProjectAccess, gone: list[Any]) -> list[str]:
    """The views that make sense for this person."""
    hidden = set() if access.actor.signed_in else {"mine"}
    return [key for key in _LABELS if key not in hidden and (key != GONE or gone)]


def _cut(items: list[Any], number: int) -> Page[Any]:
    start = (number - 1) * PER_PAGE
    shown = items[start : start + PER_PAGE]
    return Page(shown, number, PER_PAGE, len(items), has_next=start + PER_PAGE < len(items))


def _page(access: ProjectAccess, tips: list[Any], number: int, first: list[Any]) -> Page[Row]:
    project = access.project
    found = repos.branch_page(project.id, tips, page=number, per_page=PER_PAGE)
    runs = tracking.last_runs_of_commits(project.id, {row.commit.sha for row in found})
    rules = repos.protections(project.id)
    default = first[0].name if first else ""
    rows = [_row(access, row, default, runs.get(row.commit.sha), rules) for row in found]
    return Page(rows, found.number, found.per_page, found.total, has_next=found.has_next)


def _row(
    access: ProjectAccess, row: BranchRow, default: str, run: RunRow | None, rules: list[Protection]
) -> Row:
    span = "...".join(quote(_written(name), safe="/") for name in (default, row.name))
    return Row(
        branch=row,
        tree_url=address(access, "src", _written(row.name)),
        compare_url="" if row.is_default else f"{access.project.path}/compare/{span}",
        run=run,
        metrics=_metrics(run, access.project.key_metric) if run else (),
        rules=tuple(covering(rules, row.name)),
    )


def _written(name: str) -> str:
    """The name for an address: written out where it would be read as a commit's."""
    return f"refs/heads/{name}" if len(name) == 40 and set(name) <= _HEX else name


def _metrics(run: RunRow, key: str) -> tuple[tuple[str, float], ...]:
    """The project's key metric where the run has it, else its first ones."""
    if key in run.metrics:
        return ((key, run.metrics[key]),)
    return tuple(run.metrics.items())[:_METRICS_SHOWN]

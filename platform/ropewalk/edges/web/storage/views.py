"""Storage answers what takes the room, how much is left, and what can be removed."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ropewalk.access.authentication import actor_of
from ropewalk.access.selectors import resolve_owner
from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.types import OwnerView
from ropewalk.buckets.selectors import damaged_objects
from ropewalk.data import selectors as data
from ropewalk.edges.web.data.listing import dataset_url
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.people.views import managed_organization
from ropewalk.projects.selectors import projects_by_id
from ropewalk.projects.types import ProjectView
from ropewalk.quotas import selectors as quotas
from ropewalk.quotas.types import Amount, Limit, StorageUse

_LARGEST = 10
_PROJECTS = 50
_THINGS = {
    "dvc": "object",
    "runs": "run",
    "bucket": "object",
    "artifacts": "file",
    "releases": "file",
    "git": "repository",
    "parts": "part",
    "bin": "object",
}


@dataclass(frozen=True)
class Row:
    """One kind. ``share`` is how much of the bar it fills, in per cent as CSS reads it."""

    amount: Amount
    thing: str
    share: str


@dataclass(frozen=True)
class Bar:
    """What is used of what may be, by kind. Without a limit the bar is what is used."""

    limit: Limit
    use: StorageUse
    rows: list[Row]

    @property
    def state(self) -> str:
        """How a limit stands: ``ok``, ``near`` (a tenth is left) or ``full``; empty without one."""
        if self.limit.most is None:
            return ""
        if self.limit.used >= self.limit.most:
            return "full"
        return "near" if self.limit.used * 10 > self.limit.most * 9 else "ok"

    @property
    def percent(self) -> float:
        """How much of the limit is used."""
        return self.limit.used / self.limit.most if self.limit.most else 1.0


def bar_of(limit: Limit, use: StorageUse) -> Bar:
    """The bar of a limit."""
    whole = max(limit.most or 0, use.size, 1)
    return Bar(
        limit, use, [Row(one, _THINGS[one.kind], f"{one.size / whole * 100:.2f}") for one in use.amounts]
    )


def project(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """A project's storage, its largest datasets, and the limit of its owner's projects together."""
    branch = access.project.default_branch
    largest = sorted(data.datasets(access.project.id), key=lambda one: -(one.output.size or 0))[:_LARGEST]
    damaged, damaged_count = data.damaged(access.project.id)
    in_buckets, in_buckets_count = damaged_objects(access.project.id)
    context = {
        "section": "storage",
        "damaged": damaged,
        "damaged_count": damaged_count,
        "in_buckets": [
            ("DVC remote" if bucket == "dvc" else "Bucket", key, size) for bucket, key, size in in_buckets
        ],
        "in_buckets_count": in_buckets_count,
        "last_scrub": data.last_scrub(),
        "bar": bar_of(quotas.project_limit(access.project.id), quotas.project_use(access.project.id)),
        "owner_limit": quotas.standing(access.project.id).owner,
        "largest": [
            (one, dataset_url(access, branch, one.output.path)) for one in largest if one.output.size
        ],
    }
    return project_page(request, access, "storage/project.html", "settings", context)


def mine(request: HttpRequest) -> HttpResponse:
    """What all my projects store."""
    owner = resolve_owner(actor_of(request), actor_of(request).username)
    return render(request, "storage/mine.html", _of_owner(owner))


def organization(request: HttpRequest, slug: str) -> HttpResponse:
    """What all projects of an organization store."""
    owner = managed_organization(request, slug)
    return render(request, "storage/organization.html", _of_owner(owner))


def _of_owner(owner: OwnerView) -> dict[str, object]:
    sizes = quotas.projects_of_owner(owner.id, limit=_PROJECTS)
    known = projects_by_id(project_id for project_id, _ in sizes)
    shown: list[tuple[ProjectView | None, int]] = [(known.get(number), size) for number, size in sizes]
    bar = bar_of(quotas.owner_limit(owner.id), quotas.owner_use(owner.id))
    deleted = sum(size for found, size in shown if found is None)
    rows = [(found, size) for found, size in shown if found is not None]
    return {
        "owner": owner,
        "bar": bar,
        "sizes": rows,
        "deleted": deleted,
        "active": "storage",
        "most": _PROJECTS,
    }

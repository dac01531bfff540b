"""Reads of forks and what they were forked from: always as somebody may see them."""

from collections.abc import Iterable

from django.db.models import Count, QuerySet

from ropewalk.core.pagination import Page, paginate
from ropewalk.projects.models import Project
from ropewalk.projects.selectors import view_of, visible_to
from ropewalk.projects.types import ProjectView


def _live() -> "QuerySet[Project]":
    return Project.objects.select_related("owner").filter(deleted_at__isnull=True)


def forks(viewer_id: int | None, project_id: int, *, page: int = 1, per_page: int = 30) -> Page[ProjectView]:
    """The forks of a project that the viewer may see, the newest first."""
    rows = _live().filter(visible_to(viewer_id), forked_from_id=project_id)
    return paginate(rows.order_by("-created_at", "-pk"), page=page, per_page=per_page, convert=view_of)


def count_forks(viewer_id: int | None, project_id: int) -> int:
    """How many forks of a project the viewer may see."""
    return _live().filter(visible_to(viewer_id), forked_from_id=project_id).count()


def fork_counts(viewer_id: int | None, project_ids: Iterable[int]) -> dict[int, int]:
    """Like :func:`count_forks` for several projects; those without forks are left out."""
    rows = _live().filter(visible_to(viewer_id), forked_from_id__in=set(project_ids))
    return dict(rows.order_by().values_list("forked_from_id").annotate(Count("pk")))


def fork_in(owner_id: int, project_id: int) -> ProjectView | None:
    """The fork of a project that an owner has, or None."""
    row = _live().filter(owner_id=owner_id, forked_from_id=project_id).order_by("pk").first()
    return view_of(row) if row else None


def parent_for(viewer_id: int | None, project: ProjectView) -> ProjectView | None:
    """What a fork was forked from, when it is there and the viewer may see it."""
    return parents_for(viewer_id, [project]).get(project.id)


def parents_for(viewer_id: int | None, found: Iterable[ProjectView]) -> dict[int, ProjectView]:
    """Like :func:`parent_for` for several projects, by the fork's id; at most one query."""
    wanted = {project.id: project.forked_from_id for project in found if project.forked_from_id is not None}
    if not wanted:
        return {}
    rows = _live().filter(visible_to(viewer_id), pk__in=set(wanted.values()))
    views = {row.pk: view_of(row) for row in rows}
    return {fork: views[parent] for fork, parent in wanted.items() if parent in views}

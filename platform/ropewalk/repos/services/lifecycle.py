"""Making and removing a project's bare repository."""

from collections.abc import Iterable

import structlog

from ropewalk.projects.models import Project
from ropewalk.repos import git, lockfiles, store
from ropewalk.repos.packs.cache import forget_project, sweep

log = structlog.get_logger("ropewalk.repos")


def ensure_repository(*, project_id: int, default_branch: str = "main") -> None:
    """Make the project's bare repository if it is missing, and bring an old one's settings up to date."""
    store.make_repository(project_id, default_branch)


def delete_repository(*, project_id: int) -> None:
    """Remove the repository's files for good; the rows go with the project's."""
    store.remove_repository(project_id)
    forget_project(project_id)


def free_refs(*, project_id: int, names: Iterable[str]) -> None:
    """Let these refs be changed again where a killed git left them locked. Harms no running one."""
    if removed := lockfiles.free_refs(git.repository_path(project_id), names):
        log.warning("repos.stale_locks_removed", project=project_id, files=removed)


def remove_abandoned_repositories() -> int:
    """Remove what killed processes left: repositories half made or half removed, quarantines, lock files; their number."""
    removed = store.remove_abandoned() + sweep()
    for project_id in Project.objects.order_by("pk").values_list("pk", flat=True):
        directory = git.repository_path(project_id)
        removed += store.remove_half_done(directory) + lockfiles.free_all(directory)
    return removed

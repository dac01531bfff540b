"""Making and removing a project's bare repository."""

from ropewalk.projects.models import Project
from ropewalk.repos import git, store
from ropewalk.repos.packs.cache import forget_packs, sweep_packs


def ensure_repository(*, project_id: int, default_branch: str = "main") -> None:
    """Make the project's bare repository if it is missing, and bring an old one's settings up to date."""
    store.make_repository(project_id, default_branch)


def delete_repository(*, project_id: int) -> None:
    """Remove the repository's files for good; the rows go with the project's."""
    store.remove_repository(project_id)
    forget_packs(project_id)


def remove_abandoned_repositories() -> int:
    """Remove repositories that a killed process left half made or half removed, and what killed pushes left; their number."""
    removed = store.remove_abandoned() + sweep_packs()
    for project_id in Project.objects.order_by("pk").values_list("pk", flat=True):
        removed += store.remove_half_done(git.repository_path(project_id))
    return removed

"""The default branch: HEAD of the repository, and the project's row that follows it."""

from django.db import transaction

from ropewalk.core.errors import Invalid
from ropewalk.core.locks import lock_in_transaction
from ropewalk.projects.models import Project
from ropewalk.projects.services import update_project
from ropewalk.repos import git, refs
from ropewalk.repos.selectors.revisions import default_branch as head_branch


def settle_default_branch(project_id: int) -> None:
    """When HEAD names no branch, take a pushed one: ``main``, ``master``, else the only or first one. The project row follows."""
    heads = sorted(name[11:] for name in refs.read_refs(project_id) if name.startswith("refs/heads/"))
    current = head_branch(project_id)
    if heads and current not in heads:
        current = next((name for name in ("main", "master") if name in heads), heads[0])
        _point_head(project_id, current)
    if (
        heads
        and len(current) <= 200
        and not Project.objects.filter(pk=project_id, default_branch=current).exists()
    ):
        update_project(project_id=project_id, default_branch=current)


def set_default_branch(*, project_id: int, name: str) -> None:
    """Make an existing branch the default one. Raises :class:`Invalid` when there is no such branch."""
    with transaction.atomic():
        lock_in_transaction(f"refs:{project_id}")
        if f"refs/heads/{name}" not in refs.read_refs(project_id) or len(name) > 200:
            raise Invalid(
                f"There is no branch “{name}”.", hint="Choose one of the pushed branches.", code="no_branch"
            )
        update_project(project_id=project_id, default_branch=name)
        _point_head(project_id, name)


def _point_head(project_id: int, name: str) -> None:
    git.run(git.repository_path(project_id), "symbolic-ref", "HEAD", f"refs/heads/{name}")

"""The default branch: HEAD of the repository, and the project's row that follows it."""

from django.db import transaction

from ropewalk.core import audit
from ropewalk.core.errors import Invalid
from ropewalk.core.locks import lock_in_transaction
from ropewalk.projects.models import Project
from ropewalk.projects.names import check_branch_name
from ropewalk.projects.services import update_project
from ropewalk.repos import git, refs
from ropewalk.repos.selectors.revisions import default_branch as head_branch


def settle_default_branch(project_id: int) -> None:
    """When HEAD names no branch, take a pushed one: ``main``, ``master``, else the only or first one. The project row follows."""
    heads = sorted(name[11:] for name in refs.read_refs(project_id) if name.startswith("refs/heads/"))
    heads = [name for name in heads if _may_be_default(name)]
    current = head_branch(project_id)
    if heads and current not in heads:
        current = next((name for name in ("main", "master") if name in heads), heads[0])
        _point_head(project_id, current)
    if heads and not Project.objects.filter(pk=project_id, default_branch=current).exists():
        update_project(project_id=project_id, default_branch=current)


def _may_be_default(name: str) -> bool:
    """Git takes odder names for branches than commands and addresses can carry; those are never the default one."""
    try:
        check_branch_name(name)
    except Invalid:
        return False
    return True


def set_default_branch(*, project_id: int, name: str) -> None:
    """Make an existing branch the default one, and say so in the audit log.

    Raises :class:`Invalid` when there is no such branch, or one whose name is too odd for the default one.
    """
    with transaction.atomic():
        lock_in_transaction(f"refs:{project_id}")
        if f"refs/heads/{name}" not in refs.read_refs(project_id) or not _may_be_default(name):
            raise Invalid(
                f"There is no branch “{name}”.", hint="Choose one of the pushed branches.", code="no_branch"
            )
        before = head_branch(project_id)
        update_project(project_id=project_id, default_branch=name)
        if name != before:
            audit.record(
                "project.default_branch",
                subject=name,
                project_id=project_id,
                detail={"before": before, "after": name},
            )
        _point_head(project_id, name)


def _point_head(project_id: int, name: str) -> None:
    git.run(git.repository_path(project_id), "symbolic-ref", "HEAD", f"refs/heads/{name}")

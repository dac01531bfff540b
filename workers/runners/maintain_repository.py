"""Upkeep of git repositories: packing after pushes, and the repair of pushes that were not recorded."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import services as data
from ropewalk.repos import services as repos
from ropewalk.repos.types import MAINTAIN_REPOSITORY
from workers.runners.base import Report


class MaintainRepository:
    """Packs one project's repository, so that clones stay fast."""

    kind: JobKind = MAINTAIN_REPOSITORY

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Run git's own upkeep; safe beside pushes and fetches."""
        report(0.1, "Packing the repository")
        return dict(repos.maintain(project_id=int(job.project_id or 0)))


def reconcile_all() -> None:
    """Record ref changes that no push row tells of, and index them as a push would have been."""
    for push in repos.reconcile_all():
        if push.commits:
            data.index_pushed_commits(
                project_id=push.project_id, shas=list(push.commits), requested_by_id=push.pusher_id
            )


def sweep() -> None:
    """Remove what killed processes left beside the repositories."""
    repos.remove_abandoned_repositories()

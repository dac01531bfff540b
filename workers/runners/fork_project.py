"""Filling a fork: its own repository, references to the parent's data."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import services as data
from ropewalk.repos.types import FORK_PROJECT
from workers.runners.base import Report


class ForkProject:
    """Branches, tags and data of the project that this one was forked from."""

    kind: JobKind = FORK_PROJECT

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Take what is missing, as far as who asked may read it; safe to run again after a kill."""
        return dict(
            data.run_fork(
                project_id=int(job.project_id or 0),
                user_id=job.requested_by_id,
                code=bool(job.payload["code"]),
                default_only=bool(job.payload["default_only"]),
                report=report,
            )
        )

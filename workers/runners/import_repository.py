"""Copying a repository from another server into a new project."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import services as data
from ropewalk.repos.types import IMPORT_REPOSITORY
from workers.runners.base import Report


class ImportRepository:
    """Branches and tags of one repository."""

    kind: JobKind = IMPORT_REPOSITORY

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Fetch what the project's source offers; safe to run again after a kill."""
        return dict(
            data.run_import(
                project_id=int(job.project_id or 0),
                user_id=job.requested_by_id,
                report=report,
            )
        )

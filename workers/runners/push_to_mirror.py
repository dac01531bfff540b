"""Pushing a project's branches and tags to another server."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.repos import services as repos
from ropewalk.repos.types import PUSH_TO_MIRROR
from workers.runners.base import Report


class PushToMirror:
    """One push mirror of one project."""

    kind: JobKind = PUSH_TO_MIRROR

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Push; safe to run again after a kill."""
        return repos.run_push(
            project_id=int(job.project_id or 0), subject=str(job.payload["subject"]), report=report
        )

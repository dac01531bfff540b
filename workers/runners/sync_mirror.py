"""Bringing a mirror in step with the repository that it follows."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import services as data
from ropewalk.data.types import SYNC_MIRROR
from workers.runners.base import Report


class SyncMirror:
    """Branches and tags of one project."""

    kind: JobKind = SYNC_MIRROR

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Take over what the other server has; safe to run again after a kill."""
        return data.run_sync(project_id=int(job.project_id or 0), report=report)

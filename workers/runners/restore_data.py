"""Making removed objects visible again."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import services as data
from ropewalk.data.types import RESTORE_DATA
from workers.runners.base import Report


class RestoreData:
    """One removal, as a whole."""

    kind: JobKind = RESTORE_DATA

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Restore what is left of it; safe to run again after a kill."""
        total = max(int(job.payload["objects"]), 1)
        restored = data.restore_removal(
            project_id=int(job.project_id or 0),
            removal_id=int(job.payload["removal"]),
            pause=lambda count: report(min(count / total, 1.0), f"{count} of {total} objects are back"),
        )
        return {"objects": restored}

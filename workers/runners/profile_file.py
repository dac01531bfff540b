"""The profiles of the files behind one path of a commit."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.monitors.types import PROFILE_FILE
from workers.runners.base import Report
from workers.runners.data_files import check_files, ensure_profiles, throttled
from workers.runners.data_sources import files_behind


class ProfileFile:
    """Profiles what has none yet, so that pages can show columns and later drift reports are quick."""

    kind: JobKind = PROFILE_FILE

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Profile and store."""
        project_id, path = job.project_id or 0, str(job.payload["path"])
        report(0.0, "Looking for the files")
        version = files_behind(project_id, str(job.payload["commit"]), path)
        check_files(version.files, path)
        stored = ensure_profiles(project_id, version.files, throttled(report))
        return {"files": len(version.files), "rows": sum(stored[file.content].rows for file in version.files)}

"""The columns of one version of a dataset: the profiles of its files, merged."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.monitors import services
from ropewalk.monitors.errors import NothingToCompare
from ropewalk.monitors.types import PROFILE_DATA
from workers.analysis.jsonsafe import storable
from workers.analysis.summary import summarize
from workers.runners.base import Report
from workers.runners.data_files import check_files, load_merged, throttled
from workers.runners.data_sources import files_behind

_NO_TABLES = {"rows": 0, "files": 0, "column_count": 0, "columns": []}


class ProfileData:
    """Profiles what has no profile yet, so that drift reports are quick, too, and keeps the columns of all files together."""

    kind: JobKind = PROFILE_DATA

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Profile, merge and store; a folder without any table has no columns."""
        project_id, payload = job.project_id or 0, job.payload
        path = str(payload["path"])
        report(0.0, "Looking for the files")
        files = files_behind(project_id, str(payload["commit"]), path).files
        summary: dict[str, Any] = _NO_TABLES
        try:
            check_files(files, path)
        except NothingToCompare:
            files = []
        else:
            summary = storable(summarize(load_merged(project_id, files, throttled(report))))
        services.store_data_profile(
            project_id=project_id, profile_id=int(payload["profile"]), summary=summary
        )
        return {"files": len(files), "rows": summary["rows"]}

"""The columns of a table file in a connected bucket: of the pinned content, or a clear failure."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.monitors import services
from ropewalk.monitors.types import PROFILE_OUTSIDE
from workers.analysis.jsonsafe import storable
from workers.analysis.summary import summarize
from workers.runners.base import Report
from workers.runners.data_files import load_merged, throttled
from workers.runners.outside_files import pinned_file


class ProfileOutside:
    """Profiles one file, once for a content; the profile is kept as those of the project's own data are."""

    kind: JobKind = PROFILE_OUTSIDE

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Read, measure and store."""
        project_id = job.project_id or 0
        report(0.0, "Asking the other server")
        file = pinned_file(project_id, str(job.payload["pin"]))
        summary = storable(summarize(load_merged(project_id, [file], throttled(report))))
        services.store_data_profile(
            project_id=project_id, profile_id=int(job.payload["profile"]), summary=summary
        )
        return {"files": 1, "rows": summary["rows"]}

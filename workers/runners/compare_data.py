"""Drift between two versions of tracked data."""

import time
from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.monitors import selectors, services
from ropewalk.monitors.types import COMPARE_DATA
from workers.analysis.drift import drift_report
from workers.analysis.jsonsafe import storable
from workers.runners.base import Report
from workers.runners.data_files import check_files, ensure_profiles, load_merged, throttled
from workers.runners.data_sources import files_behind


class CompareData:
    """Profiles what has no profile yet, merges both sides' profiles and judges the difference."""

    kind: JobKind = COMPARE_DATA

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Compute and store; the row's result says what it cost."""
        project_id, report_id = job.project_id or 0, int(job.payload["report"])
        started = time.process_time()
        sides = selectors.sides_of_report(project_id, report_id)
        report(0.0, "Looking for the files")
        versions = [files_behind(project_id, side.commit, side.path) for side in sides]
        for version, side in zip(versions, sides, strict=True):
            check_files(version.files, side.path)
        tell = throttled(report)
        files = versions[0].files + versions[1].files
        ensure_profiles(project_id, files, lambda share, message: tell(share * 0.9, message))
        report(0.9, "Comparing")
        reference, current = (
            load_merged(project_id, version.files, lambda _share, _text: None) for version in versions
        )
        result = storable(drift_report(reference, current))
        services.store_report(
            project_id=project_id,
            report_id=report_id,
            reference_hash=versions[0].content_hash,
            current_hash=versions[1].content_hash,
            result=result,
            runner_version=self.kind.version,
        )
        return {
            "verdict": result["verdict"]["state"],
            "files": len(files),
            "cpu_seconds": round(time.process_time() - started, 3),
        }

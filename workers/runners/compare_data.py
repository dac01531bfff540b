"""Drift between two versions of tracked data."""

import time
from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.monitors import selectors, services
from ropewalk.monitors.errors import NothingToCompare
from ropewalk.monitors.types import COMPARE_DATA, Side
from workers.analysis.drift import drift_report
from workers.analysis.jsonsafe import storable
from workers.analysis.profile import TableProfile
from workers.runners.base import Report
from workers.runners.data_files import Tell, check_files, ensure_profiles, load_merged, throttled
from workers.runners.data_sources import DataVersion, files_behind, kind_of
from workers.runners.media_files import media_folder
from workers.runners.outside_files import pinned_file


class CompareData:
    """Profiles what has no profile yet, merges both sides' profiles and judges the difference."""

    kind: JobKind = COMPARE_DATA

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Compute and store; the row's result says what it cost."""
        project_id, report_id = job.project_id or 0, int(job.payload["report"])
        started = time.process_time()
        sides = selectors.sides_of_report(project_id, report_id)
        report(0.0, "Looking for the files")
        versions = [_version(project_id, side) for side in sides]
        kind, tell = kind_of(*versions), throttled(report)
        if kind in {"", "table"}:
            for version, side in zip(versions, sides, strict=True):
                check_files(version.files, side.path)
            profiles = _tables(project_id, versions, tell)
        else:
            for version, side in zip(versions, sides, strict=True):
                _check_media(version, kind, side.path)
            profiles = [_media(project_id, kind, version, tell) for version in versions]
        report(0.95, "Comparing")
        result = storable(drift_report(profiles[0], profiles[1]))
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
            "files": sum(profile.files for profile in profiles),
            "cpu_seconds": round(time.process_time() - started, 3),
        }


def _version(project_id: int, side: Side) -> DataVersion:
    if not side.pin:
        return files_behind(project_id, side.commit, side.path)
    return DataVersion(files=[pinned_file(project_id, side.pin)], content_hash=side.pin, listed=1, total=1)


def _tables(project_id: int, versions: list[DataVersion], tell: Tell) -> list[TableProfile]:
    files = [file for version in versions for file in version.files]
    ensure_profiles(project_id, files, lambda share, message: tell(share * 0.9, message))
    return [load_merged(project_id, version.files, lambda _share, _text: None) for version in versions]


def _check_media(version: DataVersion, kind: str, path: str) -> None:
    if not version.media.get(kind):
        raise NothingToCompare(
            f"One side holds files of kind {kind}, and there is none at {path}.",
            hint="Choose versions that hold the same kind of data.",
        )


def _media(project_id: int, kind: str, version: DataVersion, tell: Tell) -> TableProfile:
    """One row a file, so that classes that came or went are categories, and brightness a number like any other."""
    return media_folder(project_id, kind, version.media[kind], version.root, tell).profile()

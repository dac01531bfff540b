"""The columns of one version of a dataset: the profiles of its tables, merged; or those of its images, sounds or texts."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.monitors import services
from ropewalk.monitors.galleries import Shelf, packed
from ropewalk.monitors.types import PROFILE_DATA
from workers.analysis.jsonsafe import storable
from workers.analysis.media.folder import MediaFolder
from workers.analysis.media.shelves import shelves_of
from workers.analysis.summary import summarize
from workers.runners.base import Report
from workers.runners.data_files import check_files, load_merged, throttled
from workers.runners.data_sources import DataVersion, files_behind, kind_of
from workers.runners.media_files import media_folder

_NOTHING = {"rows": 0, "files": 0, "column_count": 0, "columns": []}


class ProfileData:
    """Profiles what has no profile yet, so that drift reports are quick, too, and keeps the columns of all files together."""

    kind: JobKind = PROFILE_DATA

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Profile, merge and store; a folder without anything measurable has no columns."""
        project_id, payload = job.project_id or 0, job.payload
        path, profile_id = str(payload["path"]), int(payload["profile"])
        report(0.0, "Looking for the files")
        version = files_behind(project_id, str(payload["commit"]), path)
        kind = kind_of(version)
        summary: dict[str, Any] = _NOTHING
        if kind == "table":
            check_files(version.files, path)
            summary = storable(summarize(load_merged(project_id, version.files, throttled(report))))
        elif kind:
            files = version.media[kind]
            folder = media_folder(project_id, kind, files, version.root, throttled(report))
            summary = _summary(folder, version)
            _keep_gallery(project_id, profile_id, folder)
        services.store_data_profile(project_id=project_id, profile_id=profile_id, summary=summary)
        return {"files": summary["files"], "rows": summary["rows"]}


def _summary(folder: MediaFolder, version: DataVersion) -> dict[str, Any]:
    """Of the columns those that hold anything; beside them what is said of media only."""
    profile = folder.profile()
    profile.columns = {name: column for name, column in profile.columns.items() if column.n}
    media = {**folder.facts(), "root": version.root, "others": version.listed - len(folder.paths)}
    if version.listed < version.total:
        media["sample_of"] = version.total
    return dict(storable({**summarize(profile), "media": media}))


def _keep_gallery(project_id: int, profile_id: int, folder: MediaFolder) -> None:
    found = shelves_of(folder)
    shelves = {
        name: Shelf(shelf.count, shelf.order, shelf.by_class, shelf.starts)
        for name, shelf in found.shelves.items()
    }
    data = packed({"kind": folder.kind}, found.classes, shelves, found.records)
    services.store_gallery(project_id=project_id, profile_id=profile_id, data=data)

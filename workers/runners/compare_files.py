"""What differs between two versions of a file: found once for each pair of contents."""

import tempfile
from pathlib import Path
from typing import Any

from ropewalk.core.errors import Unprocessable
from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import services
from ropewalk.data.types import COMPARE_FILES, DataFile
from workers.analysis.contents import Side, compare_contents
from workers.analysis.errors import AnalysisError
from workers.analysis.jsonsafe import storable
from workers.runners.base import Report
from workers.runners.data_files import throttled
from workers.runners.local_files import copy_to, resolved


class CompareFiles:
    """Reads both files from git or the DVC store, compares them, and keeps the document."""

    kind: JobKind = COMPARE_FILES

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Compare and store."""
        project_id, payload = int(job.project_id or 0), job.payload
        tell = throttled(report)
        report(0.0, "Reading the files")
        before, after = (
            resolved(project_id, str(side["commit"]), str(side["path"])) if side else None
            for side in payload["sides"]
        )
        with tempfile.TemporaryDirectory(prefix="ropewalk-diff-") as folder:
            sides = [
                _side(project_id, file, Path(folder) / name)
                for file, name in ((before, "old"), (after, "new"))
            ]
            tell(0.1, "Comparing")
            try:
                document = compare_contents(
                    str(payload["kind"]),
                    sides[0],
                    sides[1],
                    str(payload["options"]),
                    Path(folder),
                    lambda share, message: tell(0.1 + 0.9 * share, message),
                )
            except AnalysisError as error:
                raise Unprocessable(error.message, code=error.code) from error
        stored = services.store_content_diff(
            project_id=project_id,
            diff_id=int(payload["diff"]),
            hashes=(before.content_hash if before else "", after.content_hash if after else ""),
            document=storable(document),
        )
        return {"stored_bytes": stored}


def _side(project_id: int, file: DataFile | None, path: Path) -> Side | None:
    if file is None:
        return None
    copy_to(project_id, file, path)
    return Side(path, file.path.rpartition("/")[2])

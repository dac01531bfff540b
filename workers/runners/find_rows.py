"""Rows of a table that somebody asked for: found once for each content and question."""

import tempfile
from pathlib import Path
from typing import Any

from ropewalk.core.errors import Unprocessable
from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import services
from ropewalk.data.types import FIND_ROWS
from workers.analysis.contents.tables.rows import find_rows
from workers.analysis.errors import AnalysisError
from workers.analysis.jsonsafe import storable
from workers.runners.base import Report
from workers.runners.data_files import throttled
from workers.runners.local_files import copy_to, resolved


class FindRows:
    """Reads the file from git or the DVC store, looks through it, and keeps the document."""

    kind: JobKind = FIND_ROWS

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Find and store."""
        project_id, payload = int(job.project_id or 0), job.payload
        tell = throttled(report)
        report(0.0, "Reading the file")
        file = resolved(project_id, str(payload["commit"]), str(payload["path"]))
        with tempfile.TemporaryDirectory(prefix="ropewalk-rows-") as folder:
            path = Path(folder) / "data"
            copy_to(project_id, file, path)
            tell(0.1, "Looking through the rows")
            try:
                document = find_rows(
                    path,
                    file.path.rpartition("/")[2],
                    payload["query"],
                    lambda share: tell(0.1 + 0.9 * share, "Looking through the rows"),
                )
            except AnalysisError as error:
                raise Unprocessable(error.message, code=error.code) from error
        stored = services.store_preview(
            project_id=project_id,
            preview_id=int(payload["preview"]),
            content_hash=file.content_hash,
            document=storable(document),
        )
        return {"stored_bytes": stored, "matching": document["matching"]}

"""What a page shows of a file that needs a reader: made once for each content."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ropewalk.core.errors import Unprocessable
from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import services
from ropewalk.data.types import MAKE_PREVIEW, DataFile
from workers.analysis.errors import AnalysisError
from workers.analysis.jsonsafe import storable
from workers.analysis.preview import make_preview
from workers.runners.base import Report
from workers.runners.data_files import throttled
from workers.runners.local_files import copy_to, resolved

_HEAD = (32 << 20) + 4096
# Kinds of files whose facts are all in their beginning.
_HEADED = (".safetensors", ".gguf", ".npy", ".h5", ".hdf5")


class MakePreview:
    """Reads the file from git or the DVC store, and keeps the document."""

    kind: JobKind = MAKE_PREVIEW

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Make and store."""
        project_id, payload = int(job.project_id or 0), job.payload
        tell = throttled(report)
        report(0.0, "Reading the file")
        file = resolved(project_id, str(payload["commit"]), str(payload["path"]))
        name = file.path.rpartition("/")[2]
        with _spooled(project_id, file) as path:
            tell(0.1, "Preparing")
            try:
                document = make_preview(
                    str(payload["kind"]),
                    path,
                    name,
                    str(payload["options"]),
                    lambda share: tell(0.1 + 0.9 * share, "Preparing"),
                )
            except AnalysisError as error:
                raise Unprocessable(error.message, code=error.code) from error
        stored = services.store_preview(
            project_id=project_id,
            preview_id=int(payload["preview"]),
            content_hash=file.content_hash,
            document=storable(document),
        )
        return {"stored_bytes": stored}


@contextmanager
def _spooled(project_id: int, file: DataFile) -> Iterator[Path]:
    """The file (or as much of it as its kind needs) on the local disk for the block."""
    headed = file.path.lower().endswith(_HEADED)
    with tempfile.TemporaryDirectory(prefix="ropewalk-preview-") as folder:
        path = Path(folder) / "data"
        copy_to(project_id, file, path, _HEAD if headed else None)
        yield path

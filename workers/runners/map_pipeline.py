"""The pipeline of a commit: stages with templates filled in, how they hang together, and what is out of date."""

import hashlib
from collections.abc import Callable
from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import selectors as data
from ropewalk.data import services
from ropewalk.data.hashing import Dos2UnixMd5
from ropewalk.data.oids import parse_oid
from ropewalk.data.types import MAP_PIPELINE
from ropewalk.repos import selectors as repos
from workers.analysis.jsonsafe import storable
from workers.analysis.pipelines import read_pipeline
from workers.analysis.pointers import FileRef
from workers.analysis.pointers.outputs import Output
from workers.runners.base import Report
from workers.runners.index_revision import Blobs

MAX_HASHED = 256 << 20  # bytes of git's files, all together
_SMALL = 1 << 20
MAX_LOOKED_UP = 2000  # files of tracked folders


class MapPipeline:
    """One commit, for ever: but for the lists of tracked folders, which somebody may push later, all of it is in git."""

    kind: JobKind = MAP_PIPELINE

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Read and store. Raises ``RevisionNotFound`` for a commit that was rewritten away."""
        project_id, sha = int(job.project_id or 0), str(job.payload["commit"])
        report(0.1, "Reading the pipeline")
        tree = repos.walk(project_id, sha)
        files = {entry.path: FileRef(entry.oid, entry.size) for entry in tree.entries if entry.kind == "file"}
        blobs, lists = Blobs(project_id), _Lists(project_id)
        document = read_pipeline(
            files, lambda path: blobs.read(sha, path, files[path]), _digests(project_id, sha), lists.child
        )
        if tree.truncated:
            document["problems"].append(
                {
                    "path": "",
                    "message": "The commit has more files than are looked at; some may be missing here.",
                }
            )
        document["waits"] = sorted(lists.missing)
        stored = services.store_preview(
            project_id=project_id,
            preview_id=int(job.payload["preview"]),
            content_hash=str(job.payload["content"]),
            document=storable(document),
        )
        return {"stored_bytes": stored, "stages": len(document["stages"])}


def _digests(project_id: int, sha: str) -> Callable[[str, bool], str | None]:
    """The md5 of a file in git as DVC has it, at most :data:`MAX_HASHED` bytes read in all."""
    room = MAX_HASHED

    def digest(path: str, legacy: bool) -> str | None:
        nonlocal room
        blob = repos.blobs(project_id, sha, [path], limit=_SMALL).get(path)
        if blob is None or blob.size > room:
            return None
        room -= blob.size
        hashed = Dos2UnixMd5() if legacy else hashlib.md5(usedforsecurity=False)
        blocks = repos.read_blob(project_id, blob.oid, blob.size) if blob.truncated else [blob.data]
        for block in blocks:
            hashed.update(block)
        return hashed.hexdigest()

    return digest


class _Lists:
    """Files in tracked folders, by the folders' lists. ``missing`` are the lists that are not stored here."""

    def __init__(self, project_id: int) -> None:
        self._project_id = project_id
        self._room = MAX_LOOKED_UP
        self.missing: set[str] = set()

    def child(self, folder: Output, relpath: str) -> str | None:
        """A file's hash; None where it can't be told."""
        address = parse_oid(folder.algorithm, f"{folder.oid}.dir")
        self._room -= 1
        if address is None or self._room < 0:
            return None
        found = data.dir_file(self._project_id, address, relpath)
        if found is None and data.object_state(self._project_id, address) is None:
            self.missing.add(f"{folder.algorithm}:{folder.oid}.dir")
        return found.oid if found else None

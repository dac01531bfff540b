"""A run's artifacts, listed from the object store."""

from urllib.parse import unquote, urlsplit

from ropewalk.core import blobs
from ropewalk.core.blobs import BlobStat
from ropewalk.core.errors import Invalid, NotFound
from ropewalk.tracking.models import Run
from ropewalk.tracking.types import ArtifactEntry, artifact_prefix

# Sorts after every name that a directory can hold, so that one more listing call jumps over the directory.
LAST = "\U0010ffff"
BATCH = 500


def run_artifact_prefix(project_id: int, run_id: str) -> str:
    """The key prefix of one run's artifacts, with a slash at its end. Raises :class:`NotFound`."""
    uri = (
        Run.objects.for_project(project_id)
        .filter(run_uuid=run_id)
        .values_list("artifact_uri", flat=True)
        .first()
    )
    if uri is None:
        raise NotFound("There is no such run in this project.")
    return f"{artifact_prefix(project_id)}{unquote(urlsplit(uri).path).strip('/')}/"


def _safe(path: str) -> str:
    """A relative path without tricks; raises :class:`Invalid`."""
    cleaned = path.strip("/")
    if any(part in {"", ".", ".."} for part in cleaned.split("/")) and cleaned:
        raise Invalid("Invalid path.")
    if "\\" in cleaned or any(ord(letter) < 32 for letter in cleaned):
        raise Invalid("Invalid path.")
    return cleaned


def entries_below(prefix: str, *, limit: int = 1000) -> list[ArtifactEntry]:
    """Files and directories directly below ``prefix`` (which ends with a slash), by name; paths are relative to it.

    A directory costs one more listing call, whatever it holds.
    """
    store = blobs.store()
    found: list[ArtifactEntry] = []
    after = ""
    while len(found) < limit:
        batch = store.list(prefix, after=after, limit=BATCH)
        for stat in batch:
            name, slash, _ = stat.key.removeprefix(prefix).partition("/")
            found.append(
                ArtifactEntry(path=name, name=name, is_dir=bool(slash), size=None if slash else stat.size)
            )
            after = f"{prefix}{name}/{LAST}" if slash else stat.key
            if slash or len(found) >= limit:
                break
        if not batch:
            break
    return found


def list_artifacts(project_id: int, run_id: str, path: str = "", *, limit: int = 1000) -> list[ArtifactEntry]:
    """Files and directories directly below ``path`` of a run's artifacts. Raises :class:`NotFound`, :class:`Invalid`."""
    below = _safe(path)
    prefix = run_artifact_prefix(project_id, run_id) + (f"{below}/" if below else "")
    lead = f"{below}/" if below else ""
    return [
        ArtifactEntry(path=lead + entry.name, name=entry.name, is_dir=entry.is_dir, size=entry.size)
        for entry in entries_below(prefix, limit=limit)
    ]


def artifact_of_run(project_id: int, run_id: str, path: str) -> BlobStat:
    """The stored object of one artifact file, for streaming it. Raises :class:`NotFound`, :class:`Invalid`."""
    below = _safe(path)
    stat = blobs.store().stat(run_artifact_prefix(project_id, run_id) + below) if below else None
    if stat is None:
        raise NotFound(f"The run has no artifact {below}.")
    return stat

"""A run's artifacts, listed from the object store."""

from urllib.parse import unquote, urlsplit

from ropewalk.core import blobs
from ropewalk.core.blobs import BlobStat
from ropewalk.core.errors import Invalid, NotFound
from ropewalk.tracking.models import Link, LoggedModelRow, Run
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


ENVIRONMENT_FILES = frozenset(
    {
        "requirements.txt",
        "conda.yaml",
        "python_env.yaml",
        "uv.lock",
        "poetry.lock",
        "pdm.lock",
        "Pipfile.lock",
        "conda-lock.yml",
        "pixi.lock",
    }
)
_MOST_FOLDERS, _MOST_MODELS = 8, 3


def environment_files(project_id: int, run_id: str) -> list[str]:
    """Files that name packages: at the root of a run's artifacts, in its first folders, and beside the models that it logged.

    Paths are relative to the run, those of models begin with ``models/ID/``. A handful of listings. Raises :class:`NotFound`.
    """
    prefix = run_artifact_prefix(project_id, run_id)
    root = entries_below(prefix, limit=200)
    found = [entry.path for entry in root if entry.name in ENVIRONMENT_FILES]
    for folder in [entry for entry in root if entry.is_dir][:_MOST_FOLDERS]:
        below = entries_below(f"{prefix}{folder.name}/", limit=100)
        found += [f"{folder.name}/{entry.name}" for entry in below if entry.name in ENVIRONMENT_FILES]
    outputs = Link.objects.filter(source_type="RUN_OUTPUT", source_id=run_id, destination_type="MODEL_OUTPUT")
    ids = list(outputs.values_list("destination_id", flat=True)[:_MOST_MODELS])
    models = LoggedModelRow.objects.for_project(project_id).filter(model_id__in=ids).order_by("model_id")
    for model_id, location in models.values_list("model_id", "artifact_location"):
        place = f"{artifact_prefix(project_id)}{unquote(urlsplit(location).path).strip('/')}/"
        found += [
            f"models/{model_id}/{entry.name}"
            for entry in entries_below(place, limit=100)
            if entry.name in ENVIRONMENT_FILES
        ]
    return found

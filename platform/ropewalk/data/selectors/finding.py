"""Finding files of a revision by letters of their path, whether git or DVC has them."""

from collections.abc import Iterable

from ropewalk.core.derived import cache
from ropewalk.data.models import TrackedOutput
from ropewalk.data.types import INDEX_REVISION
from ropewalk.repos import selectors as repos

MAX_FILES = 50_000
_KEPT_FILES, _KEPT_SECONDS = 20_000, 600


def file_names(project_id: int, sha: str) -> tuple[list[str], bool]:
    """The paths of a commit's files, at most :data:`MAX_FILES`, and whether there are more. DVC's come in when it is indexed."""
    key = f"data:names:{project_id}:{sha}"
    kept: tuple[list[str], bool] | None = cache.get(key)
    if kept is None:
        kept = repos.file_names(project_id, sha, limit=MAX_FILES)
        if len(kept[0]) <= _KEPT_FILES:
            cache.set(key, kept, _KEPT_SECONDS)
    names, more = kept
    known = set(names)
    together = names + [path for path in _tracked_paths(project_id, sha) if path not in known]
    return together[:MAX_FILES], more or len(together) > MAX_FILES


def _tracked_paths(project_id: int, sha: str) -> list[str]:
    rows = TrackedOutput.objects.for_project(project_id).filter(
        cached=True,
        output_set__revisions__project_id=project_id,
        output_set__revisions__commit_sha=sha,
        output_set__revisions__version=INDEX_REVISION.version,
    )
    return list(rows.order_by("path").values_list("path", flat=True)[:MAX_FILES])


def ranked_names(question: str, names: Iterable[str], *, most: int) -> list[str]:
    """The best matches first: letters together and late in the path (in the name) count most. Without a question, the first."""
    letters = question.lower().replace(" ", "")
    scored = []
    for name in names:
        if not letters:
            scored.append((0.0, name))
        elif (score := _score(letters, name.lower())) is not None:
            scored.append((score, name))
        if not letters and len(scored) >= most:
            break
    scored.sort(key=lambda item: (item[0], len(item[1]), item[1]))
    return [name for _, name in scored[:most]]


def _score(letters: str, name: str) -> float | None:
    whole = name.rfind(letters)
    if whole >= 0:
        return -1000.0 if whole > name.rfind("/") else -500.0
    gaps, end = 0, len(name)
    for letter in reversed(letters):
        at = name.rfind(letter, 0, end)
        if at < 0:
            return None
        gaps += end - at - 1
        end = at
    return float(gaps)

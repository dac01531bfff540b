"""Commits whose DVC files can't be read, as a collection takes them: read again first, then kept by every hash in those files."""

import re
from collections.abc import Callable, Iterable, Sequence

from django.db import transaction

from ropewalk.core.errors import Unprocessable
from ropewalk.data.models import OutputSet, RemovedObject, RevisionIndex, StoredObject, TrackedOutput
from ropewalk.data.types import INDEX_REVISION
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import PathNotFound, WrongKind

MOST_READ_AGAIN = 2000
MOST_BYTES = 8 << 20
"""Of one DVC file that is looked through for hashes."""
_HASHES = re.compile(rb"(?=([0-9a-f]{32}))")
_AT_ONCE = 1000
# As an output of each of the four kinds of objects that a hash can name: (algorithm, is a folder).
_FORMS = (("md5", False), ("md5", True), ("md5-dos2unix", False), ("md5-dos2unix", True))


def unclear_commits(project_id: int, shas: Sequence[str]) -> dict[str, list[str]]:
    """Commits with a DVC file that could not be read, so that outputs may be missing from their index: sha → those files."""
    found = {}
    for start in range(0, len(shas), _AT_ONCE):
        rows = RevisionIndex.objects.for_project(project_id).filter(
            commit_sha__in=shas[start : start + _AT_ONCE], version=INDEX_REVISION.version
        )
        for sha, problems in rows.exclude(problems=[]).values_list("commit_sha", "problems"):
            if paths := [problem["path"] for problem in problems if _hides_outputs(problem["path"])]:
                found[sha] = list(dict.fromkeys(paths))
    return found


def _hides_outputs(path: str) -> bool:
    """Hashes stand in ``.dvc`` files and locks; a problem without a path is of the whole commit."""
    name = path.rpartition("/")[2]
    return not name or name.endswith(".dvc") or name == "dvc.lock"


def read_again(project_id: int, shas: Iterable[str], index: Callable[[str], None]) -> None:
    """Index these commits anew: this release may read what an earlier one could not."""
    for sha in list(shas)[:MOST_READ_AGAIN]:
        RevisionIndex.objects.for_project(project_id).filter(commit_sha=sha).delete()
        index(sha)


def kept_for(project_id: int, collection_id: int, unclear: dict[str, list[str]]) -> int:
    """Outputs for every stored or removed object whose hash stands in these files: the id of their set.

    Raises :class:`Unprocessable` for a commit of which even that can't be said.
    """
    oids: set[str] = set()
    seen: set[str] = set()
    for sha, paths in unclear.items():
        for path in paths:
            oids |= _named(project_id, sha, path, seen)
    with transaction.atomic():
        fingerprint = f"unreadable of collection {collection_id}"
        chosen, _ = OutputSet.objects.for_project(project_id).get_or_create(
            project_id=project_id, fingerprint=fingerprint
        )
        rows = TrackedOutput.objects.for_project(project_id).filter(output_set=chosen)
        new = sorted(oids - set(rows.values_list("oid", flat=True)))
        TrackedOutput.objects.bulk_create(
            [
                TrackedOutput(
                    project_id=project_id,
                    output_set=chosen,
                    path=f"{oid} {algorithm} {is_dir}",
                    algorithm=algorithm,
                    oid=oid,
                    is_dir=is_dir,
                    pointer="?",
                )
                for oid in new
                for algorithm, is_dir in _FORMS
            ],
            batch_size=2000,
        )
    return chosen.pk


def forget(project_id: int) -> None:
    """What earlier collections kept for commits that could not be read."""
    OutputSet.objects.for_project(project_id).filter(
        fingerprint__startswith="unreadable of collection "
    ).delete()


def _named(project_id: int, sha: str, path: str, seen: set[str]) -> set[str]:
    try:
        entry = repos.entry(project_id, sha, path) if path else None
        if entry is not None and entry.oid in seen:
            return set()
        blob = repos.blob(project_id, sha, path, limit=MOST_BYTES) if entry is not None else None
    except (PathNotFound, WrongKind):
        entry = blob = None
    if entry is None or blob is None or blob.truncated:
        raise Unprocessable(
            f"Nobody can tell what commit {sha[:8]} needs, not even by the hashes in its DVC files.",
            hint="Keep only the newest commits' data where that leaves it out. Nothing was removed.",
            code="needs_unknown",
        )
    seen.add(entry.oid)
    texts = sorted({found.decode() for found in _HASHES.findall(blob.data.lower())})
    known: set[str] = set()
    for start in range(0, len(texts), _AT_ONCE):
        part = texts[start : start + _AT_ONCE]
        for model in (StoredObject, RemovedObject):
            known.update(
                model.objects.for_project(project_id).filter(oid__in=part).values_list("oid", flat=True)
            )
    return known

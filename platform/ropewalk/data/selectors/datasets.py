"""Tracked data over time: the datasets at the default branch, and the versions of a path."""

import re

from ropewalk.data.models import DirEntry, RevisionIndex, TrackedOutput
from ropewalk.data.oids import ObjectAddress, parse_oid
from ropewalk.data.selectors.objects import states
from ropewalk.data.selectors.removals import removed_among
from ropewalk.data.selectors.revisions import outputs
from ropewalk.data.types import INDEX_REVISION, DatasetVersion, DatasetView
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import EmptyRepository
from ropewalk.repos.types import Commit

HISTORY = 1000
_TABULAR = re.compile(
    r"\.(csv|tsv|tab|jsonl|ndjson)(\.(gz|zst|bz2))?$|\.(parquet|pq|arrow|feather|ipc)$", re.IGNORECASE
)


def is_tabular(path: str) -> bool:
    """Whether a file's name promises a table that can be profiled."""
    return bool(_TABULAR.search(path))


def datasets(project_id: int, rev: str = "") -> list[DatasetView]:
    """The tracked outputs at a revision (the default branch when empty), tables first, with how many versions each has had.

    Empty for an empty repository or a commit that is not indexed yet.
    """
    try:
        head = repos.resolve(project_id, rev).sha
    except EmptyRepository:
        return []
    found = [output for output in outputs(project_id, head) if output.cached]
    counts = _version_counts(project_id, head, [output.path for output in found])
    views = [
        DatasetView(output, is_tabular(output.path) or output.is_dir, counts.get(output.path, 1))
        for output in found
    ]
    return sorted(views, key=lambda view: (not view.tabular, view.output.path))


def _history(project_id: int, sha: str) -> list[Commit]:
    return repos.commits(project_id, sha, per_page=HISTORY).items


def _version_counts(project_id: int, head: str, paths: list[str]) -> dict[str, int]:
    """Path → number of different contents in the indexed history."""
    if not paths:
        return {}
    sets = RevisionIndex.objects.for_project(project_id).filter(
        commit_sha__in=[commit.sha for commit in _history(project_id, head)], version=INDEX_REVISION.version
    )
    rows = TrackedOutput.objects.for_project(project_id).filter(
        output_set__in=sets.values("output_set"), path__in=paths
    )
    counts: dict[str, int] = {}
    for path in rows.values_list("path", "algorithm", "oid").distinct():
        counts[path[0]] = counts.get(path[0], 0) + 1
    return counts


def versions(project_id: int, path: str, rev: str = "") -> list[DatasetVersion]:
    """The contents that a path has had in the history of a revision, newest first, each at the commit that introduced it.

    ``path`` may be a tracked output, a file inside a tracked folder, or a file that git itself holds.
    """
    try:
        head = repos.resolve(project_id, rev).sha
    except EmptyRepository:
        return []
    history = _history(project_id, head)
    found = _tracked_versions(project_id, path, history)
    return found or _git_versions(project_id, path, head)


def _tracked_versions(project_id: int, path: str, history: list[Commit]) -> list[DatasetVersion]:
    by_commit = _rows_by_commit(project_id, path, [commit.sha for commit in history])
    folders = _folder_files(project_id, path, list(by_commit.values()))
    introduced: list[tuple[Commit, TrackedOutput, ObjectAddress | None]] = []
    last: tuple[str, str] | None = None
    for commit in reversed(history):
        row = by_commit.get(commit.sha)
        if row is None:
            continue
        address = folders.get(row.pk) if row.path != path else _address(row)
        if row.path != path and address is None:
            continue
        content = (address.kind, address.oid) if address else (row.algorithm, row.oid)
        if content != last:
            introduced.append((commit, row, address))
            last = content
    wanted = {address for _, _, address in introduced if address}
    present = states(project_id, wanted)
    removed = removed_among(project_id, wanted - set(present))
    views = []
    for commit, row, address in reversed(introduced):
        whole = row.path == path
        state = present.get(address) if address else None
        views.append(
            DatasetVersion(
                commit_sha=commit.sha,
                author=commit.author.name,
                subject=commit.subject,
                committed_at=commit.committer.when,
                source="dvc",
                algorithm=row.algorithm,
                oid=row.oid if whole or address is None else address.oid,
                is_dir=row.is_dir and whole,
                size=row.size if whole else (state.size if state else None),
                present=state is not None,
                removed=address in removed,
            )
        )
    return views


def _rows_by_commit(project_id: int, path: str, shas: list[str]) -> dict[str, TrackedOutput]:
    """Commit → the output that is ``path`` or a folder above it."""
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts))]
    indexes = RevisionIndex.objects.for_project(project_id).filter(
        commit_sha__in=shas, version=INDEX_REVISION.version
    )
    sets = dict(indexes.values_list("commit_sha", "output_set_id"))
    rows = TrackedOutput.objects.for_project(project_id).filter(
        output_set_id__in=set(sets.values()), path__in=[path, *above], cached=True
    )
    best: dict[int, TrackedOutput] = {}
    for row in rows.order_by("path"):  # the deepest last
        if row.path == path or row.is_dir:
            best[row.output_set_id] = row
    return {sha: best[number] for sha, number in sets.items() if number in best}


def _address(row: TrackedOutput) -> ObjectAddress | None:
    return parse_oid(row.algorithm, row.oid + (".dir" if row.is_dir else ""))


def _folder_files(project_id: int, path: str, rows: list[TrackedOutput]) -> dict[int, ObjectAddress]:
    """Output → the object of the file at ``path`` inside that folder, for all folders in one query."""
    wanted = {row.pk: row for row in rows if row.path != path}
    if not wanted:
        return {}
    entries = DirEntry.objects.for_project(project_id).filter(
        directory__oid__in={row.oid for row in wanted.values()},
        directory__complete=True,
        relpath__in={path[len(row.path) + 1 :] for row in wanted.values()},
    )
    found = {
        (kind, oid, name): child
        for kind, oid, name, child in entries.values_list(
            "directory__kind", "directory__oid", "relpath", "oid"
        )
    }
    files = {}
    for pk, row in wanted.items():
        folder = _address(row)
        child = found.get((folder.kind, folder.oid, path[len(row.path) + 1 :])) if folder else None
        if folder and child:
            files[pk] = ObjectAddress(child, legacy=folder.legacy)
    return files


def _git_versions(project_id: int, path: str, head: str) -> list[DatasetVersion]:
    """The versions of a file in git itself: the commits that changed it."""
    views = []
    for commit in repos.commits(project_id, head, path=path, per_page=100).items:
        blob = repos.blobs(project_id, commit.sha, [path], limit=0).get(path)
        if blob is None or blob.is_symlink:
            continue
        views.append(
            DatasetVersion(
                commit_sha=commit.sha,
                author=commit.author.name,
                subject=commit.subject,
                committed_at=commit.committer.when,
                source="git",
                algorithm="git",
                oid=blob.oid,
                is_dir=False,
                size=blob.size,
                present=True,
            )
        )
    return views

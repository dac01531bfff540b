"""Tracked data over time: the datasets at the default branch, and the versions of a path."""

import re
from collections.abc import Iterable

from ropewalk.core.errors import NotFound
from ropewalk.data.models import DirEntry, RevisionIndex, TrackedOutput
from ropewalk.data.oids import ObjectAddress, parse_oid
from ropewalk.data.origins import Origin
from ropewalk.data.selectors.objects import states
from ropewalk.data.selectors.removals import removed_among
from ropewalk.data.selectors.revisions import indexed, outputs
from ropewalk.data.types import INDEX_REVISION, DatasetVersion, DatasetView
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import EmptyRepository, PathNotFound
from ropewalk.repos.types import Commit

HISTORY = 1000
MOST_GIT_COMMITS = 500
_TABULAR = re.compile(
    r"\.(csv|tsv|tab|jsonl|ndjson)(\.(gz|zst|bz2))?$|\.(parquet|pq|arrow|feather|ipc)$", re.IGNORECASE
)


_MEDIA = re.compile(
    r"\.(png|jpe?g|jpe|gif|webp|avif|bmp|tiff?|wav|flac|og[ga]|opus|mp3|aiff?|au|m4a|aac|txt|text|md|rst)$",
    re.IGNORECASE,
)


def is_medium(path: str) -> bool:
    """Whether a file's name promises an image, a sound or a text that can be measured."""
    return bool(_MEDIA.search(path))


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

    ``path`` may be a tracked output, a file inside a tracked folder, or a file or folder that git itself holds.
    """
    return version_history(project_id, path, rev)[0]


def version_history(project_id: int, path: str, rev: str = "") -> tuple[list[DatasetVersion], str]:
    """:func:`versions`, and the newest commit of the history that is not indexed, if any: versions in such are not known.

    What git itself holds needs no index.
    """
    try:
        head = repos.resolve(project_id, rev).sha
    except EmptyRepository:
        return [], ""
    history = _history(project_id, head)
    found = _tracked_versions(project_id, path, history)
    if not found:
        return _git_versions(project_id, path, head), ""
    known = indexed(project_id, [commit.sha for commit in history])
    return found, next((commit.sha for commit in history if commit.sha not in known), "")


def contents_at(project_id: int, path: str, shas: Iterable[str], *, git: bool = False) -> dict[str, str]:
    """Commit → the hash of what it has at a path, as :attr:`DatasetVersion.oid`; without those that have nothing there.

    A constant number of queries; with ``git`` what git itself holds is looked up, too, in at most :data:`MOST_GIT_COMMITS`.
    """
    wanted = list(dict.fromkeys(shas))
    rows = _rows_by_commit(project_id, path, wanted)
    inside = _folder_files(project_id, path, list({row.pk: row for row in rows.values()}.values()))
    found = {}
    for sha, row in rows.items():
        if row.path == path:
            found[sha] = row.oid
        elif row.pk in inside:
            found[sha] = inside[row.pk].oid
    for sha in [one for one in wanted if git and one not in rows][:MOST_GIT_COMMITS]:
        try:
            entry = repos.entry(project_id, sha, path)
        except NotFound:
            continue
        if entry.kind == "file":
            found[sha] = entry.oid
    return found


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
                origin=Origin.of(row.origin),
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
    """The versions of a file or folder in git itself: the commits that changed it."""
    views = []
    for commit in repos.commits(project_id, head, path=path, per_page=100).items:
        try:
            found = repos.entry(project_id, commit.sha, path)
        except PathNotFound:
            continue
        if found.kind not in {"file", "directory"}:
            continue
        views.append(
            DatasetVersion(
                commit_sha=commit.sha,
                author=commit.author.name,
                subject=commit.subject,
                committed_at=commit.committer.when,
                source="git",
                algorithm="git",
                oid=found.oid,
                is_dir=found.kind == "directory",
                size=found.size,
                present=True,
            )
        )
    return views

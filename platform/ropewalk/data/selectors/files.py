"""From a path at a commit to its bytes, wherever they are: git, a DVC object, or a file of a tracked folder."""

import hashlib
from collections.abc import Iterator

from ropewalk.core.errors import NotFound
from ropewalk.data.models import DirEntry, StoredObject
from ropewalk.data.oids import MD5, ObjectAddress
from ropewalk.data.selectors.objects import dir_file, object_state, open_object
from ropewalk.data.selectors.removals import removed_among
from ropewalk.data.selectors.revisions import outputs, revision
from ropewalk.data.types import DataFile, TrackedOutputView
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import PathNotFound


def resolve_data_file(project_id: int, commit_sha: str, path: str) -> DataFile:
    """Where the bytes of ``path`` at a commit are; a tracked folder is ``is_dir`` (see :func:`dir_files`).

    A tracked output wins over what git has there. Raises :class:`NotFound` (code ``not_indexed`` while the commit waits for its
    index job and git has nothing at the path either).
    """
    path = path.strip("/")
    tracked = {output.path: output for output in outputs(project_id, commit_sha) if output.cached}
    if path in tracked:
        return _whole(project_id, commit_sha, tracked[path])
    parts = path.split("/")
    for count in range(len(parts) - 1, 0, -1):
        folder = tracked.get("/".join(parts[:count]))
        if folder is not None and folder.is_dir:
            return _inside(project_id, commit_sha, folder, path)
    return _from_git(project_id, commit_sha, path)


def resolve_dataset(project_id: int, commit_sha: str, path: str) -> DataFile:
    """As :func:`resolve_data_file`, but a folder of git is one, too: named by its tree and by what DVC tracks below it."""
    path = path.strip("/")
    try:
        return resolve_data_file(project_id, commit_sha, path)
    except NotFound as error:
        if error.code != "not_a_file" or not path:
            raise
    entry = repos.entry(project_id, commit_sha, path)
    if entry.kind != "directory":
        raise NotFound(f"“{path}” is a {entry.kind}, not a file.", code="not_a_file")
    below = [one for one in outputs(project_id, commit_sha) if one.cached and one.path.startswith(f"{path}/")]
    lines = "\n".join([entry.oid, *sorted(f"{one.path}\0{one.algorithm}:{one.oid}" for one in below)])
    name = hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()[:40] if below else entry.oid
    return DataFile(
        path=path,
        commit_sha=commit_sha,
        source="git",
        algorithm="git",
        oid=entry.oid,
        size=None,
        present=True,
        content_hash=f"git:{name}",
        is_dir=True,
    )


def _whole(project_id: int, commit_sha: str, output: TrackedOutputView) -> DataFile:
    return _stored(project_id, commit_sha, output.path, output.address, output)


def _stored(
    project_id: int, commit_sha: str, path: str, address: ObjectAddress | None, output: TrackedOutputView
) -> DataFile:
    state = object_state(project_id, address) if address else None
    oid = address.oid if address else output.oid
    is_dir = address.is_dir if address else output.is_dir
    size = output.size if path == output.path else None
    return DataFile(
        path=path,
        commit_sha=commit_sha,
        source="dvc",
        algorithm=output.algorithm,
        oid=oid,
        size=state.size if state and not is_dir else size,
        present=state is not None,
        removed=state is None and address is not None and bool(removed_among(project_id, [address])),
        # A folder's list has no bytes that anybody profiles, so its own md5 names it.
        content_hash=f"sha256:{state.sha256}" if state and not is_dir else f"{output.algorithm}:{oid}",
        is_dir=is_dir,
        origin=output.origin,
    )


def _inside(project_id: int, commit_sha: str, folder: TrackedOutputView, path: str) -> DataFile:
    address = folder.address
    if address is None or object_state(project_id, address) is None:
        if folder.presence == "imported":
            raise NotFound(
                f"“{folder.path}” was imported: its list of files is with its source, not here.",
                hint="`dvc pull` asks the source for it.",
                code="object_missing",
            )
        raise NotFound(
            f"“{folder.path}” is tracked by DVC, but its list of files was not pushed here.",
            hint="Run `dvc push`.",
            code="object_missing",
        )
    child = dir_file(project_id, address, path[len(folder.path) + 1 :])
    if child is None:
        raise NotFound(f"The tracked folder “{folder.path}” has no file “{path}”.", code="path_not_found")
    return _stored(project_id, commit_sha, path, child, folder)


def _from_git(project_id: int, commit_sha: str, path: str) -> DataFile:
    try:
        entry = repos.entry(project_id, commit_sha, path)
    except PathNotFound:
        if revision(project_id, commit_sha) is None:
            raise NotFound(
                f"“{path}” is not in git, and commit {commit_sha[:8]} is not indexed yet.",
                hint="Try again in a moment.",
                code="not_indexed",
            ) from None
        raise
    if entry.kind != "file":
        raise NotFound(f"“{path}” is a {entry.kind}, not a file.", code="not_a_file")
    return DataFile(
        path=path,
        commit_sha=commit_sha,
        source="git",
        algorithm="git",
        oid=entry.oid,
        size=entry.size,
        present=True,
        content_hash=f"git:{entry.oid}",
    )


def open_data_file(
    project_id: int, file: DataFile, start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """The bytes ``start`` to ``end`` (exclusive) of a resolved file in blocks. Raises :class:`NotFound` without them."""
    if file.source == "git":
        return repos.read_blob(project_id, file.oid, file.size, start, end)
    if file.address is None or file.is_dir:
        raise NotFound(f"“{file.path}” has no bytes of its own here.", code="object_missing")
    return open_object(project_id, file.address, start, end)


def dir_files(project_id: int, folder: DataFile, *, limit: int = 100_000) -> list[DataFile]:
    """Every file of a resolved tracked folder by path, with sizes and content hashes; two queries. Empty when it is not here.

    Of more than ``limit`` those with the smallest hashes: a sample that the next version shares where it did not
    change.
    """
    address = folder.address
    if address is None or not address.is_dir:
        return []
    entries = DirEntry.objects.for_project(project_id).filter(
        directory__project_id=project_id,
        directory__kind=address.kind,
        directory__oid=address.oid,
        directory__complete=True,
    )
    rows = sorted(entries.order_by("oid", "relpath").values_list("relpath", "oid")[:limit])
    children = StoredObject.objects.for_project(project_id).filter(
        kind=address.child_kind, oid__in={oid for _, oid in rows}
    )
    stored = {oid: (size, sha256) for oid, size, sha256 in children.values_list("oid", "size", "sha256")}
    files = []
    for relpath, oid in rows:
        size, sha256 = stored.get(oid, (None, ""))
        files.append(
            DataFile(
                path=f"{folder.path}/{relpath}",
                commit_sha=folder.commit_sha,
                source="dvc",
                algorithm=folder.algorithm or MD5,
                oid=oid,
                size=size,
                present=size is not None,
                content_hash=f"sha256:{sha256}" if sha256 else f"{folder.algorithm}:{oid}",
            )
        )
    return files

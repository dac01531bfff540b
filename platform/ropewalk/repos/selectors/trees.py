"""Folders and files at a commit."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice

import pygit2
from pygit2.enums import ObjectType

from ropewalk.repos import copies, git
from ropewalk.repos.errors import PathNotFound, WrongKind
from ropewalk.repos.selectors.history import checked_sha
from ropewalk.repos.selectors.reading import (
    MAX_TREE_BYTES,
    entry_at,
    header,
    kind_of_mode,
    open_repository,
    tree_at,
)
from ropewalk.repos.types import Blob, Tree, TreeEntry

MAX_ENTRIES = 5000
MAX_LISTED = 50_000
MAX_LISTING_BYTES = 4 << 20
_BINARY_PROBE = 8000


def entry(project_id: int, sha: str, path: str) -> TreeEntry:
    """What lies at a path of a commit (the root is a directory). ``size`` is filled for files. Raises :class:`PathNotFound`."""
    repository = open_repository(project_id)
    found = entry_at(repository, checked_sha(sha), path)
    if found.kind in {"directory", "submodule"}:
        return found
    return TreeEntry(
        found.name, found.path, found.kind, found.mode, found.oid, header(repository, found.oid)[1]
    )


def tree(project_id: int, sha: str, path: str = "", *, limit: int = MAX_ENTRIES) -> Tree:
    """A folder's entries with sizes, directories first. Raises :class:`PathNotFound`, :class:`WrongKind` for a file."""
    found = entry_at(open_repository(project_id), checked_sha(sha), path)
    if found.kind != "directory":
        raise WrongKind(f"“{path}” is a {found.kind}, not a folder.")
    entries, more = _list(project_id, found.oid, found.path, limit, "-l")
    entries.sort(key=lambda item: (item.kind != "directory", item.name))
    return Tree(sha, found.path, tuple(entries), more)


def listing(project_id: int, sha: str, path: str = "") -> tuple[TreeEntry, ...]:
    """All entries of a folder without sizes, directories first, then by name; for pages, with :func:`sized` for what is shown.

    Kept in this process by the folder's object, so the next page of a large folder costs no reading. At most
    :data:`MAX_LISTED`. Raises :class:`PathNotFound`, :class:`WrongKind` for a file.
    """
    repository = open_repository(project_id)
    found = entry_at(repository, checked_sha(sha), path)
    if found.kind != "directory":
        raise WrongKind(f"“{path}” is a {found.kind}, not a folder.")
    if header(repository, found.oid)[1] > MAX_TREE_BYTES:
        raise WrongKind("This folder is too large to be listed.")
    return _listing(project_id, found.oid, found.path)


@lru_cache(maxsize=16)
def _listing(project_id: int, oid: str, folder: str) -> tuple[TreeEntry, ...]:
    prefix = f"{folder}/" if folder else ""
    entries = []
    for child in islice(tree_at(open_repository(project_id), oid), MAX_LISTED):
        name, mode = (child.raw_name or b"").decode("utf-8", "replace"), int(child.filemode)
        entries.append(TreeEntry(name, prefix + name, kind_of_mode(mode), f"{mode:06o}", str(child.id)))
    entries.sort(key=lambda item: (item.kind != "directory", item.name))
    return tuple(entries)


def sized(project_id: int, entries: Iterable[TreeEntry]) -> list[TreeEntry]:
    """The entries, files among them with their sizes. Reads one header each: for as many as a page shows."""
    repository = open_repository(project_id)
    return [_sized(repository, item) for item in entries]


def _sized(repository: pygit2.Repository, item: TreeEntry) -> TreeEntry:
    if item.kind in {"directory", "submodule"}:
        return item
    try:
        return replace(item, size=header(repository, item.oid)[1])
    except PathNotFound:  # the object is lost; the page shows the rest
        return item


def file_names(project_id: int, sha: str, *, limit: int = MAX_LISTED) -> tuple[list[str], bool]:
    """The paths of all files of a commit in git's order, at most ``limit``; and whether there are more."""
    root = entry_at(open_repository(project_id), checked_sha(sha), "")
    args = ("ls-tree", "-r", "-z", "--name-only", root.oid)
    out = git.run(git.repository_path(project_id), *args, max_bytes=16 << 20)
    names = out.data.decode("utf-8", "replace").split("\0")[:-1]
    return names[:limit], out.cut or len(names) > limit


def walk(project_id: int, sha: str, path: str = "", *, limit: int = 200_000) -> Tree:
    """Every file below a folder (recursive, no directories, no sizes), in git's order; bounded by ``limit``."""
    found = entry_at(open_repository(project_id), checked_sha(sha), path)
    if found.kind != "directory":
        raise WrongKind(f"“{path}” is a {found.kind}, not a folder.")
    entries, more = _list(project_id, found.oid, found.path, limit, "-r", max_bytes=64 << 20)
    return Tree(sha, found.path, tuple(entries), more)


def _list(
    project_id: int, oid: str, folder: str, limit: int, option: str, max_bytes: int = MAX_LISTING_BYTES
) -> tuple[list[TreeEntry], bool]:
    out = git.run(git.repository_path(project_id), "ls-tree", "-z", option, oid, max_bytes=max_bytes)
    records = out.data.decode("utf-8", "replace").split("\0")[:-1]  # the last is empty, or cut off
    entries = []
    for record in records[:limit]:
        facts, _, name = record.partition("\t")
        mode, _, object_id, *size = facts.split()
        full = f"{folder}/{name}" if folder else name
        known = int(size[0]) if size and size[0].isdigit() else None
        entries.append(
            TreeEntry(name.rpartition("/")[2], full, kind_of_mode(int(mode, 8)), mode, object_id, known)
        )
    return entries, out.cut or len(records) > limit


def blob(project_id: int, sha: str, path: str, *, limit: int = 1 << 20) -> Blob:
    """A file's first ``limit`` bytes with its size. A symbolic link's data is its target; it is never followed.

    Raises :class:`PathNotFound`, :class:`WrongKind` for a folder or submodule.
    """
    repository = open_repository(project_id)
    found = entry_at(repository, checked_sha(sha), path)
    return _blob(repository, project_id, found, limit)


def blobs(project_id: int, sha: str, paths: list[str], *, limit: int = 1 << 20) -> dict[str, Blob]:
    """Several small files of one commit with one handle; paths that are missing or no files are left out."""
    repository = open_repository(project_id)
    found = {}
    for path in paths:
        try:
            found[path] = _blob(repository, project_id, entry_at(repository, checked_sha(sha), path), limit)
        except (PathNotFound, WrongKind):
            continue
    return found


def _blob(repository: pygit2.Repository, project_id: int, found: TreeEntry, limit: int) -> Blob:
    if found.kind not in {"file", "symlink"}:
        raise WrongKind(f"“{found.path}” is a {found.kind}, not a file.")
    try:
        kind, size = header(repository, found.oid)
    except PathNotFound:
        raise PathNotFound(f"The content of “{found.path}” is not in this repository.") from None
    if kind != ObjectType.BLOB:
        raise PathNotFound(f"“{found.path}” is not a file.")
    if size <= limit:
        data = repository[found.oid].data  # type: ignore[attr-defined]  # a blob, by its header
    else:
        data = git.run(git.repository_path(project_id), "cat-file", "blob", found.oid, max_bytes=limit).data
    return Blob(found.path, found.oid, found.mode, size, data, b"\0" in data[:_BINARY_PROBE])


def read_blob(
    project_id: int, oid: str, size: int | None, start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """A file's bytes ``start`` to ``end`` (exclusive, None for all) in blocks, of any size, in constant memory.

    Take ``oid`` and ``size`` from :func:`entry`. A late part of a large file comes from a local copy.
    """
    return copies.read_blob(project_id, checked_sha(oid), size, start, end)

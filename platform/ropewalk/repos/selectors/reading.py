"""Opening a repository for reading with pygit2.

A handle is opened for each call and never shared: libgit2's objects are not safe across threads, and opening costs a fraction
of a millisecond.
"""

import os
from functools import lru_cache
from typing import Any

import pygit2
from pygit2.enums import ConfigLevel, ObjectType

from ropewalk.repos import git
from ropewalk.repos.errors import Damaged, EmptyRepository, PathNotFound
from ropewalk.repos.types import TreeEntry

MAX_PATH_BYTES = 4096
MAX_DEPTH = 256
# A folder's own object above this is only ever listed by git, which streams; libgit2 would hold it whole.
MAX_TREE_BYTES = 64 << 20

_KINDS = {0o040000: "directory", 0o120000: "symlink", 0o160000: "submodule"}


@lru_cache(maxsize=1)
def _settle() -> None:
    pygit2.settings.owner_validation = False  # the repositories are ours, whoever restored them from a backup
    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.settings.search_path[level] = ""  # nothing of the machine's configuration
    pygit2.settings.mwindow_mapped_limit = 512 << 20


def open_repository(project_id: int) -> pygit2.Repository:
    """A fresh handle. Raises :class:`EmptyRepository` when there is none yet."""
    _settle()
    path = git.repository_path(project_id)
    try:
        return pygit2.Repository(str(path))
    except pygit2.GitError:
        raise EmptyRepository from None


def kind_of_mode(mode: int) -> str:
    """``file``, ``directory``, ``symlink`` or ``submodule``."""
    return _KINDS.get(mode & 0o170000, "file")


def split_path(path: str) -> list[str]:
    """The names along a path. Raises :class:`PathNotFound` for one that can't be in a tree."""
    parts = [part for part in path.split("/") if part]
    if len(path.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES or len(parts) > MAX_DEPTH or "\0" in path:
        raise PathNotFound("This path is too long.")
    if any(part in {".", ".."} for part in parts):
        raise PathNotFound(f"There is nothing at “{path}”.")
    return parts


def header(repository: pygit2.Repository, oid: pygit2.Oid | str) -> tuple[ObjectType, int]:
    """An object's kind and size, without reading it. Raises :class:`PathNotFound` for one that is lost."""
    try:
        kind, size = repository.odb.read_header(pygit2.Oid(hex=str(oid)))
    except KeyError:
        raise PathNotFound(f"The object {oid} is not in this repository.") from None
    return ObjectType(kind), size


def tree_of(repository: pygit2.Repository, sha: str) -> str:
    """A commit's tree; empty when ``sha`` names no commit.

    Read from the object's own first line: libgit2 refuses a commit whose author git merely warns of.
    """
    try:
        kind, data = repository.odb.read(pygit2.Oid(hex=sha))
    except (KeyError, ValueError, pygit2.GitError):
        return ""
    line = data.partition(b"\n")[0]
    return line.removeprefix(b"tree ").decode("ascii", "replace") if kind == ObjectType.COMMIT else ""


def tree_at(repository: pygit2.Repository, oid: str) -> pygit2.Tree:
    """A tree by its name, which its header or entry gave. Raises :class:`Damaged` for one that no git would make."""
    try:
        return repository[oid].peel(pygit2.Tree)
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise Damaged(str(error)) from error


def entry_at(repository: pygit2.Repository, sha: str, path: str) -> TreeEntry:
    """The tree entry at a path of a commit; the root is a directory with an empty name. Raises :class:`PathNotFound`."""
    return _descend(repository, sha, path)[0]


def path_for_git(repository: pygit2.Repository, sha: str, path: str) -> str:
    """A path of a commit as an argument for git: the bytes that the tree has, when the name that is shown is only near to them.

    Raises :class:`PathNotFound`.
    """
    return os.fsdecode(b"/".join(_descend(repository, sha, path)[1]))


def _descend(repository: pygit2.Repository, sha: str, path: str) -> tuple[TreeEntry, list[bytes]]:
    missing = PathNotFound(f"There is nothing at “{path}” in {sha[:8]}.")
    root = tree_of(repository, sha)
    if not root:
        raise missing
    found, names = TreeEntry("", "", "directory", "040000", root), []
    parts = split_path(path)
    for depth, part in enumerate(parts):
        if found.kind != "directory" or header(repository, found.oid)[1] > MAX_TREE_BYTES:
            raise missing
        child = _child(tree_at(repository, found.oid), part)
        if child is None:
            raise missing
        mode = int(child.filemode)
        shown = "/".join(parts[: depth + 1])
        found = TreeEntry(part, shown, kind_of_mode(mode), f"{mode:06o}", str(child.id))
        names.append(child.raw_name)
    return found, names


def _child(tree: Any, name: str) -> Any:
    """An entry by its name. A name that is no UTF-8 is known by how it is shown; the first of several wins."""
    try:
        return tree[name]
    except (KeyError, TypeError, ValueError):
        if "\ufffd" not in name:
            return None
    return next((entry for entry in tree if entry.raw_name.decode("utf-8", "replace") == name), None)

"""Opening a repository for reading with pygit2.

A handle is opened for each call and never shared: libgit2's objects are not safe across threads, and opening costs a fraction
of a millisecond.
"""

from functools import lru_cache

import pygit2
from pygit2.enums import ConfigLevel, ObjectType

from ropewalk.repos import git
from ropewalk.repos.errors import EmptyRepository, PathNotFound
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
    """An object's kind and size, without reading it. Raises KeyError."""
    kind, size = repository.odb.read_header(pygit2.Oid(hex=str(oid)))
    return ObjectType(kind), size


def entry_at(repository: pygit2.Repository, sha: str, path: str) -> TreeEntry:
    """The tree entry at a path of a commit; the root is a directory with an empty name. Raises :class:`PathNotFound`."""
    missing = PathNotFound(f"There is nothing at “{path}” in {sha[:8]}.")
    try:
        commit = repository[sha]
    except (KeyError, ValueError):
        raise missing from None
    if not isinstance(commit, pygit2.Commit):
        raise missing
    found = TreeEntry("", "", "directory", "040000", str(commit.tree_id))
    parts = split_path(path)
    for depth, part in enumerate(parts):
        if found.kind != "directory" or header(repository, found.oid)[1] > MAX_TREE_BYTES:
            raise missing
        tree = repository[found.oid]
        try:
            child = tree[part]
        except (KeyError, TypeError, ValueError):
            raise missing from None
        mode = int(child.filemode)
        found = TreeEntry(
            part, "/".join(parts[: depth + 1]), kind_of_mode(mode), f"{mode:06o}", str(child.id)
        )
    return found

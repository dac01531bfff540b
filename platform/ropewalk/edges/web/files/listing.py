"""A folder's rows: git's entries and DVC-tracked ones in one list."""

from dataclasses import dataclass

from ropewalk.access.types import ProjectAccess
from ropewalk.edges.web.rendering import quoted
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Commit, Revision, Tree


@dataclass(frozen=True)
class Row:
    """One line of a folder. ``tracked_by`` is ``git`` or ``dvc``; ``presence`` is ``present``, ``missing`` or empty (git)."""

    name: str
    url: str
    kind: str
    size: int | None
    tracked_by: str = "git"
    presence: str = ""
    commit: Commit | None = None


def tree_rows(access: ProjectAccess, revision: Revision, tree: Tree, base: str) -> tuple[list[Row], bool]:
    """The rows of a folder; the flag says whether every entry's last commit was found in time."""
    names = [entry.name for entry in tree.entries]
    last = repos.last_commits(access.project.id, revision.sha, revision.path, names)
    rows = [
        Row(
            entry.name,
            f"{base}/{quoted(entry.path)}",
            entry.kind,
            entry.size,
            commit=last.by_name.get(entry.name),
        )
        for entry in tree.entries
    ]
    return rows, last.complete

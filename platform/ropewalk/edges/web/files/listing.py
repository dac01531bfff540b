"""A folder's rows: git's entries and DVC-tracked ones in one list."""

from dataclasses import dataclass
from urllib.parse import quote

from ropewalk.access.types import ProjectAccess
from ropewalk.data import selectors as data
from ropewalk.data.types import TrackedOutputView
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
    """The rows of a folder of git with what DVC tracks there; the flag says whether every last commit was found in time."""
    names = [entry.name for entry in tree.entries]
    last = repos.last_commits(access.project.id, revision.sha, revision.path, names)
    tracked = _tracked_rows(access, revision, base)
    rows = [
        Row(
            entry.name,
            f"{base}/{quoted(entry.path)}",
            entry.kind,
            entry.size,
            commit=last.by_name.get(entry.name),
        )
        for entry in tree.entries
        if entry.name not in tracked or tracked[entry.name].kind == "directory"
    ]
    in_git = {row.name for row in rows}
    rows += [row for name, row in tracked.items() if name not in in_git]
    return sorted(rows, key=lambda row: (row.kind != "directory", row.name)), last.complete


def tracked_only(access: ProjectAccess, revision: Revision, base: str) -> list[Row]:
    """The rows of a folder that git does not have, because everything in it is tracked by DVC; empty when nothing is."""
    return sorted(
        _tracked_rows(access, revision, base).values(), key=lambda row: (row.kind != "directory", row.name)
    )


def _tracked_rows(access: ProjectAccess, revision: Revision, base: str) -> dict[str, Row]:
    prefix = f"{revision.path}/" if revision.path else ""
    rows: dict[str, Row] = {}
    for output in data.outputs(access.project.id, revision.sha):
        if not output.path.startswith(prefix) or not output.cached:
            continue
        name, _, deeper = output.path[len(prefix) :].partition("/")
        if deeper:
            rows.setdefault(name, Row(name, f"{base}/{quoted(prefix + name)}", "directory", None, "dvc"))
        elif name:
            rows[name] = _output_row(access, revision, name, output)
    return rows


def _output_row(access: ProjectAccess, revision: Revision, name: str, output: TrackedOutputView) -> Row:
    address = f"{access.project.path}/data/{quote(revision.name, safe='/')}/{quoted(output.path)}"
    kind = "directory" if output.is_dir else "file"
    return Row(name, address, kind, output.size, "dvc", "present" if output.present else "missing")

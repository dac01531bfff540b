"""Whether edits fit the commit that they are to follow: what they touch is as it was seen, and what they ask for is possible."""

import pygit2

from ropewalk.core.errors import Conflict, Invalid, NotFound
from ropewalk.repos.edits import (
    CommitRequest,
    Edit,
    EditConflict,
    MovePath,
    SetExecutable,
    WriteFile,
    touched,
)
from ropewalk.repos.errors import PathNotFound
from ropewalk.repos.selectors.reading import entry_at, open_repository
from ropewalk.repos.selectors.revisions import commit_exists
from ropewalk.repos.types import TreeEntry

MAX_EDITS = 1000


def require_fitting(project_id: int, request: CommitRequest, parent: str) -> None:
    """Raise for edits that can't follow ``parent`` (empty: there is no commit yet).

    :class:`EditConflict` when a touched path differs between what was seen and ``parent``, :class:`Conflict` when a path is
    taken, :class:`NotFound` when one is missing, :class:`Invalid` for what makes no sense.
    """
    if not request.edits or len(request.edits) > MAX_EDITS:
        raise Invalid(f"A commit here has 1 to {MAX_EDITS} changes of files.", code="bad_edits")
    if not all(touched(request.edits)):
        raise Invalid("The root itself can't be changed.", hint="Choose a file or a folder.", code="bad_path")
    if request.seen and not commit_exists(project_id, request.seen):
        raise Invalid(
            "The commit that this was made from is not here.", hint="Load it again.", code="unknown_seen"
        )
    look = _Looker(project_id)
    if request.seen != parent:
        changed = [
            path
            for path in touched(request.edits)
            if look.facts(request.seen, path) != look.facts(parent, path)
        ]
        if changed:
            raise EditConflict(changed, parent)
    moved_to: dict[str, str] = {}
    for edit in request.edits:
        _require_possible(look, parent, edit, moved_to)
        if isinstance(edit, MovePath):
            here = look.at(parent, edit.path)
            moved_to[edit.to] = here.kind if here else ""
    _require_one_kind([edit.path for edit in request.edits if isinstance(edit, WriteFile)] + sorted(moved_to))


def exists(project_id: int, sha: str, path: str) -> bool:
    """Whether git has something at a path of a commit."""
    return _Looker(project_id).at(sha, path) is not None


class _Looker:
    """Entries of commits by one handle."""

    def __init__(self, project_id: int) -> None:
        self._repository: pygit2.Repository = open_repository(project_id)

    def at(self, sha: str, path: str) -> TreeEntry | None:
        """The entry at a path; None when there is nothing, or no commit."""
        try:
            return entry_at(self._repository, sha, path) if sha else None
        except PathNotFound:
            return None

    def facts(self, sha: str, path: str) -> tuple[str, str] | None:
        """What tells two states of a path apart."""
        entry = self.at(sha, path)
        return (entry.mode, entry.oid) if entry else None


def _require_possible(look: _Looker, parent: str, edit: Edit, moved_to: dict[str, str]) -> None:
    """``moved_to``: the kinds of what earlier edits moved, by their new paths."""
    here = look.at(parent, edit.path)
    if isinstance(edit, WriteFile):
        if edit.path in moved_to:
            if moved_to[edit.path] != "file":
                raise Invalid(f"“{edit.path}” is no file.", code="wrong_kind")
            return
        if here is not None and (edit.create or here.kind != "file"):
            kind = {"directory": "folder", "symlink": "symbolic link"}.get(here.kind, here.kind)
            raise Conflict(
                f"There is already a {kind} “{edit.path}”.", hint="Choose another name.", code="path_taken"
            )
        _require_folders(look, parent, edit.path)
        return
    if here is None:
        raise NotFound(f"There is nothing at “{edit.path}” any more.", code="path_not_found")
    if isinstance(edit, SetExecutable) and here.kind != "file":
        raise Invalid(f"“{edit.path}” is no file.", code="wrong_kind")
    if isinstance(edit, MovePath):
        if edit.to == edit.path or edit.to.startswith(f"{edit.path}/"):
            raise Invalid(f"“{edit.path}” can't be moved into itself.", code="bad_move")
        if look.at(parent, edit.to) is not None:
            raise Conflict(
                f"There is already something at “{edit.to}”.", hint="Choose another name.", code="path_taken"
            )
        _require_folders(look, parent, edit.to)


def _require_folders(look: _Looker, parent: str, path: str) -> None:
    """Every folder on the way must be one, or be missing."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        folder = "/".join(parts[:depth])
        entry = look.at(parent, folder)
        if entry is None:
            return
        if entry.kind != "directory":
            raise Conflict(
                f"“{folder}” is a file, so nothing can lie in it.",
                hint="Choose another name.",
                code="path_taken",
            )


def _require_one_kind(paths: list[str]) -> None:
    """None of the new paths may be a folder of another."""
    known = set(paths)
    for path in known:
        parts = path.split("/")
        if any("/".join(parts[:depth]) in known for depth in range(1, len(parts))):
            raise Conflict(
                f"“{path}” would be both a file and in a file.",
                hint="Choose another name.",
                code="path_taken",
            )

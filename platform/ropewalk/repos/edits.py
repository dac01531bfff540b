"""What somebody wants to change in files, as values: the edits, the commit around them, and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ropewalk.core.errors import Conflict, Invalid


class Source(Protocol):
    """A file's new content: its size in bytes, and its bytes in blocks (asked for again when a commit is tried again)."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def blocks(self) -> Iterator[bytes]:
        """All bytes from the beginning."""
        ...


@dataclass(frozen=True)
class Text:
    """Content that is small and in memory."""

    data: bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    def blocks(self) -> Iterator[bytes]:
        """All of it."""
        yield self.data


@dataclass(frozen=True)
class WriteFile:
    """Create or replace a file. ``executable`` None keeps the mode that it has. ``create``: it must not exist yet."""

    path: str
    source: Source
    executable: bool | None = None
    create: bool = False


@dataclass(frozen=True)
class DeletePath:
    """Remove a file, a link, or a folder with all that is in it."""

    path: str


@dataclass(frozen=True)
class MovePath:
    """Give a file or folder another path, which must be free."""

    path: str
    to: str


@dataclass(frozen=True)
class SetExecutable:
    """Set or clear a file's executable bit."""

    path: str
    executable: bool


Edit = WriteFile | DeletePath | MovePath | SetExecutable


def touched(edits: tuple[Edit, ...]) -> list[str]:
    """The paths that edits read or change."""
    found = []
    for edit in edits:
        found.append(edit.path)
        if isinstance(edit, MovePath):
            found.append(edit.to)
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Author:
    """Who made a commit, as it will say."""

    name: str
    email: str


@dataclass(frozen=True)
class CommitRequest:
    """Edits for one commit on ``branch``.

    ``seen`` is the commit that the person looked at: paths that changed since are a conflict. Empty: they looked at nothing, so
    only what is new may be written. A new branch (``new_branch``) grows out of ``seen``. ``committer`` is who makes the commit
    here, where that is not the author.
    """

    branch: str
    edits: tuple[Edit, ...]
    message: str
    author: Author
    seen: str = ""
    new_branch: bool = False
    committer: Author | None = None


class EditConflict(Conflict):
    """Somebody else changed what the edits touch since ``seen``: ``paths``; ``tip`` is the branch now."""

    code = "edit_conflict"

    def __init__(self, paths: list[str], tip: str) -> None:
        shown = ", ".join(f"“{path}”" for path in paths[:3]) + (" and more" if len(paths) > 3 else "")
        super().__init__(
            f"Somebody else changed {shown} since you opened it.",
            hint="Your text is kept below: look at what changed and commit again, or commit it to a new branch.",
        )
        self.paths, self.tip = paths, tip


class NothingChanged(Invalid):
    """The commit would have no change."""

    code = "nothing_changed"

    def __init__(self) -> None:
        super().__init__("Nothing is different from what the branch has.", hint="Change something first.")

"""One page of what differs between two versions of a tracked folder, or of a part of it, with sums for each folder in it.

Both lists never change, so what was found is kept: the sums, and the pages around the one that was asked for.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from ropewalk.core.derived import cache
from ropewalk.core.pagination import Page
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.selectors.changes import MOST_CHANGES, STATUSES, FileChange, dir_changes
from ropewalk.data.selectors.objects import dir_size

PER_PAGE = 50
MOST_FOLDERS = 200
_PAGES_KEPT = 20  # together, around the one that was asked for
_KEPT_SECONDS = 600


@dataclass
class FolderSum:
    """How many files changed how, with the bytes that came and went. A move between two folders counts in both, without bytes."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    bytes_added: int = 0
    bytes_removed: int = 0

    @property
    def files(self) -> int:
        """All that changed."""
        return sum(self.counts.values())

    def note(self, change: FileChange) -> None:
        """Count a change in."""
        self.counts[change.status] += 1
        if change.status != "renamed":
            self.bytes_added += change.new_size or 0
            self.bytes_removed += change.old_size or 0


@dataclass(frozen=True)
class FolderPart:
    """Which changes of a folder are meant.

    Those below the folder ``under``, with ``text`` in their path (capitals do not matter), of one ``status``; empty: all.
    """

    under: str = ""
    text: str = ""
    status: str = ""


@dataclass(frozen=True)
class FolderSums:
    """The sums of a part, whatever their status: of all of it and of each folder directly in it; ``""`` is for its own files.

    ``before`` and ``after`` are (bytes, files) of the whole part, changed or not. ``folders`` has at most :data:`MOST_FOLDERS`
    of ``folders_total``, those with the most changes. ``truncated``: the sums are of the first :data:`MOST_CHANGES` only.
    """

    total: FolderSum
    folders: dict[str, FolderSum]
    folders_total: int
    before: tuple[int, int]
    after: tuple[int, int]
    truncated: bool


def folder_changes(
    project_id: int, old: ObjectAddress | None, new: ObjectAddress | None, part: FolderPart, number: int
) -> tuple[FolderSums, Page[FileChange]]:
    """The sums of a part of a folder's changes, and one page of its files by path.

    None is for a side that is nothing or not here: the caller knows whether a list is visible.
    """
    names = [side.name + side.kind if side else "" for side in (old, new)]
    asked = "\0".join([*names, part.under, part.text, part.status])
    key = f"data:folder1:{project_id}:{hashlib.sha256(asked.encode('utf-8', 'replace')).hexdigest()[:40]}"
    block, within = divmod(number - 1, _PAGES_KEPT)
    known = cache.get_many([key, f"{key}:{block}"])
    if len(known) == 2:
        (sums, count), listed = known[key], known[f"{key}:{block}"]
    else:
        sums, chosen = _found(project_id, old, new, part)
        count, first = len(chosen), block * _PAGES_KEPT * PER_PAGE
        listed = chosen[first : first + _PAGES_KEPT * PER_PAGE]
        cache.set_many({key: (sums, count), f"{key}:{block}": listed}, _KEPT_SECONDS)
    shown = listed[within * PER_PAGE : (within + 1) * PER_PAGE]
    return sums, Page(shown, number, PER_PAGE, count, has_next=number * PER_PAGE < count)


def _found(
    project_id: int, old: ObjectAddress | None, new: ObjectAddress | None, part: FolderPart
) -> tuple[FolderSums, list[FileChange]]:
    changes, truncated = dir_changes(project_id, old, new, limit=MOST_CHANGES)
    prefix, text = f"{part.under}/" if part.under else "", part.text.lower()
    mine = [
        change
        for change in changes
        if any(path.startswith(prefix) and text in path.lower() for path in _paths(change))
    ]
    total, folders = FolderSum(), dict[str, FolderSum]()
    for change in mine:
        total.note(change)
        for name in {_child(path, prefix) for path in _paths(change) if path.startswith(prefix)}:
            folders.setdefault(name, FolderSum()).note(change)
    largest = sorted(folders, key=lambda name: (-folders[name].files, name))[:MOST_FOLDERS]
    sums = FolderSums(
        total=total,
        folders={name: folders[name] for name in sorted(largest)},
        folders_total=len(folders),
        before=dir_size(project_id, old, part.under) if old else (0, 0),
        after=dir_size(project_id, new, part.under) if new else (0, 0),
        truncated=truncated,
    )
    return sums, [change for change in mine if part.status in ("", change.status)]


def _paths(change: FileChange) -> Iterable[str]:
    return (change.path, change.old_path) if change.status == "renamed" else (change.path,)


def _child(path: str, prefix: str) -> str:
    """The folder directly below ``prefix`` that a path goes through; empty for a file that lies there itself."""
    first, slash, _ = path[len(prefix) :].partition("/")
    return first if slash else ""

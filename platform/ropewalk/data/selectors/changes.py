"""What differs between two versions of a tracked folder: asked of the database, which knows every file of each list."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.db import connection

from ropewalk.data.changes import matched
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.selectors.objects import dir_size

MOST_CHANGES = 100_000
_MOST_FOLDERS = 100
STATUSES = ("added", "removed", "changed", "renamed")


@dataclass(frozen=True)
class FileChange:
    """One file of a folder. ``status`` is ``added``, ``removed``, ``changed`` or ``renamed``; sizes where they are known."""

    status: str
    path: str
    old_path: str
    old_size: int | None
    new_size: int | None


@dataclass
class FolderChanges:
    """How many files of one part of a folder changed how, with the bytes that came and went."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    bytes_added: int = 0
    bytes_removed: int = 0

    def note(self, change: FileChange) -> None:
        """Count a change in."""
        self.counts[change.status] += 1
        if change.status != "renamed":
            self.bytes_added += change.new_size or 0
            self.bytes_removed += change.old_size or 0


@dataclass(frozen=True)
class DirChanges:
    """All changed files of a folder by path, and their sums. ``before`` and ``after`` are (bytes, files) of the whole folder.

    ``truncated``: there are more than :data:`MOST_CHANGES`; the sums are of those that were read.
    """

    files: list[FileChange]
    total: FolderChanges
    folders: dict[str, FolderChanges]
    before: tuple[int, int]
    after: tuple[int, int]
    truncated: bool


_SQL = """
WITH o AS (SELECT relpath, oid, size FROM data_direntry WHERE directory_id = (
             SELECT id FROM data_storedobject
             WHERE project_id = %(project)s AND kind = %(old_kind)s AND oid = %(old)s AND complete)),
     n AS (SELECT relpath, oid, size FROM data_direntry WHERE directory_id = (
             SELECT id FROM data_storedobject
             WHERE project_id = %(project)s AND kind = %(new_kind)s AND oid = %(new)s AND complete))
SELECT relpath, coalesce(o.oid, ''), coalesce(n.oid, ''),
       coalesce((SELECT size FROM data_storedobject c
                 WHERE c.project_id = %(project)s AND c.kind = %(old_child)s AND c.oid = o.oid), o.size),
       coalesce((SELECT size FROM data_storedobject c
                 WHERE c.project_id = %(project)s AND c.kind = %(new_child)s AND c.oid = n.oid), n.size)
FROM o FULL JOIN n USING (relpath)
WHERE o.oid IS DISTINCT FROM n.oid
ORDER BY relpath LIMIT %(limit)s
"""


def dir_changes(
    project_id: int, old: ObjectAddress | None, new: ObjectAddress | None, *, limit: int = MOST_CHANGES
) -> DirChanges:
    """The files that differ between two folder lists; None for a side that is nothing. Lists that are not visible are empty."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL, {"project": project_id, "limit": limit + 1, **_side("old", old), **_side("new", new)}
        )
        rows = cursor.fetchall()
    found = _with_renames(rows[:limit])
    total = FolderChanges()
    by_parent: dict[str, FolderChanges] = defaultdict(FolderChanges)
    deep = len({_parent(change.path) for change in found}) <= _MOST_FOLDERS
    for change in found:
        total.note(change)
        folder = _parent(change.path)
        by_parent[folder if deep else folder.partition("/")[0]].note(change)
    sums = [dir_size(project_id, side) if side else (0, 0) for side in (old, new)]
    return DirChanges(found, total, dict(sorted(by_parent.items())), sums[0], sums[1], len(rows) > limit)


def _side(name: str, address: ObjectAddress | None) -> dict[str, str]:
    return {
        name: address.oid if address else "",
        f"{name}_kind": address.kind if address else "",
        f"{name}_child": address.child_kind if address else "",
    }


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _with_renames(rows: list[tuple[str, str, str, int | None, int | None]]) -> list[FileChange]:
    """Changes from rows of path, old hash, new hash, old size, new size."""
    removed = {path: old for path, old, new, _, _ in rows if not new}
    added = {path: new for path, old, new, _, _ in rows if not old}
    moved = matched(removed, added)
    gone = set(moved.values())
    found = []
    for path, old, new, old_size, new_size in rows:
        if path in moved:
            found.append(FileChange("renamed", path, moved[path], new_size, new_size))
        elif path not in gone:
            status = "changed" if old and new else "added" if new else "removed"
            found.append(FileChange(status, path, path if old else "", old_size, new_size))
    return found

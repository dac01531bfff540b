"""What differs between two versions of a tracked folder: asked of the database, which knows every file of each list."""

from dataclasses import dataclass

from django.db import connection

from ropewalk.data.changes import matched
from ropewalk.data.oids import ObjectAddress

MOST_CHANGES = 100_000
STATUSES = ("added", "removed", "changed", "renamed")


@dataclass(frozen=True)
class FileChange:
    """One file of a folder. ``status`` is ``added``, ``removed``, ``changed`` or ``renamed``; sizes where they are known.

    ``path`` is that of a removed file, too; ``old_path`` is empty for an added one.
    """

    status: str
    path: str
    old_path: str
    old_size: int | None
    new_size: int | None


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
) -> tuple[list[FileChange], bool]:
    """The files that differ between two folder lists, by path, and whether there are more than ``limit``. One query.

    None is a side that is nothing; lists that are not visible are empty.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL, {"project": project_id, "limit": limit + 1, **_side("old", old), **_side("new", new)}
        )
        rows = cursor.fetchall()
    return _with_renames(rows[:limit]), len(rows) > limit


def _side(name: str, address: ObjectAddress | None) -> dict[str, str]:
    return {
        name: address.oid if address else "",
        f"{name}_kind": address.kind if address else "",
        f"{name}_child": address.child_kind if address else "",
    }


def _with_renames(rows: list[tuple[str, str, str, int | None, int | None]]) -> list[FileChange]:
    """Changes from rows of path, old hash, new hash, old size, new size."""
    removed = {path: old for path, old, new, _, _ in rows if not new}
    added = {path: new for path, old, new, _, _ in rows if not old}
    moved = matched(removed, added)
    gone = set(moved.values())
    found = []
    for path, old, new, old_size, new_size in sorted(rows):
        if path in moved:
            found.append(FileChange("renamed", path, moved[path], new_size, new_size))
        elif path not in gone:
            status = "changed" if old and new else "added" if new else "removed"
            found.append(FileChange(status, path, path if old else "", old_size, new_size))
    return found

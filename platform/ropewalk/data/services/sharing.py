"""Lending objects: a fork gets rows that refer to the bytes of another project, and no byte is copied.

The lender's read permission is the caller's business. Everything here may be killed and repeated: rows that are there stay as
they are, and a folder's list appears together with all its files, or waits for them like an uploaded one.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from django.db import connection, transaction
from django.db.models import Count, Max, QuerySet

from ropewalk.core.errors import NotFound
from ropewalk.core.locks import share_lock_in_transaction
from ropewalk.data.models import StoredObject
from ropewalk.data.services.holders import holder_lock
from ropewalk.data.services.objects import announce, await_files, children_lock
from ropewalk.projects.models import Project

_PAGE = 5000
_WINDOW = 50_000
_FILE_KINDS = ("file", "legacy")
_LIST_KINDS = ("dir", "legacy_dir")

Pause = Callable[[int], None]
"""Called between steps with the number of rows looked at so far; what it raises ends the work, which may be taken up again."""


def share_all(*, lender_id: int, borrower_id: int, pause: Pause) -> int:
    """Let the borrower refer to everything that is visible with the lender; how many rows were looked at.

    Only what the borrower lacks leaves the database: a sync of a large fork costs little more than what is new.
    """
    seen = 0
    for kind in (*_FILE_KINDS, *_LIST_KINDS):
        for after, last, count in _windows(lender_id, kind):
            pause(seen)
            fresh = _lacking(lender_id, borrower_id, kind, after, last)
            for start in range(0, len(fresh), _PAGE):
                if start:
                    pause(seen + start)
                _share(lender_id, borrower_id, kind, fresh[start : start + _PAGE], partial(pause, seen))
            seen += count
    return seen


def _visible(project_id: int, kind: str, after: str) -> QuerySet[StoredObject]:
    return StoredObject.objects.for_project(project_id).filter(kind=kind, complete=True, oid__gt=after)


def _windows(lender_id: int, kind: str) -> Iterator[tuple[str, str, int]]:
    """The lender's rows in pieces by hash: after which one, up to which one, how many."""
    after = ""
    while True:
        piece = _visible(lender_id, kind, after).order_by("oid")[:_WINDOW]
        found = piece.aggregate(last=Max("oid"), count=Count("oid"))
        if not found["count"]:
            return
        yield after, found["last"], found["count"]
        after = found["last"]


def _lacking(lender_id: int, borrower_id: int, kind: str, after: str, last: str) -> list[str]:
    """Hashes of a piece that the borrower has not. A set operation: no statistics can mislead it into a loop over both."""
    theirs, ours = (
        _visible(project_id, kind, after).filter(oid__lte=last).values_list("oid", flat=True)
        for project_id in (lender_id, borrower_id)
    )
    return list(theirs.difference(ours).order_by("oid"))


def _share(
    lender_id: int, borrower_id: int, kind: str, oids: Sequence[str], pause: Callable[[], None]
) -> None:
    if kind in _FILE_KINDS:
        _share_files(lender_id, borrower_id, kind, oids)
        return
    files = "legacy" if kind == "legacy_dir" else "file"
    for oid in oids:
        missing = _files_to_come(lender_id, borrower_id, kind, oid, files)
        for start in range(0, len(missing), _PAGE):
            _share_files(lender_id, borrower_id, files, missing[start : start + _PAGE])
        pause()
        _share_list(lender_id, borrower_id, kind, oid, files)


@transaction.atomic
def _share_files(lender_id: int, borrower_id: int, kind: str, oids: Sequence[str]) -> None:
    holders = _locked_holders(lender_id, borrower_id, kind, oids)
    share_lock_in_transaction(children_lock(borrower_id))
    fresh = _insert_rows(lender_id, borrower_id, kind, oids, holders)
    announce(borrower_id, kind, list(fresh))


@transaction.atomic
def _share_list(lender_id: int, borrower_id: int, kind: str, oid: str, files: str) -> None:
    holders = _locked_holders(lender_id, borrower_id, kind, [oid])
    share_lock_in_transaction(
        children_lock(lender_id)
    )  # the list must not be removed between its row and its entries
    for row_id in _insert_rows(lender_id, borrower_id, kind, [oid], holders).values():
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO data_direntry (project_id, directory_id, relpath, oid, size)
                   SELECT %s, %s, entry.relpath, entry.oid, entry.size FROM data_direntry entry
                   WHERE entry.directory_id = (SELECT id FROM data_storedobject
                                               WHERE project_id = %s AND kind = %s AND oid = %s)""",
                [borrower_id, row_id, lender_id, kind, oid],
            )
        await_files(borrower_id, files, row_id)


def _locked_holders(lender_id: int, borrower_id: int, kind: str, oids: Sequence[str]) -> list[int]:
    """Share the locks of all who hold these bytes, so that none of them goes before the borrower's rows are there."""
    rows = StoredObject.objects.for_project(lender_id).filter(
        kind=kind, oid__in=oids, holder_id__isnull=False
    )
    others = rows.order_by().values_list("holder_id", flat=True).distinct()
    holders = sorted({lender_id, *(holder for holder in others if holder is not None)})
    for holder_id in holders:
        share_lock_in_transaction(holder_lock(holder_id))
    living = Project.objects.filter(pk__in=[lender_id, borrower_id], purge_started_at__isnull=True)
    if living.count() != len({lender_id, borrower_id}):
        raise NotFound("One of the two projects is being removed for good.")
    return holders


def _insert_rows(
    lender_id: int, borrower_id: int, kind: str, oids: Sequence[str], holders: Sequence[int]
) -> dict[str, int]:
    """The rows that were not there yet, by hash; none whose bytes moved meanwhile to a holder whose lock is not held."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO data_storedobject
                   (project_id, kind, oid, size, sha256, complete, created_by_id, created_at, holder_id)
               SELECT %(borrower)s, kind, oid, size, sha256, %(complete)s, created_by_id, created_at,
                      nullif(coalesce(holder_id, project_id), %(borrower)s)
               FROM data_storedobject
               WHERE project_id = %(lender)s AND kind = %(kind)s AND oid = ANY(%(oids)s) AND complete
                 AND coalesce(holder_id, project_id) = ANY(%(holders)s)
               ORDER BY kind, oid
               ON CONFLICT (project_id, kind, oid) DO NOTHING RETURNING oid, id""",
            {
                "borrower": borrower_id,
                "lender": lender_id,
                "kind": kind,
                "oids": list(oids),
                "holders": list(holders),
                "complete": kind in _FILE_KINDS,
            },
        )
        return dict(cursor.fetchall())


def _files_to_come(lender_id: int, borrower_id: int, kind: str, oid: str, files: str) -> list[str]:
    """The files of a list that the borrower has not."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT entry.oid FROM data_direntry entry
               WHERE entry.directory_id = (SELECT id FROM data_storedobject
                                           WHERE project_id = %(lender)s AND kind = %(kind)s AND oid = %(oid)s AND complete)
                 AND (SELECT child.id FROM data_storedobject child
                      WHERE child.project_id = %(borrower)s AND child.kind = %(files)s AND child.oid = entry.oid) IS NULL""",
            {"lender": lender_id, "borrower": borrower_id, "kind": kind, "oid": oid, "files": files},
        )
        return [row[0] for row in cursor.fetchall()]

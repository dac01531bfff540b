"""What becomes of removed objects: restored whole by somebody, or purged with their bytes once their time is over.

Both may be killed and repeated. A purge first marks the removal; from then on nobody restores it, and its objects keep no bytes.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from ropewalk.core import audit, clock, jobs
from ropewalk.core.batches import delete_in_batches
from ropewalk.core.errors import Conflict, NotFound
from ropewalk.core.locks import lock_in_transaction, share_lock_in_transaction
from ropewalk.data.models import ObjectKind, Removal, RemovedObject
from ropewalk.data.oids import address_of
from ropewalk.data.services.holders import release_from
from ropewalk.data.services.objects import announce, await_files, children_lock
from ropewalk.data.types import RESTORE_DATA

_FILES_FIRST = (ObjectKind.FILE, ObjectKind.LEGACY, ObjectKind.DIR, ObjectKind.LEGACY_DIR)
_AT_ONCE = 1000
_LISTS_AT_ONCE = 50


def request_restoration(*, project_id: int, removal_id: int, user_id: int | None) -> None:
    """Ask for the job that restores a removal. Raises :class:`NotFound`."""
    with transaction.atomic():
        removal = _restorable(project_id, removal_id)
        removal.restore_asked_at = clock.now()
        removal.save(update_fields=["restore_asked_at"])
        jobs.enqueue(
            RESTORE_DATA,
            subject=f"removal:{removal_id}.",
            fingerprint=str(removal_id),
            payload={"removal": removal_id, "objects": removal.objects_count},
            project_id=project_id,
            requested_by_id=user_id,
        )
        audit.record("data.restored", subject=f"removal {removal_id}", project_id=project_id)


def request_purge(*, project_id: int, removal_id: int) -> None:
    """Give up a removal's time: nobody can restore it from now on, and upkeep removes it for good within minutes.

    Raises :class:`NotFound`, :class:`Conflict` while something is being restored.
    """
    with transaction.atomic():
        removal = _restorable(project_id, removal_id)
        if jobs.unfinished(project_id, [RESTORE_DATA]):
            raise Conflict("Removed data is being restored.", hint="Wait until that has ended.")
        removal.purge_started_at = clock.now()
        removal.save(update_fields=["purge_started_at"])
        audit.record(
            "data.purged",
            subject=f"removal {removal_id}",
            project_id=project_id,
            detail={"objects": removal.objects_count, "size": removal.size},
        )


def _restorable(project_id: int, removal_id: int) -> Removal:
    """The removal, which no purge can begin with before this transaction ends."""
    rows = Removal.objects.for_project(project_id).filter(pk=removal_id, purge_started_at=None)
    found = rows.select_for_update(of=("self",), no_key=True).first()
    if found is None:
        raise NotFound("This removal was restored already, or its time is over.")
    return found


def restore_removal(*, project_id: int, removal_id: int, pause: Callable[[int], None]) -> int:
    """Make a removal's objects visible again, those of folders with all their files; how many came back.

    ``pause`` is called between steps with the number so far; what it raises ends the work, which may be taken up again. Objects
    that were stored again meanwhile stay as they are. Nothing happens where all came back before. Raises :class:`NotFound` for a
    removal whose time is over.
    """
    back = 0
    if not Removal.objects.for_project(project_id).filter(pk=removal_id).exists():
        return back
    for kind in _FILES_FIRST:
        many = _AT_ONCE if kind in {ObjectKind.FILE, ObjectKind.LEGACY} else _LISTS_AT_ONCE
        while count := _restore_some(project_id, removal_id, kind, many):
            back += count
            pause(back)
    with transaction.atomic():
        share_lock_in_transaction(children_lock(project_id))  # nobody adds to it now
        removal = _restorable(project_id, removal_id)
        if not RemovedObject.objects.for_project(project_id).filter(removal_id=removal_id).exists():
            removal.delete()
    return back


@transaction.atomic
def _restore_some(project_id: int, removal_id: int, kind: str, many: int) -> int:
    """The next rows of a kind, in their order; how many were looked at.

    Their places are taken before the children's lock, as an upload does it: who holds the lock must never wait for a place,
    because whoever has the place may be waiting for the lock.
    """
    is_dir = address_of(kind, "").is_dir
    chosen, taken = _take_back(project_id, removal_id, kind, many)
    if not chosen:
        return 0
    (lock_in_transaction if is_dir else share_lock_in_transaction)(children_lock(project_id))
    _restorable(project_id, removal_id)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM data_removedobject WHERE id = ANY(%s) RETURNING id, oid", [chosen])
        ended = dict(cursor.fetchall())
        if again := list(taken - ended.keys()):  # removed once more while this waited for the lock
            cursor.execute("DELETE FROM data_storedobject WHERE id = ANY(%s)", [again])
    _reconnect(project_id, kind, [(row_id, oid) for row_id, oid in ended.items() if row_id in taken])
    _forget_entries([row_id for row_id in ended if row_id not in taken])
    return len(chosen)


def _take_back(project_id: int, removal_id: int, kind: str, many: int) -> tuple[list[int], set[int]]:
    """The next removed rows, and which of them have their places as stored objects; waits for uploads under way."""
    rows = RemovedObject.objects.for_project(project_id).filter(removal_id=removal_id, kind=kind)
    chosen = list(rows.order_by("oid").values_list("pk", flat=True)[:many])
    if not chosen:
        return [], set()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO data_storedobject (id, project_id, kind, oid, size, sha256, complete, created_by_id, created_at,
                                              holder_id)
               SELECT id, project_id, kind, oid, size, sha256, %(visible)s, created_by_id, created_at, holder_id
               FROM data_removedobject WHERE id = ANY(%(chosen)s)
               ORDER BY oid ON CONFLICT (project_id, kind, oid) DO NOTHING RETURNING id""",
            {"chosen": chosen, "visible": not address_of(kind, "").is_dir},
        )
        return chosen, {row[0] for row in cursor.fetchall()}


def _reconnect(project_id: int, kind: str, rows: list[tuple[int, str]]) -> None:
    """Files announce themselves to the lists that wait for them; lists look which of their files are here."""
    address = address_of(kind, "")
    if address.is_dir:
        for row_id, _ in rows:
            await_files(project_id, address.child_kind, row_id)
    elif rows:
        announce(project_id, kind, [oid for _, oid in rows])


def _forget_entries(ids: list[int]) -> None:
    if ids:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM data_direntry WHERE directory_id = ANY(%s)", [ids])


def purge_removals(*, before: datetime, seconds: float = 120.0) -> int:
    """Purge removals that ended ``before`` or were given up, for about so many seconds; how many objects are gone.

    The next run goes on.
    """
    gone, end = 0, time.monotonic() + seconds
    due = Removal.objects.unscoped("upkeep goes over all projects").filter(
        Q(last_at__lt=before) | Q(purge_started_at__isnull=False)
    )
    for removal in due.order_by("last_at")[:_AT_ONCE]:
        rows = Removal.objects.for_project(removal.project_id).filter(pk=removal.pk)
        rows.filter(purge_started_at=None, last_at__lt=before).update(purge_started_at=clock.now())
        if not rows.filter(purge_started_at__isnull=False).exists():
            continue  # restored, or gone on with, meanwhile
        for count in _purge(removal.project_id, removal.pk):
            gone += count
            if time.monotonic() > end:
                return gone
        rows.delete()
    return gone


def _purge(project_id: int, removal_id: int) -> Iterator[int]:
    rows = RemovedObject.objects.for_project(project_id).filter(removal_id=removal_id)
    while page := list(rows.order_by("kind", "oid").values_list("pk", "holder_id", "kind", "oid")[:_AT_ONCE]):
        for row_id in [row[0] for row in page if address_of(row[2], "").is_dir]:
            for _ in delete_in_batches("data_direntry", "directory_id = %s", [row_id]):
                yield 0
        held: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
        for row_id, holder_id, kind, oid in page:
            held[holder_id or project_id, kind][oid] = row_id
        for (holder_id, kind), oids in held.items():
            with transaction.atomic():
                # The bytes first: a purge that is killed between the two finds the row again.
                release_from(holder_id, kind, oids)
                rows.filter(pk__in=oids.values()).delete()
            yield len(oids)

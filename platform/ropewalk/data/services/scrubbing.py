"""Reading everything that is stored again, a little every hour, so that damage is found before somebody needs the data.

DVC's objects come first, then those of buckets, by the hashes that were taken when they came. Run artifacts have none to hold
their bytes against: nobody reads them again.

An object whose bytes are lost or not the ones that came is no longer visible, nor is any folder that lists it: DVC then says that
it is missing, and a ``dvc push`` by whoever has it puts it back. Its bytes stay as they are until then: a fault of this machine's
memory or of the way to the disk must not cost more than it broke. A turn that finds too much ends at once.
"""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from django.db import connection, transaction

from ropewalk.buckets import services as buckets
from ropewalk.buckets.types import HeldObject
from ropewalk.core import audit, clock
from ropewalk.core.blobs import BlobMissing, StoreUnavailable, store
from ropewalk.core.locks import lock_in_transaction, try_lock
from ropewalk.data.models import ObjectKind, Scrub, StoredObject
from ropewalk.data.oids import address_of
from ropewalk.data.services.objects import children_lock
from ropewalk.data.services.removals import hide_lists
from ropewalk.quotas.selectors import stored_by_all

log = structlog.get_logger("ropewalk.data")

LEAST_BYTES = 256 << 20  # of one turn, so that small instances are read in a day
MOST_DAMAGED = 20
"""Of one turn: more looks like a fault of the machine, which a person has to judge."""
PARTS = ("dvc", "bucket")
LONGEST_OBJECT = 1500.0
"""Seconds that a turn may go on for the sake of one object; a larger one is told as unread and passed over."""
_PAGE = 200
# Bytes that several projects refer to are read once, at the first row that names them.
_NEXT = """
    SELECT id, coalesce(holder_id, project_id), kind, oid, size, sha256 FROM data_storedobject row
    WHERE id > %(after)s AND sha256 <> '' AND NOT EXISTS (
        SELECT 1 FROM data_storedobject first
        WHERE first.id < row.id AND first.kind = row.kind AND first.oid = row.oid
          AND (first.holder_id = row.holder_id OR (first.project_id = row.holder_id AND first.holder_id IS NULL)))
    ORDER BY id LIMIT %(page)s
"""


@dataclass(frozen=True)
class ScrubTurn:
    """What a turn did: objects and bytes read, those found damaged, those that could not be read now, whether a round ended."""

    count: int = 0
    size: int = 0
    damaged: int = 0
    unread: int = 0
    ended: bool = False


@dataclass(frozen=True)
class _Held:
    """An object of DVC's, with what :class:`~ropewalk.buckets.types.HeldObject` has of a bucket's."""

    row_id: int
    holder_id: int
    kind: str
    oid: str
    size: int
    sha256: str

    @property
    def key(self) -> str:
        return address_of(self.kind, self.oid).key(self.holder_id)


def scrub(*, days: int, turns_a_day: int = 24, seconds: float = 240) -> ScrubTurn:
    """Read as much as a turn's part of all that is stored, so that a round takes ``days``; for at most so many seconds.

    Turns do not run together: a second one does nothing.
    """
    with try_lock("scrub") as taken:
        return _turn(_budget(days * turns_a_day), time.monotonic() + seconds) if taken else ScrubTurn()


def _budget(turns: int) -> int:
    """Bytes of one turn, by the sums of the projects: no object is looked at for it."""
    return max(LEAST_BYTES, stored_by_all(["dvc", "runs", "bucket"]) * 6 // 5 // turns)


def _turn(budget: int, until: float) -> ScrubTurn:
    state = Scrub.objects.order_by("pk").first() or Scrub(round_started_at=clock.now())
    count = size = damaged = unread = 0
    ended = False
    for held in _rest(state):
        fault = _fault_in(held, until + LONGEST_OBJECT)
        if fault == "unread":
            unread += 1
        elif fault:
            damaged += _condemn(held, fault) if isinstance(held, _Held) else buckets.condemn(held, fault)
        count, size, state.last_id = count + 1, size + held.size, held.row_id
        if count % _PAGE == 0:
            state.save()  # a turn that is killed goes on from here
        if size >= budget or time.monotonic() > until or damaged + unread >= MOST_DAMAGED:
            break
    else:
        state.part, state.last_id, state.round_ended_at, ended = PARTS[0], 0, clock.now(), True
        state.round_started_at = clock.now()
    state.save()
    return ScrubTurn(count, size, damaged, unread, ended)


def _rest(state: Scrub) -> Iterator[_Held | HeldObject]:
    """What this round has not read yet; ``state`` says which part it comes from."""
    for part in PARTS[PARTS.index(state.part) :]:
        if part != state.part:
            state.part, state.last_id = part, 0
        yield from _from(state.last_id) if part == "dvc" else _from_buckets(state.last_id)


def _from_buckets(after: int) -> Iterator[HeldObject]:
    while page := buckets.held_after(after, limit=_PAGE):
        yield from page
        after = page[-1].row_id


def _from(after: int) -> Iterator[_Held]:
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, {"after": after, "page": _PAGE})
            page = [_Held(*row) for row in cursor.fetchall()]
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].row_id


def _fault_in(held: _Held | HeldObject, until: float) -> str:
    """``missing`` or ``changed``, found twice; ``unread`` when the store can't say; empty when all is well."""
    faults = {_read(held, until)}
    if faults <= {"", "unread"}:
        return faults.pop()
    faults.add(_read(held, until))
    return faults.pop() if len(faults) == 1 else "unread"


def _read(held: _Held | HeldObject, until: float) -> str:
    digest, size = hashlib.sha256(), 0
    try:
        for block in store().read(held.key):
            digest.update(block)
            size += len(block)
            if time.monotonic() > until:
                log.error("data.object_unread", key=held.key, why="it takes too long")
                return "unread"
    except BlobMissing:
        return "missing"
    except StoreUnavailable:
        log.exception("data.object_unread", key=held.key)
        return "unread"
    return "" if (size, digest.hexdigest()) == (held.size, held.sha256) else "changed"


def _condemn(held: _Held, fault: str) -> int:
    """Hide the object from every project that refers to these bytes; 0 when it is another one by now."""
    rows = StoredObject.objects.unscoped("the same bytes, whoever refers to them").filter(
        kind=held.kind, oid=held.oid, sha256=held.sha256
    )
    sharing = rows.filter(holder_id=held.holder_id) | rows.filter(
        project_id=held.holder_id, holder_id__isnull=True
    )
    hidden = 0
    for row_id, project_id in sharing.order_by("pk").values_list("pk", "project_id"):
        with transaction.atomic():
            lock_in_transaction(children_lock(project_id))
            mine = StoredObject.objects.for_project(project_id).filter(pk=row_id, sha256=held.sha256)
            if not mine.update(complete=False, sha256=""):
                continue
            if held.kind in {ObjectKind.FILE, ObjectKind.LEGACY}:
                with connection.cursor() as cursor:
                    hide_lists(cursor, project_id, held.kind, [held.oid])
            audit.record(
                "data.damaged",
                subject=f"{held.kind} {held.oid}",
                project_id=project_id,
                detail={"why": fault},
            )
            hidden += 1
    log.error("data.object_damaged", holder=held.holder_id, oid=held.oid, kind=held.kind, why=fault)
    return min(hidden, 1)

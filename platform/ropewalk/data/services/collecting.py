"""Collecting data that nobody needs: a search whose result is shown, then a removal of what it found and is unneeded still.

Both are jobs. A commit whose needs are unknown ends them: nothing is removed on a guess. Or, where that was asked for, everything
whose hash stands in its DVC files is kept. A push that comes while objects are
being removed is seen at the end; if it needs one of them, all come back.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta

from django.db import connection, transaction

from ropewalk.core import audit, clock, jobs
from ropewalk.core.batches import delete_in_batches
from ropewalk.core.errors import Conflict, Invalid, NotFound, Unprocessable
from ropewalk.core.locks import lock_in_transaction
from ropewalk.data.models import (
    Collection,
    ObjectKind,
    Removal,
    RemovalSource,
    RemovedObject,
    StoredObject,
    TrackedOutput,
    UnneededObject,
)
from ropewalk.data.removed import CollectionReport, Keep, Unreadable
from ropewalk.data.services import marking
from ropewalk.data.services.objects import children_lock
from ropewalk.data.services.removals import begin_removal, forget_bytes, move_rows
from ropewalk.data.services.restoring import restore_removal
from ropewalk.data.services.unreadable import forget, kept_for, read_again, unclear_commits
from ropewalk.data.types import COLLECT_DATA, FIND_UNNEEDED
from ropewalk.repos.selectors import reach

Index = Callable[[str], None]
Pause = Callable[[float, str], None]
MOST_GRACE_DAYS = 3650
_LISTS_FIRST = (ObjectKind.DIR, ObjectKind.LEGACY_DIR, ObjectKind.FILE, ObjectKind.LEGACY)
_AT_ONCE = 1000


def start_collection(
    *, project_id: int, user_id: int | None, keep: str, grace_days: int, unreadable: str = Unreadable.STOP
) -> int:
    """Ask for a search; its id. Raises :class:`Invalid`, :class:`Conflict` while another one is at work."""
    if keep not in set(Keep) or unreadable not in set(Unreadable) or not 0 <= grace_days <= MOST_GRACE_DAYS:
        raise Invalid("Keep `commits` or `tips`, and 0 to 3650 days of grace.", code="bad_collection")
    with transaction.atomic():
        lock_in_transaction(f"data-collection:{project_id}")
        if jobs.unfinished(project_id, [FIND_UNNEEDED, COLLECT_DATA]):
            raise Conflict("A collection is at work already.", hint="Wait until it has ended.")
        row = Collection.objects.create(
            project_id=project_id,
            keep=keep,
            grace_days=grace_days,
            unreadable=unreadable,
            asked_by_id=user_id,
            asked_at=clock.now(),
        )
        jobs.enqueue(
            FIND_UNNEEDED,
            subject=f"collection:{row.pk}.",
            fingerprint=str(row.pk),
            payload={"collection": row.pk},
            project_id=project_id,
            requested_by_id=user_id,
        )
    return row.pk


def run_search(*, project_id: int, collection_id: int, index: Index, pause: Pause) -> CollectionReport:
    """Find what nobody needs and keep it for the page. ``index`` indexes one commit. Raises :class:`Unprocessable`."""
    row = _row(project_id, collection_id)
    pause(0.0, "Forgetting earlier searches")
    for _ in delete_in_batches("data_unneededobject", "project_id = %s", [project_id]):
        pause(0.0, "Forgetting earlier searches")
    Collection.objects.for_project(project_id).filter(pk__lt=collection_id).delete()
    forget(project_id)
    sets, commits, unread = _needs(row, index, pause, again=True)
    pause(0.8, "Looking for objects that none of them needs")
    young = row.asked_at - timedelta(days=row.grace_days)
    with transaction.atomic():
        found = marking.find_unneeded(
            project_id=project_id, collection_id=collection_id, sets=sets, young=young
        )
        report = CollectionReport(
            found,
            _size(project_id, collection_id),
            StoredObject.objects.for_project(project_id).count(),
            commits,
            unread,
        )
        row.report = asdict(report)
        row.save(update_fields=["report"])
    return report


def _row(project_id: int, collection_id: int) -> Collection:
    row = Collection.objects.for_project(project_id).filter(pk=collection_id).first()
    if row is None:
        raise NotFound("There is no such collection any more.", hint="Search again.")
    return row


def _size(project_id: int, collection_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(sum(stored.size), 0) FROM data_unneededobject found
               JOIN data_storedobject stored ON stored.id = found.object_id
               WHERE found.project_id = %s AND found.collection_id = %s""",
            [project_id, collection_id],
        )
        return int(cursor.fetchone()[0])


def _needs(row: Collection, index: Index, pause: Pause, *, again: bool = False) -> tuple[list[int], int, int]:
    """What the kept commits track, how many they are, and how many of them can't be read; all are indexed by now.

    ``again`` gives those that can't be read another try. Raises :class:`Unprocessable`.
    """
    project_id = row.project_id
    pause(0.0, "Walking the history")
    shas = reach.tip_shas(project_id) if row.keep == Keep.TIPS else reach.reachable_shas(project_id)
    _, unknown = marking.output_sets(project_id, shas)
    for number, sha in enumerate(unknown):
        pause(0.1 + 0.6 * number / len(unknown), f"Indexing commit {number + 1} of {len(unknown)}")
        index(sha)
    if again and (unclear := unclear_commits(project_id, shas)):
        pause(0.7, f"Reading {len(unclear)} commits again that could not be read")
        read_again(project_id, unclear, index)
    sets, unknown = marking.output_sets(project_id, shas)
    if unknown:
        raise _unclear(unknown)
    unclear = unclear_commits(project_id, shas)
    if unclear and row.unreadable != Unreadable.KEEP:
        raise _unclear(list(unclear))
    if unclear:
        sets.append(kept_for(project_id, row.pk, unclear))
    return sets, len(shas), len(unclear)


def _unclear(shas: Sequence[str]) -> Unprocessable:
    named = ", ".join(sha[:8] for sha in shas[:5])
    return Unprocessable(
        f"Nobody can tell what {len(shas)} commit{'s' if len(shas) > 1 else ''} need{'' if len(shas) > 1 else 's'}: {named}.",
        hint="Their DVC files can't be read (the commit's page says why). Nothing was removed. Search again with “keep what they"
        " might name”, or keep only the newest commits' data where that leaves them out.",
        code="needs_unknown",
    )


def request_run(*, project_id: int, collection_id: int, user_id: int | None) -> None:
    """Ask for the removal of what a search found. Raises :class:`NotFound`, :class:`Conflict`."""
    with transaction.atomic():
        lock_in_transaction(f"data-collection:{project_id}")
        row = _row(project_id, collection_id)
        if row.report is None:
            raise Conflict("The search has not ended yet, or it failed.", hint="Search again.")
        if not row.report["objects"]:
            raise Conflict("The search found nothing to remove.")
        jobs.enqueue(
            COLLECT_DATA,
            subject=f"collection:{row.pk}.",
            fingerprint=str(row.pk),
            payload={"collection": row.pk, "user": user_id},
            project_id=project_id,
            requested_by_id=user_id,
        )
        audit.record("data.collected", subject=f"collection {row.pk}", project_id=project_id)


def run_collection(
    *, project_id: int, collection_id: int, user_id: int | None, index: Index, pause: Pause
) -> dict[str, int]:
    """Remove what the search found and nobody needs now. May be killed and repeated; raises :class:`Unprocessable`."""
    row = _row(project_id, collection_id)
    refs = reach.refs_fingerprint(project_id)
    sets, _, _ = _needs(row, index, lambda share, text: pause(share / 2, text))
    with transaction.atomic():
        locked = Collection.objects.for_project(project_id).select_for_update().get(pk=row.pk)
        begun = Removal.objects.for_project(project_id).filter(
            pk=locked.removal_id or 0, restore_asked_at=None
        )
        if not begun.exists():
            locked.removal_id = begin_removal(
                project_id=project_id, user_id=user_id, source=RemovalSource.COLLECTION
            )
            locked.save(update_fields=["removal_id"])
    removal_id, removed = int(locked.removal_id or 0), 0
    for kind in _LISTS_FIRST:
        after = ""
        while oids := _page(project_id, collection_id, kind, after):
            after = oids[-1]
            removed += _remove(project_id, collection_id, removal_id, kind, oids, sets)
            pause(0.7, f"{removed} objects are removed")
    if reach.refs_fingerprint(project_id) != refs:
        pause(0.95, "Something was pushed meanwhile: looking at what it needs")
        sets, _, _ = _needs(row, index, lambda _share, text: pause(0.95, text))
        if _took_too_much(project_id, removal_id, sets):
            restore_removal(
                project_id=project_id, removal_id=removal_id, pause=lambda _count: pause(0.97, "Restoring")
            )
            raise Conflict(
                "A push that came meanwhile needs some of what was removed, so all of it was restored.",
                hint="Search again.",
                code="pushed_meanwhile",
            )
    return {"objects": removed}


def _page(project_id: int, collection_id: int, kind: str, after: str) -> list[str]:
    rows = UnneededObject.objects.for_project(project_id).filter(
        collection_id=collection_id, kind=kind, oid__gt=after
    )
    return list(rows.order_by("oid").values_list("oid", flat=True)[:_AT_ONCE])


def _remove(
    project_id: int, collection_id: int, removal_id: int, kind: str, oids: list[str], sets: list[int]
) -> int:
    with transaction.atomic():
        lock_in_transaction(children_lock(project_id))
        gone = marking.still_unneeded(
            project_id=project_id, collection_id=collection_id, kind=kind, oids=oids, sets=sets
        )
        count, forgotten = move_rows(project_id, removal_id, kind, gone) if gone else (0, {})
    forget_bytes(forgotten)
    return count


def _took_too_much(project_id: int, removal_id: int, sets: list[int]) -> bool:
    """Whether an output of these sets is among what was removed, or a list of them lacks a removed file."""
    gone = RemovedObject.objects.for_project(project_id).filter(removal_id=removal_id)
    tracked = TrackedOutput.objects.for_project(project_id).filter(output_set_id__in=sets)
    if tracked.filter(oid__in=gone.values("oid")).exists():
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT 1 FROM data_missingchild waiting
               JOIN data_removedobject gone USING (project_id, kind, oid)
               JOIN data_storedobject list ON list.id = waiting.directory_id
               JOIN data_trackedoutput output ON output.project_id = list.project_id AND output.oid = list.oid
               WHERE gone.project_id = %s AND gone.removal_id = %s AND output.output_set_id = ANY(%s) LIMIT 1""",
            [project_id, removal_id, sets],
        )
        return cursor.fetchone() is not None

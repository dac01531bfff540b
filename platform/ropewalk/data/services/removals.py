"""Removing objects so that it can be undone: the rows go at once, the bytes stay until the removal is purged.

A removal holds the project's :func:`~ropewalk.data.services.objects.children_lock` alone. Uploads share it from before they
announce a file, and lists hold it alone while they look for their files; so a list that names a removed file is never visible,
whichever comes first. Lists go before files, as DVC removes them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from ropewalk.core import audit, clock
from ropewalk.core.locks import lock_in_transaction
from ropewalk.data.models import ObjectKind, Removal, RemovalSource, StoredObject
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.services.holders import release_from
from ropewalk.data.services.objects import children_lock

JOIN_WITHIN = timedelta(minutes=10)
"""A client removes in requests of a thousand keys: those of one person so soon after each other are one removal."""
_AT_ONCE = 1000
_LISTS_FIRST = (ObjectKind.DIR, ObjectKind.LEGACY_DIR, ObjectKind.FILE, ObjectKind.LEGACY)
_LIST_OF = {ObjectKind.FILE: ObjectKind.DIR, ObjectKind.LEGACY: ObjectKind.LEGACY_DIR}
Held = dict[tuple[int, str], list[str]]


def remove_objects(*, project_id: int, addresses: Iterable[ObjectAddress], user_id: int | None) -> int:
    """Remove what a client names; how many objects were there. What is not there is gone afterwards, as before.

    Each thousand of a kind is one transaction: a request that is cut off has removed some of them.
    """
    wanted: dict[str, list[str]] = defaultdict(list)
    for address in addresses:
        wanted[address.kind].append(address.oid)
    removed = 0
    for kind in _LISTS_FIRST:
        oids = sorted(set(wanted[kind]))
        for start in range(0, len(oids), _AT_ONCE):
            removed += _remove(project_id, user_id, kind, oids[start : start + _AT_ONCE])
    return removed


def _remove(project_id: int, user_id: int | None, kind: str, oids: list[str]) -> int:
    with transaction.atomic():
        lock_in_transaction(children_lock(project_id))
        if not StoredObject.objects.for_project(project_id).filter(kind=kind, oid__in=oids).exists():
            return 0
        count, forgotten = move_rows(project_id, _begun(project_id, user_id), kind, oids)
    forget_bytes(forgotten)
    return count


def _begun(project_id: int, user_id: int | None) -> int:
    """The removal that this person began a moment ago, else a new one. Under the children's lock there is only one."""
    now = clock.now()
    rows = Removal.objects.for_project(project_id).filter(
        source=RemovalSource.CLIENT,
        removed_by_id=user_id,
        last_at__gt=now - JOIN_WITHIN,
        purge_started_at=None,
        restore_asked_at=None,
    )
    found = rows.order_by("-last_at").values_list("pk", flat=True).first()
    return found or begin_removal(project_id=project_id, user_id=user_id, source=RemovalSource.CLIENT)


def begin_removal(*, project_id: int, user_id: int | None, source: RemovalSource) -> int:
    """A new removal, without objects yet; its id."""
    now = clock.now()
    row = Removal.objects.create(
        project_id=project_id, source=source, removed_by_id=user_id, started_at=now, last_at=now
    )
    audit.record(
        "data.removed", subject=f"removal {row.pk}", project_id=project_id, detail={"by": str(source)}
    )
    return row.pk


def move_rows(project_id: int, removal_id: int, kind: str, oids: list[str]) -> tuple[int, Held]:
    """Make objects of one kind removed ones; how many were there. The caller holds the children's lock alone.

    Damaged ones are forgotten: nothing good could be restored.

    Also gives what older removals held under the same names and what is now forgotten: :func:`forget_bytes` of it after the
    transaction.
    """
    names: dict[str, Any] = {
        "project": project_id,
        "removal": removal_id,
        "kind": kind,
        "oids": oids,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        # As in ``objects.await_files``: statistics of a table that grew a moment ago mislead the planner.
        cursor.execute("SET LOCAL enable_seqscan = off")
        forgotten = _forget_older(cursor, names)
        cursor.execute(
            """DELETE FROM data_direntry entry USING data_storedobject row
               WHERE row.project_id = %(project)s AND row.kind = %(kind)s AND row.oid = ANY(%(oids)s)
                 AND row.sha256 = '' AND entry.directory_id = row.id""",
            names,
        )
        cursor.execute(
            """DELETE FROM data_missingchild waiting USING data_storedobject row
               WHERE row.project_id = %(project)s AND row.kind = %(kind)s AND row.oid = ANY(%(oids)s)
                 AND waiting.directory_id = row.id""",
            names,
        )
        cursor.execute(
            """WITH gone AS (
                   DELETE FROM data_storedobject
                   WHERE project_id = %(project)s AND kind = %(kind)s AND oid = ANY(%(oids)s) RETURNING *
               ), kept AS (
                   INSERT INTO data_removedobject (id, project_id, removal_id, kind, oid, size, sha256, holder_id,
                                                   created_by_id, created_at)
                   SELECT id, project_id, %(removal)s, kind, oid, size, sha256, holder_id, created_by_id, created_at
                   FROM gone WHERE sha256 <> '' RETURNING oid, size
               ), counted AS (
                   UPDATE data_removal SET objects_count = objects_count + (SELECT count(*) FROM kept),
                          size = data_removal.size + (SELECT coalesce(sum(size), 0) FROM kept), last_at = %(now)s
                   WHERE id = %(removal)s
               ) SELECT oid FROM kept""",
            names,
        )
        moved = [row[0] for row in cursor.fetchall()]
        if moved and kind in _LIST_OF:
            hide_lists(cursor, project_id, kind, moved)
        cursor.execute("SET LOCAL enable_seqscan = on")
    return len(moved), forgotten


def _forget_older(cursor: CursorWrapper, names: Mapping[str, Any]) -> Held:
    """Objects that were removed, stored again, and are removed once more: the older ones make room."""
    cursor.execute(
        """DELETE FROM data_removedobject older USING data_storedobject row
           WHERE row.project_id = %(project)s AND row.kind = %(kind)s AND row.oid = ANY(%(oids)s)
             AND older.project_id = row.project_id AND older.kind = row.kind AND older.oid = row.oid
           RETURNING older.id, coalesce(older.holder_id, older.project_id), older.kind, older.oid""",
        names,
    )
    held: Held = defaultdict(list)
    ids = []
    for row_id, holder_id, kind, oid in cursor.fetchall():
        ids.append(row_id)
        held[holder_id, kind].append(oid)
    if ids:
        cursor.execute("DELETE FROM data_direntry WHERE directory_id = ANY(%s)", [ids])
    return held


def hide_lists(cursor: CursorWrapper, project_id: int, kind: str, oids: list[str]) -> None:
    """Lists that name these files wait for them from now on, like lists that came before their files."""
    cursor.execute(
        """WITH waiting AS (
               INSERT INTO data_missingchild (project_id, directory_id, kind, oid)
               SELECT DISTINCT entry.project_id, entry.directory_id, %(kind)s, entry.oid
               FROM data_direntry entry JOIN data_storedobject list ON list.id = entry.directory_id
               WHERE entry.project_id = %(project)s AND entry.oid = ANY(%(oids)s)
                 AND list.project_id = %(project)s AND list.kind = %(lists)s
               ON CONFLICT (project_id, kind, oid, directory_id) DO NOTHING RETURNING directory_id
           ) UPDATE data_storedobject SET complete = false WHERE id IN (SELECT directory_id FROM waiting) AND complete""",
        {"project": project_id, "kind": kind, "oids": oids, "lists": _LIST_OF[ObjectKind(kind)]},
    )


def forget_bytes(held: Held) -> None:
    """Remove what removed objects alone referred to, by holder and kind.

    Outside the transaction that forgot them: a sharing takes a holder's lock before the children's.
    """
    for (holder_id, kind), oids in held.items():
        with transaction.atomic():
            release_from(holder_id, kind, oids)

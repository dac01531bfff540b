"""When the bytes of objects may go: never while a living project refers to them, wherever they lie.

An object's bytes lie below the prefix of its holder: the project that brought them, which may be gone by now. Whoever makes a
reference shares the holder's lock and sees, under it, a lender that is not under purge; whoever removes bytes holds it alone and
looks for references under it. So neither misses the other. Rows of projects under purge count for nothing: such a project can
neither be restored nor lent from.
"""

from collections.abc import Iterable, Iterator, Mapping

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from ropewalk.core.blobs import store
from ropewalk.core.locks import lock_in_transaction
from ropewalk.data.models import ObjectKind, RemovedObject, StoredObject
from ropewalk.data.oids import ObjectAddress, address_of, parse_path

_PAGE = 500


def holder_lock(holder_id: int) -> str:
    """The lock over everything that is held below one project's prefix."""
    return f"data-holder:{holder_id}"


def objects_prefix(project_id: int) -> str:
    """Below it lie the DVC objects that a project holds."""
    return f"p/{project_id}/dvc/"


def address_in(prefix: str, key: str) -> ObjectAddress | None:
    """The object whose bytes lie under a key of :func:`objects_prefix`."""
    return parse_path(key.removeprefix(prefix).removeprefix("legacy/"))


def referenced(holder_id: int, oids: Iterable[str], *, besides: Iterable[int] = ()) -> set[tuple[str, str]]:
    """Which of the objects below a holder's prefix a living project refers to, as kind and oid; ``besides`` some rows.

    What was removed counts while it can be restored. One query sees all: an object that is being removed or restored is found
    at the one place or at the other.
    """
    wanted, why = set(oids), "bytes go only when no project at all refers to them"
    living = {"oid__in": wanted, "kind__in": ObjectKind.values, "project__purge_started_at__isnull": True}
    stored = StoredObject.objects.unscoped(why).filter(**living).exclude(pk__in=list(besides))
    removed = RemovedObject.objects.unscoped(why).filter(**living, removal__purge_started_at__isnull=True)
    parts = [
        rows.filter(where).order_by().values_list("kind", "oid")
        for rows in (stored, removed)
        for where in (Q(project_id=holder_id, holder_id__isnull=True), Q(holder_id=holder_id))
    ]
    return set(parts[0].union(*parts[1:]))


def remove_unreferenced(holder_id: int, found: Mapping[str, ObjectAddress]) -> int:
    """Remove those of these bytes (by key) to which nobody refers; how many. The caller's transaction holds the holder's lock.

    The objects' places are taken meanwhile, so that an upload is either done before and counts, or brings its bytes after.
    """
    with transaction.atomic():
        places = _take_places(holder_id, found.values())
        kept = referenced(holder_id, [address.oid for address in found.values()], besides=places)
        gone = [key for key, address in found.items() if (address.kind, address.oid) not in kept]
        for key in gone:
            store().delete(key)
        transaction.set_rollback(True)
    return len(gone)


def _take_places(holder_id: int, addresses: Iterable[ObjectAddress]) -> list[int]:
    """Rows in the places that are free, in the order in which everybody takes several; waits for uploads under way."""
    wanted = sorted({(address.kind, address.oid) for address in addresses})
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO data_storedobject (project_id, kind, oid, size, sha256, complete, created_at)
               SELECT %s, place.kind, place.oid, 0, '', false, now()
               FROM unnest(%s::text[], %s::text[]) AS place(kind, oid) ORDER BY place.kind, place.oid
               ON CONFLICT (project_id, kind, oid) DO NOTHING RETURNING id""",
            [holder_id, [kind for kind, _ in wanted], [oid for _, oid in wanted]],
        )
        return [row[0] for row in cursor.fetchall()]


def release_objects(*, project_id: int) -> Iterator[int]:
    """Remove the bytes to which only this project refers, which is under purge, its own and others'; yields each page's number.

    What a living project still refers to stays under its key. May be interrupted and repeated.
    """
    yield from _release_borrowed(project_id)
    yield from _release_own(project_id)


def _release_borrowed(project_id: int) -> Iterator[int]:
    """Bytes of other projects, perhaps long gone: this may have been the last one to need them."""
    for model in (StoredObject, RemovedObject):
        rows: QuerySet[StoredObject] | QuerySet[RemovedObject] = model.objects.for_project(project_id)
        rows = rows.filter(holder_id__isnull=False)
        for kind in ObjectKind.values:
            after = ""
            while page := list(
                rows.filter(kind=kind, oid__gt=after)
                .order_by("oid")
                .values_list("pk", "holder_id", "oid")[:_PAGE]
            ):
                after = page[-1][2]
                for holder_id in sorted({holder_id for _, holder_id, _ in page if holder_id is not None}):
                    held = {oid: pk for pk, holder, oid in page if holder == holder_id}
                    with transaction.atomic():
                        gone = release_from(holder_id, kind, held)
                        # The row is as good as gone; this keeps a purge that is interrupted from beginning again.
                        rows.filter(pk__in=held.values()).update(holder_id=None)
                    yield gone


def release_from(holder_id: int, kind: str, oids: Iterable[str]) -> int:
    """Remove those of a holder's bytes to which nobody refers; how many. Takes the holder's lock in the caller's transaction."""
    lock_in_transaction(holder_lock(holder_id))
    addresses = [address_of(kind, oid) for oid in oids]
    return remove_unreferenced(holder_id, {address.key(holder_id): address for address in addresses})


def _release_own(project_id: int) -> Iterator[int]:
    prefix, after = objects_prefix(project_id), ""
    while page := store().list(prefix, after=after, limit=_PAGE):
        after = page[-1].key
        named = {entry.key: address_in(prefix, entry.key) for entry in page}
        for key in [key for key, address in named.items() if address is None]:
            store().delete(key)
        with transaction.atomic():
            lock_in_transaction(holder_lock(project_id))
            gone = remove_unreferenced(project_id, {key: one for key, one in named.items() if one})
        yield gone

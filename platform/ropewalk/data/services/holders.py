"""When the bytes of objects may go: never while a living project refers to them, wherever they lie.

An object's bytes lie below the prefix of its holder: the project that brought them, which may be gone by now. Whoever makes a
reference shares the holder's lock and sees, under it, a lender that is not under purge; whoever removes bytes holds it alone and
looks for references under it. So neither misses the other. Rows of projects under purge count for nothing: such a project can
neither be restored nor lent from.
"""

from collections.abc import Iterable, Iterator, Mapping

from django.db import transaction

from ropewalk.core.blobs import store
from ropewalk.core.locks import lock_in_transaction
from ropewalk.data.models import ObjectKind, StoredObject
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


def referenced(holder_id: int, oids: Iterable[str], *, besides: int | None = None) -> set[tuple[str, str]]:
    """Which of the objects below a holder's prefix a living project refers to, as kind and oid; ``besides`` one project."""
    rows = StoredObject.objects.unscoped("bytes go only when no project at all refers to them").filter(
        kind__in=ObjectKind.values, oid__in=set(oids), project__purge_started_at__isnull=True
    )
    if besides is not None:
        rows = rows.exclude(project_id=besides)
    own = rows.filter(project_id=holder_id, holder_id__isnull=True).values_list("kind", "oid")
    others = rows.filter(holder_id=holder_id).values_list("kind", "oid")
    return set(own) | set(others)


def remove_unreferenced(holder_id: int, found: Mapping[str, ObjectAddress]) -> int:
    """Remove those of these bytes (by key) to which nobody refers; how many. The caller holds the holder's lock."""
    kept = referenced(holder_id, [address.oid for address in found.values()])
    gone = [key for key, address in found.items() if (address.kind, address.oid) not in kept]
    for key in gone:
        store().delete(key)
    return len(gone)


def release_objects(*, project_id: int) -> Iterator[int]:
    """Remove the bytes to which only this project refers, which is under purge, its own and others'; yields each page's number.

    What a living project still refers to stays under its key. May be interrupted and repeated.
    """
    yield from _release_borrowed(project_id)
    yield from _release_own(project_id)


def _release_borrowed(project_id: int) -> Iterator[int]:
    """Bytes of other projects, perhaps long gone: this may have been the last one to need them."""
    rows = StoredObject.objects.for_project(project_id).filter(holder_id__isnull=False)
    for kind in ObjectKind.values:
        after = ""
        while page := list(
            rows.filter(kind=kind, oid__gt=after)
            .order_by("oid")
            .values_list("pk", "holder_id", "oid")[:_PAGE]
        ):
            after = page[-1][2]
            for holder_id in sorted({holder_id for _, holder_id, _ in page if holder_id is not None}):
                yield _release_from(
                    holder_id, project_id, kind, {oid: pk for pk, holder, oid in page if holder == holder_id}
                )


def _release_from(holder_id: int, project_id: int, kind: str, rows: Mapping[str, int]) -> int:
    addresses = [address_of(kind, oid) for oid in rows]
    with transaction.atomic():
        lock_in_transaction(holder_lock(holder_id))
        gone = remove_unreferenced(holder_id, {address.key(holder_id): address for address in addresses})
        # The row is as good as gone; this keeps a purge that is interrupted from beginning again.
        StoredObject.objects.for_project(project_id).filter(pk__in=rows.values()).update(holder_id=None)
    return gone


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

"""Reads of stored objects. An object is visible when its row is there and complete; nothing asks the store for existence."""

from collections.abc import Iterable, Iterator

from django.db import connection
from django.db.models import QuerySet

from ropewalk.core.blobs import BlobMissing, store
from ropewalk.core.errors import NotFound
from ropewalk.core.statements import ask_row
from ropewalk.data.models import DirEntry, MissingChild, StoredObject
from ropewalk.data.oids import ObjectAddress, address_of
from ropewalk.data.types import DirFileView, ObjectState, Usage
from ropewalk.quotas.selectors import project_use


def object_state(project_id: int, address: ObjectAddress) -> ObjectState | None:
    """A visible object; None when it is missing or waits for files of its folder. One query."""
    found = ask_row(
        """SELECT size, sha256, created_at, coalesce(holder_id, project_id) FROM data_storedobject
           WHERE project_id = %s AND kind = %s AND oid = %s AND complete""",
        [project_id, address.kind, address.oid],
    )
    return ObjectState(address, *found) if found else None


def open_object(
    project_id: int, address: ObjectAddress, start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """Blocks of a visible object's bytes ``start`` to ``end`` (exclusive). Raises :class:`NotFound` at once."""
    state = object_state(project_id, address)
    if state is None:
        raise NotFound(f"Object {address.name} was not pushed to this project.", code="object_missing")
    return open_bytes(state, start, end)


def open_bytes(state: ObjectState, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Like :func:`open_object` for a caller who just asked :func:`object_state`. Raises :class:`NotFound` for lost bytes."""
    try:
        return store().read(state.key, start, end)
    except BlobMissing:
        raise NotFound(
            f"The store lost the bytes of object {state.address.name}.",
            hint="Push it again.",
            code="object_lost",
        ) from None


def states(project_id: int, addresses: Iterable[ObjectAddress]) -> dict[ObjectAddress, ObjectState]:
    """Those of many objects that are visible, in one query."""
    wanted = set(addresses)
    if not wanted:
        return {}
    rows = StoredObject.objects.for_project(project_id).filter(oid__in={a.oid for a in wanted}, complete=True)
    found = {}
    for kind, oid, size, sha256, created_at, holder_id in rows.values_list(
        "kind", "oid", "size", "sha256", "created_at", "holder_id"
    ):
        address = address_of(kind, oid)
        if address in wanted:
            found[address] = ObjectState(address, size, sha256, created_at, holder_id or project_id)
    return found


def usage(project_id: int) -> Usage:
    """Bytes and objects of a project's remote."""
    use = project_use(project_id)
    own, lent = use.of("dvc"), use.lent
    incomplete = StoredObject.objects.for_project(project_id).filter(complete=False).count()
    return Usage(own.size + lent.size, own.count + lent.count, incomplete, lent.size)


def missing_files(project_id: int, address: ObjectAddress, limit: int = 100) -> list[str]:
    """The hashes that an invisible folder list waits for; empty when it is visible or was never pushed."""
    rows = MissingChild.objects.for_project(project_id).filter(
        directory__kind=address.kind, directory__oid=address.oid
    )
    return list(rows.order_by("oid").values_list("oid", flat=True)[:limit])


def dir_file(project_id: int, address: ObjectAddress, relpath: str) -> ObjectAddress | None:
    """The object of one file of a folder; None when the folder is not visible or has no such file."""
    oid = _entries(project_id, address).filter(relpath=relpath).values_list("oid", flat=True).first()
    return ObjectAddress(oid, legacy=address.legacy) if oid else None


def _entries(project_id: int, address: ObjectAddress) -> "QuerySet[DirEntry]":
    return DirEntry.objects.for_project(project_id).filter(
        directory__project_id=project_id,
        directory__kind=address.kind,
        directory__oid=address.oid,
        directory__complete=True,
    )


def dir_listing(
    project_id: int, address: ObjectAddress, folder: str = "", *, limit: int = 5000
) -> list[DirFileView]:
    """What lies directly in ``folder`` (empty: the top) of a tracked folder: folders first, then files, by name.

    Empty when the folder's list is not visible. Reads the entries below ``folder`` in order of path.
    """
    prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
    rows = _entries(project_id, address)
    if prefix:
        rows = rows.filter(relpath__startswith=prefix)
    files: list[tuple[str, str, int | None]] = []
    folders: dict[str, int] = {}
    for relpath, oid, size in rows.order_by("relpath").values_list("relpath", "oid", "size").iterator(10_000):
        name, slash, _ = relpath[len(prefix) :].partition("/")
        if slash:
            folders[name] = folders.get(name, 0) + 1
        elif len(files) < limit:
            files.append((name, oid, size))
    kind = address.child_kind
    sizes = dict(
        StoredObject.objects.for_project(project_id)
        .filter(kind=kind, oid__in={oid for _, oid, _ in files})
        .values_list("oid", "size")
    )
    shown = [
        DirFileView(prefix + name, True, "", None, count) for name, count in sorted(folders.items())[:limit]
    ]
    return shown + [
        DirFileView(prefix + name, False, oid, sizes.get(oid, size), 1) for name, oid, size in sorted(files)
    ]


def dir_holds(project_id: int, address: ObjectAddress, folder: str) -> bool:
    """Whether a visible folder has files below a folder in it."""
    return _entries(project_id, address).filter(relpath__startswith=f"{folder}/").exists()


def dir_size(project_id: int, address: ObjectAddress, folder: str = "") -> tuple[int, int]:
    """Bytes and number of files of a visible folder, or of a folder in it, each file counted as often as it is listed."""
    with connection.cursor() as cursor:
        # A subquery and not a join: see ``services.objects._read_list``.
        cursor.execute(
            """SELECT coalesce(sum((SELECT child.size FROM data_storedobject child
                                    WHERE child.project_id = %s AND child.kind = %s AND child.oid = entry.oid)), 0),
                      count(*)
               FROM data_direntry entry
               WHERE starts_with(entry.relpath, %s)
                 AND entry.directory_id = (SELECT id FROM data_storedobject
                                           WHERE project_id = %s AND kind = %s AND oid = %s AND complete)""",
            [
                project_id,
                address.child_kind,
                f"{folder}/" if folder else "",
                project_id,
                address.kind,
                address.oid,
            ],
        )
        size, files = cursor.fetchone()
    return int(size), int(files)

"""Receiving objects: hashed on the way, verified, and only then visible.

Order of an upload: bytes into the store's invisible writer; the md5 is checked; a transaction inserts the row (the unique index
makes concurrent uploads of one object wait for each other), makes the bytes visible, and commits. A process that is killed in
between leaves at most bytes without a row: nobody sees them, the next upload replaces them, ``services.orphans`` removes them.
Uploads write below their own project's prefix only, also where the row refers to another's bytes (``services.sharing``).
"""

from collections.abc import Iterable

import structlog
from django.db import IntegrityError, connection, transaction

from ropewalk.core import clock
from ropewalk.core.blobs import BlobWriter, store
from ropewalk.core.errors import Unprocessable
from ropewalk.core.locks import lock_in_transaction, share_lock_in_transaction
from ropewalk.core.statements import ask_row, run
from ropewalk.data.dirs import BadDirectory, read_directory
from ropewalk.data.hashing import UploadDigest
from ropewalk.data.models import MissingChild, StoredObject
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.services.holders import holder_lock, remove_unreferenced
from ropewalk.data.types import Received
from ropewalk.quotas.services import metered

log = structlog.get_logger("ropewalk.data")


def receive_object(
    *,
    project_id: int,
    address: ObjectAddress,
    blocks: Iterable[bytes],
    user_id: int | None,
    announced: int | None = None,
    counted: bool = False,
) -> Received:
    """Store an upload. An object that is there already is read to its end and left as it is.

    ``announced`` is its length where the client says it; ``counted`` that its bytes are in the project's sum already (parts).
    Raises :class:`~ropewalk.quotas.types.OverQuota`, :class:`Unprocessable` when the bytes are not what the address says (nothing
    is left then), whatever ``blocks`` raises, and ``StoreUnavailable``.
    """
    row = _stored_row(project_id, address)
    if row is not None and _bytes_are_there(row, address):  # its own, or those that it refers to
        size = sum(len(block) for block in blocks)
        if not row.complete:
            _recheck(row)
        return Received(created=False, size=size)
    digest = UploadDigest(legacy=address.legacy and not address.is_dir)
    with store().writer(address.key(project_id)) as writer:
        for block in blocks if counted else metered(project_id, blocks, announced=announced):
            digest.update(block)
            writer.write(block)
        if not digest.matches(address.oid):
            raise Unprocessable(
                f"The md5 of these {digest.size} bytes is {digest.md5}, not {address.oid}. Nothing was stored.",
                hint="The file changed while it was sent, or the local cache is damaged: run `dvc status`.",
                code="md5_mismatch",
            )
        if row is None:
            created = _publish(project_id, address, digest, writer, user_id)
        else:
            created = _restore(row, address, digest, writer) or _publish(
                project_id, address, digest, writer, user_id
            )
    return Received(created=created, size=digest.size)


def _stored_row(project_id: int, address: ObjectAddress) -> StoredObject | None:
    """What is stored already. Most uploads are of new objects: for them one plain statement, not the ORM's, says so."""
    found = ask_row(
        "SELECT id FROM data_storedobject WHERE project_id = %s AND kind = %s AND oid = %s",
        [project_id, address.kind, address.oid],
    )
    return StoredObject.objects.for_project(project_id).filter(pk=found[0]).first() if found else None


def _bytes_are_there(row: StoredObject, address: ObjectAddress) -> bool:
    """Whether the store still holds what the row promises; somebody may have lost it behind our back."""
    if not row.sha256:  # read again by ``services.scrubbing``, and found damaged
        return False
    found = store().stat(address.key(row.holder_id or row.project_id))
    if found is not None and found.size == row.size:
        return True
    log.error("data.object_lost", project=row.project_id, oid=address.name, found=found and found.size)
    return False


def _publish(
    project_id: int, address: ObjectAddress, digest: UploadDigest, writer: BlobWriter, user_id: int | None
) -> bool:
    try:
        with transaction.atomic():
            row_id = insert_row(project_id, address, digest, user_id)
            if row_id is None:  # another upload of the same object was faster
                return False
            writer.commit()
            if address.is_dir:
                _read_list(project_id, address, row_id)
            else:
                _announce(project_id, address)
    except BadDirectory:
        store().delete(address.key(project_id))
        raise
    return True


def insert_row(
    project_id: int, address: ObjectAddress, digest: UploadDigest, user_id: int | None
) -> int | None:
    """Take an object's place; its row's id, or None when another upload has it. Concurrent ones wait here for each other."""
    taken = run(
        """INSERT INTO data_storedobject (project_id, kind, oid, size, sha256, complete, created_by_id, created_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (project_id, kind, oid) DO NOTHING RETURNING id""",
        [
            project_id,
            address.kind,
            address.oid,
            digest.size,
            digest.sha256,
            not address.is_dir,
            user_id,
            clock.now(),
        ],
    )
    return int(taken[0][0]) if taken else None


def _restore(row: StoredObject, address: ObjectAddress, digest: UploadDigest, writer: BlobWriter) -> bool:
    """Put back bytes that the store had lost; they are the project's own now, wherever the lost ones lay.

    False when the object was removed meanwhile.
    """
    with transaction.atomic():
        if row.holder_id is not None:
            lock_in_transaction(holder_lock(row.holder_id))
        if not row.complete:
            # Before the row: who holds this lock alone may want the row.
            (lock_in_transaction if address.is_dir else share_lock_in_transaction)(
                children_lock(row.project_id)
            )
        locked = (
            StoredObject.objects.for_project(row.project_id).select_for_update().filter(pk=row.pk).first()
        )
        if locked is None:
            return False
        writer.commit()
        before, locked.holder_id = locked.holder_id, None
        locked.size, locked.sha256 = digest.size, digest.sha256
        locked.save(update_fields=["size", "sha256", "holder_id"])
        if not row.complete:
            _complete(row.project_id, [row.pk])
            if not address.is_dir:
                announce(row.project_id, address.kind, [address.oid])
        if before is not None and before == row.holder_id:
            remove_unreferenced(
                before, {address.key(before): address}
            )  # what is left of them: a damaged file
    return True


def children_lock(project_id: int) -> str:
    """Files announce themselves under it shared, a list looks for its files under it alone; so neither misses the other."""
    return f"data-children:{project_id}"


def _announce(project_id: int, address: ObjectAddress) -> None:
    """Tell the lists that wait for this file; those that miss nothing any more become visible."""
    share_lock_in_transaction(children_lock(project_id))
    announce(project_id, address.kind, [address.oid])


def announce(project_id: int, kind: str, oids: list[str]) -> None:
    """Like :func:`_announce` for many files of one kind; the caller shares the :func:`children_lock` since before their rows."""
    found = run(
        "DELETE FROM data_missingchild WHERE project_id = %s AND kind = %s AND oid = ANY(%s) RETURNING directory_id",
        [project_id, kind, oids],
    )
    waiting = sorted({row[0] for row in found})
    if waiting:
        _complete(project_id, waiting)


def _complete(project_id: int, directory_ids: list[int]) -> None:
    """Make lists visible that miss nothing. Locks rows in order of id: of two last files the second sees the first."""
    rows = StoredObject.objects.for_project(project_id).filter(pk__in=directory_ids).order_by("pk")
    list(rows.select_for_update().values_list("pk", flat=True))
    still = MissingChild.objects.for_project(project_id).filter(directory_id__in=directory_ids)
    waiting = set(still.values_list("directory_id", flat=True).distinct())
    whole = [pk for pk in directory_ids if pk not in waiting]
    StoredObject.objects.for_project(project_id).filter(pk__in=whole).exclude(sha256="").update(complete=True)


def _read_list(project_id: int, address: ObjectAddress, row_id: int) -> None:
    """Store a list's entries, then find which of its files are missing; without any it becomes visible with this transaction."""
    try:
        # Django wraps the errors of execute(), not those of psycopg's copy().
        with transaction.atomic(), connection.wrap_database_errors, connection.cursor() as cursor:
            copy = "COPY data_direntry (project_id, directory_id, relpath, oid, size) FROM STDIN"
            with cursor.copy(copy) as sink:
                for entry in read_directory(store().read(address.key(project_id))):
                    sink.write_row((project_id, row_id, entry.relpath, entry.oid, entry.size))
    except IntegrityError:
        raise BadDirectory("This .dir object names a path twice.") from None
    await_files(project_id, address.child_kind, row_id)


def await_files(project_id: int, child_kind: str, row_id: int) -> None:
    """Note which files of a list's entries are missing; without any it becomes visible with this transaction."""
    lock_in_transaction(children_lock(project_id))
    with connection.cursor() as cursor:
        # The planner's statistics know nothing yet of rows that were just written, and it then likes to scan the whole table for
        # each entry. A subquery without a table scan leaves it only the unique index: 100,000 entries take half a second.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            """INSERT INTO data_missingchild (project_id, directory_id, kind, oid)
               SELECT DISTINCT entry.project_id, entry.directory_id, %(kind)s, entry.oid FROM data_direntry entry
               WHERE entry.directory_id = %(directory)s AND (
                   SELECT child.id FROM data_storedobject child
                   WHERE child.project_id = %(project)s AND child.kind = %(kind)s AND child.oid = entry.oid) IS NULL""",
            {"kind": child_kind, "directory": row_id, "project": project_id},
        )
        missing = cursor.rowcount
        cursor.execute("SET LOCAL enable_seqscan = on")
    if not missing:
        StoredObject.objects.for_project(project_id).filter(pk=row_id).update(complete=True)


@transaction.atomic
def _recheck(row: StoredObject) -> None:
    """A list that was sent again: look once more whether what it waits for is here."""
    lock_in_transaction(children_lock(row.project_id))
    with connection.cursor() as cursor:
        cursor.execute(
            """DELETE FROM data_missingchild waiting USING data_storedobject child
               WHERE waiting.directory_id = %s AND child.project_id = waiting.project_id
                 AND child.kind = waiting.kind AND child.oid = waiting.oid""",
            [row.pk],
        )
    _complete(row.project_id, [row.pk])

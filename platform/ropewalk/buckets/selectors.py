"""Reads of buckets. Every function takes the project's id; who may see it was decided by the gate."""

import hashlib
from collections.abc import Iterator
from itertools import chain
from uuid import UUID

from ropewalk.buckets.models import BucketName, BucketObject, BucketPolicy, MultipartUpload, UploadPart
from ropewalk.buckets.rules import Rule, require
from ropewalk.buckets.types import ObjectView, PartView, UploadView, blob_key, is_text, require_text
from ropewalk.core.blobs import BlobMissing, store
from ropewalk.core.errors import Conflict, NotFound


def object_at(project_id: int, bucket: str, key: str) -> ObjectView | None:
    """One object; None when there is none."""
    if not is_text(key):
        return None
    row = BucketObject.objects.for_project(project_id).filter(bucket=bucket, key=key).first()
    return object_view(row) if row else None


def object_view(row: BucketObject) -> ObjectView:
    """A row as it is handed outward."""
    return ObjectView(
        project_id=row.project_id,
        key=row.key,
        blob=row.blob,
        size=row.size,
        etag=row.etag,
        sha256=row.sha256,
        content_type=row.content_type,
        metadata=row.metadata,
        modified_at=row.modified_at,
        damaged=row.damaged_at is not None,
    )


def open_object(found: ObjectView, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Blocks of an object's bytes.

    Raises at once :class:`NotFound` when it was replaced or removed meanwhile, and :class:`Conflict` for one that is damaged.
    """
    if found.damaged:
        raise Conflict(
            "The bytes of this object are lost or changed in the store, so they are not given out.",
            hint="Upload it again under the same key, or delete it.",
            code="object_damaged",
        )
    try:
        return store().read(blob_key(found.project_id, found.blob), start, end)
    except BlobMissing:
        raise NotFound("The object was replaced or removed.", hint="Ask again.", code="object_lost") from None


def objects_after(project_id: int, bucket: str, *, prefix: str, after: str, limit: int) -> list[ObjectView]:
    """At most ``limit`` objects whose key begins with ``prefix`` and sorts after ``after``, in order of their keys' bytes.

    Raises :class:`~ropewalk.core.errors.Invalid` for texts that can't be asked for.
    """
    require_text(prefix, after)
    rows = BucketObject.objects.for_project(project_id).filter(bucket=bucket, key__gt=after)
    if prefix:
        rows = rows.filter(key__gte=prefix)
        end = behind(prefix)
        rows = rows.filter(key__lt=end) if end else rows
    return [object_view(row) for row in rows.order_by("key")[:limit]]


def damaged_objects(project_id: int, *, limit: int = 100) -> tuple[list[tuple[str, str, int]], int]:
    """The objects whose bytes are lost or changed, as (bucket, key, bytes), and how many there are."""
    rows = BucketObject.objects.for_project(project_id).filter(damaged_at__isnull=False)
    found = list(rows.order_by("key").values_list("bucket", "key", "size")[:limit])
    return found, len(found) if len(found) < limit else rows.count()


def behind(prefix: str) -> str:
    """The least text that sorts after everything that begins with ``prefix``; empty when there is none."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return ""
    last = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if last == 0xD800 else last)  # between them are no characters


def upload_of(project_id: int, bucket: str, key: str, token: UUID) -> UploadView | None:
    """An upload in parts by its token, of exactly this key."""
    if not is_text(key):
        return None
    row = MultipartUpload.objects.for_project(project_id).filter(bucket=bucket, key=key, token=token).first()
    return upload_view(row) if row else None


def upload_view(row: MultipartUpload) -> UploadView:
    """A row as it is handed outward."""
    return UploadView(
        id=row.pk,
        project_id=row.project_id,
        bucket=row.bucket,
        key=row.key,
        token=row.token,
        content_type=row.content_type,
        metadata=row.metadata,
        etag=row.etag,
        created_at=row.created_at,
    )


def uploads_after(
    project_id: int, bucket: str, *, prefix: str, after: tuple[str, str], limit: int
) -> list[UploadView]:
    """Uploads under way in order of key and token, after this pair of both (the token as it is written).

    Raises :class:`~ropewalk.core.errors.Invalid` for texts that can't be asked for.
    """
    require_text(prefix, *after)
    rows = MultipartUpload.objects.for_project(project_id).filter(
        bucket=bucket, completed_at=None, key__startswith=prefix, key__gte=after[0]
    )
    found = [upload_view(row) for row in rows.order_by("key", "token")[: limit + 1000]]
    later = [one for one in found if (one.key, one.token.hex) > after]
    return later[:limit]


def parts_of(upload: UploadView, *, after: int = 0, limit: int | None = None) -> list[PartView]:
    """The parts of an upload in order."""
    rows = UploadPart.objects.for_project(upload.project_id).filter(upload_id=upload.id, number__gt=after)
    return [
        PartView(row.number, row.blob, row.size, row.etag, row.created_at)
        for row in rows.order_by("number")[:limit]
    ]


def open_parts(upload: UploadView, parts: list[PartView], *, checked: bool) -> Iterator[bytes]:
    """The bytes of these parts, one after the other.

    Raises ``BlobMissing`` while it is read. ``checked``: also for a part that a power cut has damaged, since parts are not
    written to last; who takes the hash of the whole need not ask for it.
    """
    keys = {part: blob_key(upload.project_id, part.blob) for part in parts}
    if not checked:
        return chain.from_iterable(store().read(key) for key in keys.values())
    return chain.from_iterable(_checked(key, part.etag) for part, key in keys.items())


def _checked(key: str, etag: str) -> Iterator[bytes]:
    md5 = hashlib.md5(usedforsecurity=False)
    for block in store().read(key):
        md5.update(block)
        yield block
    if md5.hexdigest() != etag:
        raise BlobMissing(key)


def rules_of(project_id: int, bucket: str) -> tuple[Rule, ...]:
    """What a bucket's policy denies; nothing where there is none. One query, none for a DVC remote, which has no policy."""
    if bucket != BucketName.FILES:
        return ()
    rows = BucketPolicy.objects.for_project(project_id).values_list("rules", flat=True)
    return tuple(Rule.of(one) for row in rows for one in row)


def require_allowed(project_id: int, bucket: str, action: str, key: str) -> None:
    """Raise :class:`~ropewalk.core.errors.Denied` where the bucket's policy keeps everybody from this."""
    require(rules_of(project_id, bucket), action, key)

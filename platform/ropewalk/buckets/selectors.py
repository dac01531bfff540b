"""Reads of buckets. Every function takes the project's id; who may see it was decided by the gate."""

from collections.abc import Iterator
from itertools import chain
from uuid import UUID

from ropewalk.buckets.models import BucketObject, MultipartUpload, UploadPart
from ropewalk.buckets.types import ObjectView, PartView, UploadView, blob_key, is_text, require_text
from ropewalk.core.blobs import BlobMissing, store
from ropewalk.core.errors import NotFound


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
    )


def open_object(found: ObjectView, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Blocks of an object's bytes. Raises :class:`NotFound` at once when it was replaced or removed meanwhile."""
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


def open_parts(upload: UploadView, parts: list[PartView]) -> Iterator[bytes]:
    """The bytes of these parts, one after the other. Raises ``BlobMissing`` while it is read."""
    return chain.from_iterable(store().read(blob_key(upload.project_id, part.blob)) for part in parts)

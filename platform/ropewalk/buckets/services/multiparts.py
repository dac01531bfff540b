"""Uploads in parts: begun, received part by part in any order, and made one object or given up."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from django.db import transaction

from ropewalk.buckets.models import MultipartUpload, UploadPart
from ropewalk.buckets.rules import PUT
from ropewalk.buckets.selectors import parts_of, require_allowed, upload_view
from ropewalk.buckets.types import MAX_PARTS, MIN_PART_BYTES, PartView, UploadView, blob_key, checked_key
from ropewalk.core import clock
from ropewalk.core.blobs import store
from ropewalk.core.errors import Invalid, NotFound
from ropewalk.quotas.services import metered

_GONE = NotFound("This upload was completed, given up, or never begun.", code="no_upload")


def begin(
    *,
    project_id: int,
    bucket: str,
    key: str,
    content_type: str,
    metadata: dict[str, str],
    user_id: int | None,
) -> UploadView:
    """Begin an upload in parts. Raises :class:`Invalid` for a key that can't be, and ``Denied`` by the bucket's policy."""
    require_allowed(project_id, bucket, PUT, checked_key(key))
    row = MultipartUpload.objects.create(
        project_id=project_id, bucket=bucket, key=checked_key(key), content_type=content_type[:200], metadata=metadata,
        created_by_id=user_id, created_at=clock.now(),
    )  # fmt: skip
    return upload_view(row)


def receive_part(
    upload: UploadView,
    *,
    number: int,
    blocks: Iterable[bytes],
    announced: int | None = None,
    verified_whole: bool = False,
) -> PartView:
    """Store a part, replacing an earlier one of its number.

    ``verified_whole``: its key says what the object's bytes are, and they are held against that when it is made of its parts.
    The part's ETag is then a name for this very part: its md5 would cost as much as everything else together.

    Raises what ``blocks`` raises, :class:`NotFound`, and :class:`~ropewalk.quotas.types.OverQuota`.
    """
    if not 1 <= number <= MAX_PARTS:
        raise Invalid(f"A part's number is from 1 to {MAX_PARTS}.", code="bad_part_number")
    row = UploadPart(project_id=upload.project_id, upload_id=upload.id, number=number, blob=uuid.uuid4())
    _store(row, metered(upload.project_id, blocks, announced=announced), named=verified_whole)
    try:
        with transaction.atomic():
            _locked(upload)
            parts = UploadPart.objects.for_project(upload.project_id)
            before = parts.filter(upload_id=upload.id, number=number).first()
            row.pk, row.created_at = before.pk if before else None, clock.now()
            row.save(force_insert=before is None, force_update=before is not None)
    except BaseException:
        _remove(upload.project_id, [row.blob])
        raise
    if before is not None:
        _remove(upload.project_id, [before.blob])
    return PartView(row.number, row.blob, row.size, row.etag, row.created_at)


def _store(row: UploadPart, blocks: Iterable[bytes], *, named: bool) -> None:
    """Bring a part's bytes into the store and their facts into the row; ``named``: without their md5.

    A part lives for minutes, and its bytes are checked when the object is made of them: it need not reach the disk itself.
    """
    md5, size = None if named else hashlib.md5(usedforsecurity=False), 0
    with store().writer(blob_key(row.project_id, row.blob), lasting=False) as writer:
        for block in blocks:
            if md5:
                md5.update(block)
            size += len(block)
            writer.write(block)
        writer.commit()
    row.size, row.etag = size, md5.hexdigest() if md5 else row.blob.hex


def chosen_parts(upload: UploadView, named: Sequence[tuple[int, str]]) -> list[PartView]:
    """The stored parts that a client names, as (number, ETag), in its order. Raises :class:`Invalid` with S3's reasons."""
    stored = {part.number: part for part in parts_of(upload)}
    numbers = [number for number, _ in named]
    if not named or any(a >= b for a, b in pairwise(numbers)):
        raise Invalid("The parts are not in ascending order.", code="InvalidPartOrder")
    found = [stored.get(number) for number in numbers]
    parts = [
        part for part, (_, etag) in zip(found, named, strict=True) if part and part.etag == etag.strip('"')
    ]
    if len(parts) != len(named):
        raise Invalid("One or more of the parts were not uploaded, or are others now.", code="InvalidPart")
    if any(part.size < MIN_PART_BYTES for part in parts[:-1]):
        raise Invalid("A part other than the last is smaller than 5 MiB.", code="EntityTooSmall")
    return parts


def etag_of(parts: Sequence[PartView]) -> str:
    """The ETag of an object made of parts: S3's md5 of their md5s, and their number."""
    digest = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
    return f"{digest.hexdigest()}-{len(parts)}"


def finish(upload: UploadView, *, etag: str) -> None:
    """The object is stored: the parts go, and the upload's row answers clients that ask again."""
    with transaction.atomic():
        rows = MultipartUpload.objects.for_project(upload.project_id).select_for_update()
        row = rows.filter(pk=upload.id).first()
        if row is None or row.completed_at is not None:  # somebody else's try was faster
            return
        row.completed_at, row.etag = clock.now(), etag
        row.save(update_fields=["completed_at", "etag"])
        blobs = _forget_parts(upload)
    _remove(upload.project_id, blobs)


def abort(upload: UploadView) -> None:
    """Give an upload up."""
    with transaction.atomic():
        row = _locked(upload)
        blobs = _forget_parts(upload)
        row.delete()
    _remove(upload.project_id, blobs)


def reap_uploads(*, older_than: datetime, limit: int = 1000) -> int:
    """Give up uploads that were begun before this time, and forget completed ones; how many."""
    rows = MultipartUpload.objects.unscoped("the age is one for all projects").filter(
        created_at__lt=older_than
    )
    found = [upload_view(row) for row in rows.order_by("created_at")[:limit]]
    for upload in found:
        with transaction.atomic():
            MultipartUpload.objects.for_project(upload.project_id).select_for_update().filter(
                pk=upload.id
            ).first()
            blobs = _forget_parts(upload)
            MultipartUpload.objects.for_project(upload.project_id).filter(pk=upload.id).delete()
        _remove(upload.project_id, blobs)
    return len(found)


def _locked(upload: UploadView) -> MultipartUpload:
    rows = MultipartUpload.objects.for_project(upload.project_id).select_for_update()
    row = rows.filter(pk=upload.id, completed_at=None).first()
    if row is None:
        raise _GONE
    return row


def _forget_parts(upload: UploadView) -> list[UUID]:
    rows = UploadPart.objects.for_project(upload.project_id).filter(upload_id=upload.id)
    blobs = list(rows.values_list("blob", flat=True))
    rows.delete()
    return blobs


def _remove(project_id: int, blobs: Iterable[UUID]) -> None:
    for blob in blobs:
        store().delete(blob_key(project_id, blob))

"""Objects of buckets: stored, replaced and removed.

Bytes go into the store under a new name, then a transaction makes the row name them; what they replace is removed after it. A
process that is killed in between leaves at most bytes without a row, which ``services.orphans`` removes.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import transaction

from ropewalk.buckets.models import BucketObject
from ropewalk.buckets.rules import DELETE, PUT
from ropewalk.buckets.selectors import object_view, require_allowed
from ropewalk.buckets.types import MAX_METADATA_BYTES, ObjectView, blob_key, checked_key, is_text
from ropewalk.core import clock
from ropewalk.core.blobs import store
from ropewalk.core.errors import Invalid
from ropewalk.core.locks import lock_in_transaction
from ropewalk.quotas.services import metered

Requirement = Callable[[ObjectView | None], None]


@dataclass(frozen=True)
class Incoming:
    """What an object will be. ``etag`` is given for what came in parts, else it is the body's md5.

    ``announced`` is its length where the client says it; ``counted`` that its bytes are in the project's sum already (parts).
    ``require`` is asked with what is there (None for nothing) before it is replaced, and raises when it must not be.
    """

    key: str
    blocks: Iterable[bytes]
    content_type: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    require: Requirement = lambda _: None
    announced: int | None = None
    counted: bool = False


def put_object(*, project_id: int, bucket: str, incoming: Incoming, user_id: int | None) -> ObjectView:
    """Store an object, replacing what has its key.

    Raises what ``blocks`` and ``require`` raise, :class:`Invalid`, and ``Denied`` by the bucket's policy.
    """
    checked_key(incoming.key)
    require_allowed(project_id, bucket, PUT, incoming.key)
    if sum(len(name) + len(value.encode()) for name, value in incoming.metadata.items()) > MAX_METADATA_BYTES:
        raise Invalid(
            f"An object's metadata has at most {MAX_METADATA_BYTES} bytes.", code="metadata_too_large"
        )
    row = BucketObject(
        project_id=project_id, bucket=bucket, key=incoming.key, blob=uuid.uuid4(), content_type=incoming.content_type[:200],
        metadata=incoming.metadata, created_by_id=user_id,
    )  # fmt: skip
    _store(row, incoming)
    try:
        with transaction.atomic():
            before = _locked(project_id, bucket, incoming.key)
            incoming.require(object_view(before) if before else None)
            row.pk, row.modified_at = before.pk if before else None, clock.now()
            row.save(force_insert=before is None, force_update=before is not None)
    except BaseException:
        store().delete(blob_key(project_id, row.blob))
        raise
    if before is not None:
        store().delete(blob_key(project_id, before.blob))
    return object_view(row)


def _store(row: BucketObject, incoming: Incoming) -> None:
    """Bring the bytes into the store and their facts into the row. What came in parts has its ETag: no md5 is computed again."""
    md5, sha256, size = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    with store().writer(blob_key(row.project_id, row.blob)) as writer:
        blocks = incoming.blocks
        if not incoming.counted:
            blocks = metered(row.project_id, blocks, announced=incoming.announced)
        for block in blocks:
            if not incoming.etag:
                md5.update(block)
            sha256.update(block)
            size += len(block)
            writer.write(block)
        writer.commit()
    row.size, row.etag, row.sha256 = size, incoming.etag or md5.hexdigest(), sha256.hexdigest()


def delete_object(*, project_id: int, bucket: str, key: str) -> bool:
    """Remove an object; False when there was none. Raises ``Denied`` by the bucket's policy."""
    if not is_text(key):
        return False
    require_allowed(project_id, bucket, DELETE, key)
    with transaction.atomic():
        before = _locked(project_id, bucket, key)
        if before is None:
            return False
        before.delete()
    store().delete(blob_key(project_id, before.blob))
    return True


def _locked(project_id: int, bucket: str, key: str) -> BucketObject | None:
    """The row of a key, which nobody else changes before the transaction ends, also when there is none yet."""
    lock_in_transaction(f"bucket:{project_id}:{bucket}:{key}")
    return BucketObject.objects.for_project(project_id).filter(bucket=bucket, key=key).first()

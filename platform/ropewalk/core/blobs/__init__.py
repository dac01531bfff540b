"""Where bytes are kept: a local disk by default, S3 when ``ROPEWALK_S3_BUCKET`` is set. The only user of boto3."""

from collections.abc import Iterator
from functools import lru_cache

from django.conf import settings

from ropewalk.core.blobs.base import (
    BLOCK,
    BadKey,
    BlobMissing,
    BlobStat,
    BlobStore,
    BlobWriter,
    StoreUnavailable,
    checked_key,
)
from ropewalk.core.blobs.disk import DiskStore

__all__ = [
    "BLOCK",
    "BadKey",
    "BlobMissing",
    "BlobStat",
    "BlobStore",
    "BlobWriter",
    "StoreUnavailable",
    "checked_key",
    "remove_in_pages",
    "store",
]


@lru_cache(maxsize=1)
def store() -> BlobStore:
    """This process's object store. Made at first use, so after gunicorn's fork."""
    if settings.ROPEWALK_S3 is None:
        return DiskStore(settings.OBJECTS_ROOT)
    from ropewalk.core.blobs.s3 import (
        S3Store,  # boto3 takes half a second to import; the disk store does without
    )

    s3 = settings.ROPEWALK_S3
    return S3Store(
        bucket=s3.bucket,
        endpoint=s3.endpoint,
        region=s3.region,
        access_key_id=s3.access_key_id,
        secret_access_key=s3.secret_access_key,
        prefix=s3.prefix,
    )


def remove_in_pages(prefix: str, size: int = 500, *, keep: str = "") -> Iterator[int]:
    """Remove every object below a folder (its name ends with a slash) but those below ``keep``; yields each page's number."""
    after = ""
    while page := store().list(prefix, after=after, limit=size):
        gone = [entry.key for entry in page if not keep or not entry.key.startswith(keep)]
        for key in gone:
            store().delete(key)
        after = page[-1].key
        yield len(gone)

"""Connecting buckets of other S3 services, and letting go of them. What is connected was read once before it is kept."""

import json

from django.db import IntegrityError, transaction

from ropewalk.core import audit, clock, sealing
from ropewalk.core.errors import Conflict, NotFound
from ropewalk.core.locks import lock_in_transaction
from ropewalk.outside import places, selectors
from ropewalk.outside.models import ConnectedBucket, MeasuredFile
from ropewalk.outside.reading import BucketReader
from ropewalk.outside.types import (
    MAX_BUCKETS,
    MAX_MEASURED,
    PURPOSE,
    AccessKey,
    ConnectedView,
    MeasuredView,
    RemoteFile,
)


def connect_bucket(
    *,
    project_id: int,
    user_id: int | None,
    bucket: str,
    name: str = "",
    endpoint: str = "",
    region: str = "",
    prefix: str = "",
    key_id: str = "",
    secret: str = "",
) -> None:
    """Let a project read a bucket, under ``name`` (the bucket's own for an empty one).

    The bucket is asked for a page before anything is kept: raises what :class:`~ropewalk.outside.reading.BucketReader` does,
    :class:`~ropewalk.core.errors.Invalid` for words that mean nothing, :class:`Conflict` for a name that is taken or too many.
    """
    region, prefix = region.strip() or places.USUAL_REGION, places.checked_prefix(prefix)
    bucket, endpoint = bucket.strip(), endpoint.strip().rstrip("/")
    place = places.place_of(endpoint=endpoint, region=region, bucket=bucket, prefix=prefix)
    name = places.checked_name(name.strip() or bucket.lower())
    key = places.checked_key(key_id.strip(), secret.strip())
    with BucketReader(place, key) as reader:
        reader.page(limit=1)
    with transaction.atomic():
        lock_in_transaction(f"outside:{project_id}")
        if ConnectedBucket.objects.for_project(project_id).count() >= MAX_BUCKETS:
            raise Conflict(f"A project has at most {MAX_BUCKETS} connected buckets.", code="too_many_buckets")
        row = ConnectedBucket(
            project_id=project_id,
            name=name,
            endpoint=endpoint,
            region=region,
            bucket=bucket,
            prefix=prefix,
            sign_in=_sealed(key, project_id),
            created_by_id=user_id,
            created_at=clock.now(),
        )
        _save(row)
        _record("connected", row)


def check_bucket(*, project_id: int, name: str) -> int:
    """Ask a connected bucket for a page; how many entries it begins with. Raises what the reader does."""
    with selectors.reader_of(project_id, name) as reader:
        found = reader.page(limit=100)
    return len(found.folders) + len(found.files)


def rename_bucket(*, project_id: int, name: str, new_name: str) -> None:
    """Call it something else. Raises :class:`NotFound`, :class:`~ropewalk.core.errors.Invalid`, :class:`Conflict`."""
    new_name = places.checked_name(new_name.strip())
    with transaction.atomic():
        row = _row(project_id, name)
        if row.name != new_name:
            row.name = new_name
            _save(row)
            _record("renamed", row, former=name)


def replace_key(*, project_id: int, name: str, key_id: str, secret: str) -> None:
    """Read it with another key from now on, or without one; asked first, as in :func:`connect_bucket`."""
    key = places.checked_key(key_id.strip(), secret.strip())
    view = selectors.connected_bucket(project_id, name)
    place = places.place_of(
        endpoint=view.endpoint, region=view.region, bucket=view.bucket, prefix=view.prefix
    )
    with BucketReader(place, key) as reader:
        reader.page(limit=1)
    with transaction.atomic():
        row = _row(project_id, name)
        if row.pk != view.id:  # another one of this name, connected meanwhile, must not get this key
            raise Conflict("The bucket was changed meanwhile.", hint="Load the page again.")
        row.sign_in = _sealed(key, project_id)
        row.save(update_fields=["sign_in"])
        _record("key_replaced", row)


def disconnect_bucket(*, project_id: int, name: str) -> None:
    """Read it no more; its key is forgotten. What lies in it stays as it is. Raises :class:`NotFound`."""
    with transaction.atomic():
        row = _row(project_id, name)
        _record("disconnected", row)
        row.delete()


def note_measured(*, project_id: int, bucket: ConnectedView, file: RemoteFile) -> MeasuredView:
    """Keep that this content is wanted measured. Of each file the newest :data:`MAX_MEASURED` are remembered."""
    pin = file.pin(bucket)
    rows = MeasuredFile.objects.for_project(project_id)
    row, made = rows.get_or_create(
        pin=pin,
        defaults={
            "project_id": project_id,
            "bucket_id": bucket.id,
            "key": file.key,
            "etag": file.etag,
            "size": file.size,
            "modified": file.modified,
            "seen_at": clock.now(),
        },
    )
    if made:
        kept = rows.filter(bucket_id=bucket.id, key=file.key).order_by("-pk").values_list("pk", flat=True)
        rows.filter(pk__in=list(kept[MAX_MEASURED : MAX_MEASURED + 100])).delete()
    return selectors.measured_view(row)


def _row(project_id: int, name: str) -> ConnectedBucket:
    rows = ConnectedBucket.objects.for_project(project_id).select_for_update()
    row = rows.filter(name=name).first() if "\0" not in name else None
    if row is None:
        raise NotFound("There is no connected bucket of this name.", code="no_such_bucket")
    return row


def _save(row: ConnectedBucket) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict(
            f"A connected bucket is called {row.name} already.", code="bucket_name_taken"
        ) from None


def _sealed(key: AccessKey | None, project_id: int) -> str:
    if key is None:
        return ""
    text = json.dumps([key.key_id, key.secret])
    return sealing.seal(text, purpose=PURPOSE, project_id=project_id)


def _record(verb: str, row: ConnectedBucket, **more: str) -> None:
    detail = {
        "endpoint": row.endpoint,
        "bucket": row.bucket,
        "prefix": row.prefix,
        "signed_in": bool(row.sign_in),
    }
    audit.record(f"bucket.{verb}", project_id=row.project_id, subject=row.name, detail={**detail, **more})

"""Reads of connected buckets. Every function takes the project's id; who may see it was decided by the gate."""

import json

from ropewalk.core import sealing
from ropewalk.core.errors import NotFound
from ropewalk.outside.models import ConnectedBucket, MeasuredFile
from ropewalk.outside.places import place_of
from ropewalk.outside.reading import BucketReader
from ropewalk.outside.types import PURPOSE, AccessKey, ConnectedView, MeasuredView, RemoteFile


def connected_buckets(project_id: int) -> list[ConnectedView]:
    """A project's connected buckets by name; at most :data:`~ropewalk.outside.types.MAX_BUCKETS`."""
    rows = ConnectedBucket.objects.for_project(project_id).select_related("created_by")
    return [_view(row) for row in rows.order_by("name")]


def connected_bucket(project_id: int, name: str) -> ConnectedView:
    """One of them. Raises :class:`NotFound`."""
    return _view(_row(project_id, name))


def reader_of(project_id: int, name: str) -> BucketReader:
    """A reader of one of them. Raises :class:`NotFound`, ``SealBroken`` and what making a reader raises."""
    return _reader(_row(project_id, name))


def reader_for(project_id: int, bucket_id: int) -> BucketReader:
    """The same by number, which a new name does not change: for jobs."""
    row = ConnectedBucket.objects.for_project(project_id).filter(pk=bucket_id).first()
    if row is None:
        raise NotFound("The bucket is not connected any more.", code="no_such_bucket")
    return _reader(row)


def measured_file(project_id: int, pin: str) -> MeasuredView | None:
    """A content that somebody wanted measured; None when nobody did, or its bucket was disconnected since."""
    row = MeasuredFile.objects.for_project(project_id).filter(pin=pin).first()
    return measured_view(row) if row else None


def measured_files(project_id: int, bucket_id: int, key: str, *, limit: int = 20) -> list[MeasuredView]:
    """The contents of one file that somebody wanted measured, the newest first."""
    rows = MeasuredFile.objects.for_project(project_id).filter(bucket_id=bucket_id, key=key)
    return [measured_view(row) for row in rows.order_by("-pk")[:limit]]


def measured_view(row: MeasuredFile) -> MeasuredView:
    """A row as it is handed outward."""
    file = RemoteFile(row.key, row.size, row.etag, row.modified)
    return MeasuredView(row.pk, row.bucket_id, file, row.pin, row.seen_at)


def _row(project_id: int, name: str) -> ConnectedBucket:
    rows = ConnectedBucket.objects.for_project(project_id).select_related("created_by")
    row = rows.filter(name=name).first() if "\0" not in name else None
    if row is None:
        raise NotFound("There is no connected bucket of this name.", code="no_such_bucket")
    return row


def _reader(row: ConnectedBucket) -> BucketReader:
    place = place_of(endpoint=row.endpoint, region=row.region, bucket=row.bucket, prefix=row.prefix)
    return BucketReader(place, _opened(row))


def _opened(row: ConnectedBucket) -> AccessKey | None:
    if not row.sign_in:
        return None
    return AccessKey(*json.loads(sealing.unseal(row.sign_in, purpose=PURPOSE, project_id=row.project_id)))


def _view(row: ConnectedBucket) -> ConnectedView:
    return ConnectedView(
        id=row.pk,
        project_id=row.project_id,
        name=row.name,
        endpoint=row.endpoint,
        region=row.region,
        bucket=row.bucket,
        prefix=row.prefix,
        signed_in=bool(row.sign_in),
        created_by=row.created_by.username if row.created_by else "",
        created_at=row.created_at,
    )

"""Uploads in parts: begun, sent, listed, completed, given up."""

import re
from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from ropewalk.access.types import ProjectAccess
from ropewalk.buckets import selectors, services
from ropewalk.buckets.rules import ABORT, PARTS
from ropewalk.buckets.services.multiparts import etag_of
from ropewalk.buckets.types import UploadView
from ropewalk.core.blobs import BlobMissing
from ropewalk.core.ranges import Unsatisfiable, parse_range
from ropewalk.edges.s3_http import answers, conditions, objects
from ropewalk.edges.s3_http.documents import read_parts
from ropewalk.edges.s3_http.faults import S3Error
from ropewalk.edges.s3_http.patience import answered_in_time
from ropewalk.edges.s3_http.stores import Sent, Store
from ropewalk.edges.s3_http.uploads import read_upload

_TOKEN = re.compile(r"[0-9a-f]{32}\Z")


def begin(request: HttpRequest, project_id: int, user_id: int | None, store: Store, key: str) -> HttpResponse:
    """CreateMultipartUpload."""
    store.accept(key)
    upload = services.begin(
        project_id=project_id,
        bucket=store.room,
        key=key,
        content_type=objects.content_type(request),
        metadata=objects.metadata(request),
        user_id=user_id,
    )
    body = answers.element("Bucket", store.name) + answers.element("Key", key)
    return answers.document(
        "InitiateMultipartUploadResult", body + answers.element("UploadId", upload.token.hex)
    )


def find(request: HttpRequest, project_id: int, store: Store, key: str) -> UploadView:
    """The upload that a request names. Raises :class:`S3Error`."""
    token = request.GET.get("uploadId", "")
    found = selectors.upload_of(project_id, store.room, key, UUID(token)) if _TOKEN.match(token) else None
    if found is None:
        raise S3Error(404, "NoSuchUpload", "This upload was completed, given up, or never begun.")
    return found


def receive(request: HttpRequest, access: ProjectAccess, store: Store, upload: UploadView) -> HttpResponse:
    """UploadPart and UploadPartCopy."""
    text = request.GET.get("partNumber", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    whole = store.names_by_hash(upload.key)
    if "x-amz-copy-source" in request.headers:
        blocks, length = _copied(request, access, store)
        part = services.receive_part(
            upload, number=number, blocks=blocks, announced=length, verified_whole=whole
        )
        body = answers.element("LastModified", answers.moment(part.created_at))
        return answers.document("CopyPartResult", f"{body}<ETag>&quot;{part.etag}&quot;</ETag>")
    sent = read_upload(request)
    part = services.receive_part(
        upload, number=number, blocks=sent.blocks, announced=sent.length, verified_whole=whole
    )
    return HttpResponse(headers={"ETag": f'"{part.etag}"', **sent.checks.echoed})


def _copied(request: HttpRequest, access: ProjectAccess, store: Store) -> tuple[Iterator[bytes], int]:
    found = objects.copy_source(request, access, store)
    try:
        part = parse_range(request.headers.get("x-amz-copy-source-range", ""), found.size)
    except Unsatisfiable:
        raise S3Error(416, "InvalidRange", "The range begins behind the object's end.") from None
    start, end = part or (0, found.size)
    return found.open(start, end), end - start


def complete(request: HttpRequest, store: Store, upload: UploadView) -> HttpResponseBase:
    """CompleteMultipartUpload. What names its content by a hash is verified now, as a whole."""
    named = read_parts(request)
    require = conditions.of_upload(request)

    def work() -> HttpResponse:
        etag = upload.etag or _complete(store, upload, named, require)
        body = answers.element("Location", request.build_absolute_uri(request.path))
        body += answers.element("Bucket", store.name) + answers.element("Key", upload.key)
        return answers.document("CompleteMultipartUploadResult", f"{body}<ETag>&quot;{etag}&quot;</ETag>")

    return answered_in_time(request, work)


def _complete(
    store: Store, upload: UploadView, named: list[tuple[int, str]], require: conditions.Requirement | None
) -> str:
    parts = services.chosen_parts(upload, named)
    limit = store.accept(upload.key) or settings.ROPEWALK_MAX_OBJECT_BYTES
    if (total := sum(part.size for part in parts)) > limit:
        raise S3Error(400, "EntityTooLarge", f"The parts have {total} bytes together; the limit is {limit}.")
    blocks = selectors.open_parts(upload, parts, checked=not store.names_by_hash(upload.key))
    sent = Sent(
        blocks, upload.content_type, upload.metadata, etag=etag_of(parts), require=require, counted=True
    )
    try:
        etag = store.put(upload.key, sent)
    except BlobMissing:  # somebody else's try ended meanwhile, and removed the parts
        now = selectors.upload_of(upload.project_id, upload.bucket, upload.key, upload.token)
        if now is None or not now.etag:
            raise S3Error(400, "InvalidPart", "A part was sent anew meanwhile. Complete it again.") from None
        return now.etag
    services.finish(upload, etag=etag)
    return etag


def give_up(store: Store, upload: UploadView) -> HttpResponse:
    """AbortMultipartUpload."""
    store.require(ABORT, upload.key)
    services.abort(upload)
    return HttpResponse(status=204)


def listed(request: HttpRequest, store: Store, upload: UploadView) -> HttpResponse:
    """ListParts."""
    store.require(PARTS, upload.key)
    most = answers.count(request, "max-parts")
    after = answers.number(request, "part-number-marker")
    found = selectors.parts_of(upload, after=after, limit=most + 1)
    page, more = found[:most], len(found) > most
    body = answers.element("Bucket", store.name) + answers.element("Key", upload.key)
    body += answers.element("UploadId", upload.token.hex) + answers.element("PartNumberMarker", after)
    body += answers.element("NextPartNumberMarker", page[-1].number) if page else ""
    body += answers.element("MaxParts", most) + answers.element("IsTruncated", str(more).lower())
    for part in page:
        row = answers.element("PartNumber", part.number) + answers.element("Size", part.size)
        row += answers.element("LastModified", answers.moment(part.created_at))
        body += f"<Part>{row}<ETag>&quot;{part.etag}&quot;</ETag></Part>"
    return answers.document("ListPartsResult", body)


def under_way(request: HttpRequest, project_id: int, store: Store) -> HttpResponse:
    """ListMultipartUploads."""
    most = answers.count(request, "max-uploads")
    prefix, encoded = request.GET.get("prefix", ""), request.GET.get("encoding-type") == "url"
    marker = (request.GET.get("key-marker", ""), request.GET.get("upload-id-marker", "") or "g")
    found = selectors.uploads_after(project_id, store.room, prefix=prefix, after=marker, limit=most + 1)
    page, more = found[:most], len(found) > most
    write = answers.Writer(encoded)
    body = answers.element("Bucket", store.name) + write("Prefix", prefix) + write("KeyMarker", marker[0])
    body += "<EncodingType>url</EncodingType>" if encoded else ""
    if more:
        body += write("NextKeyMarker", page[-1].key) + answers.element(
            "NextUploadIdMarker", page[-1].token.hex
        )
    body += answers.element("MaxUploads", most) + answers.element("IsTruncated", str(more).lower())
    for upload in page:
        row = write("Key", upload.key) + answers.element("UploadId", upload.token.hex)
        body += f"<Upload>{row}{answers.element('Initiated', answers.moment(upload.created_at))}</Upload>"
    return answers.document("ListMultipartUploadsResult", body)

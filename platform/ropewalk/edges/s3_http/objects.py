"""Operations on one object: get, head, put, copy, delete, and what it is made of."""

from base64 import b64encode
from collections.abc import Iterable
from typing import cast
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import http_date

from ropewalk.access.types import ProjectAccess
from ropewalk.buckets.rules import ATTRIBUTES
from ropewalk.core import clock
from ropewalk.core.blobs import BLOCK
from ropewalk.core.serving import bytes_answer
from ropewalk.edges.s3_http import answers, conditions
from ropewalk.edges.s3_http.faults import S3Error, no_such_key
from ropewalk.edges.s3_http.gate import signature_of
from ropewalk.edges.s3_http.stores import Found, Sent, Store, store_named
from ropewalk.edges.s3_http.uploads import read_upload

META = "x-amz-meta-"
_DAMAGED = {"x-ropewalk-damaged": "true"}  # for HEAD, whose answer has no room for words


def read(request: HttpRequest, store: Store, key: str) -> HttpResponseBase:
    """GetObject and HeadObject."""
    found = require_found(store, key)
    conditions.require_match(request.headers.get("If-Match", ""), found.etag)
    # A browser learns no type that it could show or run; who signs a request is none.
    kind = found.content_type if signature_of(request) else ""
    headers = {
        "ETag": f'"{found.etag}"',
        "Last-Modified": http_date(found.modified.timestamp()),
        "Cache-Control": "private, max-age=31536000, immutable" if found.immutable else "private, no-cache",
        "Content-Disposition": "attachment",  # a browser must never run what somebody stored
        "Content-Type": kind or "application/octet-stream",
        "Vary": "Authorization, Cookie",
        **{META + name: value for name, value in found.metadata.items()},
        **(_DAMAGED if found.damaged else {}),
    }
    answer = bytes_answer(request, headers, found.size, found.open)
    if answer.status_code == 416:
        raise S3Error(416, "InvalidRange", "The range begins behind the object's end.")
    return _in_one_piece(answer)


def _in_one_piece(answer: HttpResponseBase) -> HttpResponseBase:
    """Most objects are small: one piece costs less than a generator through every middleware.

    The stream is read to its end, which closes it. Closing the answer instead would announce the end of the request in its midst.
    """
    length = int(answer.headers.get("Content-Length", "0"))
    if not isinstance(answer, StreamingHttpResponse) or length > BLOCK:
        return answer
    whole = HttpResponse(
        b"".join(cast("Iterable[bytes]", answer.streaming_content)), status=answer.status_code
    )
    for name, value in answer.headers.items():
        whole.headers[name] = value
    return whole


def require_found(store: Store, key: str) -> Found:
    """The object. Raises :class:`S3Error`."""
    found = store.find(key)
    if found is None:
        raise no_such_key(key)
    return found


def write(request: HttpRequest, access: ProjectAccess, store: Store, key: str) -> HttpResponse:
    """PutObject and CopyObject."""
    limit = store.accept(key)
    if "x-amz-copy-source" in request.headers:
        return _copy(request, access, store, key, limit)
    upload = read_upload(request, limit=limit)
    sent = Sent(
        upload.blocks,
        content_type(request),
        metadata(request),
        require=conditions.of_upload(request),
        length=upload.length,
    )
    etag = store.put(key, sent)
    return HttpResponse(headers={"ETag": f'"{etag}"', **upload.checks.echoed})


def _copy(
    request: HttpRequest, access: ProjectAccess, store: Store, key: str, limit: int | None
) -> HttpResponse:
    found = copy_source(request, access, store)
    if limit is not None and found.size > limit:
        raise S3Error(400, "EntityTooLarge", f"The object has {found.size} bytes; the limit is {limit}.")
    own = request.headers.get("x-amz-metadata-directive", "COPY") == "REPLACE"
    kind, named = (
        (content_type(request), metadata(request)) if own else (found.content_type, dict(found.metadata))
    )
    require = conditions.of_upload(request)
    etag = store.put(key, Sent(found.open(0, None), kind, named, require=require, length=found.size))
    body = answers.element("LastModified", answers.moment(clock.now())) + f"<ETag>&quot;{etag}&quot;</ETag>"
    return answers.document("CopyObjectResult", body)


def copy_source(request: HttpRequest, access: ProjectAccess, store: Store) -> Found:
    """The object that a copy names, of this bucket or another that the actor may read. Raises :class:`S3Error`."""
    bucket, _, key = unquote(request.headers["x-amz-copy-source"]).lstrip("/").partition("/")
    source = store if bucket == store.name else store_named(access, bucket)
    found = require_found(source, key.partition("?versionId=")[0])
    conditions.require_match(request.headers.get("x-amz-copy-source-if-match", ""), found.etag)
    conditions.require_no_match(request.headers.get("x-amz-copy-source-if-none-match", ""), found.etag)
    return found


def delete(store: Store, key: str) -> HttpResponse:
    """DeleteObject: also what is not there is gone afterwards."""
    for error in store.delete([key]).values():
        raise error
    return HttpResponse(status=204)


def attributes(request: HttpRequest, store: Store, key: str) -> HttpResponse:
    """GetObjectAttributes."""
    store.require(ATTRIBUTES, key)
    found = require_found(store, key)
    wanted = {name.strip() for name in request.headers.get("x-amz-object-attributes", "").split(",")}
    body = answers.element("ETag", found.etag) if "ETag" in wanted else ""
    if "Checksum" in wanted and found.sha256:
        digest = b64encode(bytes.fromhex(found.sha256)).decode()
        body += f"<Checksum>{answers.element('ChecksumSHA256', digest)}<ChecksumType>FULL_OBJECT</ChecksumType></Checksum>"
    body += answers.element("StorageClass", "STANDARD") if "StorageClass" in wanted else ""
    body += answers.element("ObjectSize", found.size) if "ObjectSize" in wanted else ""
    when = http_date(found.modified.timestamp())
    return answers.document("GetObjectAttributesResponse", body, headers={"Last-Modified": when})


def content_type(request: HttpRequest) -> str:
    """The type that a client gives its object."""
    given = request.headers.get("Content-Type", "")
    return given if given.isascii() and given.isprintable() else ""


def metadata(request: HttpRequest) -> dict[str, str]:
    """What a client keeps beside its object."""
    return {
        name.lower().removeprefix(META): value
        for name, value in request.headers.items()
        if name.lower().startswith(META) and value.isprintable()
    }

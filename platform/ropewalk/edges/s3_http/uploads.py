"""The body of an upload, held against everything that its client said of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from ropewalk.core import streams
from ropewalk.edges.s3_http.checksums import Checks
from ropewalk.edges.s3_http.faults import S3Error
from ropewalk.edges.s3_http.gate import signature_of
from ropewalk.edges.s3_http.payload import decoded, is_streaming
from ropewalk.edges.s3_http.signing import UNSIGNED

_FRAMING = 1 << 20  # what trailers add at most; each piece adds less than a sixteenth of what it carries


@dataclass(frozen=True)
class Upload:
    """``blocks`` raise where the body is not what was said of it; ``checks`` know afterwards what was verified."""

    blocks: Iterator[bytes]
    checks: Checks
    length: int | None


def read_upload(request: HttpRequest, *, limit: int | None = None) -> Upload:
    """The request's body, decoded, of at most ``limit`` bytes (the largest object by default). Raises :class:`S3Error`."""
    most = settings.ROPEWALK_MAX_OBJECT_BYTES if limit is None else limit
    signed = signature_of(request)
    payload = signed.payload if signed else request.headers.get("x-amz-content-sha256", UNSIGNED)
    headers = {name.lower(): value for name, value in request.headers.items()}
    checks = Checks(headers, headers.get("x-amz-trailer", ""))
    streaming = is_streaming(payload)
    length = (
        _length(headers.get("x-amz-decoded-content-length", ""))
        if streaming
        else streams.content_length(request)
    )
    if length is not None and length > most:
        raise S3Error(400, "EntityTooLarge", f"The body has {length} bytes; the limit is {most}.")
    raw = streams.body(request, limit=most + most // 16 + _FRAMING if streaming else most)
    return Upload(decoded(raw, payload, signed.seal if signed else None, checks, length), checks, length)


def _length(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise S3Error(411, "MissingContentLength", "x-amz-decoded-content-length is missing or no number.")
    return int(text)

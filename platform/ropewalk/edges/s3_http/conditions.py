"""Conditions of requests as S3 words them."""

from collections.abc import Callable

from django.http import HttpRequest

from ropewalk.core.ranges import names_etag
from ropewalk.edges.s3_http.faults import S3Error

_FAILED = "At least one of the preconditions you specified did not hold."


def require_match(request: HttpRequest, etag: str) -> None:
    """Raise :class:`S3Error` unless what is there is what ``If-Match`` names."""
    wanted = request.headers.get("If-Match", "")
    if wanted and not _names(wanted, etag):
        raise S3Error(412, "PreconditionFailed", _FAILED)


def require_no_match(request: HttpRequest, present: Callable[[], str | None]) -> None:
    """Hold an upload's ``If-None-Match`` and ``If-Match`` against the ETag that is there now (None for nothing)."""
    unless, only = request.headers.get("If-None-Match", ""), request.headers.get("If-Match", "")
    if not (unless or only):
        return
    etag = present()
    if only and etag is None:
        raise S3Error(404, "NoSuchKey", "There is nothing that could be replaced.")
    if etag is not None and ((unless and _names(unless, etag)) or (only and not _names(only, etag))):
        raise S3Error(412, "PreconditionFailed", _FAILED)


def _names(header: str, etag: str) -> bool:
    return names_etag(header, etag) or header.strip() == etag.strip('"')  # some clients leave the quotes out

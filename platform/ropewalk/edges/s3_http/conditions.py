"""Conditions of requests as S3 words them. ETags are without quotes here."""

from collections.abc import Callable

from django.http import HttpRequest

from ropewalk.core.ranges import names_etag
from ropewalk.edges.s3_http.faults import S3Error

Requirement = Callable[[str | None], None]
_FAILED = "At least one of the preconditions you specified did not hold."


def require_match(header: str, etag: str) -> None:
    """Raise :class:`S3Error` unless what is there is what an ``If-Match`` names; an empty one names everything."""
    if header and not _names(header, etag):
        raise S3Error(412, "PreconditionFailed", _FAILED)


def require_no_match(header: str, etag: str) -> None:
    """Raise :class:`S3Error` when what is there is what an ``If-None-Match`` names."""
    if header and _names(header, etag):
        raise S3Error(412, "PreconditionFailed", _FAILED)


def of_upload(request: HttpRequest) -> Requirement | None:
    """What an upload's ``If-None-Match`` and ``If-Match`` ask of what is there now (None for nothing); None without either."""
    unless, only = request.headers.get("If-None-Match", ""), request.headers.get("If-Match", "")
    if not (unless or only):
        return None

    def require(etag: str | None) -> None:
        if etag is not None:
            require_no_match(unless, etag)
            require_match(only, etag)
        elif only:
            raise S3Error(404, "NoSuchKey", "There is nothing that could be replaced.")

    return require


def _names(header: str, etag: str) -> bool:
    return names_etag(header, f'"{etag}"') or header.strip() == etag  # some clients leave the quotes out

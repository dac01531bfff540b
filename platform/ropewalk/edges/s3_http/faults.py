"""S3's errors: codes that its clients act upon, as XML."""

from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse

from ropewalk.core.errors import RopewalkError
from ropewalk.core.streams import DRAIN_BYTES, DRAIN_BYTES_UNKNOWN, drain

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
CONTENT_TYPE = "application/xml"
# By our own codes first, then by status. A client tries again at 5xx and "SlowDown", never at 4xx.
_BY_CODE = {
    "over_quota": (403, "QuotaExceeded"),  # as Ceph names it
    "md5_mismatch": (400, "BadDigest"),
    "bad_directory": (400, "InvalidArgument"),
    "truncated": (400, "IncompleteBody"),
    "object_missing": (404, "NoSuchKey"),
    "object_lost": (404, "NoSuchKey"),
    "object_damaged": (
        409,
        "ObjectDamaged",
    ),  # no code of S3's: none says it, and a 5xx would be asked for again and again
    "no_upload": (404, "NoSuchUpload"),
    **{code: (400, code) for code in ("InvalidPart", "InvalidPartOrder", "EntityTooSmall")},
    "MalformedPolicy": (400, "MalformedPolicy"),
    "policy_not_held": (501, "NotImplemented"),
    "metadata_too_large": (400, "MetadataTooLarge"),
}
_BY_STATUS = {
    400: (400, "InvalidArgument"),
    401: (403, "AccessDenied"),  # S3 knows no 401: its clients read 403
    403: (403, "AccessDenied"),
    404: (404, "NoSuchBucket"),
    408: (400, "RequestTimeout"),
    409: (409, "OperationAborted"),
    413: (400, "EntityTooLarge"),
    422: (400, "InvalidArgument"),
    429: (503, "SlowDown"),
    503: (503, "ServiceUnavailable"),
}


class S3Error(RopewalkError):
    """An answer with one of S3's own codes."""

    def __init__(self, status: int, name: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, code=name)
        self.status, self.name = status, name


def not_implemented(what: str) -> S3Error:
    """What S3 has and this server has not."""
    return S3Error(501, "NotImplemented", f"{what} is not supported here.")


def no_such_key(key: str) -> S3Error:
    """Nothing has this key."""
    return S3Error(404, "NoSuchKey", f"There is no object {key[:200]}.")


def s3_error(request: HttpRequest, error: RopewalkError) -> HttpResponse:
    """An error as S3's clients read it, after what the client still sends was read for a while."""
    status, name = _named(error)
    if request.method in {"PUT", "POST"}:
        drain(request, DRAIN_BYTES_UNKNOWN if error.status in {401, 403, 404, 503} else DRAIN_BYTES)
    text = f"{error.message} {error.hint}".strip()
    body = (
        f"{XML}<Error><Code>{name}</Code><Message>{escape(text)}</Message>"
        f"<Resource>{escape(request.path[:1000])}</Resource></Error>"
    )
    response = HttpResponse(
        "" if request.method == "HEAD" else body, status=status, content_type=CONTENT_TYPE
    )
    if status in {
        403,
        404,
        412,
    }:  # answers like any other: each upload asks first whether the object is there
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django logs each as a warning otherwise
    return response


def s3_name(error: RopewalkError) -> str:
    """The code under which S3's clients know an error."""
    return _named(error)[1]


def _named(error: RopewalkError) -> tuple[int, str]:
    if isinstance(error, S3Error):
        return error.status, error.name
    if found := _BY_CODE.get(error.code):
        return found
    return _BY_STATUS.get(error.status, (500, "InternalError"))

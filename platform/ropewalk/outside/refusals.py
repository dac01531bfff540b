"""Why an S3 server refused, from its status and code, in words that help."""

import re

from ropewalk.core.errors import NotFound, RopewalkError
from ropewalk.core.pinned import Answer, BrokenAnswer
from ropewalk.outside.errors import BucketRefused, ContentChanged, StrangeAnswer
from ropewalk.outside.types import Place

_MAX_WORDS = 16 << 10
_CODE = re.compile(rb"<Code>\s*([A-Za-z0-9.]{1,60})\s*</Code>")
_REGION = re.compile(rb"<Region>\s*([a-z0-9-]{1,40})\s*</Region>")
_REGION_HEADER = re.compile(r"[a-z0-9-]{1,40}")
_WRONG_KEY = frozenset(
    {
        "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AccountProblem",
        "InvalidSecurity", "NotSignedUp", "UnauthorizedAccess",
    }
)  # fmt: skip


def refusal(answer: Answer, place: Place, *, signed_in: bool) -> RopewalkError:
    """The error to raise for any answer but a success."""
    status, words = answer.status, _words(answer)
    found = _CODE.search(words)
    code = found[1].decode() if found else ""
    return (
        _elsewhere(answer, words, code, place)
        or _not_let_in(status, code, signed_in=signed_in)
        or _not_there(status, code, place)
        or _broken(status)
    )


def _elsewhere(answer: Answer, words: bytes, code: str, place: Place) -> RopewalkError | None:
    region = _region(answer, words)
    wrong = answer.status in {301, 307, 400} or code == "AuthorizationHeaderMalformed"
    if region and region != place.region and wrong:
        return BucketRefused(
            f"The bucket is in the region {region}.", hint="Choose that region.", code="other_region"
        )
    if 300 <= answer.status < 400:
        return BucketRefused(
            "The other server sends to another address.",
            hint="Give the endpoint that it sends to, or the bucket's own region.",
            code="redirected",
        )
    return None


def _not_let_in(status: int, code: str, *, signed_in: bool) -> RopewalkError | None:
    if code == "RequestTimeTooSkewed":
        return BucketRefused(
            "The clocks of the two servers differ.", hint="The operator should set this one's.", code="clock"
        )
    # Some servers call a request without a signature a malformed one.
    if not (status in {401, 403} or code in _WRONG_KEY or (status == 400 and not signed_in)):
        return None
    if not signed_in:
        return BucketRefused(
            "The bucket can't be read without an access key.", hint="Give one.", code="sign_in_needed"
        )
    if status == 401 or code in _WRONG_KEY:
        return BucketRefused(
            "The other server did not accept the access key.",
            hint="Check its id and secret.",
            code="sign_in_refused",
        )
    return BucketRefused(
        "The access key may not read this.",
        hint="It needs s3:ListBucket for the bucket and s3:GetObject for what is in it.",
        code="not_allowed",
    )


def _not_there(status: int, code: str, place: Place) -> RopewalkError | None:
    if code == "NoSuchBucket":
        return BucketRefused(
            f"There is no bucket {place.bucket} there.", hint="Check its name.", code="no_bucket"
        )
    if status in {404, 410}:
        return NotFound("There is no such file in the bucket.", hint="Somebody may have removed it.")
    return ContentChanged() if status == 412 else None


def _broken(status: int) -> RopewalkError:
    if status >= 500 or status == 429:
        return BrokenAnswer("The other server answers with an error of its own.", hint="Try again later.")
    return StrangeAnswer(f"status {status}")


def _words(answer: Answer) -> bytes:
    """The beginning of what it said, for its code only."""
    try:
        return next(answer.blocks, b"")[:_MAX_WORDS]
    except BrokenAnswer:
        return b""


def _region(answer: Answer, words: bytes) -> str:
    header = answer.headers.get("x-amz-bucket-region", "")
    if _REGION_HEADER.fullmatch(header):
        return header
    found = _REGION.search(words)
    return found[1].decode() if found else ""

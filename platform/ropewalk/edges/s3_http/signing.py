"""AWS Signature Version 4, the server's half: who signed a request, and whether it arrived as it was signed.

Source: Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)". Held against botocore's signer in tests. The
signed path is the whole one of the address, whatever lies before the bucket in it.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from ropewalk.edges.s3_http.faults import S3Error

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = timedelta(minutes=15)
LONGEST_PRESIGNED = 7 * 24 * 3600
UNSIGNED = "UNSIGNED-PAYLOAD"
_SAFE = "-_.~"
_CREDENTIAL = re.compile(r"(?P<key>.{1,200})/(?P<day>\d{8})/(?P<region>[A-Za-z0-9-]{1,40})/s3/aws4_request\Z")
_HEADERS = re.compile(r"[a-z0-9-]{1,80}(?:;[a-z0-9-]{1,80}){0,40}\Z")
_SIGNATURE = re.compile(r"[0-9a-f]{64}\Z")
_DATE = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Claim:
    """What a request says about its signature; nothing of it is checked yet."""

    key_id: str
    day: str
    region: str
    when: datetime
    stamp: str
    signed: tuple[str, ...]
    signature: str
    payload: str
    presigned_for: int | None

    @property
    def scope(self) -> str:
        """Day, region and service that a signing key is for."""
        return f"{self.day}/{self.region}/s3/aws4_request"


@dataclass(frozen=True)
class Seal:
    """What signed pieces of a body are checked with: each signature includes the one before, beginning with the request's."""

    key: bytes
    stamp: str
    scope: str
    signature: str

    def sign(self, algorithm: str, *lines: str) -> str:
        """The signature of these lines."""
        return _hmac(self.key, "\n".join((algorithm, self.stamp, self.scope, *lines))).hex()


def is_signed(meta: dict[str, Any]) -> bool:
    """Whether a request (its ``META``) comes with a signature at all, in a header or in its address."""
    header, query = meta.get("HTTP_AUTHORIZATION", ""), meta.get("QUERY_STRING", "")
    return header.startswith(("AWS4-", "AWS ")) or "X-Amz-Signature=" in query or "AWSAccessKeyId=" in query


def read_claim(meta: dict[str, Any]) -> Claim:
    """The claim of a signed request. Raises :class:`S3Error` for one that is malformed or too old."""
    if meta.get("HTTP_AUTHORIZATION", "").startswith("AWS4-"):
        return _from_header(meta)
    if "X-Amz-Signature=" in meta.get("QUERY_STRING", ""):
        return _from_address(meta)
    raise _second_version()


def _second_version() -> S3Error:
    return S3Error(
        400,
        "InvalidRequest",
        "Signatures of version 2 are not supported.",
        hint="Sign with AWS4-HMAC-SHA256 (boto3: Config(signature_version='s3v4')).",
    )


def _from_header(meta: dict[str, Any]) -> Claim:
    algorithm, _, rest = meta["HTTP_AUTHORIZATION"].partition(" ")
    said = {
        f"X-Amz-{name}": value for name, _, value in (part.strip().partition("=") for part in rest.split(","))
    }
    said |= {"X-Amz-Algorithm": algorithm, "X-Amz-Date": meta.get("HTTP_X_AMZ_DATE", "")}
    payload = meta.get("HTTP_X_AMZ_CONTENT_SHA256", "")
    if not payload:
        raise S3Error(400, "InvalidRequest", "The header x-amz-content-sha256 is missing.")
    return _claim(said, payload, None)


def _from_address(meta: dict[str, Any]) -> Claim:
    said = dict(parse_qsl(meta["QUERY_STRING"], keep_blank_values=True, max_num_fields=100))
    expires = said.get("X-Amz-Expires", "")
    if not (expires.isascii() and expires.isdigit() and 1 <= int(expires[:10]) <= LONGEST_PRESIGNED):
        raise S3Error(400, "AuthorizationQueryParametersError", "X-Amz-Expires is from 1 to 604800 seconds.")
    payload = said.get("X-Amz-Content-Sha256") or meta.get("HTTP_X_AMZ_CONTENT_SHA256") or UNSIGNED
    return _claim(said, payload, int(expires))


def read_form_claim(fields: Mapping[str, str]) -> Claim:
    """The claim of a signed form, from its fields. Raises :class:`S3Error`."""
    if not fields.get("policy"):
        raise S3Error(
            403,
            "AccessDenied",
            "A form needs a policy and its signature.",
            hint="See generate_presigned_post.",
        )
    if "signature" in fields and "x-amz-signature" not in fields:
        raise _second_version()
    names = ("Algorithm", "Credential", "Date", "Signature")
    said = {f"X-Amz-{name}": fields.get(f"x-amz-{name.lower()}", "") for name in names}
    return _claim(said | {"X-Amz-SignedHeaders": "host"}, UNSIGNED, None)


def _claim(said: dict[str, str], payload: str, presigned_for: int | None) -> Claim:
    """``said`` has the parts under the names that they have in an address."""
    found = _CREDENTIAL.match(said.get("X-Amz-Credential", ""))
    headers, signature = said.get("X-Amz-SignedHeaders", ""), said.get("X-Amz-Signature", "")
    stamp = said.get("X-Amz-Date", "")
    readable = (
        said.get("X-Amz-Algorithm") == ALGORITHM and _HEADERS.match(headers) and _SIGNATURE.match(signature)
    )
    if found is None or not readable:
        raise S3Error(
            400,
            "AuthorizationHeaderMalformed",
            "The signature can't be read.",
            hint=f"Sign with {ALGORITHM} for the service s3.",
        )
    try:
        when = datetime.strptime(stamp, _DATE).replace(tzinfo=UTC)
    except ValueError:
        raise S3Error(403, "AccessDenied", "X-Amz-Date is missing or can't be read.") from None
    if found["day"] != stamp[:8]:
        raise S3Error(
            400, "AuthorizationHeaderMalformed", "The signature is of another day than the request."
        )
    return Claim(
        key_id=found["key"],
        day=found["day"],
        region=found["region"],
        when=when,
        stamp=stamp,
        signed=tuple(headers.split(";")),
        signature=signature,
        payload=payload,
        presigned_for=presigned_for,
    )


def check(meta: dict[str, Any], claim: Claim, secrets: tuple[str, ...], now: datetime) -> Seal:
    """Hold a request against what was signed with one of ``secrets``.

    Raises :class:`S3Error`: a wrong signature, one that is out of its time, or one that leaves a header of S3's unsigned.
    """
    _check_time(claim, now)
    sent = {name[5:].replace("_", "-").lower() for name in meta if name.startswith("HTTP_X_AMZ_")}
    if "host" not in claim.signed or not sent <= set(claim.signed):
        raise S3Error(403, "AccessDenied", "There are headers in the request that were not signed.")
    asked = _canonical(meta, claim)
    lines = "\n".join((ALGORITHM, claim.stamp, claim.scope, hashlib.sha256(asked).hexdigest()))
    return _sealed(claim, lines, secrets)


def check_form(claim: Claim, policy: str, secrets: tuple[str, ...], now: datetime) -> None:
    """Hold a form's policy, as it was sent, against what was signed with one of ``secrets``. Raises :class:`S3Error`.

    A form is good until its policy says, for seven days at most: as an address is.
    """
    _check_time(replace(claim, presigned_for=LONGEST_PRESIGNED), now)
    _sealed(claim, policy, secrets)


def _sealed(claim: Claim, text: str, secrets: tuple[str, ...]) -> Seal:
    for secret in secrets:
        key = signing_key(secret, claim.day, claim.region)
        if hmac.compare_digest(_hmac(key, text).hex(), claim.signature):
            return Seal(key, claim.stamp, claim.scope, claim.signature)
    raise S3Error(
        403,
        "SignatureDoesNotMatch",
        "The signature does not fit the request.",
        hint="Check the secret access key, and that nothing between here and there changes the address or its host.",
    )


def _check_time(claim: Claim, now: datetime) -> None:
    if claim.presigned_for is None:
        if abs(now - claim.when) > SKEW:
            raise S3Error(403, "RequestTimeTooSkewed", "The clocks differ by more than 15 minutes.")
    elif claim.when - now > SKEW or now - claim.when > timedelta(seconds=claim.presigned_for):
        raise S3Error(403, "AccessDenied", "Request has expired.")


def _canonical(meta: dict[str, Any], claim: Claim) -> bytes:
    # Django has decoded it; an address that is no UTF-8 has no key that could be stored.
    path = quote(meta.get("PATH_INFO", ""), safe="/" + _SAFE)
    headers = "".join(f"{name}:{_value(meta, name)}\n" for name in claim.signed)
    lines = (
        meta["REQUEST_METHOD"], path, _query(meta.get("QUERY_STRING", "")), headers, ";".join(claim.signed), claim.payload
    )  # fmt: skip
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _query(raw: str) -> str:
    pairs = []
    for part in raw.split("&") if raw else []:
        name, _, value = part.partition("=")
        if name != "X-Amz-Signature":
            pairs.append(
                (quote(unquote_to_bytes(name), safe=_SAFE), quote(unquote_to_bytes(value), safe=_SAFE))
            )
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _value(meta: dict[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    text = meta.get(key if name in {"content-type", "content-length"} else f"HTTP_{key}", "")
    # WSGI hands headers as latin-1; their bytes were signed.
    return " ".join(str(text).split()).encode("latin-1", "replace").decode("utf-8", "surrogateescape")


def signing_key(secret: str, day: str, region: str) -> bytes:
    """The key that a secret signs with on one day in one region."""
    key = f"AWS4{secret}".encode("utf-8", "surrogateescape")
    for part in (day, region, "s3", "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()

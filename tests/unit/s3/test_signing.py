"""Our half of Signature Version 4 against the reference client's half, botocore's signer."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import example, given
from hypothesis import strategies as st

from ropewalk.edges.s3_http import signing
from ropewalk.edges.s3_http.faults import S3Error

KEY, SECRET = "RWK00000000000000001", "secret/of+40=signs"
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_NAMES = st.sampled_from(["prefix", "delimiter", "list-type", "uploadId", "partNumber", "marker", "acl"])


def wsgi(request: AWSRequest) -> dict[str, Any]:
    """What Django makes of a request: its path decoded, its headers as WSGI has them."""
    parts = urlsplit(request.url)
    raw = parts.path.encode()
    path = b"".join(
        bytes([int(piece[:2], 16)]) + piece[2:] if number else piece
        for number, piece in enumerate(raw.split(b"%"))
    )
    meta = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": path.decode(),
        "QUERY_STRING": parts.query,
        "HTTP_HOST": parts.netloc,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        meta[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = text
    return meta


def signed(
    method: str = "GET",
    path: str = "/o/p.s3/dvc/key",
    query: dict[str, str] | None = None,
    *,
    presigned: int = 0,
) -> dict[str, Any]:
    address = "http://ropewalk.example:8080" + quote(path, safe="/-_.~")
    pairs = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in (query or {}).items())
    request = AWSRequest(
        method, f"{address}?{pairs}" if pairs else address, headers={"x-amz-meta-a": " two  spaces "}
    )
    credentials = Credentials(KEY, SECRET)
    if presigned:
        del request.headers["x-amz-meta-a"]
        S3SigV4QueryAuth(credentials, "s3", "eu-central-1", expires=presigned).add_auth(request)
    else:
        S3SigV4Auth(credentials, "s3", "eu-central-1").add_auth(request)
    return wsgi(request)


def check(meta: dict[str, Any], *, secret: str = SECRET, later: float = 0) -> signing.Seal:
    claim = signing.read_claim(meta)
    assert claim.key_id == KEY
    return signing.check(meta, claim, (secret,), datetime.now(UTC) + timedelta(seconds=later))


@given(
    path=_TEXT,
    query=st.dictionaries(_NAMES, _TEXT, max_size=4),
    method=st.sampled_from(["GET", "PUT", "HEAD", "POST", "DELETE"]),
    presigned=st.sampled_from([0, 60]),
)
@example(path="a b/ü%2F+~!*'()", query={"prefix": "a b+c=&/é", "acl": ""}, method="PUT", presigned=60)
def test_what_botocore_signs_holds(path: str, query: dict[str, str], method: str, presigned: int) -> None:
    meta = signed(method, f"/o/p.s3/dvc/{path}", query, presigned=presigned)
    check(meta)
    with pytest.raises(S3Error, match="does not fit"):
        check(meta, secret="another")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH_INFO", "/o/q.s3/dvc/key"),
        ("REQUEST_METHOD", "DELETE"),
        ("QUERY_STRING", "prefix=b"),
        ("HTTP_HOST", "other.example"),
        ("HTTP_X_AMZ_META_A", "other"),
        ("HTTP_X_AMZ_CONTENT_SHA256", "0" * 64),
    ],
)
def test_what_is_changed_on_the_way_does_not_hold(name: str, value: str) -> None:
    meta = signed(query={"prefix": "a"})
    meta[name] = value
    with pytest.raises(S3Error) as caught:
        check(meta)
    assert caught.value.name == "SignatureDoesNotMatch"


def test_headers_of_s3_are_signed_or_refused() -> None:
    meta = signed()
    meta["HTTP_X_AMZ_COPY_SOURCE"] = "/dvc/other"
    with pytest.raises(S3Error, match="not signed"):
        check(meta)


def test_time() -> None:
    for later, name in ((16 * 60, "RequestTimeTooSkewed"), (-16 * 60, "RequestTimeTooSkewed")):
        with pytest.raises(S3Error) as caught:
            check(signed(), later=later)
        assert caught.value.name == name
    check(signed(), later=14 * 60)
    check(signed(presigned=3600), later=3590)
    for later in (3610, -16 * 60):
        with pytest.raises(S3Error, match="expired"):
            check(signed(presigned=3600), later=later)


@pytest.mark.parametrize(
    "header",
    [
        "AWS4-HMAC-SHA256 ",
        "AWS4-HMAC-SHA512 Credential=a/20260101/r/s3/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/20260101/r/ec2/aws4_request, SignedHeaders=host, Signature="
        + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/20260101/r/s3/aws4_request, SignedHeaders=HOST, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/20260101/r/s3/aws4_request, SignedHeaders=host, Signature=0",
        "AWS AKID:c2lnbmF0dXJl",
    ],
)
def test_what_cannot_be_read_is_said_so(header: str) -> None:
    meta = {**signed(), "HTTP_AUTHORIZATION": header}
    assert signing.is_signed(meta)
    with pytest.raises(S3Error) as caught:
        signing.read_claim(meta)
    assert caught.value.status == 400

"""What a signed form allows, field by field."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from ropewalk.edges.s3_http.faults import S3Error
from ropewalk.edges.s3_http.policies import read_policy

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LATER = "2026-11-30T12:00:01.000Z"
FIELDS = {
    "key": "a/b.txt",
    "content-type": "text/plain",
    "policy": "…",
    "x-amz-signature": "…",
    "x-ignore-me": "1",
}
CONDITIONS: list[Any] = [
    {"Bucket": "data"},
    ["starts-with", "$key", "a/"],
    ["eq", "$Content-Type", "text/plain"],
]


def encoded(document: Any) -> str:
    return b64encode(json.dumps(document).encode()).decode()


def policy(conditions: Any = None, expiration: str = LATER) -> Any:
    return read_policy(
        encoded({"expiration": expiration, "conditions": CONDITIONS if conditions is None else conditions})
    )


def test_what_was_signed_for_holds() -> None:
    policy().require(FIELDS, "data", NOW)
    assert policy([*CONDITIONS, ["content-length-range", 5, "10"], ["content-length-range", 2, 8]]).least == 5
    assert policy([*CONDITIONS, ["content-length-range", 5, "10"], ["content-length-range", 2, 8]]).most == 8


@pytest.mark.parametrize(
    ("conditions", "fields", "bucket"),
    [
        (CONDITIONS, FIELDS, "other"),
        (CONDITIONS, {**FIELDS, "key": "b/b.txt"}, "data"),
        (CONDITIONS, {**FIELDS, "content-type": "text/html"}, "data"),
        (CONDITIONS, {**FIELDS, "x-amz-meta-a": "1"}, "data"),
        (CONDITIONS, {name: value for name, value in FIELDS.items() if name != "content-type"}, "data"),
        (CONDITIONS[1:], FIELDS, "data"),
        ([], FIELDS, "data"),
    ],
    ids=["bucket", "beginning", "exact", "one more", "one less", "no bucket", "nothing"],
)
def test_what_was_not_signed_for(conditions: Any, fields: dict[str, str], bucket: str) -> None:
    with pytest.raises(S3Error) as caught:
        policy(conditions).require(fields, bucket, NOW)
    assert (caught.value.status, caught.value.code) == (403, "AccessDenied")


def test_its_time() -> None:
    with pytest.raises(S3Error, match="expired"):
        policy(expiration="2026-11-30T12:00:00Z").require(FIELDS, "data", NOW)


def test_which_addresses_are_fixed() -> None:
    signed = policy([["eq", "$redirect", "https://a.example/x"], ["starts-with", "$redirect", "https://"]])
    assert signed.fixes("redirect", "https://a.example/x")
    assert not signed.fixes("redirect", "https://")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        b64encode(b"\xff").decode(),
        b64encode(b"[" * 15_000).decode(),
        encoded([]),
        encoded({"conditions": []}),
        encoded({"expiration": 1, "conditions": []}),
        encoded({"expiration": "soon", "conditions": []}),
        encoded({"expiration": LATER, "conditions": {}}),
        encoded({"expiration": LATER, "conditions": ["eq"]}),
        encoded({"expiration": LATER, "conditions": [["eq", "key", "x"]]}),
        encoded({"expiration": LATER, "conditions": [["like", "$key", "x"]]}),
        encoded({"expiration": LATER, "conditions": [{"key": 1}]}),
        encoded({"expiration": LATER, "conditions": [["content-length-range", 0, -1]]}),
        encoded({"expiration": LATER, "conditions": [["content-length-range", True, 1]]}),
        encoded({"expiration": LATER, "conditions": [{"key": "x"}] * 201}),
    ],
)
def test_what_is_no_policy(text: str) -> None:
    with pytest.raises(S3Error) as caught:
        read_policy(text)
    assert caught.value.code == "InvalidPolicyDocument"

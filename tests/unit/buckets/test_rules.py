"""Policies of buckets: what is kept is held to, everything else is refused in words."""

import json
from typing import Any

import pytest

from ropewalk.buckets.rules import DELETE, GET, PUT, Rule, fits, read_document, write_document
from ropewalk.core.errors import Invalid

RAW: dict[str, Any] = {
    "Sid": "KeepRaw", "Effect": "Deny", "Principal": "*", "Action": ["s3:DeleteObject", "s3:PutObjectAcl"],
    "Resource": "arn:aws:s3:::data/raw/*",
}  # fmt: skip


def document(*statements: Any, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def test_what_is_denied() -> None:
    rules = read_document(document(RAW), "data")
    assert [rule.denies(DELETE, key) for rule in rules for key in ("raw/a", "raw/a/b", "raw", "x/raw/a")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert not any(rule.denies(action, "raw/a") for rule in rules for action in (GET, PUT))
    assert [Rule.of(rule.stored()) for rule in rules] == list(rules)
    assert read_document(write_document(rules, "renamed"), "renamed") == rules


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True), ("*", "a\nb", True), ("a?c", "abc", True), ("a?c", "ac", False), ("a.c", "abc", False),
        ("[ab]", "a", False), ("[ab]", "[ab]", True), ("ü*", "üx", True), ("a*b*c", "aXbYc", True), ("a*b*c", "aXcYb", False),
        ("a|b", "a", False), ("(?i)a", "A", False),
    ],
)  # fmt: skip
def test_patterns(pattern: str, text: str, expected: bool) -> None:
    assert fits(pattern, text) is expected


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not fits("*a" * 500, "a" * 499 + "b")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"Effect": "Allow"}, "only denies"),
        ({"Principal": {"AWS": "arn:aws:iam::1:user/x"}}, "to everybody"),
        ({"Principal": None}, "to everybody"),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, "Condition"),
        ({"NotPrincipal": "*"}, "NotPrincipal"),
        ({"Action": "s3:ListBucket"}, "s3:ListBucket"),
        ({"Action": ["s3:DeleteObject", "s3:PutBucketPolicy"]}, "s3:PutBucketPolicy"),
        ({"Resource": "arn:aws:s3:::data"}, "objects"),
    ],
)
def test_what_would_not_be_held_to(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        read_document(document({**RAW, **changed}), "data")
    assert caught.value.code == "policy_not_held"


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "[" * 10_000, document(), document(*[RAW] * 21), document("x"), document(RAW, Version=[]),
        document(RAW, Other=1), document({**RAW, "Resource": "arn:aws:s3:::other/*"}), document({**RAW, "Resource": []}),
        document({**RAW, "Resource": "raw/*"}), document({**RAW, "Action": [1]}), document({**RAW, "Sid": 1}),
        document({**RAW, "Resource": "arn:aws:s3:::data/\0"}), document({**RAW, "Action": "s3:DeleteObject\ud800"}),
        document({"Effect": "Deny"}),
    ],
)  # fmt: skip
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_document(text, "data")
    assert caught.value.code == "MalformedPolicy"

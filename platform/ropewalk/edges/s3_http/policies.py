"""What a signed form allows: the policy document of a POST, its end and its conditions. Pure.

Source: Amazon S3 API reference, "Creating a POST Policy". Every field must be named by a condition: whoever is handed a form
can add nothing to it.
"""

import json
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ropewalk.edges.s3_http.faults import S3Error

_MAX_CONDITIONS = 200
_MAX_NUMBER = 1 << 60
_UNCOVERED = frozenset({"policy", "x-amz-signature", "file"})
_IGNORED = "x-ignore-"


@dataclass(frozen=True)
class Match:
    """A field (its name in lower case) that has exactly this value, or begins with it."""

    field: str
    value: str
    begins: bool = False

    def holds(self, given: str) -> bool:
        """Whether a field's value is one that it allows."""
        return given.startswith(self.value) if self.begins else given == self.value


@dataclass(frozen=True)
class Policy:
    """``least`` and ``most`` bound the file's bytes."""

    expires: datetime
    matches: tuple[Match, ...]
    least: int
    most: int

    def require(self, fields: Mapping[str, str], bucket: str, now: datetime) -> None:
        """Raise :class:`S3Error` unless these fields, for this bucket, are what was signed for and in time."""
        if now >= self.expires:
            raise _denied("Policy expired.")
        given = {**fields, "bucket": bucket}
        for match in self.matches:
            if not match.holds(given.get(match.field, "")):
                raise _denied(f"Policy Condition failed: {match.field[:60]}.")
        covered = {match.field for match in self.matches}
        extra = sorted(name for name in given if name not in covered | _UNCOVERED and not _ignored(name))
        if extra:
            raise _denied(f"Extra input fields: {extra[0][:60]}.")

    def fixes(self, field: str, value: str) -> bool:
        """Whether it names exactly this value for a field, not just its beginning."""
        return any(
            match.field == field and not match.begins and match.value == value for match in self.matches
        )


def read_policy(encoded: str) -> Policy:
    """The policy in a form's field. Raises :class:`S3Error`."""
    try:
        document = json.loads(b64decode("".join(encoded.split()), validate=True).decode())
        expires = datetime.fromisoformat(document["expiration"])
        conditions = document["conditions"]
    except (Error, ValueError, TypeError, KeyError, RecursionError):
        raise _invalid("it can't be read") from None
    if not isinstance(conditions, list) or len(conditions) > _MAX_CONDITIONS:
        raise _invalid("its conditions are no list, or too many")
    matches: list[Match] = []
    least, most = 0, _MAX_NUMBER
    for condition in conditions:
        match condition:
            case dict():
                matches += [Match(name.lower(), _value(value)) for name, value in condition.items()]
            case [str(word), str(field), value] if word.lower() in {"eq", "starts-with"} and field[:1] == "$":
                matches.append(Match(field[1:].lower(), _value(value), begins=word.lower() == "starts-with"))
            case [str(word), low, high] if word.lower() == "content-length-range":
                least, most = max(least, _number(low)), min(most, _number(high))
            case _:
                raise _invalid("there is a condition that nobody knows here")
    when = expires.replace(tzinfo=UTC) if expires.tzinfo is None else expires
    return Policy(when, tuple(matches), least, most)


def _ignored(name: str) -> bool:
    return name.startswith(_IGNORED)


def _value(value: Any) -> str:
    if not isinstance(value, str):
        raise _invalid("the value of a condition is no text")
    return value


def _number(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _invalid("a content-length-range has two numbers")
    return int(text)


def _denied(why: str) -> S3Error:
    return S3Error(403, "AccessDenied", f"Invalid according to Policy: {why}")


def _invalid(why: str) -> S3Error:
    return S3Error(400, "InvalidPolicyDocument", f"Invalid Policy: {why}.")

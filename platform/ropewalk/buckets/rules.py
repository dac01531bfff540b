"""What a bucket's policy forbids everybody, owners too: reading, storing or deleting objects whose key fits a pattern. Pure.

Roles alone give rights; a policy takes some away. A policy document that says anything else is refused, never kept and ignored.
Source of the form: Amazon S3 user guide, "Policies and permissions in Amazon S3".
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, NoReturn

import re2

from ropewalk.core.errors import Denied, Invalid

GET, PUT, DELETE = "s3:GetObject", "s3:PutObject", "s3:DeleteObject"
ABORT, PARTS, ATTRIBUTES = "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:GetObjectAttributes"
HELD = (GET, PUT, DELETE, ABORT, PARTS, ATTRIBUTES)
# Nobody can do these here, so that forbidding them is true.
_NEVER_DONE = frozenset(
    f"s3:{name}".lower()
    for name in (
        *(
            "PutObjectAcl",
            "GetObjectAcl",
            "PutObjectTagging",
            "GetObjectTagging",
            "DeleteObjectTagging",
            "RestoreObject",
        ),
        *(
            "GetObjectVersion",
            "DeleteObjectVersion",
            "PutObjectVersionAcl",
            "GetObjectVersionAcl",
            "GetObjectTorrent",
        ),
        *("PutObjectRetention", "GetObjectRetention", "PutObjectLegalHold", "GetObjectLegalHold"),
        "BypassGovernanceRetention",
    )
)
MAX_BYTES = 20_000  # as Amazon has it
MAX_RULES = MAX_PATTERNS = 20
_MAX_PATTERN = 1100
_VERSIONS = frozenset({"2012-10-17", "2008-10-17"})
_EVERYBODY = ("*", {"AWS": "*"}, {"AWS": ["*"]})
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # no key has them
_ARN = "arn:aws:s3:::"
_FIELDS = frozenset({"Sid", "Effect", "Principal", "Action", "Resource"})


@dataclass(frozen=True)
class Rule:
    """One statement: these actions (with ``*`` and ``?``) on keys that fit one of these patterns are denied to everybody."""

    sid: str
    actions: tuple[str, ...]
    keys: tuple[str, ...]

    def denies(self, action: str, key: str) -> bool:
        """Whether somebody is kept from this."""
        return any(fits(one.lower(), action.lower()) for one in self.actions) and any(
            fits(one, key) for one in self.keys
        )

    def stored(self) -> dict[str, Any]:
        """As it is kept in a row."""
        return asdict(self)

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Rule":
        """What :meth:`stored` gave."""
        return cls(stored["sid"], tuple(stored["actions"]), tuple(stored["keys"]))


def require(rules: Iterable[Rule], action: str, key: str) -> None:
    """Raise :class:`Denied` where a rule keeps everybody from this."""
    if any(rule.denies(action, key) for rule in rules):
        raise Denied(
            f"The bucket's policy denies {action} on this key to everybody.",
            hint="A maintainer can change the policy (get_bucket_policy, put_bucket_policy).",
            code="bucket_policy",
        )


def fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern says, from its beginning to its end: ``*`` is anything, ``?`` one character."""
    return bool(_compiled(pattern).fullmatch(text))


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    pieces = re.split(r"([*?])", pattern)
    return re2.compile("(?s)" + "".join({"*": ".*", "?": "."}.get(one) or re2.escape(one) for one in pieces))


def read_document(text: str, bucket: str) -> tuple[Rule, ...]:
    """The rules of a policy document. Raises :class:`Invalid`: malformed, or saying what would not be held to."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        _malformed("it is no JSON")
    if not isinstance(document, dict) or not set(document) <= {"Version", "Id", "Statement"}:
        _malformed("it is not a Version and a Statement")
    if str(document.get("Version", "2008-10-17")) not in _VERSIONS:
        _malformed("its Version is unknown")
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    if not 0 < len(listed) <= MAX_RULES:
        _malformed(f"it has 1 to {MAX_RULES} statements")
    return tuple(_rule(one, bucket) for one in listed)


def _rule(statement: Any, bucket: str) -> Rule:
    if not isinstance(statement, dict) or not {"Effect", "Action", "Resource"} <= set(statement) | {
        name.removeprefix("Not") for name in statement
    }:
        _malformed("a statement has Effect, Principal, Action and Resource")
    if statement.get("Effect") != "Deny":
        _not_held("a policy here only denies: who may read and write is said by the project's roles")
    if unknown := sorted(set(statement) - _FIELDS):
        _not_held(f"{unknown[0][:40]} is not supported")
    if statement.get("Principal") not in _EVERYBODY:
        _not_held('what it denies, it denies to everybody (Principal "*")')
    sid = statement.get("Sid", "")
    if not isinstance(sid, str) or len(sid) > 100 or _UNWRITABLE.search(sid):
        _malformed("a Sid is a short text")
    actions = tuple(_action(one) for one in _texts(statement["Action"]))
    return Rule(sid, actions, tuple(_key(one, bucket) for one in _texts(statement["Resource"])))


def _texts(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    if not 0 < len(texts) <= MAX_PATTERNS or not all(
        isinstance(one, str) and 0 < len(one) <= _MAX_PATTERN and not _UNWRITABLE.search(one) for one in texts
    ):
        _malformed(f"actions and resources are 1 to {MAX_PATTERNS} texts")
    return texts


def _action(pattern: str) -> str:
    if pattern.lower() not in _NEVER_DONE and not any(fits(pattern.lower(), one.lower()) for one in HELD):
        _not_held(f"{pattern[:60]} can't be denied by a policy; what can: {', '.join(HELD)}")
    return pattern


def _key(resource: str, bucket: str) -> str:
    if resource == f"{_ARN}{bucket}":
        _not_held("it is about objects: name them as BUCKET/PATTERN")
    found, _, key = resource.removeprefix(_ARN).partition("/")
    if not resource.startswith(_ARN) or found != bucket or not key:
        _malformed(f"a Resource begins with {_ARN}{bucket}/")
    return key


def write_document(rules: Iterable[Rule], bucket: str) -> str:
    """The rules as a policy document of a bucket, which may have got another name since."""
    statements = [
        {
            **({"Sid": rule.sid} if rule.sid else {}),
            "Effect": "Deny",
            "Principal": "*",
            "Action": list(rule.actions),
            "Resource": [f"{_ARN}{bucket}/{key}" for key in rule.keys],
        }
        for rule in rules
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _malformed(why: str) -> NoReturn:
    raise Invalid(f"The policy can't be read: {why}.", code="MalformedPolicy")


def _not_held(why: str) -> NoReturn:
    raise Invalid(f"This policy would not be held to, so it is refused: {why}.", code="policy_not_held")

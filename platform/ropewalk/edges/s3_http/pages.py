"""Pages of a bucket's keys: prefix, delimiter, and where to go on. Pure; ``fetch`` gives keys in the order of their bytes."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ropewalk.edges.s3_http.faults import S3Error

MAX_KEYS = 1000
_LAST = "\U0010ffff"  # sorts after everything that may follow a prefix


@dataclass(frozen=True)
class Listed:
    """One object of a listing; ``etag`` without its quotes."""

    key: str
    size: int
    etag: str
    modified: datetime


Fetch = Callable[[str, str, int], Sequence[Listed]]
"""``fetch(prefix, after, limit)``: at most ``limit`` keys that begin with ``prefix`` and sort after ``after``."""


@dataclass
class Page:
    """What one answer names. ``last`` is its last key or common prefix, from where the next page goes on."""

    objects: list[Listed] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    last: str = ""
    truncated: bool = False


def read_page(fetch: Fetch, *, prefix: str, delimiter: str, after: str, most: int) -> Page:
    """The keys after ``after``, those that share what comes before a ``delimiter`` behind the prefix shown as one.

    What lies behind a common prefix is skipped, not read: at most one fetch for each of them.
    """
    page, most = Page(), min(most, MAX_KEYS)
    if most == 0:
        return page
    cursor = _behind(after, prefix, delimiter)
    while True:
        batch = fetch(prefix, cursor, most + 1)
        for item in batch:
            if item.key <= cursor:  # behind the common prefix of an item before
                continue
            if len(page.objects) + len(page.prefixes) >= most:
                page.truncated = True
                return page
            shared = _shared(item.key, prefix, delimiter)
            if shared:
                page.prefixes.append(shared)
                page.last, cursor = shared, shared + _LAST
            else:
                page.objects.append(item)
                page.last = cursor = item.key
        if len(batch) <= most:
            return page


def _shared(key: str, prefix: str, delimiter: str) -> str:
    """The common prefix that stands for a key; empty for a key that is shown itself."""
    end = key.find(delimiter, len(prefix)) if delimiter else -1
    return key[: end + len(delimiter)] if end >= 0 else ""


def _behind(after: str, prefix: str, delimiter: str) -> str:
    """Where to go on: after a common prefix, everything behind it was shown with it."""
    return after + _LAST if _shared(after, prefix, delimiter) == after != "" else after


def token_of(last: str) -> str:
    """A continuation token."""
    return urlsafe_b64encode(last.encode()).decode()


def read_token(token: str) -> str:
    """What :func:`token_of` was given. Raises :class:`S3Error`."""
    try:
        return urlsafe_b64decode(token.encode()).decode()
    except (Error, ValueError):
        raise S3Error(400, "InvalidArgument", "The continuation token is not one of ours.") from None

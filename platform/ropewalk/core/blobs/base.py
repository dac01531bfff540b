"""The object store's interface: immutable-by-convention bytes under a key, written atomically."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

BLOCK = 1 << 20
MAX_KEY_BYTES = 900  # S3 allows 1,024 bytes; a configured prefix needs room
_SEGMENT = re.compile(r"^[^/\x00-\x1f\x7f\\]{1,255}$")


class BadKey(ValueError):
    """A key that could leave the store or that a backend cannot hold."""


@dataclass(frozen=True)
class BlobStat:
    """One stored object: ``key``, ``size`` in bytes, when it was written."""

    key: str
    size: int
    modified: datetime


class BlobMissing(LookupError):
    """No object has this key."""


class BlobWriter(Protocol):
    """A write in progress: nothing is visible until :meth:`commit`; leaving the ``with`` block without it leaves nothing."""

    def write(self, block: bytes) -> None:
        """Append a block."""

    def commit(self) -> None:
        """Make the object visible, atomically and durably, replacing any object under the key."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class BlobStore(Protocol):
    """Disk and S3 behind one interface; one contract test runs against both."""

    def writer(self, key: str) -> BlobWriter:
        """Start writing ``key``."""

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Blocks of the bytes ``start`` (inclusive) to ``end`` (exclusive). Raises :class:`BlobMissing` at once, not lazily."""

    def stat(self, key: str) -> BlobStat | None:
        """Size and time of one object; None when there is none."""

    def delete(self, key: str) -> None:
        """Remove one object; no error when there is none."""

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> list[BlobStat]:
        """At most ``limit`` objects whose key starts with ``prefix`` and sorts after ``after``, in byte order of the key."""

    def check(self) -> None:
        """Raise an exception when the store cannot be used now (for readiness)."""


def checked_key(key: str) -> str:
    """``key`` itself; raises :class:`BadKey` for anything but plain relative segments."""
    if len(key.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES or not key:
        raise BadKey("The key is empty or too long.")
    for segment in key.split("/"):
        if segment in {".", ".."} or not _SEGMENT.match(segment) or len(segment.encode()) > 255:
            raise BadKey(f"The key has a segment that cannot be stored: {segment!r}")
    return key

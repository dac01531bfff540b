"""The object store's interface: immutable-by-convention bytes under a key, written atomically."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from ropewalk.core.errors import Unavailable

BLOCK = 1 << 20
MAX_KEY_BYTES = 900  # S3 allows 1,024 bytes; a configured prefix needs room
MAX_SEGMENT_BYTES = 250  # a file name on disk has at most 255, and ours carries a suffix
_SEGMENT = re.compile(r"[^/\x00-\x1f\x7f\\]+\Z")


class BadKey(ValueError):
    """A key that could leave the store or that a backend cannot hold."""


class StoreUnavailable(Unavailable):
    """The disk or the S3 service failed (full, read-only, not answering). Nothing half written is visible."""

    code = "store_unavailable"


@dataclass(frozen=True)
class BlobStat:
    """One stored object: ``key``, ``size`` in bytes, when it was written."""

    key: str
    size: int
    modified: datetime


class BlobMissing(LookupError):
    """No object has this key."""


class BlobWriter(Protocol):
    """A write in progress: nothing is visible until :meth:`commit`; leaving the ``with`` block without it leaves nothing.

    Writing and committing raise :class:`StoreUnavailable`.
    """

    def write(self, block: bytes) -> None:
        """Append a block."""

    def commit(self) -> None:
        """Make the object visible, atomically and durably, replacing any object under the key."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class BlobStore(Protocol):
    """Disk and S3 behind one interface; one contract test runs against both. Every method may raise :class:`StoreUnavailable`."""

    def writer(self, key: str, *, lasting: bool = True) -> BlobWriter:
        """Start writing ``key``.

        What is not ``lasting`` may be gone or cut short after a power cut: its reader checks what it gets.
        """

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Blocks of the bytes ``start`` (inclusive) to ``end`` (exclusive), cut at the object's end.

        Raises :class:`BlobMissing` at once, not lazily. Close the iterator when it is not read to its end.
        """

    def stat(self, key: str) -> BlobStat | None:
        """Size and time of one object; None when there is none."""

    def delete(self, key: str) -> None:
        """Remove one object; no error when there is none."""

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> list[BlobStat]:
        """At most ``limit`` objects whose key starts with ``prefix`` and sorts after ``after``, in byte order of the key."""

    def check(self) -> None:
        """Raise an exception when the store cannot be used now (for readiness)."""

    def sweep(self, older_than: datetime) -> int:
        """Remove what killed writers left half done before that time; returns how many."""

    def wipe(self, prefix: str) -> None:
        """Remove every object below the folder ``prefix`` (a deleted project)."""


def checked_key(key: str) -> str:
    """``key`` itself; raises :class:`BadKey` for anything but plain relative segments in valid Unicode."""
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise BadKey("The key is not valid Unicode.") from None
    if not 0 < length <= MAX_KEY_BYTES:
        raise BadKey("The key is empty or too long.")
    for segment in key.split("/"):
        if segment in {".", ".."} or not _SEGMENT.match(segment) or len(segment.encode()) > MAX_SEGMENT_BYTES:
            raise BadKey(f"The key has a segment that cannot be stored: {segment!r}")
    return key


def checked_prefix(prefix: str) -> str:
    """``prefix`` itself: empty, or whole segments followed by the beginning of one. Raises :class:`BadKey`."""
    folder, slash, begin = prefix.rpartition("/")
    if slash:
        checked_key(folder)
    if begin not in {"", ".", ".."}:
        checked_key(begin)
    return prefix

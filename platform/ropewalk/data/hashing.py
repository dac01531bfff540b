"""Hashes of an upload, computed in one pass in constant memory."""

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

# DVC before 3 hashed text with CRLF turned into LF. It judged each block of 1 MiB by its first 512 bytes; measured against
# dvc-data's ``istextblock``.
_BLOCK = 1 << 20
_PROBE = 512
_TEXT = bytes(range(32, 127)) + b"\n\r\t\f\b"
_MOST_BINARY = 0.30
# Bytes after which an upload gets a second thread for its md5, and the blocks of at most 1 MiB that may wait for it.
_LARGE = 8 << 20
_WAITING = 2


class Dos2UnixMd5:
    """DVC's hash ``md5-dos2unix``."""

    def __init__(self) -> None:
        self._hash = hashlib.md5(usedforsecurity=False)
        self._buffer = bytearray()

    def update(self, block: bytes) -> None:
        """Add bytes."""
        self._buffer += block
        while len(self._buffer) >= _BLOCK:
            self._add(bytes(self._buffer[:_BLOCK]))
            del self._buffer[:_BLOCK]

    def _add(self, block: bytes) -> None:
        probe = block[:_PROBE]
        text = b"\0" not in probe and len(probe.translate(None, _TEXT)) / len(probe) <= _MOST_BINARY
        self._hash.update(block.replace(b"\r\n", b"\n") if text else block)

    def hexdigest(self) -> str:
        """The digest; nothing may be added afterwards."""
        if self._buffer:
            self._add(bytes(self._buffer))
            self._buffer.clear()
        return self._hash.hexdigest()


class UploadDigest:
    """The md5 that names an object (either kind of md5 for a legacy file), the sha256 that is kept beside it, and the size."""

    def __init__(self, *, legacy: bool) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self._dos2unix = Dos2UnixMd5() if legacy else None
        self._behind: ThreadPoolExecutor | None = None
        self._waiting: deque[Future[None]] = deque()
        self.size = 0

    def update(self, block: bytes) -> None:
        """Add bytes. The md5 of a large upload is computed beside: it takes twice the time of the sha256, or of receiving."""
        self.size += len(block)
        if self._behind is None and self.size > _LARGE:
            # Its thread ends with it: at the first look at the md5, or with this object.
            self._behind = ThreadPoolExecutor(1, thread_name_prefix="md5")
        if self._behind is None:
            self._md5.update(block)
        else:
            self._catch_up(_WAITING - 1)
            self._waiting.append(self._behind.submit(self._md5.update, block))
        self._sha256.update(block)
        if self._dos2unix:
            self._dos2unix.update(block)

    def _catch_up(self, most: int) -> None:
        while len(self._waiting) > most:
            self._waiting.popleft().result()

    @property
    def md5(self) -> str:
        """The plain md5 so far."""
        self._catch_up(0)
        if self._behind is not None:
            self._behind.shutdown()
            self._behind = None
        return self._md5.hexdigest()

    @property
    def sha256(self) -> str:
        """The sha256 so far."""
        return self._sha256.hexdigest()

    def matches(self, oid: str) -> bool:
        """Whether the bytes are the ones that ``oid`` names. Call it once, at the end."""
        return oid == self.md5 or (self._dos2unix is not None and oid == self._dos2unix.hexdigest())

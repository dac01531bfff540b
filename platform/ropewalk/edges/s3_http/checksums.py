"""The digests that S3's clients send with a body, in headers or behind it: all of them are verified."""

import base64
import binascii
import hashlib
import hmac
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

from awscrt import checksums as crt

from ropewalk.edges.s3_http.faults import S3Error

PREFIX = "x-amz-checksum-"


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc:
    """A cyclic redundancy check with the interface of a hash."""

    def __init__(self, step: Callable[[bytes, int], int], size: int) -> None:
        self._step, self._size, self._value = step, size, 0

    def update(self, data: bytes, /) -> None:
        self._value = self._step(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


_KINDS: dict[str, Callable[[], _Hash]] = {
    "crc32": lambda: _Crc(zlib.crc32, 4),
    "crc32c": lambda: _Crc(crt.crc32c, 4),
    "crc64nvme": lambda: _Crc(crt.crc64nvme, 8),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}
_OTHERS = frozenset({"algorithm", "mode", "type"})


class Checks:
    """What a body is held against. ``headers`` and ``trailers`` are in lower case; values are base64."""

    def __init__(self, headers: Mapping[str, str], announced: str = "") -> None:
        """``announced`` names the trailers that will come. Raises :class:`S3Error` for a digest that nobody knows here."""
        self._wanted: dict[str, bytes] = {}
        self._hashes: dict[str, _Hash] = {}
        for name, value in headers.items():
            kind = name.removeprefix(PREFIX)
            if name.startswith(PREFIX) and kind not in _OTHERS:
                self._want(kind, value)
        self._announced = [name.strip().lower() for name in announced.split(",") if name.strip()]
        for name in self._announced:
            self._start(name.removeprefix(PREFIX))
        if "content-md5" in headers:
            self._hashes["md5"] = hashlib.md5(usedforsecurity=False)
            self._wanted["md5"] = _decoded("Content-MD5", headers["content-md5"], 16)

    def _start(self, kind: str) -> _Hash:
        if kind not in _KINDS:
            raise S3Error(400, "InvalidRequest", f"The checksum {kind[:40]} is not known here.")
        return self._hashes.setdefault(kind, _KINDS[kind]())

    def _want(self, kind: str, value: str) -> None:
        size = len(self._start(kind).digest())
        self._wanted[kind] = _decoded(PREFIX + kind, value, size)

    def update(self, block: bytes) -> None:
        """Add a block of the body."""
        for known in self._hashes.values():
            known.update(block)

    def finish(self, trailers: Mapping[str, str]) -> None:
        """The body is at its end, and this came behind it. Raises :class:`S3Error` where it is not what was said of it."""
        for name in self._announced:
            if name not in trailers:
                raise S3Error(400, "MalformedTrailerError", f"The announced {name[:60]} did not come.")
            self._want(name.removeprefix(PREFIX), trailers[name])
        for kind, wanted in self._wanted.items():
            if not hmac.compare_digest(self._hashes[kind].digest(), wanted):
                said = "Content-MD5" if kind == "md5" else PREFIX + kind
                raise S3Error(
                    400,
                    "BadDigest",
                    f"The body is not what {said} says. Nothing was stored.",
                    hint="Send it again.",
                )

    @property
    def echoed(self) -> dict[str, str]:
        """Headers that tell the client which digests were verified; for after :meth:`finish`."""
        return {
            PREFIX + kind: base64.b64encode(self._hashes[kind].digest()).decode()
            for kind in self._wanted
            if kind != "md5"
        }


def _decoded(name: str, value: str, size: int) -> bytes:
    try:
        found = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != size:
        raise S3Error(400, "InvalidDigest", f"The value of {name[:60]} is not a digest.")
    return found

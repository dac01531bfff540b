"""Bodies as S3's clients send them: plain with a hash, or ``aws-chunked`` with signed pieces and trailers.

A body is handed on while it comes. Whoever stores it makes nothing visible before the iteration ended without an error.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator

from ropewalk.edges.s3_http.checksums import Checks
from ropewalk.edges.s3_http.faults import S3Error
from ropewalk.edges.s3_http.signing import UNSIGNED, Seal

EMPTY = hashlib.sha256().hexdigest()
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_STREAMING = {
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": (False, True),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": (True, False),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": (True, True),
}
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?\Z")
_MAX_LINE = 1024
_MAX_TRAILERS = 16


def is_streaming(payload: str) -> bool:
    """Whether ``x-amz-content-sha256`` announces a body in pieces."""
    return payload in _STREAMING


def decoded(
    blocks: Iterator[bytes], payload: str, seal: Seal | None, checks: Checks, length: int | None
) -> Iterator[bytes]:
    """The body itself. ``payload`` is ``x-amz-content-sha256``, ``length`` what the whole must have once it is decoded.

    Raises :class:`S3Error` when it is not what was signed or said of it, and what ``blocks`` raises.
    """
    if is_streaming(payload):
        signed, trailing = _STREAMING[payload]
        pieces = _Pieces(blocks, seal if signed else None, trailing)
        source: Iterator[bytes] = iter(pieces)
    elif payload == UNSIGNED or _HASH.match(payload):
        pieces, source = None, _hashed(blocks, payload)
    else:
        raise S3Error(400, "InvalidRequest", "This value of x-amz-content-sha256 is not supported.")
    total = 0
    for block in source:
        total += len(block)
        if length is not None and total > length:
            break
        checks.update(block)
        yield block
    if length is not None and total != length:
        raise S3Error(400, "IncompleteBody", f"The body has not the {length} bytes that were announced.")
    checks.finish(pieces.trailers if pieces else {})


def _hashed(blocks: Iterator[bytes], payload: str) -> Iterator[bytes]:
    if payload == UNSIGNED:
        yield from blocks
        return
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
        yield block
    if not hmac.compare_digest(digest.hexdigest(), payload):
        raise S3Error(
            400, "XAmzContentSHA256Mismatch", "The body is not what was signed. Nothing was stored."
        )


class _Pieces:
    """The pieces of an ``aws-chunked`` body; ``trailers`` is filled at the end."""

    def __init__(self, blocks: Iterator[bytes], seal: Seal | None, trailing: bool) -> None:
        self._blocks, self._seal, self._trailing = blocks, seal, trailing
        self._buffer = bytearray()
        self._before = seal.signature if seal else ""
        self.trailers: dict[str, str] = {}

    def __iter__(self) -> Iterator[bytes]:
        while True:
            left, claimed = self._head()
            digest, last = hashlib.sha256(), left == 0
            while left:
                block = self._take(left)
                left -= len(block)
                if self._seal:
                    digest.update(block)
                yield block
            if self._seal:
                self._check("AWS4-HMAC-SHA256-PAYLOAD", claimed, EMPTY, digest.hexdigest())
            if last:
                break
            if self._line():
                raise _malformed()
        self._read_trailers()
        if self._buffer or self._fill():  # the body's own end; nothing may follow it
            raise _malformed()

    def _head(self) -> tuple[int, str]:
        found = _SIZE.match(self._line())
        if found is None or (self._seal is not None) != (found[2] is not None):
            raise _malformed()
        return int(found[1], 16), (found[2] or b"").decode()

    def _check(self, algorithm: str, claimed: str, *lines: str) -> None:
        if self._seal is None:
            return
        wanted = self._seal.sign(algorithm, self._before, *lines)
        if not hmac.compare_digest(wanted, claimed):
            raise S3Error(403, "SignatureDoesNotMatch", "A piece of the body is not what was signed.")
        self._before = wanted

    def _read_trailers(self) -> None:
        for _ in range(_MAX_TRAILERS):
            line = self._line(at_end=True)
            if not line:
                break
            name, _, value = line.decode("latin-1").partition(":")
            self.trailers[name.strip().lower()] = value.strip()
        else:
            raise _malformed()
        claimed = self.trailers.pop("x-amz-trailer-signature", "")
        if self._trailing and self._seal:
            text = "".join(f"{name}:{value}\n" for name, value in sorted(self.trailers.items()))
            self._check(
                "AWS4-HMAC-SHA256-TRAILER", claimed, hashlib.sha256(text.encode("latin-1")).hexdigest()
            )
        if self.trailers and not self._trailing:
            raise _malformed()

    def _fill(self) -> bool:
        block = next(self._blocks, b"")
        self._buffer += block
        return bool(block)

    def _line(self, *, at_end: bool = False) -> bytes:
        """The next line without its end; with ``at_end`` also what stands at the end of the body without one."""
        while (end := self._buffer.find(b"\n", 0, _MAX_LINE)) < 0:
            if len(self._buffer) >= _MAX_LINE:
                raise _malformed()
            if not self._fill():
                if not at_end:
                    raise _malformed()
                end = len(self._buffer)
                break
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def _take(self, most: int) -> bytes:
        if not self._buffer and not self._fill():
            raise S3Error(400, "IncompleteBody", "The body ended inside a piece of it.")
        block = bytes(self._buffer[:most])
        del self._buffer[: len(block)]
        return block


def _malformed() -> S3Error:
    return S3Error(400, "InvalidRequest", "The pieces of the body (aws-chunked) can't be read.")

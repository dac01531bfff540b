"""Request bodies of git clients: chunked or with a length, gzip or plain, never held whole."""

import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

from django.http import HttpRequest

from ropewalk.core import streams
from ropewalk.core.errors import Invalid, RopewalkError, TooLarge

MAX_FETCH_BYTES = 64 << 20  # the names of a million objects
_DRAIN_SECONDS = 60.0
_DRAIN_BYTES = 1 << 30


def blocks(request: HttpRequest, *, limit: int) -> Iterator[bytes]:
    """The body, decompressed, in blocks of about 1 MiB.

    Raises :class:`TooLarge` beyond ``limit`` (compressed or not, so a bomb ends early) and :class:`Invalid` when the client
    goes away, stalls, or sends what can't be decompressed.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    plain = _received(request, limit)
    if encoding in {"", "identity"}:
        return plain
    if encoding in {"gzip", "x-gzip"}:
        return _gunzipped(plain, limit)
    raise Invalid(
        f"Content-Encoding {encoding[:40]} is not supported; send gzip or none.", code="bad_encoding"
    )


def _received(request: HttpRequest, limit: int) -> Iterator[bytes]:
    try:
        # A declared length over the limit ends only at the limit, so that a push's refs were read and can be answered in words.
        total = 0
        for block in streams.body(request, limit=max(limit, streams.content_length(request) or 0)):
            total += len(block)
            if total > limit:
                raise TooLarge(f"The body has more than {limit} bytes, which is the limit.")
            yield block
    except RopewalkError:
        raise
    except (
        Exception
    ) as error:  # the server has its own exceptions for a client that went away or sent nonsense
        raise Invalid(f"The request ended early ({type(error).__name__}).", code="truncated") from error


def _gunzipped(source: Iterator[bytes], limit: int) -> Iterator[bytes]:
    inflate = zlib.decompressobj(31)
    total = 0
    try:
        for block in source:
            rest = block
            while rest and not inflate.eof:
                out = inflate.decompress(rest, streams.BLOCK)
                rest = inflate.unconsumed_tail
                total += len(out)
                if total > limit:
                    raise TooLarge(
                        f"The body has more than {limit} bytes when decompressed, which is the limit."
                    )
                if out:
                    yield out
    except zlib.error:
        raise Invalid("The body is not valid gzip.", code="bad_gzip") from None
    if not inflate.eof:
        raise Invalid("The gzip body ended early.", code="truncated")


def as_file(request: HttpRequest, *, limit: int) -> IO[bytes]:
    """The whole (small) body as an unlinked file at its start, for a process to read at its own pace."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # given to the caller
    try:
        for block in blocks(request, limit=limit):
            file.write(block)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def drain(request: HttpRequest, most: int = _DRAIN_BYTES) -> None:
    """Read and drop what the client still sends, within bounds.

    git reads the answer only after it sent everything: answering earlier would break the connection and hide the reason.
    """
    source = request.META["wsgi.input"]
    declared = streams.content_length(request)
    left = most
    end = time.monotonic() + _DRAIN_SECONDS
    with suppress(Exception):  # the client went away: there is nobody to answer
        while left > 0 and time.monotonic() < end:
            block = source.read(streams.BLOCK)
            left -= len(block)
            if not block or declared == 0:
                return

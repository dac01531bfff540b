"""Reading request bodies as streams.

Django's WSGI handler gives an empty body when there is no Content-Length, so chunked uploads (every DVC client, large git pushes)
are read from ``wsgi.input``, which gunicorn de-chunks.
"""

import time
from collections.abc import Iterator
from typing import IO

from django.http import HttpRequest

from ropewalk.core.errors import Invalid, Stalled, TooLarge

BLOCK = 1 << 20
DRAIN_SECONDS = 20.0
DRAIN_BYTES = 1 << 30
DRAIN_BYTES_UNKNOWN = 64 << 20  # for people who have not shown who they are


def content_length(request: HttpRequest) -> int | None:
    """The declared length of the body in bytes; None when it is chunked. Raises :class:`Invalid` for a malformed one."""
    raw = request.META.get("CONTENT_LENGTH") or ""
    if raw == "":
        return None if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower() else 0
    if not (raw.isascii() and raw.isdigit()):
        raise Invalid("Content-Length is not a number.")
    return int(raw)


def body(request: HttpRequest, *, limit: int) -> Iterator[bytes]:
    """The body in blocks of at most 1 MiB, never held whole.

    Raises :class:`TooLarge` as soon as more than ``limit`` bytes are declared or read, :class:`Invalid` when the connection ends
    before the body does, and :class:`Stalled` when the server gave up waiting for the client.
    """
    declared = content_length(request)
    if declared is not None and declared > limit:
        raise TooLarge(f"The body has {declared} bytes; the limit is {limit}.")
    source = request.META["wsgi.input"]
    total = 0
    while declared is None or total < declared:
        block = _read(source, BLOCK if declared is None else min(BLOCK, declared - total))
        if not block:
            break
        total += len(block)
        if total > limit:
            raise TooLarge(f"The body has more than {limit} bytes, which is the limit.")
        yield block
    if declared is not None and total < declared:
        raise Invalid(f"The connection ended after {total} of {declared} bytes.", code="truncated")


def _read(source: IO[bytes], size: int) -> bytes:
    try:
        return source.read(size)
    except TimeoutError:
        raise Stalled(
            "The upload stood still for too long. Nothing of it was stored.", hint="Try again."
        ) from None
    except OSError:  # gunicorn's word for a connection that ended inside a chunk, and for one that is none
        raise Invalid("The connection ended before the body did.", code="truncated") from None


def drain(request: HttpRequest, most: int) -> bool:
    """Read and drop the rest of a body; False when time, ``most`` bytes or the connection ended first.

    A client that streams an upload reads no answer before it sent everything: one that comes earlier breaks the connection
    and hides its own reason.
    """
    source, deadline = request.META["wsgi.input"], time.monotonic() + DRAIN_SECONDS
    try:
        declared = content_length(request)
    except Invalid:
        return False
    left = most if declared is None else min(most, declared)  # WSGI: never past the declared end
    try:
        while left > 0 and time.monotonic() < deadline:
            block = source.read(min(BLOCK, left))
            if not block:
                return True
            left -= len(block)
    except OSError:  # the client has gone
        return False
    return declared is not None and left == 0 and declared <= most

"""Request bodies that MLflow's handlers read as a whole: bounded, so that no request can fill the memory."""

import json
import zlib
from typing import Any

from django.http import HttpRequest

from ropewalk.core import streams
from ropewalk.core.errors import Invalid, TooLarge

MAX_JSON = 32 << 20
MAX_SPANS = 64 << 20


def whole(request: HttpRequest, limit: int = MAX_JSON) -> bytes:
    """The body in memory. Raises :class:`TooLarge` beyond ``limit`` bytes."""
    return b"".join(streams.body(request, limit=limit))


def parsed(body: bytes) -> dict[str, Any]:
    """The body's JSON object, for looking at the ids in it; anything else is empty and left to MLflow to judge."""
    try:
        value = json.loads(body) if body else {}
        # Old clients send JSON in a JSON string; MLflow accepts it, so its ids must be seen too.
        value = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def inflated(body: bytes, encoding: str, limit: int = MAX_SPANS) -> bytes:
    """The body without its ``Content-Encoding`` (gzip, deflate or raw deflate), never more than ``limit`` bytes."""
    if encoding in {"", "identity"}:
        return body
    if encoding not in {"gzip", "deflate"}:
        raise Invalid(f"Unsupported Content-Encoding: {encoding}")
    for bits in (zlib.MAX_WBITS | 16,) if encoding == "gzip" else (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        machine = zlib.decompressobj(bits)
        try:
            plain = machine.decompress(body, limit)
        except zlib.error:
            continue
        if machine.unconsumed_tail:
            raise TooLarge(f"The decompressed body has more than {limit} bytes.")
        if machine.eof:
            return plain
    raise Invalid(f"Failed to decompress {encoding} payload")

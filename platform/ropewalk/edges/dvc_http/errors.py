"""The DVC edge's dialect for errors: text that DVC's client and people can read, after the body was read for a while.

DVC streams an upload while it waits for the answer. A server that answers and closes at once makes it report a broken pipe
instead of our words, so what is left of the body is read, within bounds.
"""

import time

from django.http import HttpRequest, HttpResponse

from ropewalk.access.routes import plain_error
from ropewalk.core.errors import Invalid, RopewalkError
from ropewalk.core.streams import content_length

BLOCK = 1 << 20
DRAIN_SECONDS = 20.0
DRAIN_BYTES = 1 << 30
DRAIN_BYTES_UNKNOWN = 64 << 20  # for people who have not shown who they are


def dvc_error(request: HttpRequest, error: RopewalkError) -> HttpResponse:
    """One or two lines of text; a Basic challenge with 401."""
    if request.method in {"PUT", "POST"}:
        drain(request, DRAIN_BYTES_UNKNOWN if error.status in {401, 404, 503} else DRAIN_BYTES)
    return plain_error(request, error)


def drain(request: HttpRequest, most: int) -> bool:
    """Read and drop the rest of a body; False when time, ``most`` bytes or the connection ended first."""
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

"""The DVC edge's dialect for errors: text that DVC's client and people can read, after the body was read for a while.

DVC streams an upload while it waits for the answer. A server that answers and closes at once makes it report a broken pipe
instead of our words, so what is left of the body is read, within bounds.
"""

from django.http import HttpRequest, HttpResponse

from ropewalk.access.routes import plain_error
from ropewalk.core.errors import RopewalkError
from ropewalk.core.streams import DRAIN_BYTES, DRAIN_BYTES_UNKNOWN, drain


def dvc_error(request: HttpRequest, error: RopewalkError) -> HttpResponse:
    """One or two lines of text; a Basic challenge with 401."""
    if request.method in {"PUT", "POST"}:
        drain(request, DRAIN_BYTES_UNKNOWN if error.status in {401, 404, 503} else DRAIN_BYTES)
    answer = plain_error(request, error)
    if error.code == "over_quota":  # DVC shows the status line and nothing of the body
        answer.reason_phrase = _one_line(error.message)
    return answer


def _one_line(text: str) -> str:
    return " ".join(text.encode("ascii", "replace").decode().split())[:300]

"""How much the API reads: its bodies are small forms and JSON, which are parsed in memory."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from ropewalk.core.errors import Invalid, TooLarge
from ropewalk.core.streams import content_length

MAX_BODY_BYTES = 1 << 20


def bounded(
    view: Callable[..., HttpResponseBase], *, most: int = MAX_BODY_BYTES
) -> Callable[..., HttpResponseBase]:
    """Refuse a body over ``most`` bytes before anything reads it, and one of unknown length."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        length = content_length(request)
        if length is None:
            raise Invalid("Send this request with a Content-Length.", code="length_required")
        if length > most:
            raise TooLarge(f"The body has {length} bytes; the limit here is {most}.")
        return view(request, *args, **kwargs)

    return checked

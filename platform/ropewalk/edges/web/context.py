"""What every template may use."""

from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest

from ropewalk import __version__
from ropewalk.access.authentication import actor_of
from ropewalk.access.types import ANONYMOUS
from ropewalk.core.errors import RopewalkError


def frame(request: HttpRequest) -> dict[str, Any]:
    """``actor`` (who looks), ``access`` (when the page is of a project), the request's id, the site's address and version."""
    actor = getattr(request, "actor", None)
    if actor is None:  # allauth's pages do not pass our guard
        try:
            actor = actor_of(request)
        except RopewalkError:
            actor = ANONYMOUS
    return {
        "actor": actor,
        "access": getattr(request, "access", None),
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
        "site_url": settings.ROPEWALK_URL,
        "version": __version__,
        "signup_open": settings.ROPEWALK_SIGNUP_OPEN,
    }

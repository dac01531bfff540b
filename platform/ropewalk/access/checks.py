"""The start-up check: every URL pattern declares what it needs."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.urls import URLPattern, URLResolver, get_resolver

from ropewalk.access.routes import NEEDS


def walk(
    resolver: URLResolver, prefix: str = "", inherited: object = None
) -> Iterator[tuple[str, URLPattern, object]]:
    """Every pattern below ``resolver`` with its full text and what it needs (None: undeclared)."""
    for entry in resolver.url_patterns:
        text = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, text, getattr(entry, NEEDS, inherited))
        else:
            yield text, entry, getattr(entry.callback, NEEDS, inherited)


@register()
def every_route_declares_its_need(**_: Any) -> list[CheckMessage]:
    """Refuse to start with a route that anybody could have forgotten to protect."""
    return [
        Error(
            f"The route {text!r} declares no permission.",
            hint="Use project_route, signed_in_route, public_route or declared from ropewalk.access.routes.",
            id="access.E001",
        )
        for text, _, needs in walk(get_resolver())
        if needs is None
    ]

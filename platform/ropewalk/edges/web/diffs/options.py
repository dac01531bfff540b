"""How somebody wants to read changes: in the address, and remembered in a cookie."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

_COOKIE = "rw_diff_view"
_VIEWS = ("unified", "split")
_CONTEXTS = {"3": 3, "10": 10, "25": 25, "all": 20_000}
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Options:
    """``view`` is ``unified`` or ``split``; ``context`` a number of lines or ``all``; ``fragment`` asks for the part alone.

    ``as_text``: the lines even of what is shown as something else, as a notebook's.
    """

    view: str = "unified"
    ignore_space: bool = False
    context: str = "3"
    fragment: bool = False
    as_text: bool = False

    @property
    def split(self) -> bool:
        """Whether both sides stand beside each other."""
        return self.view == "split"

    @property
    def context_lines(self) -> int:
        """How many unchanged lines stand around a change."""
        return _CONTEXTS[self.context]

    @property
    def next_context(self) -> str:
        """The next larger context; empty at the largest."""
        names = list(_CONTEXTS)
        place = names.index(self.context) + 1
        return names[place] if place < len(names) else ""

    def query(self, **changes: Any) -> str:
        """The options as a query string."""
        values = {
            "view": self.view,
            "w": "1" if self.ignore_space else "",
            "as": "text" if self.as_text else "",
            **changes,
        }
        return urlencode({key: value for key, value in values.items() if value not in ("", None)})


def options_of(request: HttpRequest) -> Options:
    """What the address asks for, the cookie where it says nothing."""
    asked = request.GET.get("view", "")
    view = asked if asked in _VIEWS else request.COOKIES.get(_COOKIE, "")
    context = request.GET.get("context", "3")
    return Options(
        view=view if view in _VIEWS else "unified",
        ignore_space=request.GET.get("w") == "1",
        context=context if context in _CONTEXTS else "3",
        fragment=request.GET.get("fragment") == "1",
        as_text=request.GET.get("as") == "text",
    )


def remember(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Keep the view that the address names for the next page."""
    asked = request.GET.get("view", "")
    if asked in _VIEWS and asked != request.COOKIES.get(_COOKIE):
        response.set_cookie(
            _COOKIE, asked, max_age=_YEAR, samesite="Lax", httponly=True, secure=request.is_secure()
        )
    return response

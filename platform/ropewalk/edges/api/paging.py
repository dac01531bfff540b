"""Pages of lists as Gitea's clients ask for them: ``page`` and ``limit``, answered with ``Link`` and ``X-Total-Count``."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.core.errors import Invalid
from ropewalk.core.pagination import Page

USUAL, MOST = 30, 50
PAGES = [
    OpenApiParameter("page", int, description="From 1."),
    OpenApiParameter("limit", int, description=f"Entries a page: {USUAL}, at most {MOST}."),
]


def asked_page(request: Request) -> tuple[int, int]:
    """Number and length of the page. Raises :class:`Invalid` for what is no number."""
    raw = request.query_params.get("page", "1"), request.query_params.get("limit", str(USUAL))
    if not all(text.isascii() and text.isdigit() and len(text) < 9 for text in raw):
        raise Invalid("`page` and `limit` are numbers.")
    number, length = map(int, raw)
    return min(max(number, 1), 10_000), min(max(length, 1), MOST)


def page_response(request: Request, page: Page[Any], body: Callable[[Any], dict[str, Any]]) -> Response:
    """A page's items, and where the others are."""
    headers = {"X-Total-Count": str(page.total)}
    around = [("next", page.number + 1)] if page.has_next else []
    around += [("prev", page.number - 1)] if page.has_previous else []
    links = [f'<{_address(request, number)}>; rel="{name}"' for name, number in around]
    if links:
        headers["Link"] = ", ".join(links)
    return Response([body(item) for item in page], headers=headers)


def _address(request: Request, number: int) -> str:
    """The same list's other page, by the project's present name where a former one was asked for."""
    values = request.query_params.copy()
    values["page"] = str(number)
    path, access = request.path, getattr(request, "access", None)
    if access is not None and access.former:
        root, _, rest = path.partition(f"/repos/{access.former}/")
        path = f"{root}/repos{access.project.path}/{rest}"
    return str(request.build_absolute_uri(f"{path}?{values.urlencode()}"))

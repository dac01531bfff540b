"""The pages that say what can't be done: axe finds nothing, nothing overflows, each says what to do next."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_pages import OVERHANGS
from tests.fixtures.instance import Instance


@pytest.fixture(scope="module")
def refusals(instance: Instance) -> dict[str, str]:
    printed = instance.manage(
        "shell",
        "-c",
        "import json; from tests.browser import refusals; print(json.dumps(refusals.make('wanda')))",
    )
    found: dict[str, str] = json.loads(printed.strip().splitlines()[-1])
    return found


@pytest.mark.parametrize("width", [390, 1280])
def test_each_refusal_is_a_page(
    page: Page, refusals: dict[str, str], scheme: str, width: int, axe: Callable[[Page], list[str]]
) -> None:
    """A browser can't be made to meet a 500 or an outage here, so its answers are drawn by the server and handed to it."""

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        route.fulfill(status=int(name[:3]), content_type="text/html; charset=utf-8", body=refusals[name])

    page.route("**/refusal/*", answer)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    found = []
    for name, html in refusals.items():
        page.goto(f"/refusal/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{name}: {problem}" for problem in [*page.evaluate(OVERHANGS), *axe(page)]]
        found += [f"{name}: {wide} px wider than the window"] if wide > 1 else []
        signs = page.get_by_role("link", name="Sign in").count()
        # Who it is can't be read while the database is away: offering to sign in would lead nowhere.
        assert signs == 0 if name.startswith("503") or "wanda" in html else signs >= 1, name
    assert found == []

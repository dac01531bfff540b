"""A chromium, a seeded project of a running instance, and axe-core for every page."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from infra.embedded.config import ROOT
from tests.browser.chromium import launch
from tests.browser.screenshots import sign_in
from tests.browser.seed import Seeded, seed
from tests.fixtures.instance import Instance

AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
SERIOUS = {"serious", "critical"}

# Playwright's five seconds would be a promise about a machine's speed: what a page fetches waits behind other tests' jobs.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with the last of these tests: Playwright's loop, while it is there, keeps Django from the database in all others."""
    with sync_playwright() as playwright, launch(playwright) as running:
        yield running


@pytest.fixture(scope="session")
def harvest(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    user, _, token = instance.user("wanda")
    return seed(instance.url, user, token, tmp_path_factory.mktemp("harvest"))


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(browser: Browser, instance: Instance) -> Iterator[Page]:
    """A page of nobody, which fails the test for every script error and every request to another host."""
    context = browser.new_context(base_url=instance.url, viewport={"width": 1280, "height": 800})
    fresh = context.new_page()
    problems: list[str] = []
    fresh.on("pageerror", lambda error: problems.append(f"script error: {error}"))
    fresh.on("request", lambda request: _own(request.url, instance.url, problems))
    yield fresh
    context.close()
    assert problems == []


def _own(url: str, base: str, problems: list[str]) -> None:
    if not url.startswith((f"{base}/", "data:", "blob:")):
        problems.append(f"a request leaves the host: {url}")


@pytest.fixture
def wanda(page: Page, instance: Instance, harvest: Seeded) -> Page:
    """The page of somebody who signed in through the form and owns the seeded project."""
    user, password, _ = instance.user("wanda")
    sign_in(page, instance.url, user, password)
    return page


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """What axe-core finds serious or critical on a page: rule, help and the elements; rules in ``also`` always count."""
    source = Path(AXE).read_text(encoding="utf-8")

    def check(page: Page, also: frozenset[str] = frozenset()) -> list[str]:
        page.evaluate(source)
        found: dict[str, Any] = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
        return [
            f"{item['id']}: {item['help']}: {node['html'][:160]}"
            for item in found["violations"]
            if item["impact"] in SERIOUS or item["id"] in also
            for node in item["nodes"][:3]
        ]

    return check

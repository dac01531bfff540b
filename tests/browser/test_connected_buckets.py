"""A maintainer connects somebody's bucket and looks through it: in words, by keyboard, on a phone."""

from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from infra.embedded.services import temporary_home
from tests.browser.screenshots import sign_in
from tests.fixtures.foreign_s3 import Files, answering
from tests.fixtures.instance import Instance

ROWS = b"fruit,weight\n" + b"".join(
    b"%s,%d\n" % (fruit, n) for n in range(200) for fruit in (b"apple", b"pear")
)
FILES = {
    "in/fruit.csv": ROWS,
    "in/read me <b>.txt": b"hello",
    "a rather long name that somebody gave without thinking of narrow screens, version 12 (final).parquet": b"x",
}
_VIEWS: tuple[tuple[int, Literal["dark", "light"]], ...] = ((1280, "dark"), (1280, "light"), (390, "light"))
_AT_REST = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return document.getAnimations().every((one) => one.playState !== "running");
}"""
_MAKE = """
from ropewalk.accounts.models import User
from ropewalk.projects import services
owner = User.objects.get(username="wanda")
services.create_project(owner_id=owner.owner_id, slug="lake", created_by_id=owner.pk, visibility="private")
"""


@pytest.fixture(scope="module")
def lake() -> Iterator[Instance]:
    """An instance that may go to this machine."""
    with temporary_home() as home:
        running = Instance(home, ROPEWALK_VOLATILE="1", ROPEWALK_ALLOWED_NETWORKS="127.0.0.1/32")
        try:
            running.start().user("wanda")
            running.manage("shell", "-c", _MAKE)
            yield running
        finally:
            running.discard()


@pytest.fixture
def maintainer(browser: Browser, lake: Instance) -> Iterator[Page]:
    context = browser.new_context(
        base_url=lake.url, viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    page, faults = context.new_page(), list[str]()
    page.on("pageerror", lambda error: faults.append(str(error)))
    user, password, _ = lake.user("wanda")
    sign_in(page, lake.url, user, password)
    yield page
    context.close()
    assert faults == []


def problems(page: Page, axe: Callable[[Page], list[str]]) -> list[str]:
    """What is wrong with the page that is shown: wide in dark and light, and on a phone."""
    found = []
    for width, scheme in _VIEWS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(_AT_REST)  # half way between two schemes no colour is right
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{page.url}: {wide} px too wide at {width}"] if wide > 1 else []
        found += [f"{page.url} ({width}, {scheme}): {fault}" for fault in axe(page)]
    page.set_viewport_size({"width": 1280, "height": 800})
    return found


def test_from_the_form_to_the_columns(maintainer: Page, axe: Callable[[Page], list[str]]) -> None:
    page, found = maintainer, list[str]()
    with answering(Files(FILES)) as (endpoint, _):
        page.goto("/wanda/lake/bucket")
        page.get_by_role("link", name="Connect a bucket").click()
        page.get_by_label("Bucket", exact=True).fill("data")
        page.get_by_label("Endpoint").fill("http://10.0.0.1")
        page.get_by_role("button", name="Connect the bucket").click()
        expect(page.get_by_role("alert")).to_contain_text("in a network that this server does not go to")
        found += problems(page, axe)
        page.get_by_label("Endpoint").fill(endpoint)
        page.get_by_role("button", name="Connect the bucket").click()
        expect(page.get_by_text("The bucket answered and is connected.")).to_be_visible()
        found += problems(page, axe)
        page.get_by_role("region", name="Connected buckets").get_by_role("link", name="data").click()
        page.get_by_role("button", name="Test the connection").click()
        expect(page.get_by_text("It answers. Its top has 2 entries.")).to_be_visible()
        found += problems(page, axe)
        page.get_by_role("link", name="Browse").click()
        found += problems(page, axe)
        page.get_by_role("link", name="in/").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="read me <b>.txt")).to_be_visible()
        page.get_by_role("link", name="fruit.csv").click()
        page.locator("#columns").scroll_into_view_if_needed()
        expect(page.locator(".column-card")).to_have_count(2, timeout=60_000)
        page.get_by_label("Part of a column's name").fill("weigh")
        page.get_by_role("button", name="Apply").click()
        expect(page.locator(".column-card")).to_have_count(1)
        page.locator("summary", has_text="Use this file").click()
        expect(page.get_by_text("dvc import-url remote://data/in/fruit.csv")).to_be_visible()
        found += problems(page, axe)
        page.get_by_role("link", name="Compare").click()
        found += problems(page, axe)
        page.go_back()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        assert download.value.path().read_bytes() == ROWS
    page.goto("/wanda/lake/buckets/data")
    expect(page.get_by_role("alert")).to_contain_text("can't be reached")
    found += problems(page, axe)
    page.goto("/wanda/lake/settings/buckets/data/remove")
    found += problems(page, axe)
    page.get_by_role("button", name="Disconnect the bucket").click()
    expect(page.get_by_text("data is not connected any more.")).to_be_visible()
    assert found == []

"""Every page, light and dark: it answers, axe-core finds nothing serious, nothing overflows, the script stays small."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.screenshots import ANONYMOUS, PROJECT, SCROLL, SIGNED_IN, addresses
from tests.browser.seed import Seeded
from tests.fixtures.instance import Instance

MAX_SCRIPT = 300_000
MAX_EDITOR = 500_000  # with the colours of one language
EDITORS = {"edit", "new-file"}
NOT_MADE_YET = {"comparison", "drift-report"}  # the walk makes them and looks at them
# A panel's child that ends to the right of it; what scrolls inside a panel does not.
OVERHANGS = """() => [...document.querySelectorAll(".panel > *")]
  .filter((part) => part.getBoundingClientRect().right > part.parentElement.getBoundingClientRect().right + 1)
  .map((part) => part.textContent.trim().slice(0, 60))"""
OTHERS_LOOK = {"api"}  # Swagger's own page


def look(
    page: Page, path: str, scheme: str, axe: Callable[[Page], list[str]], *, jobs_end: bool = True
) -> list[str]:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    answer = page.goto(path, wait_until="load")
    problems = [] if answer and answer.status == 200 else [f"answers {answer.status if answer else None}"]
    if jobs_end:  # the page loads again then
        expect(page.locator("rw-job")).to_have_count(0, timeout=60_000)
    page.evaluate(SCROLL)
    expect(page.locator("rw-fragment[aria-busy]")).to_have_count(
        0
    )  # what scrolling began to load is looked at as well
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 1:
        problems.append(f"{wide} px wider than the window")
    problems += [f"hangs out of its panel: {text}" for text in page.evaluate(OVERHANGS)]
    return [f"{path} ({scheme}): {problem}" for problem in problems + axe(page)]


@pytest.mark.parametrize("name", [name for name in ANONYMOUS if name != "missing"])
def test_pages_for_everybody(page: Page, scheme: str, axe: Callable[[Page], list[str]], name: str):
    assert look(page, ANONYMOUS[name], scheme, axe) == []


def test_a_missing_page_is_a_page(page: Page, axe: Callable[[Page], list[str]]):
    answer = page.goto(ANONYMOUS["missing"])
    assert answer is not None and answer.status == 404
    assert axe(page) == []


def test_pages_of_a_person(wanda: Page, scheme: str, axe: Callable[[Page], list[str]]):
    found = [
        problem
        for name, path in SIGNED_IN.items()
        if name not in OTHERS_LOOK
        for problem in look(wanda, path, scheme, axe)
    ]
    assert found == []


def test_pages_of_a_project(
    wanda: Page, scheme: str, harvest: Seeded, instance: Instance, axe: Callable[[Page], list[str]]
):
    pages = addresses(wanda, instance.url, harvest.path.strip("/"))
    assert {"run", "commit"} <= set(pages), "the lists link to what they list"
    assert set(PROJECT) <= set(pages)
    found = [
        problem
        for name, path in pages.items()
        if name not in NOT_MADE_YET
        for problem in look(wanda, path, scheme, axe)
    ]
    assert found == []


def test_a_phone_shows_the_pages_without_sideways_scrolling(wanda: Page, harvest: Seeded):
    wanda.set_viewport_size({"width": 390, "height": 800})
    for path in (
        "/",
        harvest.path,
        f"{harvest.path}/experiments",
        f"{harvest.path}/data",
        f"{harvest.path}/drift",
        f"{harvest.path}/jobs",
        f"{harvest.path}/tags",
        f"{harvest.path}/releases",
        f"{harvest.path}/contributors",
        f"{harvest.path}/connect",
        f"{harvest.path}/data/main/data/harvest.csv",
    ):
        wanda.goto(path)
        wide = wanda.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{path} is {wide} px wider than the window"


def test_words_in_a_readmes_table_stay_whole(wanda: Page, harvest: Seeded):
    """A narrow table scrolls instead: no cell is narrower than its longest word."""
    wanda.set_viewport_size({"width": 390, "height": 800})
    wanda.goto(harvest.path)
    table = wanda.locator(".markdown table").first
    assert table.get_attribute("tabindex") == "0"
    table.locator("tbody td").first.evaluate(
        "cell => { cell.textContent = 'internationalization'.repeat(3) }"
    )
    assert table.evaluate("table => table.scrollWidth > table.clientWidth")
    height = table.locator("tbody tr").first.evaluate("row => row.getBoundingClientRect().height")
    assert height < 60, "the word stands on one line"


def test_the_script_of_a_page_is_small(wanda: Page, instance: Instance, harvest: Seeded):
    """What a page fetches by itself; charts, diagrams, formulas and PDF come when somebody looks at one."""
    answers: list[Response] = []

    def note(
        answer: Response,
    ) -> None:  # its body is read later: waiting inside an event loses the ones that follow
        if answer.request.resource_type != "script" or "chunk-chart" in answer.url:
            return
        if (
            answer.status == 200
        ):  # a page that loads again when its job ends asks for the same scripts once more
            answers.append(answer)

    for name, path in addresses(wanda, instance.url, harvest.path.strip("/")).items():
        answers.clear()
        wanda.on("response", note)
        wanda.goto(
            path, wait_until="load"
        )  # half a second of silence may pass before a slow machine asks for anything
        wanda.wait_for_load_state("networkidle")
        wanda.remove_listener("response", note)
        loaded = {answer.url: len(answer.body()) for answer in answers}
        total = sum(loaded.values())
        assert 0 < total < (MAX_EDITOR if name in EDITORS else MAX_SCRIPT), (
            f"{name} loads {total} bytes: {sorted(loaded)}"
        )


def test_pages_can_be_read_without_script(browser, instance: Instance, harvest: Seeded):
    user, password, _ = instance.user("wanda")
    context = browser.new_context(base_url=instance.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill('input[name="login"]', user)
    page.fill('input[name="password"]', password)
    page.click("main form button")
    page.goto(f"{harvest.path}/experiments")
    assert page.locator("input[data-select]").count() == 6
    page.locator("input[data-select]").nth(0).check()
    page.locator("input[data-select]").nth(1).check()
    page.get_by_role("button", name="Compare", exact=True).click()
    assert "/experiments/compare/" in page.url
    context.close()

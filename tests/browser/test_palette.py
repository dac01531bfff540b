"""The palette by keyboard alone, what it keeps and forgets, and what a screen reader is told."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.seed import Seeded
from tests.fixtures.instance import Instance


def open_palette(page: Page, key: str = "Control+k") -> Locator:
    page.keyboard.press(key)
    box = page.get_by_role("combobox", name="Search and go to")
    expect(box).to_be_focused()
    return box


def options(page: Page) -> Locator:
    return page.get_by_role("dialog").get_by_role("option")


def chosen(page: Page) -> Locator:
    return page.get_by_role("dialog").get_by_role("option", selected=True)


def test_from_anywhere_to_a_project_by_keyboard(wanda: Page, harvest: Seeded):
    wanda.goto("/")
    open_palette(wanda)
    wanda.keyboard.type("harvest")
    expect(wanda.get_by_role("group", name="Projects").get_by_role("option").first).to_be_visible()
    expect(chosen(wanda)).to_contain_text(harvest.path.strip("/"))
    wanda.keyboard.press("Enter")
    expect(wanda).to_have_url(re.compile(f"{harvest.path}$"))


def test_in_a_project_its_own_things_come_first(wanda: Page, harvest: Seeded):
    wanda.goto(harvest.path)
    box = open_palette(wanda, "/")
    wanda.keyboard.type("forest-2")
    run = wanda.get_by_role("group", name="Runs").get_by_role("option")
    expect(run).to_have_count(1)
    expect(options(wanda).first).to_contain_text("forest-2")
    expect(box).to_have_attribute("aria-activedescendant", "palette-0")
    wanda.keyboard.press("End")
    expect(chosen(wanda)).to_contain_text("All results for")
    wanda.keyboard.press("ArrowDown")
    expect(options(wanda).first).to_have_attribute("aria-selected", "true")
    wanda.keyboard.press("ArrowUp")
    wanda.keyboard.press("Home")
    wanda.keyboard.press("Enter")
    expect(wanda).to_have_url(re.compile(r"/runs/[0-9a-f]{32}$"))


def test_a_prefix_asks_for_one_kind(wanda: Page, harvest: Seeded):
    wanda.goto(harvest.path)
    box = open_palette(wanda)
    box.fill("file: trpy")
    expect(wanda.get_by_role("group", name="Files").get_by_role("option")).to_contain_text("train.py")
    box.fill("@wan")
    expect(wanda.get_by_role("group", name="People and organizations")).to_contain_text("wanda")
    expect(wanda.get_by_role("group", name="Files")).to_have_count(0)
    wanda.keyboard.press("Escape")
    expect(wanda.get_by_role("dialog")).to_have_count(0)
    wanda.goto("/")
    open_palette(wanda).fill("run:forest")
    expect(wanda.get_by_role("dialog").get_by_role("status")).to_contain_text("open the project first")


def test_enter_before_the_answer_goes_where_the_answer_leads(wanda: Page, harvest: Seeded):
    wanda.goto(harvest.path)
    box = open_palette(wanda)
    box.fill("file:train.py")
    wanda.keyboard.press("Enter")
    expect(wanda).to_have_url(re.compile(r"/src/main/src/train\.py$"))


def test_control_enter_opens_a_new_tab_and_the_choice_is_recent(wanda: Page, harvest: Seeded):
    wanda.goto(harvest.path)
    open_palette(wanda).fill("run:linear-1")
    expect(options(wanda).first).to_contain_text("linear-1")
    with wanda.context.expect_page() as opened:
        wanda.keyboard.press("Control+Enter")
    opened.value.close()
    expect(wanda).to_have_url(re.compile(f"{harvest.path}$"))
    wanda.goto("/")
    open_palette(wanda)
    expect(wanda.get_by_role("group", name="Recent")).to_contain_text("linear-1")


def test_a_sign_out_leaves_no_recents(wanda: Page, harvest: Seeded):
    wanda.goto(harvest.path)
    open_palette(wanda).fill("run:linear-1")
    expect(options(wanda).first).to_contain_text("linear-1")
    wanda.keyboard.press("Enter")
    expect(wanda).to_have_url(re.compile("/runs/"))
    kept = "Object.keys(localStorage).filter(key => key.startsWith('ropewalk:recent'))"
    assert wanda.evaluate(kept) == ["ropewalk:recent:wanda"]
    wanda.locator("summary", has_text="wanda").click()
    wanda.get_by_role("button", name="Sign out").click()
    expect(wanda.get_by_role("link", name="Sign in").first).to_be_visible()
    assert wanda.evaluate(kept) == []


def test_no_hits_and_errors_are_said(wanda: Page, harvest: Seeded):
    wanda.goto(harvest.path)
    box, status = open_palette(wanda), wanda.get_by_role("dialog").get_by_role("status")
    box.fill("zzzzqqq")
    expect(status).to_contain_text("Nothing is called “zzzzqqq”")
    wanda.route("**/api/v1/search?*", lambda route: route.abort())
    box.fill("forest")
    expect(status).to_contain_text("does not answer")
    expect(wanda.get_by_role("group", name="Runs").get_by_role("option").first).to_contain_text("forest")


def test_the_next_letters_call_the_earlier_question_off(wanda: Page, harvest: Seeded):
    wanda.goto(harvest.path)

    def hold(route: Route) -> None:
        """Never answered."""

    wanda.route("**/search?q=linear*", hold)
    box = open_palette(wanda)
    with wanda.expect_request("**/search?q=linear*"):
        box.fill("linear")
    with wanda.expect_event("requestfailed", lambda request: "q=linear" in request.url):
        box.fill("forest-3")
    expect(options(wanda).first).to_contain_text("forest-3")


def test_shortcuts_leave_fields_alone(wanda: Page, harvest: Seeded):
    wanda.goto(f"{harvest.path}/experiments")
    field = wanda.get_by_label("Filter", exact=True)
    field.fill("")
    field.press("/")
    expect(field).to_have_value("/")
    expect(wanda.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_the_open_palette(
    wanda: Page, harvest: Seeded, scheme: str, axe: Callable[[Page], list[str]], width: int
):
    wanda.set_viewport_size({"width": width, "height": 800})
    wanda.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    wanda.goto(harvest.path)
    box = open_palette(wanda)
    assert axe(wanda) == []
    box.fill("r")
    expect(options(wanda).first).to_be_visible()
    assert axe(wanda) == []
    if width == 390:
        wanda.keyboard.press("Escape")
        wanda.get_by_role("link", name="Search", exact=True).click()
        expect(box).to_be_focused()


def test_without_script_the_bar_leads_to_a_page(instance: Instance, harvest: Seeded, wanda: Page):
    context = wanda.context.browser.new_context(  # type: ignore[union-attr]
        base_url=instance.url, java_script_enabled=False, storage_state=wanda.context.storage_state()
    )
    page = context.new_page()
    page.goto(harvest.path)
    page.get_by_role("searchbox", name="Search this project").fill("train")
    page.get_by_role("searchbox", name="Search this project").press("Enter")
    expect(page.get_by_role("main").get_by_role("link", name="src/train.py")).to_be_visible()
    page.get_by_role("navigation", name="What to look for").get_by_role("link", name="Code").click()
    expect(page.get_by_role("main")).to_contain_text('"training"')
    page.get_by_role("navigation", name="What to look for").get_by_role("link", name="Runs").click()
    expect(page.get_by_role("main")).to_contain_text("No run is called so")
    context.close()

"""Pages in the states that other servers, other people and time bring about: axe finds nothing, nothing overflows."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screenshots import sign_in
from tests.browser.test_pages import look
from tests.fixtures.instance import PASSWORD, Instance

PERSON = "petra"


@pytest.fixture(scope="session")
def states(instance: Instance) -> dict[str, str]:
    instance.user(PERSON)
    printed = instance.manage("shell", "-c", f"from tests.browser import states; states.make({PERSON!r})")
    found: dict[str, str] = json.loads(printed.strip().splitlines()[-1])
    return found


@pytest.fixture
def petra(page: Page, instance: Instance, states: dict[str, str]) -> Page:
    sign_in(page, instance.url, PERSON, PASSWORD)
    return page


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("dark", 390)])
def test_each_state_looks_right(
    petra: Page, states: dict[str, str], scheme: str, width: int, axe: Callable[[Page], list[str]]
) -> None:
    petra.set_viewport_size({"width": width, "height": 800})
    found = [
        problem for path in states.values() for problem in look(petra, path, scheme, axe, jobs_end=False)
    ]
    assert found == []


def test_a_name_for_a_new_branch_is_asked_for_when_there_is_to_be_one(
    petra: Page, states: dict[str, str]
) -> None:
    petra.goto(states["work-new"])
    message = petra.locator("input[name=message]")
    expect(message).to_have_attribute("placeholder", "Create src/calibrate.py")
    petra.fill("input[name=path]", "src/other.py")
    expect(message).to_have_attribute("placeholder", "Create src/other.py")
    name = petra.locator("input[name=new_branch]")
    expect(name).to_be_hidden()
    petra.get_by_label("to a new branch").check()
    expect(name).to_be_visible()


def test_a_branch_begins_at_another_one(petra: Page, states: dict[str, str]) -> None:
    petra.goto(states["work-branches"])
    petra.get_by_role("link", name="New branch from fix-1").click()
    expect(petra.locator("input[name=start]")).to_have_value("fix-1")


def test_a_conflict_keeps_what_was_typed(
    petra: Page, states: dict[str, str], scheme: str, axe: Callable[[Page], list[str]]
) -> None:
    """Two tabs edit the same file; the second one is told, with a link to what changed."""
    petra.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    path = states["work-overview"] + "/edit/main/notes.md"
    other = petra.context.new_page()
    other.goto(path)
    petra.goto(path)
    for tab, text in ((other, f"first in {scheme} "), (petra, f"second in {scheme} ")):
        tab.locator("rw-editor .cm-content").click()
        tab.keyboard.type(text)
        tab.locator("button.btn-primary", has_text="Commit").click()
        tab.wait_for_load_state()
    expect(petra.get_by_text("Somebody else changed")).to_be_visible()
    expect(petra.get_by_role("link", name="notes.md")).to_be_visible()
    expect(petra.locator("rw-editor .cm-content")).to_contain_text(f"second in {scheme}")
    assert axe(petra) == []

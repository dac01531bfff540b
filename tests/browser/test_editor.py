"""The editor over the text area: what is typed is what is committed, and the keyboard gets out of it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screenshots import sign_in
from tests.fixtures.instance import Instance

_MAKE = """
from ropewalk.accounts.models import User
from ropewalk.projects import services
owner = User.objects.get(username="typist")
services.create_project(owner_id=owner.owner_id, slug="typed", created_by_id=owner.pk, visibility="private")
"""


def test_what_is_typed_is_committed(instance: Instance, page: Page) -> None:
    username, password, _ = instance.user("typist")
    instance.manage("shell", "-c", _MAKE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    sign_in(page, instance.url, username, password)
    page.goto(f"{instance.url}/typist/typed/new/main?name=train.py")
    editor = page.locator("rw-editor .cm-content")
    editor.click()
    page.keyboard.type("def train(rate):\nreturn rate * 2")
    expect(page.locator("rw-editor .cm-word").first).to_have_text("def")
    page.keyboard.press("Control+s")
    expect(page.locator("input[name=message]")).to_be_focused()
    editor.click()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(editor).not_to_be_focused()
    page.locator("button.btn-primary", has_text="Commit").click()
    page.wait_for_url("**/src/main/train.py")
    expect(page.locator(".code")).to_contain_text("def train(rate):")
    expect(page.locator(".code")).to_contain_text("return rate * 2")
    assert page.locator("rw-editor").count() == 0
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_editor_follows_the_scheme(
    instance: Instance, page: Page, scheme: str, axe: Callable[[Page], list[str]]
) -> None:
    username, password, _ = instance.user("typist")
    sign_in(page, instance.url, username, password)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{instance.url}/typist/typed/edit/main/train.py")
    expect(page.locator("rw-editor .cm-word").first).to_be_visible()
    page.locator("rw-editor .cm-content").click()
    page.keyboard.press("Control+a")
    colour = page.locator("rw-editor .cm-gutters").evaluate(
        "gutter => getComputedStyle(gutter).backgroundColor"
    )
    canvas = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert colour == canvas
    assert axe(page) == []

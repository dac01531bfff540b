"""The editor over the text area: what is typed is what is committed, and the keyboard gets out of it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

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


def test_looks_at_a_draft_before_it_is_committed(
    instance: Instance, page: Page, axe: Callable[[Page], list[str]]
) -> None:
    username, password, _ = instance.user("typist")
    sign_in(page, instance.url, username, password)
    page.goto(f"{instance.url}/typist/typed/new/main?name=notes.md")
    editor = page.locator("rw-editor .cm-content")
    editor.click()
    page.keyboard.type("# Heading\n\n- [x] done\n\n$$x^2$$")
    page.get_by_role("tab", name="Preview").click()
    shown = page.locator("#draft-shown")
    expect(shown.locator("h1")).to_contain_text("Heading")
    expect(shown.locator(".katex").first).to_be_visible()
    expect(editor).to_be_hidden()
    assert axe(page) == []
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Changes")).to_be_focused()
    expect(shown.locator("tr").filter(has_text="# Heading")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("ArrowRight")
    expect(editor).to_be_visible()
    expect(editor).to_contain_text("# Heading")
    page.locator("input[name=path]").fill("notes.py")
    expect(page.get_by_role("tab", name="Preview")).to_be_hidden()


def test_unsaved_text_is_not_left_unasked(instance: Instance, page: Page) -> None:
    username, password, _ = instance.user("typist")
    sign_in(page, instance.url, username, password)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    address = f"{instance.url}/typist/typed/new/main?name=kept.txt"
    page.goto(address)
    page.locator("rw-editor .cm-content").click()
    page.keyboard.type("not lost")
    page.get_by_role("link", name="Cancel").click(no_wait_after=True)
    expect(page.locator("rw-editor .cm-content")).to_contain_text("not lost")
    assert asked == ["beforeunload"]
    assert page.url == address


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

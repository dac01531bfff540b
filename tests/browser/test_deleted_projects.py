"""A project is deleted after its name was typed, found among the deleted ones and restored, with the keyboard, light and dark."""

from collections.abc import Callable

from playwright.sync_api import Page


def test_deleting_and_restoring(wanda: Page, scheme: str, axe: Callable[[Page], list[str]]):
    wanda.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    name = f"short-lived-{scheme}"
    wanda.goto("/new")
    wanda.fill('input[name="name"]', name)
    wanda.locator('main form input[name="name"]').press("Enter")
    wanda.wait_for_url(f"**/wanda/{name}")
    wanda.goto(f"/wanda/{name}/settings/danger")
    assert axe(wanda) == []
    wanda.fill('input[name="confirm"]', f"wanda/{name}")
    wanda.locator('input[name="confirm"]').press("Enter")
    wanda.wait_for_url("**/settings/deleted-projects")
    assert axe(wanda) == []
    row = wanda.locator("tbody tr", has_text=f"wanda/{name}")
    link = row.get_by_role("link", name=f"Restore wanda/{name}")
    link.focus()
    link.press("Enter")
    wanda.wait_for_url("**/settings/deleted-projects/*")
    assert axe(wanda) == []
    wanda.locator('input[name="name"]').press("Enter")
    wanda.wait_for_url(f"**/wanda/{name}")
    assert wanda.locator(".alert-line", has_text="is back").count() == 1
    wanda.goto("/settings/deleted-projects")
    assert wanda.locator("tbody tr", has_text=f"wanda/{name}").count() == 0

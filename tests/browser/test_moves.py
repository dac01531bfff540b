"""A project is renamed and given away with the keyboard, light and dark; its old address leads on."""

import re
from collections.abc import Callable

from playwright.sync_api import Page

from tests.fixtures.instance import Instance


def test_renaming_and_transferring(
    wanda: Page, instance: Instance, scheme: str, axe: Callable[[Page], list[str]]
) -> None:
    wanda.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    name, team = f"moving-{scheme}", f"movers-{scheme}"
    wanda.goto("/organizations/new")
    wanda.fill('input[name="name"]', team)
    wanda.locator('main form input[name="name"]').press("Enter")
    wanda.wait_for_url(f"**/{team}")
    wanda.goto("/new")
    wanda.fill('input[name="name"]', name)
    wanda.locator('main form input[name="name"]').press("Enter")
    wanda.wait_for_url(f"**/wanda/{name}")
    wanda.goto(f"/wanda/{name}/settings")
    wanda.get_by_role("link", name="Rename the project").press("Enter")
    assert axe(wanda) == []
    wanda.fill('input[name="name"]', f"{name}-2")
    wanda.locator('input[name="name"]').press("Enter")
    wanda.wait_for_url(f"**/wanda/{name}-2/settings/rename")
    assert wanda.locator("#new-addresses").inner_text().startswith("git remote set-url origin http")
    assert axe(wanda) == []
    wanda.goto(f"/wanda/{name}/settings/danger")
    wanda.wait_for_url(f"**/wanda/{name}-2/settings/danger")
    wanda.get_by_role("link", name="Transfer the project").press("Enter")
    assert axe(wanda) == []
    wanda.fill('input[name="new_owner"]', team)
    wanda.fill('input[name="confirm"]', f"wanda/{name}-2")
    wanda.locator('input[name="confirm"]').press("Enter")
    wanda.wait_for_url(f"**/{team}/{name}-2")
    assert wanda.locator(".alert-line", has_text=f"{team}/{name}-2").count() == 1
    instance.user("carl")
    wanda.goto(f"/wanda/{name}/settings/transfer")
    wanda.fill('input[name="new_owner"]', "carl")
    wanda.fill('input[name="confirm"]', f"{team}/{name}-2")
    wanda.locator('input[name="confirm"]').press("Enter")
    wanda.get_by_role("heading", name="Offered to carl").wait_for()
    assert axe(wanda) == []
    wanda.get_by_role("button", name="Withdraw the offer").press("Enter")
    wanda.get_by_role("heading", name=re.compile("^Transfer ")).wait_for()
    for page in ("/settings/rename", f"/orgs/{team}/settings/rename", "/settings/offers"):
        wanda.goto(page)
        assert axe(wanda) == []

"""Two commits that differ in everything, looked at as a person does: what stands there, by mouse and by keyboard."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.changes import seed_changes
from tests.browser.seed import Seeded
from tests.fixtures.instance import Instance

LONG = 180_000  # a worker has a million rows to compare


@pytest.fixture(scope="session")
def changes(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    user, _, token = instance.user("wanda")
    return seed_changes(instance.url, user, token, tmp_path_factory.mktemp("changes"))


@pytest.fixture
def compared(wanda: Page, changes: Seeded) -> Page:
    """The comparison of both commits, its index there."""
    wanda.goto(f"{changes.path}/compare/before...main")
    waiting = wanda.get_by_text("not indexed yet")
    for _ in range(60):
        if not waiting.count():
            break
        wanda.wait_for_timeout(500)
        wanda.reload()
    return wanda


def card(page: Page, path: str) -> Locator:
    """One file's card, open and in view."""
    found = page.locator(
        "details.diff-card", has=page.locator("summary .mono", has_text=re.compile(f"^{re.escape(path)}$"))
    )
    if found.get_attribute("open") is None:
        found.locator("summary").first.click()
    found.scroll_into_view_if_needed()
    return found


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_million_rows(compared: Page) -> None:
    orders = card(compared, "orders.parquet")
    expect(orders).to_contain_text("1,000,000 → 999,250 rows", timeout=LONG)
    changed = -(-999_000 // 77)
    expect(orders).to_contain_text(f"250 added, 1,000 removed, {changed:,} changed")
    rows = orders.get_by_role("region", name="Rows that were changed").locator("tbody tr")
    expect(rows).to_have_count(50)
    first = rows.first.locator("td")
    before, after = first.locator("del").inner_text(), first.locator("ins").inner_text()
    assert float(after) - float(before) == pytest.approx(1000)
    orders.get_by_role("link", name="Next").focus()
    compared.keyboard.press("Enter")
    expect(orders).to_contain_text("51 to 100 of")
    orders.get_by_role("link", name="removed 1,000").click()
    expect(
        orders.get_by_role("region", name="Rows that were removed").locator("tbody tr").first
    ).to_contain_text("shop 0")
    orders.get_by_label("Match rows by").select_option("rows")
    orders.get_by_role("button", name="Apply").click()
    expect(orders).to_contain_text("Whole rows are compared", timeout=LONG)
    expect(orders).to_contain_text(f"{changed + 250:,} added, {changed + 1000:,} removed")


def test_a_wide_table(compared: Page) -> None:
    table = card(compared, "wide.csv")
    region = table.get_by_role("region", name="Rows that were changed")
    expect(region.locator("tbody tr")).to_have_count(12, timeout=LONG)
    expect(region.locator("tbody tr").first.locator("ins")).to_have_text("-1.5")
    expect(region.locator("thead th")).to_have_count(2 + 60)
    columns = table.get_by_role("region", name="Columns that changed")
    expect(columns).to_contain_text("humidity")
    assert region.evaluate("box => box.scrollWidth > box.clientWidth") and fits(compared)


def test_other_bytes_and_the_same_content(compared: Page) -> None:
    expect(card(compared, "repacked.parquet")).to_contain_text(
        "only how the file is written differs", timeout=LONG
    )

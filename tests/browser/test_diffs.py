"""Two commits that differ in everything, looked at as a person does: what stands there, by mouse and by keyboard."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Locator, Page, expect

from ropewalk.core import clock
from ropewalk.core.types import JobView
from tests.browser.changes import LARGE, WAV_SECONDS, seed_changes
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


def test_values_and_stages(compared: Page) -> None:
    for row in ("accuracy 0.85 0.9 +0.05", "loss 0.5 0.25 −0.25", "rate 0.1 0.2 +0.1"):
        expect(compared.locator("main")).to_contain_text(re.compile(r"\s*".join(map(re.escape, row.split()))))
    expect(compared.locator("main")).to_contain_text("python train.py --fast")
    expect(compared.locator("main")).not_to_contain_text("seed7")


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


def test_a_damaged_file_is_said_and_compared_again_in_its_place(compared: Page) -> None:
    lying = card(compared, "lying.parquet")
    expect(lying.get_by_role("alert")).to_contain_text("The Parquet file is damaged", timeout=LONG)
    again = lying.get_by_role("button", name="Run again")
    expect(again).to_be_visible()
    lying.get_by_role("alert").evaluate("one => { one.id = 'of-the-first-time' }")
    place = compared.url
    with compared.expect_response(re.compile("/retry$")) as asked:
        again.press("Enter")
    assert asked.value.status == 200, asked.value.text()
    expect(compared.locator("#of-the-first-time")).to_have_count(0)  # how far it is stands there now
    expect(lying.get_by_role("alert")).to_contain_text("The Parquet file is damaged", timeout=LONG)
    assert compared.url == place


def test_both_sides_of_the_split_view_have_half_of_the_width(compared: Page) -> None:
    """The line that names the place in the file spans all columns; a fixed layout takes its widths from the first row."""
    compared.goto(f"{compared.url}?view=split")
    card(compared, "params.yaml")
    lines = compared.locator(".code.diff.is-split", has=compared.locator("tr.hunk")).first
    expect(lines).to_be_visible()
    table, numbers, old, _, new = lines.locator("table").evaluate(
        """table => [table, ...table.querySelector("tr:not(.hunk)").cells].map(one => one.getBoundingClientRect().width)"""
    )
    assert old == pytest.approx(new, abs=1) and old + new + 2 * numbers == pytest.approx(table, abs=2)
    assert old > 5 * numbers


def test_a_job_is_followed_from_queued_to_done(compared: Page) -> None:
    job = JobView(
        uuid4(), "compare-files", "diff:image", "queued", 0.0, "", "", "", 0, clock.now(), None, None, None
    )
    context = {"job": job, "access": {"project": {"owner": "o", "slug": "p"}}}
    waiting = render_to_string("jobs/progress.html", context)
    part = {"body": waiting, "content_type": "text/html", "headers": {"X-Fragment": "1"}}
    compared.route("**/field.png?*", lambda route: route.fulfill(**part), times=1)
    now = {"state": "queued", "percent": 0, "message": ""}
    compared.route(f"**/{job.id}.json", lambda route: route.fulfill(json=now))
    compared.reload()  # the part may have been here already
    image = card(compared, "field.png")
    pill, message = image.locator("rw-job .badge-soft:visible"), image.locator("[data-message]")
    expect(pill).to_have_text("queued")
    expect(message).to_have_text("Waiting for a worker")
    now |= {"state": "running", "percent": 40, "message": "Comparing"}
    expect(message).to_have_text("Comparing")
    expect(pill).to_have_text("running")
    expect(image.locator("[data-bar]")).to_have_attribute("style", "width: 40%;")
    now |= {"message": ""}
    expect(message).to_have_text("Working")
    now |= {"state": "succeeded", "percent": 100}
    expect(image).to_contain_text("of the pixels differ", timeout=LONG)


def test_a_folder_of_ten_thousand_files(compared: Page) -> None:
    folder = card(compared, "pictures")
    expect(folder).to_contain_text("10,001 → 9,938 files")
    expect(folder.get_by_role("link", name="changed 200")).to_be_visible()
    expect(folder.get_by_role("region", name="Changed files").locator("tbody tr")).to_have_count(50)
    folder.get_by_label("Part of a path").fill("ONE.txt")
    compared.keyboard.press("Enter")
    expect(folder).to_contain_text("class7/one.txt → moved/one.txt")
    expect(folder.get_by_role("region", name="Changed files").locator("tbody tr")).to_have_count(1)
    folder.get_by_label("Part of a path").fill("")
    compared.keyboard.press("Enter")
    folder.get_by_role("link", name="extra/", exact=True).click()
    folder.get_by_role("link", name="deep/", exact=True).click()
    expect(folder.get_by_role("navigation", name="Folder")).to_contain_text("pictures / extra / deep")
    expect(folder).to_contain_text("1 to 37 of 37")
    folder.get_by_role("link", name="pictures", exact=True).click()
    folder.get_by_role("link", name="changed 200").click()
    folder.get_by_role("link", name="class1/00001.txt").click()
    expect(compared.locator(".diff td.add:not(.ln)")).to_contain_text("changed")


def test_a_notebook_by_cell(compared: Page) -> None:
    cells = card(compared, "train.ipynb")
    expect(cells).to_contain_text("plot(model)", timeout=LONG)
    expect(cells).to_contain_text("loss 0.25")
    expect(cells).to_contain_text("rate = 0.1")


def test_an_image_in_three_modes_by_keyboard(compared: Page) -> None:
    image = card(compared, "field.png")
    expect(image).to_contain_text("of the pixels differ", timeout=LONG)
    swipe = image.get_by_role("button", name="Swipe")
    swipe.focus()
    compared.keyboard.press("Enter")
    expect(swipe).to_have_attribute("aria-pressed", "true")
    slider = image.get_by_role("slider")
    slider.focus()
    for _ in range(20):
        compared.keyboard.press("ArrowRight")
    assert image.locator("rw-image-diff").evaluate("one => one.style.getPropertyValue('--at')") == "70%"
    image.get_by_role("button", name="Onion skin").click()
    expect(slider).to_have_attribute("aria-label", "How much of the new image is seen")
    image.get_by_role("button", name="Side by side").click()
    expect(slider).to_be_hidden()


def test_sounds_and_documents_beside_each_other(compared: Page) -> None:
    sounds = card(compared, "chime.wav").locator("audio")
    expect(sounds).to_have_count(2)
    for place, seconds in enumerate((1, 2)):
        compared.wait_for_function("one => one.readyState >= 1", arg=sounds.nth(place).element_handle())
        assert sounds.nth(place).evaluate("one => one.duration") == pytest.approx(seconds, abs=0.1)
    paper = card(compared, "paper.pdf")
    for word, pages in (("Before", 2), ("After", 3)):
        side = paper.get_by_role("region", name=f"{word}: pages of paper.pdf")
        expect(side).to_contain_text(f"{pages} pages")
        expect(side.get_by_role("img", name="Page 1")).to_be_visible()


def test_a_page_of_a_large_document_costs_a_page(compared: Page, changes: Seeded) -> None:
    fetched: list[int] = []
    compared.on(
        "response",
        lambda got: "/raw/" in got.url and fetched.append(int(got.headers.get("content-length") or LARGE)),
    )
    asked: list[str] = []
    compared.on("request", lambda sent: "/raw/" in sent.url and asked.append(sent.headers.get("range", "")))
    compared.goto(f"{changes.path}/src/main/manual.pdf")
    viewer = compared.locator("rw-pdf")
    expect(viewer).to_contain_text("40 pages", timeout=60_000)
    expect(viewer.get_by_role("img", name="Page 1", exact=True)).to_be_visible()
    parts = [int(part.removeprefix("bytes=").split("-")[0]) for part in asked if part]
    assert max(parts) > LARGE - (1 << 20)  # the list of what is where stands at the end
    # The first answer, without a range, tells the size and is broken off; the others are parts.
    assert sum(fetched[1:]) < LARGE // 20


@pytest.mark.parametrize("width", [390, 1280])
def test_all_of_it_for_everybody(
    compared: Page, scheme: str, width: int, axe: Callable[..., list[str]]
) -> None:
    compared.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    compared.set_viewport_size({"width": width, "height": 900})
    compared.reload()
    for path, text in (
        ("orders.parquet", "1,000,000 → 999,250 rows"),
        ("pictures", "10,001 → 9,938 files"),
        ("train.ipynb", "plot(model)"),
        ("field.png", "of the pixels differ"),
        ("paper.pdf", "3 pages"),
        ("chime.wav", "After"),
    ):
        expect(card(compared, path)).to_contain_text(text, timeout=LONG)
    assert fits(compared) and axe(compared, frozenset({"landmark-unique"})) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_seeking_in_a_long_sound(
    wanda: Page, changes: Seeded, scheme: str, width: int, axe: Callable[[Page], list[str]]
) -> None:
    wanda.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    wanda.set_viewport_size({"width": width, "height": 900})
    parts: list[str] = []
    wanda.on("request", lambda request: parts.append(request.headers.get("range", "")))
    wanda.goto(f"{changes.path}/src/main/tone.wav")
    sound = wanda.locator("audio")
    wanda.wait_for_function("document.querySelector('audio').readyState >= 1")
    assert sound.evaluate("one => one.duration") == pytest.approx(WAV_SECONDS, abs=1)
    assert sound.evaluate("one => one.seekable.end(0)") == pytest.approx(WAV_SECONDS, abs=1)
    played = sound.evaluate(
        """async (one, place) => {
          one.muted = true;
          one.currentTime = place;
          await new Promise((done) => one.addEventListener("seeked", done, { once: true }));
          const at = one.currentTime;
          await one.play();
          while (one.currentTime < at + 0.3) await new Promise((done) => setTimeout(done, 20));
          one.pause();
          return [at, one.currentTime];
        }""",
        WAV_SECONDS - 20,
    )
    assert played[0] == pytest.approx(WAV_SECONDS - 20, abs=0.1) and played[1] > played[0]
    assert any(int(part.removeprefix("bytes=").split("-")[0] or 0) > 100_000_000 for part in parts if part)
    assert fits(wanda) and axe(wanda) == []

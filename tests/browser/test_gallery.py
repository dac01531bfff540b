"""A folder of images, of sounds, of texts, looked through as a person does."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.folders import seed_folders
from tests.browser.screenshots import SCROLL
from tests.browser.seed import Seeded
from tests.fixtures.instance import Instance

MEASURED = 120_000  # a worker decodes a hundred small images


@pytest.fixture(scope="session")
def folders(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    user, _, token = instance.user("wanda")
    return seed_folders(instance.url, user, token, tmp_path_factory.mktemp("folders"))


@pytest.fixture
def fruits(wanda: Page, folders: Seeded) -> str:
    """The address of the images' gallery, measured."""
    wanda.goto(f"{folders.path}/data/main/fruits")
    wanda.locator("#columns").scroll_into_view_if_needed()
    expect(wanda.locator(".column-cards li").first).to_be_visible(timeout=MEASURED)
    return f"{folders.path}/gallery/main/fruits"


LOADED = """() => Promise.all([...document.querySelectorAll('.gallery img')].map((one) => {
  one.loading = "eager";
  return one.complete || new Promise((done) => { one.onload = one.onerror = done; });
})).then(() => [...document.querySelectorAll('.gallery > li')].map(
  (one) => [one.querySelector('.gallery__name').textContent, one.querySelector('img')?.naturalWidth ?? 0]))"""


def pictures(page: Page) -> list[tuple[str, int]]:
    """Name and natural width of each picture, once all are there."""
    return [(name, width) for name, width in page.evaluate(LOADED)]


def test_the_folders_page_leads_to_the_gallery(wanda: Page, fruits: str) -> None:
    expect(wanda.locator("main")).to_contain_text("92 images: 92 .jpg")
    expect(wanda.locator("main")).to_contain_text("2 files look like one of another split")
    expect(wanda.get_by_role("region", name="1 can't be read")).to_contain_text("train/lime/cut.jpg")
    wanda.get_by_role("link", name="Open the gallery").focus()
    wanda.keyboard.press("Enter")
    wanda.wait_for_url(f"**{fruits}")
    shown = pictures(wanda)
    assert len(shown) == 60 and all(
        width == 0 if name == "cut.jpg" else 0 < width <= 224 for name, width in shown
    )


def test_orders_classes_and_pages(wanda: Page, fruits: str) -> None:
    wanda.goto(fruits)
    wanda.get_by_label("Class").select_option("plum")
    wanda.get_by_label("Order").select_option("largest")
    wanda.get_by_role("button", name="Show").click()
    expect(wanda.locator("main")).to_contain_text("22 images")
    expect(wanda.locator(".gallery > li")).to_have_count(22)
    sizes = [text.split("×") for text in wanda.locator(".gallery__words > span:last-child").all_inner_texts()]
    areas = [int(width) * int(height) for width, height in sizes]
    assert areas == sorted(areas, reverse=True) and len(areas) == 22
    wanda.goto(fruits)
    wanda.get_by_role("link", name="Next").click()
    wanda.wait_for_url("**page=2**")
    assert len(pictures(wanda)) == 32
    wanda.locator(".gallery a").first.click()
    expect(wanda.get_by_role("img", name="lime-022.jpg")).to_be_visible()


def test_nothing_moves_when_the_pictures_come(wanda: Page, fruits: str) -> None:
    place = "() => document.querySelectorAll('.gallery > li')[30].getBoundingClientRect().top + scrollY"
    wanda.route("**/thumbs/**", lambda route: route.abort())
    wanda.goto(fruits)
    without = wanda.evaluate(place)
    wanda.unroute("**/thumbs/**")
    wanda.goto(fruits)
    pictures(wanda)
    assert wanda.evaluate(place) == without


@pytest.mark.parametrize("width", [1280, 390])
def test_the_galleries_are_accessible(
    wanda: Page, fruits: str, folders: Seeded, scheme: str, width: int, axe: Callable[[Page], list[str]]
) -> None:
    wanda.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    wanda.set_viewport_size({"width": width, "height": 800})
    for path in (
        fruits,
        f"{fruits}?order=broken",
        f"{fruits}?order=alike",
        f"{folders.path}/gallery/main/sounds",
        f"{folders.path}/gallery/main/notes",
        f"{folders.path}/columns/main/fruits",
    ):
        wanda.goto(path)
        expect(wanda.locator("rw-job")).to_have_count(0, timeout=MEASURED)
        wanda.evaluate(SCROLL)
        wide = wanda.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{path} is {wide} px too wide"
        assert axe(wanda) == [], path


def test_sounds_play_and_texts_begin(wanda: Page, folders: Seeded) -> None:
    wanda.goto(f"{folders.path}/gallery/main/sounds?order=longest")
    expect(wanda.locator("audio")).to_have_count(6, timeout=MEASURED)
    expect(wanda.locator(".gallery-rows li").first).to_contain_text("bell · 1.4 s, 8 kHz, mono, WAV")
    length = wanda.locator("audio").first.evaluate(
        "one => new Promise(done => { one.onloadedmetadata = () => done(one.duration); one.preload = 'metadata'; one.load(); })"
    )
    assert length == pytest.approx(1.4)
    wanda.goto(f"{folders.path}/gallery/main/notes?order=longest")
    expect(wanda.locator(".gallery-rows li").first).to_contain_text(
        "Note 7: the harvest of field 7", timeout=MEASURED
    )


def test_without_script(browser: Browser, instance: Instance, fruits: str) -> None:
    user, password, _ = instance.user("wanda")
    context = browser.new_context(base_url=instance.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill('input[name="login"]', user)
    page.fill('input[name="password"]', password)
    page.click("main form button")
    page.goto(fruits)
    page.get_by_label("Order").select_option("darkest")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**order=darkest**")
    expect(page.locator(".gallery img")).to_have_count(60)
    page.goto(fruits.replace("/gallery/", "/data/"))
    page.get_by_role("link", name="Show what it holds").click()
    expect(page.get_by_role("heading", name="brightness")).to_be_visible()
    context.close()


def test_two_versions_are_compared(wanda: Page, fruits: str) -> None:
    wanda.goto(fruits.replace("/gallery/", "/data/"))
    wanda.get_by_role("button", name="Compare with the one before").click()
    wanda.wait_for_url("**/drift/*")
    expect(wanda.locator("main")).to_contain_text("brightness", timeout=MEASURED)
    expect(wanda.locator("main")).to_contain_text("class")

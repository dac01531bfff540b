"""A release by hand: drafted, files attached with progress, published, downloaded."""

import hashlib
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.seed import Seeded


def test_files_are_attached_and_come_back_whole(wanda: Page, harvest: Seeded, tmp_path: Path) -> None:
    model = tmp_path / "model ü.bin"
    model.write_bytes(bytes(range(256)) * 12_000)
    wanda.goto(f"{harvest.path}/releases/new?tag=v2")
    wanda.fill('[name="title"]', "Second harvest")
    wanda.click("text=Save the draft")
    attach = wanda.locator("rw-upload")
    attach.locator('input[type="file"]').set_input_files(str(model))
    attach.get_by_role("button", name="Attach", exact=True).click()
    expect(wanda.get_by_role("link", name="Delete model ü.bin")).to_be_visible()
    attach.locator('input[type="file"]').set_input_files(str(model))
    attach.get_by_role("button", name="Attach", exact=True).click()
    expect(attach.locator("[data-progress]")).to_contain_text("The release has a file “model ü.bin”.")
    wanda.get_by_role("button", name="Publish").click()
    expect(wanda.get_by_text(hashlib.sha256(model.read_bytes()).hexdigest())).to_be_visible()
    with wanda.expect_download() as begun:
        wanda.get_by_role("link", name="model ü.bin").click()
    assert begun.value.suggested_filename == "model ü.bin"
    assert Path(begun.value.path()).read_bytes() == model.read_bytes()


def test_the_menu_of_archives_stays_in_the_window(wanda: Page, harvest: Seeded) -> None:
    for width in (390, 1280):
        wanda.set_viewport_size({"width": width, "height": 800})
        wanda.goto(f"{harvest.path}/src/v1")
        wanda.get_by_label("Download v1").click()
        box = wanda.get_by_role("link", name="v1.tar.gz").bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width

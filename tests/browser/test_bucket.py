"""Uploading into the bucket: files and a folder, with progress, asked before anything is replaced, large ones in parts."""

import os
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.screenshots import sign_in
from tests.browser.seed import Seeded
from tests.fixtures.instance import Instance

DROP = """async ([zone, files]) => {
  const moved = new DataTransfer();
  for (const [name, text] of files) moved.items.add(new File([text], name));
  zone.dispatchEvent(new DragEvent("drop", { dataTransfer: moved, bubbles: true, cancelable: true }));
}"""

FILLED = (
    "() => [...document.querySelectorAll('[data-rows] .progress-line > span')].map((one) => one.offsetWidth)"
)


def read(page: Page, address: str) -> bytes:
    with page.expect_download() as begun:
        page.evaluate("address => { location.href = address }", address)
    return Path(begun.value.path()).read_bytes()


def test_files_go_up_with_progress_and_are_asked_about(
    wanda: Page, harvest: Seeded, tmp_path: Path, axe: Callable[..., list[str]]
) -> None:
    small, large = tmp_path / "small ü&+%.txt", tmp_path / "large.bin"
    small.write_bytes(b"first")
    large.write_bytes(os.urandom(34 << 20))
    wanda.goto(f"{harvest.path}/bucket")
    wanda.get_by_role("link", name="Upload").click()
    wanda.wait_for_url("**/bucket/upload**")
    assert axe(wanda) == []
    wanda.get_by_label("Folder", exact=True).fill("up/loads")
    wanda.get_by_label("Files", exact=True).set_input_files([str(small), str(large)])
    expect(wanda.get_by_role("link", name="large.bin", exact=True)).to_be_visible(timeout=60_000)
    expect(wanda.get_by_role("link", name="small ü&+%.txt", exact=True)).to_be_visible()
    file = f"{harvest.path}/bucket/file?key=up/loads/"
    assert read(wanda, f"{file}large.bin") == large.read_bytes()

    small.write_bytes(b"second")
    wanda.get_by_role("link", name="Upload").click()
    expect(wanda.get_by_label("Folder", exact=True)).to_have_value("up/loads/")
    wanda.get_by_label("Files", exact=True).set_input_files([str(small), str(large)])
    expect(wanda.locator("[data-rows] li")).to_have_count(2)
    expect(wanda.locator("[data-rows]")).to_contain_text("is there already")
    assert axe(wanda) == []
    wanda.get_by_role("button", name="Keep up/loads/large.bin").click()
    wanda.get_by_role("button", name="Replace up/loads/small ü&+%.txt").click()
    expect(wanda.get_by_role("heading", name="Bucket", exact=True)).to_be_visible()
    assert read(wanda, f"{file}small%20%C3%BC%26%2B%25.txt") == b"second"
    wanda.goto(f"{harvest.path}/bucket/upload?prefix=up/loads/")
    assert (
        wanda.evaluate(
            "async endpoint => (await (await fetch(`${endpoint}?uploads`)).text()).includes('<Upload>')",
            wanda.locator("rw-bucket-upload").get_attribute("endpoint"),
        )
        is False
    )  # nothing is left under way


def test_a_folder_and_what_is_dropped(wanda: Page, harvest: Seeded, tmp_path: Path) -> None:
    (tmp_path / "tree/sub").mkdir(parents=True)
    for name in ("a.txt", "sub/b.txt"):
        (tmp_path / "tree" / name).write_text(name)
    wanda.goto(f"{harvest.path}/bucket/upload?prefix=whole/")
    wanda.get_by_label("A folder with all that is in it").set_input_files(str(tmp_path / "tree"))
    expect(wanda.get_by_role("link", name="tree/", exact=True)).to_be_visible()
    assert read(wanda, f"{harvest.path}/bucket/file?key=whole/tree/sub/b.txt") == b"sub/b.txt"
    wanda.goto(f"{harvest.path}/bucket/upload?prefix=dropped/")
    expect(wanda.get_by_text("Drop files and folders here")).to_be_visible()
    zone = wanda.locator("[data-drop]").element_handle()
    wanda.evaluate(DROP, [zone, [["one.txt", "1"], ["two.txt", "2"]]])
    expect(wanda.get_by_role("link", name="two.txt", exact=True)).to_be_visible()
    assert read(wanda, f"{harvest.path}/bucket/file?key=dropped/one.txt") == b"1"


def test_what_is_chosen_before_the_script_came_is_sent(wanda: Page, harvest: Seeded, tmp_path: Path) -> None:
    early = tmp_path / "early.txt"
    early.write_text("early")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    wanda.route("**/chunk-bucket-upload-*.js", hold)
    wanda.goto(f"{harvest.path}/bucket/upload?prefix=early/")
    wanda.get_by_label("Files", exact=True).set_input_files(str(early))
    assert len(held) == 1
    held.pop().continue_()
    expect(wanda.get_by_role("link", name="early.txt", exact=True)).to_be_visible()
    assert read(wanda, f"{harvest.path}/bucket/file?key=early/early.txt") == b"early"


def test_what_failed_is_tried_again_together(wanda: Page, harvest: Seeded, tmp_path: Path) -> None:
    names = ("one.txt", "two.txt")
    for name in names:
        (tmp_path / name).write_text(name)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    wanda.route("**/again/*.txt", hold)
    wanda.goto(f"{harvest.path}/bucket/upload?prefix=again/")
    with wanda.expect_request("**/again/one.txt"), wanda.expect_request("**/again/two.txt"):
        wanda.get_by_label("Files", exact=True).set_input_files([str(tmp_path / name) for name in names])
    rows = wanda.locator("[data-rows] li")
    expect(rows).to_have_count(2)
    assert wanda.evaluate(FILLED) == [0, 0]  # nothing is sent
    assert len(held) == len(names)
    for route in held:
        route.fulfill(status=503)
    expect(wanda.locator("[data-status]")).to_contain_text("0 of 2 files stored, 0 B of 14 B sent. 2 failed.")
    expect(rows.filter(has_text="again/one.txt: the server answered 503.")).to_have_count(1)
    wanda.unroute("**/again/*.txt")
    wanda.get_by_role("button", name="Try all again").click()
    expect(wanda.get_by_role("link", name="two.txt", exact=True)).to_be_visible()
    assert read(wanda, f"{harvest.path}/bucket/file?key=again/one.txt") == b"one.txt"
    wanda.goto(f"{harvest.path}/bucket/upload?prefix=again/")
    wanda.get_by_label("Files", exact=True).set_input_files([str(tmp_path / name) for name in names])
    expect(wanda.locator("[data-status]")).to_contain_text(
        "0 of 2 files stored, 0 B of 14 B sent. 2 there already."
    )


def test_what_is_given_up_leaves_nothing(wanda: Page, harvest: Seeded, tmp_path: Path) -> None:
    large = tmp_path / "given-up.bin"
    large.write_bytes(os.urandom(34 << 20))
    wanda.route("**/given-up.bin?partNumber=2*", lambda route: None)  # a connection that stands still
    wanda.goto(f"{harvest.path}/bucket/upload")
    wanda.get_by_label("Files", exact=True).set_input_files(str(large))
    with wanda.expect_request(lambda sent: "partNumber=2" in sent.url):
        pass
    with wanda.expect_response(lambda got: got.request.method == "DELETE") as gone:
        wanda.get_by_role("button", name="Cancel all").click()
    assert gone.value.status == 204
    expect(wanda.locator("[data-rows]")).to_contain_text("cancelled")
    expect(wanda.get_by_role("button", name="Try given-up.bin again")).to_be_visible()


def test_a_page_that_is_left_leaves_no_parts(wanda: Page, harvest: Seeded, tmp_path: Path) -> None:
    large = tmp_path / "left.bin"
    large.write_bytes(os.urandom(34 << 20))
    wanda.route("**/left.bin?partNumber=2*", lambda route: None)  # a connection that stands still
    wanda.on("dialog", lambda asked: asked.accept())  # whether the page is to be left
    wanda.goto(f"{harvest.path}/bucket/upload")
    wanda.get_by_label("Files", exact=True).set_input_files(str(large))
    with wanda.expect_request(lambda sent: "partNumber=2" in sent.url):
        pass
    endpoint = wanda.locator("rw-bucket-upload").get_attribute("endpoint")
    count = (
        "async endpoint => (await (await fetch(`${endpoint}?uploads`)).text()).split('<Upload>').length - 1"
    )
    assert wanda.evaluate(count, endpoint) == 1
    wanda.goto(f"{harvest.path}/bucket")
    expect(wanda.get_by_role("heading", name="Bucket", exact=True)).to_be_visible()
    wanda.wait_for_function(f"async endpoint => await ({count})(endpoint) === 0", arg=endpoint)


def test_without_script(browser: Browser, instance: Instance, harvest: Seeded, tmp_path: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("plain")
    user, password, _ = instance.user("wanda")
    context = browser.new_context(
        base_url=instance.url, java_script_enabled=False, viewport={"width": 390, "height": 800}
    )
    page = context.new_page()
    sign_in(page, instance.url, user, password)
    page.goto(f"{harvest.path}/bucket/upload?prefix=plain/")
    page.get_by_label("Files", exact=True).set_input_files(str(plain))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("1 file was stored.")).to_be_visible()
    expect(page.get_by_role("link", name="plain.txt", exact=True)).to_be_visible()
    context.close()

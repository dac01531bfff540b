"""A pipeline's graph and plots in a browser: by mouse, by keyboard, without script, on a phone."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.seed import _git, _send
from tests.fixtures.instance import Instance

PIPELINE = """stages:
  prepare:
    cmd: python prepare.py
    deps: [prepare.py, raw.csv]
    outs: [clean.csv]
  train:
    foreach: [ada, bea, cid, dot, eve]
    do:
      cmd: python train.py ${item}
      deps: [clean.csv]
      outs: ["models/${item}"]
  evaluate:
    cmd: python evaluate.py
    deps: [models]
    metrics: [metrics.json: {cache: false}]
    plots:
    - loss.csv: {x: step, y: loss, title: Loss, cache: false}
    - classes.csv: {x: actual, y: predicted, template: confusion, cache: false}
    - cloud.csv: {x: a, y: b, template: scatter, cache: false}
"""
FILES = {
    "dvc.yaml": PIPELINE,
    "prepare.py": "print()\n",
    "raw.csv": "a,b\n1,2\n",
    "metrics.json": json.dumps({"accuracy": 0.8}),
    "loss.csv": "step,loss\n" + "".join(f"{n},{1 / (n + 1)}\n" for n in range(50)),
    "classes.csv": "actual,predicted\ncat,cat\ndog,cat\n",
    "cloud.csv": "a,b\n1,2\n3,4\n",
}
TALL = json.dumps({"stages": {f"part-{n:02}": {"cmd": f"echo {n}", "deps": ["raw.csv"]} for n in range(60)}})


@pytest.fixture(scope="session")
def mill(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a public project with a pipeline."""
    user, _, token = instance.user("millie")
    body = json.dumps({"name": "mill", "private": False}).encode()
    _send(f"{instance.url}/api/v1/user/repos", user, token, body, "POST", "application/json")
    folder: Path = tmp_path_factory.mktemp("mill")
    _git(folder, "init", "-q", "-b", "main")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "A pipeline")
    parts = urlsplit(instance.url)
    remote = (parts.scheme, f"{user}:{token}@{parts.netloc}", f"/{user}/mill.git", "", "")
    _git(folder, "checkout", "-q", "-b", "tall")
    (folder / "dvc.yaml").write_text(TALL, encoding="utf-8")
    _git(folder, "commit", "-q", "-am", "Many stages")
    _git(folder, "push", "-q", urlunsplit(remote), "main", "tall")
    return f"/{user}/mill"


def visit(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator("rw-job")).to_have_count(0, timeout=60_000)


def test_a_click_on_a_stage_shows_it(page: Page, mill: str, axe: Callable[[Page], list[str]], scheme: str):
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    visit(page, f"{mill}/pipeline")
    assert axe(page) == []
    page.locator("a.pipeline-box", has_text="evaluate").click()
    part = page.locator("#stage")
    expect(part).to_contain_text("dvc repro evaluate")
    expect(part).to_contain_text("never run")
    expect(page).to_have_url(re.compile(r"stage=evaluate#stage$"))
    expect(page.locator("a.pipeline-box[aria-current]")).to_have_attribute("data-name", "evaluate")
    assert axe(page) == []
    part.get_by_role("link", name="train@ada").first.click()
    expect(part).to_contain_text("python train.py ada")


def test_the_keyboard_goes_along_the_arrows(page: Page, mill: str):
    visit(page, f"{mill}/pipeline")
    expect(page.locator("rw-pipeline.is-live")).to_be_visible()
    page.locator("a.pipeline-box", has_text="prepare").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("a.pipeline-box:focus")).to_have_attribute("data-name", "train")
    page.keyboard.press("ArrowRight")
    expect(page.locator("a.pipeline-box:focus")).to_have_attribute("data-name", "evaluate")
    page.keyboard.press("Enter")
    expect(page.locator("#stage")).to_contain_text("dvc repro evaluate")
    page.locator("a.pipeline-box", has_text="prepare").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("a.pipeline-box:focus")).to_have_attribute("data-name", "raw.csv")


def test_find_zoom_and_unfold(page: Page, mill: str):
    visit(page, f"{mill}/pipeline")
    drawing = page.locator("svg.pipeline-graph")
    page.get_by_label("Find in the graph").fill("evalu")
    expect(page.locator("rw-pipeline [role=status]")).to_have_text("1 found")
    expect(page.locator("a.pipeline-box.is-near")).to_have_count(1)
    before = drawing.get_attribute("viewBox")
    page.get_by_role("button", name="Zoom in").click()
    assert drawing.get_attribute("viewBox") != before
    expect(page.locator("a.pipeline-box")).to_have_count(4)
    page.get_by_role("link", name="Unfold").click()
    expect(page.locator("a.pipeline-box")).to_have_count(8)


def in_the_window(page: Page, name: str) -> bool:
    box = page.locator("a.pipeline-box", has_text=name).bounding_box()
    place = page.locator(".pipeline-view").bounding_box()
    assert box and place
    return place["y"] <= box["y"] and box["y"] + box["height"] <= place["y"] + place["height"]


def test_tab_never_goes_out_of_sight(page: Page, mill: str):
    visit(page, f"{mill}/pipeline/tall")
    page.get_by_role("button", name="Fit the whole graph").focus()
    names = []
    for _ in range(30):
        page.keyboard.press("Tab")
        names.append(page.locator("a.pipeline-box:focus").get_attribute("data-name") or "")
        assert in_the_window(page, names[-1]), names
    assert len(set(names)) == 30


@pytest.mark.parametrize("width", [1280, 390])
def test_no_empty_space_beyond_the_first_and_the_last_stage(page: Page, mill: str, width: int):
    page.set_viewport_size({"width": width, "height": 800})
    visit(page, f"{mill}/pipeline/tall")
    drawing = page.locator("svg.pipeline-graph")
    whole = float(drawing.get_attribute("height") or 0)
    for name in ("part-00", "part-59"):
        page.get_by_label("Find in the graph").fill(name)
        expect(page.get_by_text("1 found")).to_be_visible()
        assert in_the_window(page, name)
        _, top, _, height = map(float, str(drawing.get_attribute("viewBox")).split())
        assert top >= 0 and top + height <= whole and height < whole / 2, (name, top, height, whole)


def test_without_script_the_boxes_are_links(browser: Browser, instance: Instance, page: Page, mill: str):
    visit(page, f"{mill}/pipeline")
    visit(page, f"{mill}/plots")  # what workers make is made; a page without script does not wait for it
    context = browser.new_context(base_url=instance.url, java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{mill}/pipeline")
    plain.locator("a.pipeline-box", has_text="prepare").click()
    expect(plain.locator("#stage")).to_contain_text("python prepare.py")
    plain.goto(f"{mill}/plots")
    expect(plain.get_by_role("region", name="classes.csv at main")).to_contain_text("dog")
    context.close()


def test_plots_are_drawn(page: Page, mill: str, axe: Callable[[Page], list[str]], scheme: str):
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    visit(page, f"{mill}/plots")
    expect(page.locator("rw-chart svg")).to_have_count(2)
    expect(page.get_by_role("region", name="Numbers of Loss")).to_contain_text("50")
    assert axe(page) == []


def test_a_phone_shows_them(page: Page, mill: str):
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("pipeline?stage=evaluate", "plots"):
        visit(page, f"{mill}/{path}")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{path} is {wide} px wider than the window"

"""The run table in a browser: filters, stars, groups, columns, views that others open, runs that come by themselves."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.screenshots import sign_in
from tests.fixtures.instance import Instance

NAME = "orchard"


class Orchard:
    """A project with twelve runs: two models with six seeds each."""

    def __init__(self, instance: Instance) -> None:
        self.user, self.password, self.token = instance.user("wanda")
        self.path, self.url = f"/{self.user}/{NAME}", instance.url
        self.api("POST", f"{instance.url}/api/v1/user/repos", {"name": NAME, "private": False})
        for number in range(12):
            model, seed = ("forest", "linear")[number % 2], number // 2
            run = self.begin(f"{model}-{seed}", {"model": model, "seed": str(seed), "depth": "4"})
            value = 0.9 - 0.1 * (number % 2) + seed / 1000
            self.mlflow("runs/log-metric", {"run_id": run, "key": "accuracy", "value": value, "timestamp": 1})
            self.end(run)

    def api(self, method: str, url: str, body: dict) -> dict:
        answer = requests.request(method, url, json=body, auth=(self.user, self.token), timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def mlflow(self, what: str, body: dict) -> dict:
        return self.api("POST", f"{self.url}{self.path}.mlflow/api/2.0/mlflow/{what}", body)

    def end(self, run: str) -> None:
        self.mlflow("runs/update", {"run_id": run, "status": "FINISHED", "end_time": int(time.time() * 1000)})

    def begin(self, name: str, params: dict[str, str]) -> str:
        body = {"experiment_id": "0", "run_name": name, "start_time": int(time.time() * 1000)}
        run = self.mlflow("runs/create", body)["run"]["info"]["run_id"]
        given = [{"key": key, "value": value} for key, value in params.items()]
        self.mlflow("runs/log-batch", {"run_id": run, "params": given})
        return run


@pytest.fixture(scope="module")
def orchard(instance: Instance) -> Orchard:
    return Orchard(instance)


@pytest.fixture
def table(page: Page, orchard: Orchard) -> Page:
    sign_in(page, orchard.url, orchard.user, orchard.password)
    page.goto(f"{orchard.path}/experiments")
    return page


@pytest.fixture
def stranger(browser: Browser, instance: Instance) -> Iterator[Page]:
    """Somebody else who signed in."""
    user, password, _ = instance.user("viola")
    context = browser.new_context(base_url=instance.url, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sign_in(page, instance.url, user, password)
    yield page
    context.close()


def rows(page: Page):
    return page.locator("table.runs tbody tr")


def shot(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_the_filter_is_completed(table: Page) -> None:
    field = table.get_by_role("combobox", name="Filter")
    expect(field).to_be_visible()
    field.click()
    field.press_sequentially("mod")
    options = table.locator(".filter-options [role=option]")
    expect(options.first).to_have_text("params.model")
    shot(table, "completion")
    field.press("ArrowDown")
    field.press("Enter")
    expect(options.first).to_have_text("=")
    field.press("ArrowDown")
    field.press("Enter")
    expect(options).to_have_count(2)
    field.press_sequentially("'fo")
    expect(options).to_have_text(["'forest'"])
    field.press("ArrowDown")
    field.press("Enter")
    field.press("Escape")
    expect(field).to_have_value("params.model = 'forest' ")
    field.press("Enter")
    expect(rows(table)).to_have_count(6)
    shot(table, "filtered")


def test_from_a_group_to_a_view_that_somebody_else_opens(
    table: Page, orchard: Orchard, stranger: Page
) -> None:
    """Acceptance: filter, group, compare, share, open as another member."""
    table.goto(f"{orchard.path}/experiments?q=params.depth = '4'")
    table.get_by_role("button", name="Clear").or_(table.get_by_role("link", name="Clear")).first.click()
    expect(rows(table)).to_have_count(12)
    table.get_by_label("Group by").select_option("seeds")
    expect(rows(table)).to_have_count(2)
    expect(rows(table).filter(has_text="forest")).to_contain_text("0.9025 ± 0.0020")
    shot(table, "grouped")

    table.locator(".saved-views > summary").click()
    table.get_by_label("Save this table as").fill("Over the seeds")
    shot(table, "views")
    table.get_by_label("Everybody who sees the project sees it").check()
    table.get_by_role("button", name="Save").click()
    expect(table.get_by_text("is among the views now")).to_be_visible()

    stranger.goto(f"{orchard.path}/experiments")
    stranger.locator(".saved-views > summary").click()
    stranger.get_by_role("link", name="Over the seeds").click()
    expect(rows(stranger)).to_have_count(2)
    expect(stranger.locator("summary", has_text="Over the seeds")).to_be_visible()
    rows(stranger).filter(has_text="forest").locator("th a").click()
    expect(rows(stranger)).to_have_count(6)
    stranger.locator("[data-select-all]").check()
    expect(stranger.get_by_role("button", name="Delete")).to_have_count(0)

    table.goto(f"{orchard.path}/experiments")
    table.locator("[data-select]").nth(0).check()
    table.locator("[data-select]").nth(1).check()
    table.get_by_role("button", name="Compare").click()
    table.wait_for_url("**/experiments/compare/*")
    address = table.url
    expect(table.get_by_text("accuracy").first).to_be_visible()
    stranger.goto(address)
    expect(stranger.get_by_text("accuracy").first).to_be_visible()


def test_stars_archive_and_deletion(table: Page, orchard: Orchard) -> None:
    row = rows(table).filter(has_text="linear-3")
    row.get_by_role("button", name="Star linear-3").click()
    expect(row.get_by_role("button", name="Star linear-3")).to_have_attribute("aria-pressed", "true")
    shot(table, "starred")
    table.get_by_role("link", name="Starred").click()
    expect(rows(table)).to_have_count(1)

    table.goto(f"{orchard.path}/experiments")
    rows(table).filter(has_text="linear-4").locator("[data-select]").check()
    table.get_by_role("button", name="Archive").click()
    expect(table.get_by_text("1 run archived")).to_be_visible()
    expect(rows(table)).to_have_count(11)
    rows(table).filter(has_text="linear-5").locator("[data-select]").check()
    table.get_by_role("button", name="Delete").click()
    expect(rows(table)).to_have_count(10)
    table.get_by_role("link", name="Deleted").click()
    table.locator("[data-select]").first.check()
    shot(table, "deleted")
    table.get_by_role("button", name="Restore").click()
    table.get_by_role("link", name="Archived").click()
    table.locator("[data-select]").first.check()
    table.get_by_role("button", name="Take out of the archive").click()
    table.goto(f"{orchard.path}/experiments")
    expect(rows(table)).to_have_count(12)


def test_a_click_filters_and_a_drag_moves_a_column(table: Page) -> None:
    cell = rows(table).first.locator("td", has_text="linear").last
    cell.hover()
    rows(table).first.get_by_role("link", name="Only runs with linear").click()
    expect(rows(table)).to_have_count(6)
    heads = table.locator("thead th[data-column]")
    before = [heads.nth(place).get_attribute("data-column") for place in range(heads.count())]
    expect(heads.last).to_have_attribute("draggable", "true")
    heads.last.drag_to(heads.first)
    expect(heads.first).to_have_attribute("data-column", str(before[-1]))
    table.locator("summary", has_text="Columns").click()
    shot(table, "columns")
    table.get_by_role("link", name="Pin params.model").click()
    expect(table.locator("thead th.is-pinned[data-column='params.model']")).to_be_visible()


def test_runs_come_by_themselves_and_what_is_chosen_stays(table: Page, orchard: Orchard) -> None:
    box = rows(table).filter(has_text="forest-0").locator("[data-select]")
    box.check()
    run = orchard.begin("late", {"model": "tree"})
    expect(rows(table).filter(has_text="late")).to_have_count(1)
    expect(rows(table).filter(has_text="forest-0").locator("[data-select]")).to_be_checked()
    expect(table.locator("[data-selected-count]")).to_have_text("1")
    orchard.mlflow("runs/update", {"run_id": run, "status": "FINISHED", "end_time": int(time.time() * 1000)})
    expect(rows(table).filter(has_text="late")).to_contain_text("finished", ignore_case=True)
    orchard.mlflow("runs/delete", {"run_id": run})


def test_a_run_is_marked_noted_renamed_and_graded(table: Page, orchard: Orchard) -> None:
    table.get_by_role("link", name="forest-1", exact=True).click()
    card = table.locator("section", has=table.get_by_role("heading", name="Reproduce", exact=True))
    expect(card.get_by_label("Grade D")).to_be_visible()
    card.get_by_text("How to record it").first.click()
    expect(card.get_by_text("MLflow records the commit by itself")).to_be_visible()
    table.get_by_role("link", name="Add a note").click()
    table.get_by_label("Note, in Markdown").fill("The **best** so far <script>alert(1)</script>")
    table.get_by_role("button", name="Save").click()
    expect(table.locator(".markdown strong")).to_have_text("best")
    table.locator("summary", has_text="Change").click()
    table.get_by_label("Name", exact=True).fill("forest-one")
    table.get_by_role("button", name="Rename").click()
    expect(table.get_by_role("heading", name="forest-one")).to_be_visible()
    expect(card.get_by_label("Grade D")).to_be_visible()
    shot(table, "run")
    with table.expect_download() as coming:
        card.get_by_role("link", name="Certificate (JSON)").click()
    file = coming.value.path()
    table.goto("/verify")
    table.get_by_label("or the file").set_input_files(str(file))
    table.get_by_role("button", name="Check").click()
    expect(table.get_by_text("This server signed it")).to_be_visible()
    shot(table, "verify")


def test_axe_finds_nothing(table: Page, axe, scheme: str, orchard: Orchard) -> None:
    table.emulate_media(color_scheme=scheme)
    for query in ("", "?group=seeds", "?show=deleted", "?column=params.model&pin=params.model"):
        table.goto(f"{orchard.path}/experiments{query}")
        for menu in ("summary:has-text('Columns')", ".saved-views > summary", "summary:has-text('Export')"):
            table.locator(menu).click()
            assert axe(table) == [], (query, menu)
        shot(table, f"axe-{scheme}-{query[1:6] or 'plain'}")

"""A person walks from sign-in to a drift report, as the acceptance says: sign in, project, files, run, compare, drift."""

import re

from playwright.sync_api import Page, expect

from tests.browser.seed import Seeded
from tests.fixtures.instance import Instance

PATIENCE = 60_000  # milliseconds that a worker may take


def test_from_sign_in_to_the_readme_and_a_file(wanda: Page, harvest: Seeded):
    wanda.goto("/")
    wanda.get_by_role("link", name=re.compile("harvest")).first.click()
    expect(wanda.get_by_role("heading", name=re.compile("^Harvest"))).to_be_visible()
    wanda.get_by_role("navigation", name="Project").get_by_role("link", name="Files").click()
    wanda.get_by_role("link", name="src", exact=True).click()
    wanda.get_by_role("link", name="train.py").click()
    expect(wanda.locator(".code")).to_contain_text("return rate * 3")
    assert wanda.locator(".code .k, .code .kn, .code .kd").count() > 0, "the code is highlighted"


def test_the_tree_shows_what_dvc_tracks(wanda: Page, harvest: Seeded):
    wanda.goto(f"{harvest.path}/src/main/data")
    row = wanda.get_by_role("row", name=re.compile(r"raw\.csv DVC"))
    for _ in range(30):  # the index job follows the push
        if row.count():
            break
        wanda.wait_for_timeout(1000)
        wanda.reload()
    expect(row).to_contain_text("present")


def test_a_commit_shows_its_diff(wanda: Page, harvest: Seeded):
    wanda.goto(f"{harvest.path}/commit/{harvest.commit}")
    expect(wanda.get_by_role("main")).to_contain_text("Train harder")
    expect(wanda.locator(".diff td.add:not(.ln)").first).to_contain_text("rate * 3")
    expect(wanda.locator(".diff td.del:not(.ln)").first).to_contain_text("rate * 2")


def test_filter_sort_and_open_a_run(wanda: Page, harvest: Seeded):
    wanda.goto(f"{harvest.path}/experiments")
    wanda.get_by_label("Filter", exact=True).fill("params.model = 'forest'")
    wanda.get_by_role("button", name="Filter").click()
    names = wanda.locator("tbody td.is-pinned")
    expect(names).to_have_count(3)
    wanda.get_by_role("columnheader", name="accuracy").get_by_role("link").click()
    expect(wanda.locator("thead th[aria-sort=descending]")).to_contain_text("accuracy")
    at = [text.strip() for text in wanda.locator("thead th").all_inner_texts()].index("accuracy")
    values = [float(text) for text in wanda.locator(f"tbody tr td:nth-child({at + 1})").all_inner_texts()]
    assert values == sorted(values, reverse=True)
    names.first.get_by_role("link").click()
    expect(wanda.get_by_role("heading", level=1, name=re.compile("forest-"))).to_be_visible()
    expect(wanda.locator("rw-chart svg").first).to_be_visible()
    expect(wanda.get_by_role("main")).to_contain_text(harvest.commit[:8])


def test_a_wrong_filter_says_what_is_wrong(wanda: Page, harvest: Seeded):
    answer = wanda.goto(f"{harvest.path}/experiments?q=metrics.loss+maybe+3")
    assert answer is not None and answer.status == 400
    expect(wanda.get_by_role("alert")).to_contain_text("not a comparison")


def test_choose_runs_and_compare_them(wanda: Page, harvest: Seeded):
    wanda.goto(f"{harvest.path}/experiments")
    compare = wanda.get_by_role("button", name="Compare", exact=True)
    expect(compare).to_be_disabled()
    for number in range(4):
        wanda.locator("input[data-select]").nth(number).check()
    compare.click()
    expect(wanda).to_have_url(re.compile(r"/experiments/compare/\d+$"))
    expect(wanda.get_by_role("heading", name="Metrics")).to_be_visible(timeout=PATIENCE)
    expect(wanda.locator("td.best").first).to_be_visible()
    expect(wanda.get_by_role("region", name="Parameters that differ").last).to_contain_text("forest")
    wanda.locator("rw-chart").first.scroll_into_view_if_needed()
    expect(wanda.locator("rw-chart svg").first).to_be_visible()


def test_compare_two_versions_of_data_for_drift(wanda: Page, harvest: Seeded):
    wanda.goto(f"{harvest.path}/data/main/data/harvest.csv")
    wanda.get_by_role("button", name="Compare with the one before").click()
    expect(wanda).to_have_url(re.compile(r"/drift/\d+$"))
    expect(wanda.locator(".verdict")).to_contain_text("2 of 4 columns drifted", timeout=PATIENCE)
    rain = wanda.get_by_role("region", name="Columns").last.get_by_role("row", name=re.compile("^rain"))
    expect(rain).to_contain_text("drift")
    expect(wanda.locator("rw-chart svg").first).to_be_visible()


def test_make_and_revoke_a_token(wanda: Page):
    wanda.goto("/settings/tokens")
    wanda.get_by_label("Name").fill("laptop of a test")
    wanda.get_by_role("button", name=re.compile("Make|Create")).first.click()
    expect(wanda.get_by_role("main")).to_contain_text("rw_")
    row = wanda.get_by_role("row", name=re.compile("laptop of a test"))
    row.get_by_role("button", name=re.compile("Revoke")).click()
    expect(wanda.get_by_role("row", name=re.compile("laptop of a test"))).to_have_count(0)


def test_connect_makes_a_token_and_fills_it_in(wanda: Page, harvest: Seeded):
    wanda.goto(f"{harvest.path}/experiments")
    wanda.locator("summary", has_text="Connect").click()
    wanda.locator("details[open]").get_by_role("button", name="Make a token").click()
    expect(wanda).to_have_url(re.compile(f"{harvest.path}/connect$"))
    secret = wanda.locator("#new-token").inner_text()
    assert secret.startswith("rw_")
    main = wanda.get_by_role("main")
    main.get_by_role("tab", name="MLflow").click()
    expect(main.locator("#page-mlflow")).to_contain_text(f"PASSWORD={secret}")
    expect(main.locator("#page-dvc-s3")).to_be_hidden()
    main.get_by_role("tab", name="DVC").click()
    expect(main.locator("#page-dvc-s3")).to_contain_text(f"secret_access_key {secret}")
    expect(main.locator("#page-dvc")).to_be_hidden()
    main.get_by_role("tab", name="S3").click()
    expect(main.locator("#page-s3")).to_contain_text("repo-buckets/s3/")
    wanda.goto(f"{harvest.path}/connect")
    assert secret not in wanda.content()


def test_the_scheme_is_kept(wanda: Page):
    wanda.goto("/")
    wanda.get_by_label("Colour scheme").click()
    wanda.get_by_role("button", name="Dark").click()
    assert wanda.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    wanda.reload()
    assert wanda.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_strangers_see_nothing(page: Page, instance: Instance, harvest: Seeded):
    for path in ("", "/experiments", "/data", "/drift", "/src/main"):
        answer = page.goto(f"{harvest.path}{path}")
        assert answer is not None and (answer.status == 404 or "/accounts/login" in page.url), path
        assert "Fields and rain" not in page.content()

"""What demo-owner asks the workers for: a comparison of runs, a drift report between two versions of the data."""

import re
import time

from infra.demo.console import DemoError, say, step
from infra.demo.setting import ORGANIZATION, OWNER, PROJECT, Setting
from infra.demo.web import Api, Browser, Page

_P = f"/{ORGANIZATION}/{PROJECT}"
_PATIENCE = 300
# One of each family and two seeds of each, over the two versions of the data that the story is about.
COMPARED = ("v2/linear/alpha=0.0001/seed0", "v2/linear/alpha=0.0001/seed1", "v2/boosting/max_depth=3/seed0",
            "v2/boosting/max_depth=3/seed1", "v3/linear/alpha=0.0001/seed0", "v3/boosting/max_depth=3/seed0")  # fmt: skip
DRIFTED_FILE, LABELS = "data/wine.csv", "data/labels"


def compare_runs(setting: Setting, browser: Browser, runs: dict[str, str]) -> str:
    """Choose six runs in the table and compare them; returns the comparison's address. The same choice is the same page."""
    with step("a comparison of six runs"):
        page = browser.get(f"{_P}/experiments")
        chosen = [runs[key] for key in COMPARED]
        answer = browser.submit(page, page.form(to=f"{_P}/experiments/compare/new"), {"run": chosen})
        return _address(answer, rf"{_P}/experiments/compare/\d+")


def measure_drift(setting: Setting, browser: Browser) -> str:
    """Compare the first and the newest sheet; returns the report's address."""
    with step(f"a drift report of {DRIFTED_FILE} from v1 to v3"):
        page = browser.get(f"{_P}/drift")
        answer = browser.submit(
            page,
            page.form("path", "reference", "current"),
            {"path": DRIFTED_FILE, "reference": "v1", "current": "v3"},
        )
        return _address(answer, rf"{_P}/drift/\d+")


def look_at_data(setting: Setting, browser: Browser) -> dict[str, str]:
    """Open the pages of data and pipeline once, which asks the workers for what they show; their addresses by what they are."""
    pages = {
        "columns of the sheet": f"{_P}/columns/v3/{DRIFTED_FILE}",
        "the sheet, v2 beside v3": f"{_P}/data-compare/{DRIFTED_FILE}?base=v2&head=v3",
        "pictures of labels": f"{_P}/gallery/v3/{LABELS}",
        "labels, v2 beside v3": f"{_P}/data-compare/{LABELS}?base=v2&head=v3",
        "pipeline, since v1": f"{_P}/pipeline/v3?base=v1",
        "plots of v1 to v3": f"{_P}/plots/v3?rev=v1&rev=v2",
    }
    with step("the pages of data, pipeline and plots"):
        return {name: browser.get(path).url for name, path in pages.items()}


def wait_for_jobs(setting: Setting) -> None:
    """Wait until the workers have done all that was asked. Raises :class:`DemoError` with the message of a job that failed."""
    api = Api(setting.url, OWNER, setting.password)
    with step("the workers compute"):
        until = time.monotonic() + _PATIENCE
        while True:
            _, active = api.call("GET", f"repos/{ORGANIZATION}/{PROJECT}/jobs?state=queued&state=running")
            if not active["jobs"]:
                break
            if time.monotonic() > until:
                waiting = ", ".join(
                    f"{job['kind']} ({job['state']}, {job['percent']} %)" for job in active["jobs"]
                )
                raise DemoError(
                    f"Jobs did not end within {_PATIENCE} s: {waiting}.",
                    advice=f"Look at {setting.project_url}/jobs and at the worker's log in {setting.home / 'logs'}.",
                )
            time.sleep(1)
    _, failed = api.call("GET", f"repos/{ORGANIZATION}/{PROJECT}/jobs?state=failed")
    if failed["jobs"]:
        told = "\n".join(
            f"{job['kind']}: {job['error_message']} ({job['error_code']})" for job in failed["jobs"]
        )
        raise DemoError(
            "A job failed.", output=told, advice=f"{setting.project_url}/jobs has a button to try again."
        )


def verdict(browser: Browser, address: str) -> None:
    """Open a finished page once, as the demo's visitor will. Raises :class:`DemoError` when it does not answer."""
    page = browser.get(address)
    say(f"✓ {page.url} answers ({len(page.text) // 1024} KiB)")


def _address(page: Page, pattern: str) -> str:
    if not re.fullmatch(pattern, page.path):
        raise DemoError(f"The form answered with {page.url}, not with the new page.", output=page.words)
    return page.url

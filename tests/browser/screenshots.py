"""Take a picture of every page, light and dark, and at the width of a phone: ``python -m tests.browser.screenshots URL OUTDIR``.

``--user`` and ``--password`` sign in; ``--project owner/name`` names the project whose pages are taken.
"""

import argparse
import re
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import launch

# Charts are drawn when they come into view.
SCROLL = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 400) {
    scrollTo({ top: y, behavior: "instant" });
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
  scrollTo({ top: 0, behavior: "instant" });
}"""
ANONYMOUS = {
    "welcome": "/",
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "verify": "/verify",
    "missing": "/nobody/nothing",
}
SIGNED_IN = {
    "home": "/", "explore": "/explore", "new-project": "/new", "tokens": "/settings/tokens",
    "ssh-keys": "/settings/ssh-keys", "profile": "/settings/profile", "rename-me": "/settings/rename",
    "offers": "/settings/offers", "storage-mine": "/settings/storage", "deleted-projects": "/settings/deleted-projects",
    "new-organization": "/organizations/new", "api": "/api/docs",
    "search": "/search?q=harvest", "people": "/search?in=people&q=wanda",
}  # fmt: skip
PROJECT = {
    "overview": "", "connect": "/connect", "files": "/src", "file": "/src/main/src/train.py", "commits": "/commits/main",
    "branches": "/branches", "branch-new": "/branches/new", "branch-rename": "/branches/rename?branch=main",
    "branch-settings": "/settings/branches", "storage": "/settings/storage", "bucket": "/bucket",
    "bucket-upload": "/bucket/upload",
    "connected-buckets": "/settings/buckets",
    "branch-rule-new": "/settings/branches/new?pattern=ma*",
    "edit": "/edit/main/src/train.py", "new-file": "/new/main/src", "upload": "/upload/main",
    "move": "/move/main/src", "delete": "/delete/main/src/train.py",
    "search-files": "/search?q=train", "search-code": "/search/HEAD?q=rate", "search-runs": "/search?in=runs&q=forest",
    "search-models": "/search?in=models&q=none", "find": "/find/main?q=train",
    "tags": "/tags", "tag-new": "/tags/new", "tag-delete": "/tags/delete/v1", "releases": "/releases",
    "release-new": "/releases/new", "contributors": "/contributors",
    "data-compare": "/data-compare/data/harvest.csv?base=v1&head=v2", "data-usage": "/data-usage/main/data/raw.csv",
    "data-rows": "/data-rows/main/data/harvest.csv?column=rain&op=gt&value=60&order=sun:desc",
    "data": "/data", "pipeline": "/pipeline", "plots": "/plots",
    "experiments": "/experiments", "comparisons": "/experiments/compare",
    "comparison": "/experiments/compare/1", "drift": "/drift", "drift-new": "/drift/new", "drift-report": "/drift/1",
    "jobs": "/jobs", "settings": "/settings", "members": "/settings/members", "danger": "/settings/danger",
    "archive": "/settings/archive", "rename": "/settings/rename", "transfer": "/settings/transfer",
    "mirror": "/settings/mirror", "push-mirror-new": "/settings/mirror/push/new",
}  # fmt: skip


def sign_in(page: Page, url: str, user: str, password: str) -> None:
    """Through the form, as a person does."""
    page.goto(f"{url}/accounts/login/")
    page.fill('input[name="login"]', user)
    page.fill('input[name="password"]', password)
    page.click('main button[type="submit"], main form button')
    page.wait_for_url(re.compile(r"^(?!.*accounts/login)"))


def addresses(page: Page, url: str, project: str) -> dict[str, str]:
    """The project's pages, with a run, a commit and a dataset found by following links."""
    found = {name: f"/{project}{path}" for name, path in PROJECT.items()}
    for name, start, pattern in (
        ("run", "/experiments", r"/runs/[0-9a-f]{32}$"),
        ("commit", "/commits/main", r"/commit/[0-9a-f]{40}$"),
        ("dataset", "/data", r"/data/.+/.+"),
    ):
        page.goto(f"{url}/{project}{start}")
        links = page.eval_on_selector_all(
            "main a[href]", "nodes => nodes.map(node => node.getAttribute('href'))"
        )
        match = next((link for link in links if re.search(pattern, link)), None)
        if match:
            found[name] = match
    owner = project.partition("/")[0]
    return {**found, "owner": f"/{owner}"}


def take(page: Page, url: str, pages: dict[str, str], out: Path, suffix: str) -> None:
    """One picture a page."""
    for name, path in pages.items():
        page.goto(f"{url}{path}", wait_until="load")
        page.wait_for_load_state("networkidle")  # the charts' script comes late
        page.evaluate(SCROLL)
        page.wait_for_timeout(300)
        page.screenshot(path=str(out / f"{name}-{suffix}.png"), full_page=suffix != "phone")


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("out", type=Path)
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--project", default="")
    parser.add_argument("--only", default="", help="a regular expression on the pages' names")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    url = asked.url.rstrip("/")

    def wanted(pages: dict[str, str]) -> dict[str, str]:
        return {name: path for name, path in pages.items() if re.search(asked.only, name)}

    with sync_playwright() as playwright, launch(playwright) as browser:
        for scheme, width, suffix in (
            ("light", 1280, "light"),
            ("dark", 1280, "dark"),
            ("light", 390, "phone"),
        ):
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
            page = context.new_page()
            take(page, url, wanted(ANONYMOUS), asked.out, suffix)
            if asked.user:
                sign_in(page, url, asked.user, asked.password)
                take(page, url, wanted(SIGNED_IN), asked.out, suffix)
                if asked.project:
                    take(page, url, wanted(addresses(page, url, asked.project)), asked.out, suffix)
            context.close()


if __name__ == "__main__":
    main()

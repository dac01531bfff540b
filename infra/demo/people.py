"""The demo's people, organization and project."""

import os
import sys

from infra.demo.console import DemoError, run, say, step
from infra.demo.setting import ORGANIZATION, OWNER, PROJECT, READER, WRITER, Setting
from infra.demo.toolenv import ROOT
from infra.demo.web import Api, Browser

DESCRIPTION = (
    "Which cultivar is in the bottle? Three harvests of the wine data, two model families, one that drifts."
)

KEY_METRIC = "accuracy"


def make_accounts(setting: Setting) -> None:
    """The three accounts, by the operator's command: nobody else can know that they are wanted."""
    for name in (OWNER, WRITER, READER):
        status, _ = Api(setting.url, name, setting.password).call("GET", "user")
        if status == 200:
            continue
        with step(f"account {name}"):
            environ = dict(os.environ) | {"ROPEWALK_HOME": str(setting.home)}
            try:
                run([sys.executable, "manage.py", "create_user", name, "--password", setting.password,
                     "--email", f"{name}@example.org"], cwd=ROOT, environ=environ, what=f"Creating {name}")  # fmt: skip
            except DemoError as error:
                if "taken" in error.output:
                    raise DemoError(
                        f"There is an account {name} already, with another password than {setting.folder / 'password'} says.",
                        advice="Write its password into that file, or load the demo into another ROPEWALK_HOME.",
                    ) from None
                raise


def make_project(setting: Setting) -> Browser:
    """The organization through its form, the project through the API, the members through their form.

    Returns the session of demo-owner.
    """
    browser = Browser(setting.url)
    browser.sign_in(OWNER, setting.password)
    if browser.get(f"/{ORGANIZATION}", may_be_missing=True).status == 404:
        with step(f"organization {ORGANIZATION}"):
            page = browser.get("/organizations/new")
            values: dict[str, str | list[str]] = {
                "name": ORGANIZATION,
                "display_name": "Acme Wines",
                "description": "The demo's organization.",
            }
            browser.submit(page, page.form("name"), values)
            browser.get(f"/{ORGANIZATION}")
    api = Api(setting.url, OWNER, setting.password)
    status, _ = api.call("GET", f"repos/{ORGANIZATION}/{PROJECT}")
    if status == 404:
        with step(f"project {ORGANIZATION}/{PROJECT}"):
            body = {"name": PROJECT, "description": DESCRIPTION, "private": False}
            status, answer = api.call("POST", f"org/{ORGANIZATION}/repos", body)
            if status != 201:
                raise DemoError(f"Creating the project answered {status}.", output=str(answer))
    elif status != 200:
        raise DemoError(f"Asking for the project answered {status}.")
    page = browser.get(f"/{ORGANIZATION}/{PROJECT}/settings")
    general = page.form("key_metric")
    if dict(general.fields)["key_metric"] != KEY_METRIC:
        with step("key metric"):
            browser.submit(page, general, {"key_metric": KEY_METRIC, "description": DESCRIPTION})
    _add_members(setting, browser)
    return browser


def _add_members(setting: Setting, browser: Browser) -> None:
    path = f"/{ORGANIZATION}/{PROJECT}/settings/members"
    for name, role in ((WRITER, "writer"), (READER, "reader")):
        page = browser.get(path)
        if f'/{name}"' in page.text:
            continue
        with step(f"{name} becomes {role}"):
            browser.submit(page, page.form("username", "role"), {"username": name, "role": role})
            if f'/{name}"' not in browser.get(path).text:
                raise DemoError(f"{name} did not become a member.", output=page.words)
    say(f"✓ {setting.project_url} with its members")

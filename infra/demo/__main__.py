"""``python -m infra.demo``: load the demo into the instance at ROPEWALK_URL. Repeating it is harmless."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from infra.demo import analyses, experiments, people, toolenv
from infra.demo.console import DemoError, complain, say, step
from infra.demo.repository import Repository
from infra.demo.setting import ORGANIZATION, OWNER, READER, WRITER, Setting, from_environ


def load(setting: Setting) -> dict[str, str]:
    """Put in what is missing; returns what to look at."""
    with ThreadPoolExecutor(1) as aside:  # the tools are downloaded while the accounts are made
        tools = aside.submit(toolenv.prepare, setting.tools.parent)
        people.make_accounts(setting)
        browser = people.make_project(setting)
        with step("tools of the demo's users (dvc, mlflow, scikit-learn)"):
            tools.result()
    Repository(setting).put_there()
    runs = experiments.track(setting)
    comparison = analyses.compare_runs(setting, browser, runs)
    report = analyses.measure_drift(setting, browser)
    looked = analyses.look_at_data(setting, browser)
    analyses.wait_for_jobs(setting)
    for address in (setting.project_url, comparison, report, *looked.values()):
        analyses.verdict(browser, address)
    return {
        "project": setting.project_url,
        "files of v3": f"{setting.project_url}/src/v3",
        "experiments": f"{setting.project_url}/experiments",
        "six runs compared": comparison,
        "data": f"{setting.project_url}/data",
        "drift, v1 to v3": report,
        **looked,
        "MLflow's own pages": f"{setting.project_url}.mlflow/",
    }


def farewell(setting: Setting, places: dict[str, str], seconds: float) -> None:
    """Say where to look and how to sign in."""
    say(f"\nThe demo is ready ({seconds:.0f} s). Look at")
    for name, address in places.items():
        say(f"  {name:<24} {address}")
    say(f"\nSign in at {setting.url}/accounts/login/ with the password  {setting.password}  as")
    for name, role in (
        (OWNER, f"owner of {ORGANIZATION}"),
        (WRITER, "writer: pushes and tracks"),
        (READER, "reader: looks only"),
    ):
        say(f"  {name:<20} {role}")
    say("(The password is kept in " + str(setting.folder / "password") + ".)")


def main() -> int:
    """Load, and turn a :class:`DemoError` into one clear message."""
    started = time.monotonic()
    try:
        setting = from_environ(os.environ)
        farewell(setting, load(setting), time.monotonic() - started)
    except DemoError as error:
        complain(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

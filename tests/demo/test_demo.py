"""The demo as `make demo` loads it: whole, and harmless to repeat."""

import json
import re
import subprocess
import sys
import urllib.request

import pytest

from infra.demo.setting import VERSIONS
from infra.embedded.config import ROOT
from tests.fixtures.instance import Instance


def load(instance: Instance) -> str:
    """Run the demo's command and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.demo"],
        cwd=ROOT,
        env=instance.environment | {"ROPEWALK_URL": instance.url, "ROPEWALK_HOME": str(instance.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def runs(instance: Instance) -> list[dict]:
    """All runs of the demo's experiment, read without signing in: the project is public."""
    root = f"{instance.url}/acme/wine.mlflow/api/2.0/mlflow"
    with urllib.request.urlopen(f"{root}/experiments/get-by-name?experiment_name=cultivar") as answer:
        experiment = json.load(answer)["experiment"]["experiment_id"]
    body = json.dumps({"experiment_ids": [experiment], "max_results": 1000}).encode()
    request = urllib.request.Request(f"{root}/runs/search", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["runs"]


def tags(run: dict) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["data"]["tags"]}


@pytest.mark.timeout(1800)
def test_the_demo_is_whole_and_repeating_it_changes_nothing(instance, tmp_path):
    printed = load(instance)

    subprocess.run(["git", "clone", "-q", f"{instance.url}/acme/wine.git", tmp_path / "wine"], check=True)
    told = subprocess.run(
        ["git", "-C", tmp_path / "wine", "rev-list", "--first-parent", "HEAD"],
        capture_output=True,
        text=True,
        check=True,
    )
    commits = told.stdout.split()
    assert len(commits) == len(VERSIONS)

    first = runs(instance)
    assert len(first) >= 30
    assert {tags(run)["mlflow.source.git.commit"] for run in first} == set(commits)
    assert sorted({run["info"]["status"] for run in first}) == ["FAILED", "FINISHED"]
    assert sum("mlflow.parentRunId" in tags(run) for run in first) >= 4

    report = re.search(r"drift, v1 to v3\s+(\S+)", printed)
    comparison = re.search(r"six runs compared\s+(\S+)", printed)
    assert report and comparison
    with urllib.request.urlopen(report[1]) as answer:
        page = answer.read().decode()
    assert "color_intensity" in page and "drift" in page.lower()

    for name, words in {
        "columns of the sheet": "color_intensity",
        "pictures of labels": "dolcetto",
        "labels, v2 beside v3": "dolcetto",
        "pipeline, since v1": "evaluate",
        "plots of v1 to v3": "confusion",
    }.items():
        found = re.search(rf"{name}\s+(\S+)", printed)
        assert found, name
        with urllib.request.urlopen(found[1]) as answer:
            assert words in answer.read().decode(), name

    again = load(instance)
    assert report[1] in again and comparison[1] in again
    assert [run["info"]["run_id"] for run in runs(instance)] == [run["info"]["run_id"] for run in first]

"""What a version of a dataset was used for: runs by commit or by what they logged, models, reports, stages; its pages and API."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ropewalk.core import blobs
from ropewalk.data import selectors as data
from ropewalk.monitors import services as monitors
from ropewalk.monitors.usage import dataset_usage, runs_of_version
from ropewalk.projects.models import Project
from ropewalk.tracking.selectors.usage import source_names
from tests.factories.builders import access_of, make_project, make_token
from tests.integration.data.conftest import listing, md5, send
from tests.integration.monitors.repository import Repository
from tests.integration.tracking.logbook import Logbook
from workers.runners.index_revision import index_now

COMMIT = "mlflow.source.git.commit"
LOCK = """schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps:
    - path: data/raw.csv
      hash: md5
      md5: {md5}
      size: 4
"""
Shas = dict[str, str]


@pytest.fixture
def shas(project: Project, settings: Any, tmp_path: Path) -> Shas:
    """Commits with two versions of data/raw.csv, of a file in folder data/set, of notes.csv in git; ``c`` is like ``b``."""
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.OBJECTS_ROOT = tmp_path / "objects"
    blobs.store.cache_clear()
    repository, made = Repository(project, tmp_path / "work"), {}
    for name, version in (("a", b"one\n"), ("b", b"two\n"), ("c", b"two\n")):
        whole = listing({"x.csv": version, "same.csv": b"same"})
        for content in (version, b"same"):
            send(project, content)
        send(project, whole, is_dir=True)
        made[name] = repository.commit(
            {
                "data/raw.csv.dvc": f"outs:\n- md5: {md5(version)}\n  size: 4\n  hash: md5\n  path: raw.csv\n",
                "data/set.dvc": f"outs:\n- md5: {md5(whole)}.dir\n  nfiles: 2\n  hash: md5\n  path: set\n",
                "notes.csv": version,
                "dvc.lock": LOCK.format(md5=md5(version)),
                "code.py": name,
            }
        )
        index_now(project.pk, made[name])
    return made


def used(project: Project, path: str) -> dict[str, tuple[int, list[str]]]:
    """Commit that introduced a version → (runs, names of the newest)."""
    found = dataset_usage(project.pk, path, data.versions(project.pk, path, "main"))
    return {
        one.version.commit_sha: (one.runs, [run.name for run in one.newest_runs]) for one in found.versions
    }


@pytest.mark.parametrize("path", ["data/raw.csv", "data/set/x.csv", "notes.csv"])
def test_runs_count_for_the_version_that_their_commit_has(
    project: Project, shas: Shas, logbook: Logbook, path: str
) -> None:
    for number, name in enumerate("abcc"):
        logbook.run(name=f"{name}{number}", start=1_700_000_000_000 + number, tags={COMMIT: shas[name]})
    logbook.delete(logbook.run(name="gone", tags={COMMIT: shas["a"]}))
    logbook.run(name="elsewhere", tags={COMMIT: "1" * 40})
    logbook.run(name="dirty", tags={COMMIT: "not a commit'"})
    assert used(project, path) == {shas["b"]: (3, ["c3", "c2", "b1"]), shas["a"]: (1, ["a0"])}


def test_a_file_that_never_changed_has_one_version(project: Project, shas: Shas, logbook: Logbook) -> None:
    for number, name in enumerate("abc"):
        logbook.run(name=name, start=1_700_000_000_000 + number, tags={COMMIT: shas[name]})
    assert used(project, "data/set/same.csv") == {shas["a"]: (3, ["c", "b", "a"])}


def test_other_projects_runs_do_not_count(project: Project, shas: Shas, logbook: Logbook) -> None:
    other = Logbook(make_project().pk)
    other.run(name="foreign", tags={COMMIT: shas["a"]})
    other.dataset(other.run(name="foreign too"), "data/raw.csv", "train")
    assert used(project, "data/raw.csv")[shas["a"]] == (0, [])


def test_models_reports_and_stages(project: Project, shas: Shas, logbook: Logbook) -> None:
    run = logbook.run(name="best", tags={COMMIT: shas["c"]})
    for _ in range(4):
        logbook.registered("crop", run)
    access = access_of(project.created_by, project)
    number = monitors.request_drift_report(
        access=access, path="data/raw.csv", reference=shas["a"], current=shas["c"]
    )
    found = dataset_usage(project.pk, "data/raw.csv", data.versions(project.pk, "data/raw.csv", "main"))
    new, old = found.versions
    assert (new.models, len(new.newest_models), old.models) == (4, 3, 0)
    assert new.newest_models[0][0] == "crop"
    assert [[report.number for report in one.reports] for one in (new, old)] == [[number], [number]]
    assert (new.stages, old.stages) == (("train",), ("train",))


def logged(logbook: Logbook, name: str, digest: str, source: dict[str, str], tags: dict[str, str]) -> str:
    from mlflow.entities import Dataset, DatasetInput

    from ropewalk.edges.mlflow_http import runtime

    run = logbook.run(name=name, tags=tags)
    with runtime.bound(logbook.project_id) as store:
        store.log_inputs(run, [DatasetInput(Dataset(name, digest, "local", json.dumps(source)), [])])
    return run


def test_what_runs_logged_with_mlflow_data(project: Project, shas: Shas, logbook: Logbook) -> None:
    logged(logbook, "by digest", md5(b"one\n"), {"uri": "elsewhere.csv"}, {})
    logged(logbook, "by name", "0a1b2c3d", {"uri": "/home/ada/project/data/raw.csv"}, {})
    logged(logbook, "both", "0a1b2c3e", {"uri": "data/raw.csv"}, {COMMIT: shas["b"]})
    logged(logbook, "another", "0a1b2c3f", {"uri": "data/myraw.csv"}, {})
    found = dataset_usage(project.pk, "data/raw.csv", data.versions(project.pk, "data/raw.csv", "main"))
    assert [(one.runs, [run.name for run in one.newest_runs]) for one in found.versions] == [
        (1, ["both"]),
        (1, ["by digest"]),
    ]
    assert ([run.name for run in found.unknown], found.unknown_total, found.partly) == (["by name"], 1, False)
    assert [run.name for run in runs_of_version(project.pk, "data/raw.csv", md5(b"one\n"), git=False)] == [
        "by digest"
    ]


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ('{"uri": "data/raw.csv"}', True),
        ('{"uri": "./data/raw.csv"}', True),
        ('{"url": "https://x.org/o/p/raw/main/data/raw.csv?download=1"}', True),
        ('{"uri": "data/raw%2Ecsv"}', True),
        ('{"uri": "mydata/raw.csv"}', False),
        ('{"uri": ["data/raw.csv"]}', False),
        ("data/raw.csv", True),
        ("[" * 100_000, False),
        ("null", False),
    ],
)
def test_how_a_source_names_a_path(source: str, named: bool) -> None:
    assert source_names(source, "data/raw.csv") is named


def test_many_versions_cost_as_many_queries_as_few(project: Project, shas: Shas, logbook: Logbook) -> None:
    versions = data.versions(project.pk, "data/raw.csv", "main")
    for name in "abc":
        logbook.registered("crop", logbook.run(name=name, tags={COMMIT: shas[name]}))

    def cost(some: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            dataset_usage(project.pk, "data/raw.csv", some)
        return len(queries)

    assert cost(versions[:1]) == cost(versions) <= 14


def test_the_pages(client: Client, project: Project, shas: Shas, logbook: Logbook) -> None:
    client.force_login(project.created_by)
    run = logbook.run(name="harvest-run", tags={COMMIT: shas["c"]})
    home = f"/{project.owner.slug}/{project.slug}"

    def text(tail: str) -> str:
        return unescape(re.sub(r"\s+", " ", client.get(f"{home}/{tail}").content.decode()))

    assert f'<rw-fragment src="{home}/data-usage/main/data/raw.csv" loading="lazy">' in text(
        "data/main/data/raw.csv"
    )
    part = text("data-usage/main/data/raw.csv?fragment=1")
    new = md5(b"two\n")
    assert f'href="{home}/data-usage/main/data/raw.csv?version={new}"><strong>1</strong> run</a>' in part
    assert f'href="{home}/runs/{run}">harvest-run' in part and "<html" not in part
    assert f'href="{home}/pipeline/{shas["b"]}">train' in part
    assert "harvest-run" in text(f"data-usage/main/data/raw.csv?version={new}")
    assert "No run is known to have used it" in text(
        f"data-usage/main/data/raw.csv?version={md5(b'one' + bytes([10]))}"
    )
    assert client.get(f"{home}/data-usage/main/data/raw.csv?version=none").status_code == 404
    assert client.get(f"{home}/data-usage/main/nothing.csv").status_code == 404
    headers = {"Authorization": f"Bearer {make_token(project.created_by)}"}
    body = client.get(f"/api/v1/repos{home}/data-usage/main/data/raw.csv", headers=headers).json()
    assert [(one["hash"], one["runs"], one["stages"]) for one in body["versions"]] == [
        (new, 1, ["train"]),
        (md5(b"one\n"), 0, ["train"]),
    ]
    assert body["versions"][0]["newest_runs"] == [{"run_id": run, "name": "harvest-run"}]
    page = text(f"runs/{run}")
    assert "Data of its commit" in page and f'href="{home}/data/{shas["c"]}/data/raw.csv"' in page

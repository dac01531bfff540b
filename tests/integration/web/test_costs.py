"""What a list page costs: as many queries for many rows as for few, whatever each row refers to."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.comparisons import services as comparisons
from ropewalk.core import jobs
from ropewalk.core.models import Job, JobState
from ropewalk.data import services as data
from ropewalk.data.types import INDEX_REVISION
from ropewalk.monitors import services as monitors
from ropewalk.projects.models import Project
from ropewalk.repos import git
from tests.factories.builders import (
    access_of,
    make_collaborator,
    make_organization,
    make_project,
    make_user,
)
from tests.integration.monitors.repository import Repository
from tests.integration.tracking.logbook import Logbook
from tests.protocol.mlflow.fixtures import mlflow_in_process, objects
from workers.runners import base

__all__ = ["mlflow_in_process", "objects"]

FEW, MANY = 2, 9  # below the shortest page, so that every row is shown


class House:
    """A project with its owner's browser, and a way to fill each list by so many rows more."""

    def __init__(self, folder: Path) -> None:
        self.owner = make_user()
        self.project: Project = make_project(owner=self.owner, visibility="public")
        self.access: ProjectAccess = access_of(self.owner, self.project, Permission.ANALYSES_START)
        self.repository = Repository(self.project, folder)
        self.logbook = Logbook(self.project.pk)
        self.client = Client()
        self.client.force_login(self.owner)
        self.made = 0

    @property
    def path(self) -> str:
        return f"/{self.owner.username}/{self.project.slug}"

    def numbers(self, count: int) -> list[int]:
        self.made += count
        return list(range(self.made - count, self.made))

    def jobs(self, count: int) -> None:
        for number in self.numbers(count):
            person = make_collaborator(self.project, "writer")
            job = jobs.enqueue(
                INDEX_REVISION,
                subject=f"revision {number}",
                fingerprint=str(number),
                payload={},
                project_id=self.project.pk,
                requested_by_id=person.pk,
            )
            state = list(JobState)[number % 4]
            Job.objects.filter(pk=job.pk).update(state=state, error_message="It failed.", error_code="x")

    def runs(self, count: int) -> list[str]:
        found = []
        for number in self.numbers(count):
            sha = self.repository.commit({"code.py": str(number)})
            run = self.logbook.run(
                self.logbook.experiment(f"experiment {number}"),
                name=f"run {number}",
                metrics={"loss": float(number)},
                params={"depth": str(number)},
                tags={"mlflow.source.git.commit": sha},
            )
            self.logbook.dataset(run, f"data {number}", "train")
            self.logbook.registered(f"model {number}", run, alias="best")
            found.append(run)
        return found

    def comparisons(self, count: int) -> None:
        runs = self.runs(count + 1)
        for one, other in pairwise(runs):
            comparisons.request_comparison(access=self.access, run_ids=[one, other])
        self.work()

    def commits(self, count: int) -> None:
        for number in self.numbers(count):
            self.repository.commit({f"data/{number}.csv": f"x\n{number}\n"}, tag=f"v{number}")

    def branches(self, count: int) -> None:
        for number in self.numbers(count):
            sha = self.repository.commit({"branch.txt": str(number)})
            self.logbook.run(
                name=f"run {number}", metrics={"loss": 0.5}, tags={"mlflow.source.git.commit": sha}
            )
            git.run(git.repository_path(self.project.pk), "update-ref", f"refs/heads/b{number}", sha)

    def reports(self, count: int) -> None:
        first = self.made
        self.commits(count + 1)
        for number in range(first, first + count):
            revisions = {"reference": f"v{number}", "current": f"v{number + 1}"}
            monitors.request_drift_report(access=self.access, path=f"data/{number}.csv", **revisions)
        self.work()

    def datasets(self, count: int) -> None:
        files: dict[str, bytes | str] = {}
        for number in self.numbers(count):
            oid = f"{number:032x}"
            files[f"tracked/{number}.csv.dvc"] = (
                f"outs:\n- md5: {oid}\n  size: 9\n  hash: md5\n  path: {number}.csv\n"
            )
            files[f"plain/{number}.csv"] = f"x\n{number}\n"
        sha = self.repository.commit(files)
        data.index_pushed_commits(project_id=self.project.pk, shas=[sha])
        self.work()

    def projects(self, count: int) -> None:
        for number in self.numbers(count):
            make_project(owner=self.owner, visibility="public")
            make_project(owner=make_organization(owner=self.owner), visibility="public")
            mine = make_project(owner=self.owner)
            jobs.enqueue(INDEX_REVISION, subject="s", fingerprint=str(number), payload={}, project_id=mine.pk)

    def work(self) -> None:
        for pk in Job.objects.filter(state=JobState.QUEUED).values_list("pk", flat=True):
            base.run(str(pk), "test")


@pytest.fixture
def house(db: None, mlflow_in_process: None, objects: Path, settings: object, tmp_path: Path) -> House:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"  # type: ignore[attr-defined]
    return House(tmp_path / "work")


LISTS: dict[str, tuple[Callable[[House, int], object], Callable[[House], str], str]] = {
    "jobs": (House.jobs, lambda house: f"{house.path}/jobs", "It failed."),
    "runs": (House.runs, lambda house: f"{house.path}/experiments", "/runs/"),
    "comparisons": (House.comparisons, lambda house: f"{house.path}/experiments/compare", "/compare/"),
    "drift reports": (House.reports, lambda house: f"{house.path}/drift", "/drift/"),
    "datasets": (House.datasets, lambda house: f"{house.path}/data", "/data/main/"),
    "commits": (House.commits, lambda house: f"{house.path}/commits/main", "/commit/"),
    "branches": (House.branches, lambda house: f"{house.path}/branches", "/runs/"),
    "explore": (House.projects, lambda house: "/explore", "project"),
    "home": (House.projects, lambda house: "/", "project"),
    "owner": (House.projects, lambda house: f"/{house.owner.username}", "project"),
}


def cost(house: House, path: str) -> tuple[list[str], str]:
    """The statements of a page whose caches are warm, and the page."""
    house.client.get(path)
    with CaptureQueriesContext(connection) as asked:
        answer = house.client.get(path)
    assert answer.status_code == 200
    return [one["sql"] for one in asked.captured_queries], answer.content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_more_rows_cost_no_more_queries(house: House, name: str) -> None:
    fill, path, sign = LISTS[name]
    fill(house, FEW)
    few, page = cost(house, path(house))
    shown = page.count(sign)
    fill(house, MANY - FEW)
    many, page = cost(house, path(house))
    assert page.count(sign) > shown > 0  # the rows are really there
    assert len(many) == len(few), "\n".join(sql for sql in many if sql not in few)

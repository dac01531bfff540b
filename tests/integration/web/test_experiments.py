"""Pages of experiments, runs, comparisons, drift and data: what they show, whom they refuse, and what a list costs."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ropewalk.accounts.models import User
from ropewalk.core import clock
from ropewalk.data import services
from ropewalk.data.types import OutputFacts, RevisionFacts
from ropewalk.projects.models import Project
from tests.factories.builders import make_project, make_user
from tests.integration.monitors.repository import Repository
from tests.integration.tracking.logbook import Logbook
from tests.protocol.mlflow.fixtures import mlflow_in_process, objects

__all__ = ["mlflow_in_process", "objects"]


@pytest.fixture
def owner(db: None) -> User:
    return make_user()


@pytest.fixture
def project(owner: User, mlflow_in_process: None) -> Project:
    return make_project(owner=owner)


@pytest.fixture
def client(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def path_of(project: Project, rest: str = "") -> str:
    return f"/{project.owner.slug}/{project.slug}{rest}"


def filled(project: Project, count: int) -> list[str]:
    logbook = Logbook(project.pk)
    experiment = logbook.experiment(f"trial-{count}")
    return [
        logbook.run(
            experiment, name=f"run-{number}", metrics={"loss": float(number)}, params={"model": "forest"}
        )
        for number in range(count)
    ]


def test_the_table_filters_and_sorts_on_the_server(client: Client, project: Project) -> None:
    filled(project, 3)
    page = client.get(
        path_of(project, "/experiments"), {"q": "metrics.loss > 0.5", "sort": "metrics.loss DESC"}
    )
    text = page.content.decode()
    assert "run-0" not in text
    assert text.index("run-2") < text.index("run-1")
    assert 'aria-sort="descending"' in text


def test_a_wrong_filter_is_explained(client: Client, project: Project) -> None:
    page = client.get(path_of(project, "/experiments"), {"q": "metrics.loss maybe 3"})
    assert page.status_code == 400
    assert "not a comparison" in page.content.decode()


def test_an_empty_project_shows_its_own_commands(client: Client, project: Project) -> None:
    text = client.get(path_of(project, "/experiments")).content.decode()
    assert f"MLFLOW_TRACKING_URI=http://testserver{path_of(project)}.mlflow" in text


def test_more_runs_cost_no_more_queries(client: Client, project: Project) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(path_of(project, "/experiments")).status_code == 200
        return len(asked)

    filled(project, 1)
    cost()  # what is cached after the first request is not counted
    few = cost()
    filled(project, 12)
    assert cost() == few


def test_runs_are_chosen_and_compared(client: Client, project: Project) -> None:
    runs = filled(project, 2)
    answer = client.post(path_of(project, "/experiments/compare/new"), {"run": runs})
    assert answer.status_code == 302
    assert answer["Location"] == path_of(project, "/experiments/compare/1")
    assert b"<rw-job" in client.get(answer["Location"]).content
    assert b"Comparison 1" in client.get(path_of(project, "/experiments/compare")).content


def test_one_run_alone_is_refused(client: Client, project: Project) -> None:
    answer = client.post(path_of(project, "/experiments/compare/new"), {"run": filled(project, 1)})
    assert answer.status_code == 400
    assert "Choose 2 to" in answer.content.decode()


def test_a_run_of_another_project_is_not_found(client: Client, project: Project, owner: User) -> None:
    (run,) = filled(project, 1)
    other = make_project(owner=owner)
    assert client.get(path_of(project, f"/runs/{run}")).status_code == 200
    assert client.get(path_of(other, f"/runs/{run}")).status_code == 404
    assert client.get(path_of(other, f"/runs/{run}/artifacts/model.bin")).status_code == 404


def test_a_run_says_whether_its_data_is_here(
    client: Client, project: Project, settings: Any, tmp_path: Path
) -> None:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    repository = Repository(project, tmp_path / "work")
    pointer = f"outs:\n- md5: {'0' * 32}\n  hash: md5\n  size: 5\n  path: a.csv\n"
    sha = repository.commit({"a.csv.dvc": pointer})
    services.save_revision(
        project_id=project.pk,
        facts=RevisionFacts(
            sha,
            "Ada",
            "",
            clock.now(),
            (OutputFacts("a.csv", "md5", "0" * 32, False, 5, None, "a.csv.dvc"),),
            [],
            {},
            {},
            [],
        ),
    )
    logbook = Logbook(project.pk)
    known, unknown = (logbook.run(tags={"mlflow.source.git.commit": one}) for one in (sha, "1" * 40))
    page = " ".join(client.get(path_of(project, f"/runs/{known}")).content.decode().split())
    assert "The only output of this commit can't be checked out today" in page
    assert path_of(project, f"/commit/{sha}/data") in page
    page = client.get(path_of(project, f"/runs/{unknown}")).content.decode()
    assert "was not pushed here" in page and f"/commit/{'1' * 40}" not in page


@pytest.mark.parametrize("page", ["/experiments", "/experiments/compare", "/data", "/drift", "/drift/new"])
def test_strangers_find_nothing(project: Project, page: str) -> None:
    stranger = Client()
    stranger.force_login(make_user())
    assert stranger.get(path_of(project, page)).status_code == 404


@pytest.mark.parametrize("page", ["/data", "/drift", "/drift/new"])
def test_an_empty_project_has_its_pages(client: Client, project: Project, page: str) -> None:
    assert client.get(path_of(project, page)).status_code == 200


def test_a_report_on_an_empty_repository_says_why_not(client: Client, project: Project) -> None:
    asked = {"path": "data.csv", "reference": "v1", "current": "v2"}
    answer = client.post(path_of(project, "/drift/new"), asked)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()

"""A comparison's page and export: groups tested, what changed alone, importance, the front; hostile names stay texts."""

import pytest
from django.test import Client

from ropewalk.accounts.models import User
from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.factories.builders import make_project, make_user
from tests.integration.tracking.logbook import Logbook
from tests.protocol.mlflow.fixtures import mlflow_in_process, objects
from workers.runners import base

__all__ = ["mlflow_in_process", "objects"]


@pytest.fixture
def owner(db: None) -> User:
    return make_user()


@pytest.fixture
def project(owner: User, mlflow_in_process: None) -> Project:
    return make_project(owner=owner, visibility="public")


@pytest.fixture
def client(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def compared(client: Client, project: Project, runs: list[str]) -> str:
    """The address of their comparison, computed."""
    answer = client.post(f"/{project.owner.slug}/{project.slug}/experiments/compare/new", {"run": runs})
    job = Job.objects.filter(project_id=project.pk, kind="compare_runs").latest("created_at")
    base.run(str(job.pk), "test")
    return str(answer.headers["Location"])


def grid(project: Project) -> list[str]:
    """Two models with eight seeds, two rates."""
    logbook = Logbook(project.pk)
    return [
        logbook.run(
            name=f"{model}-{rate}-{seed}",
            metrics={
                "accuracy": (0.9 if model == "forest" else 0.6) + seed / 500,
                "latency": 3.0 if model == "forest" else 1.0,
            },
            params={"model": model, "rate": rate, "seed": str(seed)},
        )
        for model in ("linear", "forest")
        for rate in ("0.1", "0.2")
        for seed in range(4)
    ]


def test_a_grid_of_runs_is_read_for_the_viewer(client: Client, project: Project) -> None:
    address = compared(client, project, grid(project))
    text = client.get(address).content.decode()
    assert "differs, better" in text
    assert "not shown" in text  # the rate moves nothing
    assert "What changed alone" in text
    assert 'aria-label="Importance of model"' in text
    assert "no spread to test with" in text  # latency is the same in all repetitions
    front = text.split('id="cmp-front"')[1]
    assert "Pareto front" in front


def test_the_front_goes_where_it_is_asked_to(client: Client, project: Project) -> None:
    logbook = Logbook(project.pk)
    points = {"best": (0.9, 1.0), "quick": (0.5, 0.1), "bad": (0.4, 2.0), "none": (0.95, None)}
    runs = [
        logbook.run(name=name, metrics={"accuracy": a} | ({"seconds": s} if s is not None else {}))
        for name, (a, s) in points.items()
    ]
    address = compared(client, project, runs)

    def front(**query: str) -> str:
        return (
            client.get(address, {"x": "accuracy", "y": "seconds", **query})
            .content.decode()
            .split('id="cmp-front"')[1]
        )

    lower = front(y_best="lower")
    assert ">best</a>" in lower
    assert ">quick</a>" in lower
    assert ">bad</a>" not in lower
    assert "1 run without both" in lower
    assert ">quick</a>" not in front(y_best="higher")
    assert ">bad</a>" in front(y_best="higher")
    assert client.get(address, {"x": "no such", "y": "accuracy", "x_best": "sideways"}).status_code == 200


def test_export_as_markdown_and_json(client: Client, project: Project) -> None:
    logbook = Logbook(project.pk)
    runs = [
        logbook.run(name=name, metrics={"loss": value}, params={"a_b": text})
        for name, value, text in (("<img src=x>", 0.5, "[x](javascript:1)"), ("two\nlines", 0.25, "`"))
    ]
    address = compared(client, project, runs)
    text = client.get(f"{address}/export").content.decode()
    assert "| loss | 0.5 | 0.25 |" in text
    assert "\\<img src=x\\>" in text
    assert "two lines" in text
    assert "a\\_b" in text
    assert "\\[x\\](javascript:1)" in text
    found = client.get(f"{address}/export", {"format": "json"}).json()
    assert found["runs"] == runs
    assert found["result"]["metrics"][0]["name"] == "loss"
    assert client.get(f"{address}/export", {"format": "pdf"}).status_code == 400


def test_what_is_not_computed_has_no_export(client: Client, project: Project) -> None:
    runs = [Logbook(project.pk).run() for _ in range(2)]
    answer = client.post(f"/{project.owner.slug}/{project.slug}/experiments/compare/new", {"run": runs})
    assert client.get(f"{answer.headers['Location']}/export").status_code == 404

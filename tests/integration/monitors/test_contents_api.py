"""Rows, galleries and plots as JSON: the pages' contents by the same rules."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.integration.monitors.repository import Repository
from tests.integration.monitors.test_gallery import photos
from tests.integration.monitors.test_rows import TABLE

__all__ = ["photos"]
Work = Callable[[], list[Job]]
Get = Callable[..., Any]


@pytest.fixture
def get(client: Client, project: Project) -> Get:
    own = builders.make_token(project.created_by)

    def ask(path: str, token: str = own) -> Any:
        address = f"/api/v1/repos/{project.owner.slug}/{project.slug}/{path}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return client.get(address, HTTP_HOST="localhost", headers=headers)

    return ask


def test_rows_by_conditions(get: Get, repository: Repository, work: Work) -> None:
    repository.commit({"paint.csv": TABLE, "README.md": "no table"})
    waits = get("data-rows/main/paint.csv")
    assert (waits.status_code, waits.json()["state"], waits.headers["Retry-After"]) == (202, "queued", "2")
    work()
    body = get("data-rows/main/paint.csv?page=2").json()
    assert [column["name"] for column in body["columns"]] == ["id", "colour", "weight"]
    assert (body["total"], body["matching"], len(body["rows"])) == (200, 200, 50)
    assert body["rows"][0]["place"] == 51
    asked = (
        "data-rows/main/paint.csv?column=colour&op=eq&value=blue&column=weight&op=gt&value=20&order=id:desc"
    )
    assert get(asked).status_code == 202
    work()
    body = get(asked).json()
    assert body["matching"] == 39 and body["rows"][0]["place"] == 197
    for wrong in ("?column=id&op=like&value=1", "?column=id&op=eq", "?order=id"):
        assert get(f"data-rows/main/paint.csv{wrong}").status_code == 400, wrong
    assert get("data-rows/main/README.md").json()["code"] == "no_table"
    get("data-rows/main/paint.csv?column=weight&op=gt&value=heavy")
    work()
    failed = get("data-rows/main/paint.csv?column=weight&op=gt&value=heavy")
    assert failed.status_code == 422 and "needs a number" in failed.json()["message"]


def test_files_of_a_gallery(get: Get, photos: dict[str, bytes], work: Work) -> None:
    assert get("data-gallery/main/photos").status_code == 202
    work()
    body = get("data-gallery/main/photos").json()
    assert (body["kind"], body["total"], len(body["items"])) == ("image", 72, 50)
    assert {"name": "dog", "files": 36} in body["classes"] and "megapixels" in body["orders"]
    assert len(get("data-gallery/main/photos?page=2").json()["items"]) == 22
    dogs = get("data-gallery/main/photos?class=dog&order=megapixels").json()
    assert dogs["total"] == 36 and dogs["items"][0]["path"] == "photos/train/dog/000.png"
    assert "/thumbs/" in dogs["items"][0]["thumb"] and "/raw/" in dogs["items"][0]["raw"]
    largest = get("data-gallery/main/photos?order=megapixels&descending=true").json()
    assert largest["items"][0]["path"].endswith("069.png")
    assert get("data-gallery/main/photos?order=none").status_code == 400


def test_plots_of_a_revision(get: Get, repository: Repository, work: Work) -> None:
    pipeline = "stages:\n  train:\n    cmd: x\n    plots:\n    - loss.csv: {x: step, y: loss, cache: false}\n"
    sha = repository.commit({"dvc.yaml": pipeline, "loss.csv": "step,loss\n0,9\n1,8\n"})
    for _ in range(2):
        assert get("plots/main").status_code == 202
        work()
    body = get("plots/main").json()
    assert (body["commit"], body["total"]) == (sha, 1)
    assert body["plots"][0]["name"] == "loss.csv"
    assert get("plots/main?page=2").json()["plots"] == []
    assert get("plots/none").status_code == 404

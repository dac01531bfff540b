"""The pipeline as JSON."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.integration.monitors.repository import Repository
from tests.integration.pipeline.test_page import PIPELINE, files


@pytest.fixture
def url(project: Project) -> str:
    return f"/api/v1/repos/{project.owner.slug}/{project.slug}/pipeline"


def test_stages_edges_and_changes(
    client: Client, url: str, project: Project, repository: Repository, work: Callable[[], list[Job]]
):
    first = repository.commit(files())
    repository.commit(
        files(dvc__yaml=PIPELINE.replace("python train.py", "python fit.py"), params__yaml="rate: 0.3\n")
    )
    waits = client.get(f"{url}/main")
    assert (
        waits.status_code == 202 and waits.json()["state"] == "queued" and waits.headers["Retry-After"] == "2"
    )
    work()
    body: dict[str, Any] = client.get(f"{url}/main").json()
    assert (
        body["edges"] == [["prepare", "train"]] and body["changes"] is None and body["files"] == ["dvc.yaml"]
    )
    prepare, train = body["stages"]
    assert (prepare["status"], train["status"], train["line"]) == ("current", "changed", 6)
    assert train["needs"] == ["prepare"] and "rate (params.yaml) is 0.3" in " ".join(train["reasons"])
    refused = client.get(f"{url}/main", {"base": first})
    assert refused.status_code == 404 and refused.json()["code"] == "not_read"
    client.force_login(builders.make_collaborator(project, "reader"))
    assert client.get(f"{url}/main", {"base": first}).status_code == 202
    work()
    changes = client.get(f"{url}/main", {"base": first}).json()["changes"]
    assert [(one["name"], one["because"]) for one in changes["stages"]] == [
        ("train", ["command", "parameters"])
    ]
    assert changes["stages"][0]["cmd"] == ["python train.py", "python fit.py"]
    assert changes["stages"][0]["params"][0]["old"] == 0.1 and changes["base"] == first


def test_what_is_not_there(client: Client, url: str, repository: Repository):
    repository.commit({"a.txt": json.dumps({})})
    for wrong in ("nowhere", "main/a.txt", "main?base=nowhere"):
        assert client.get(f"{url}/{wrong}").status_code == 404

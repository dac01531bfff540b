"""Settings → Data: which remotes are offered, what is shown of a fetch, and who may start one."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ropewalk.core import blobs
from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.fixtures.old_remote import OldRemote, serving
from tests.integration.monitors.repository import Repository
from workers.runners import base

SECRET = "hidden-secret-of-the-remote"


@pytest.fixture
def remote() -> Iterator[OldRemote]:
    with serving(OldRemote()) as running:
        yield running


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Project]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.OBJECTS_ROOT = tmp_path / "objects"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    blobs.store.cache_clear()
    yield builders.make_project()
    blobs.store.cache_clear()


@pytest.fixture
def address(client: Client, project: Project) -> str:
    client.force_login(project.created_by)
    return f"/{project.owner.slug}/{project.slug}/settings/data"


def config(remote: OldRemote) -> str:
    return (
        "[core]\n    remote = origin\n"
        f"['remote \"origin\"']\n    url = {remote.url}\n"
        "['remote \"cloud\"']\n    url = gs://bucket/x\n"
        "['remote \"bucket\"']\n    url = s3://bucket/x\n    endpointurl = https://s3.example.org\n"
    )


def run(project: Project) -> Job:
    job = Job.objects.filter(project_id=project.pk, kind="fetch-data").latest("created_at")
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    return job


def test_fetched_from_a_remote_that_the_repository_names(
    client: Client, project: Project, address: str, remote: OldRemote, tmp_path: Path
) -> None:
    here, gone = remote.add(b"here"), remote.add(b"gone")
    del remote.files[remote.path(gone)]
    Repository(project, tmp_path / "work").commit({
        ".dvc/config": config(remote),
        "a.dvc": f"outs:\n- md5: {here}\n  hash: md5\n  path: a\n",
        "b.dvc": f"outs:\n- md5: {gone}\n  hash: md5\n  path: b\n",
    })  # fmt: skip
    page = client.get(address).content.decode()
    assert f"origin – {remote.url}" in page
    assert "bucket – s3://bucket/x" in page
    assert "gs:// remotes are not supported" in page
    assert client.post(address, {"remote": "origin", "scope": "default"}).status_code == 302
    page = client.get(address).content.decode()
    assert "Waiting for a worker" in page
    assert "Fetch data from another remote" not in page  # one at a time
    assert run(project).state == "succeeded"
    page = client.get(address).content.decode()
    assert "1 object, 4" in page
    assert gone[:8] in page
    assert "not there" in page


def test_wrong_sign_in_opens_its_fields_and_shows_no_secret(
    client: Client, project: Project, address: str, remote: OldRemote, tmp_path: Path
) -> None:
    remote.header = f"Bearer {SECRET}"
    oid = remote.add(b"here")
    Repository(project, tmp_path / "work").commit({"a.dvc": f"outs:\n- md5: {oid}\n  hash: md5\n  path: a\n"})
    wrong = remote.url.replace("http://", "http://ada:wrong-secret@")
    assert client.post(address, {"remote": "another", "url": wrong, "scope": "default"}).status_code == 302
    job = run(project)
    page = client.get(address).content.decode()
    assert job.error_message in page
    assert "did not accept the sign-in" in page
    assert " open>" in page
    assert "wrong-secret" not in page
    form = {"remote": "another", "url": remote.url, "scope": "default", "kind": "bearer", "secret": SECRET}
    assert client.post(address, form).status_code == 302
    assert run(project).state == "succeeded"
    assert SECRET not in client.get(address).content.decode()


def test_refused_forms(client: Client, project: Project, address: str) -> None:
    for url, words in (
        ("gs://bucket/x", "not supported"), ("http://127.0.0.2/x", "does not go to"), ("", "no address"),
    ):  # fmt: skip
        page = client.post(address, {"remote": "another", "url": url, "scope": "default"}).content.decode()
        assert words in page
    form = {
        "remote": "another",
        "url": "http://127.0.0.1/x",
        "scope": "default",
        "kind": "s3",
        "name": "a",
        "secret": SECRET,
    }
    page = client.post(address, form).content.decode()
    assert "does not fit the remote" in page
    assert SECRET not in page
    assert not Job.objects.filter(kind="fetch-data").exists()


def test_cancelled_and_not_for_writers(
    client: Client, project: Project, address: str, remote: OldRemote
) -> None:
    client.post(address, {"remote": "another", "url": remote.url, "scope": "default"})
    writer = builders.make_collaborator(project, "writer")
    other = Client()
    other.force_login(writer)
    assert other.get(address).status_code == 403
    assert other.post(f"{address}/cancel").status_code == 403
    client.post(f"{address}/cancel")
    assert run(project).error_code == "cancelled"
    job = Job.objects.get(kind="fetch-data")
    other.post(f"/{project.owner.slug}/{project.slug}/jobs/{job.pk}/retry")
    job.refresh_from_db()
    assert job.state == "failed"
    assert "cancelled it" in client.get(address).content.decode()

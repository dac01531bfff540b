"""Settings → Removed data: what is listed, which commits lack it, and its restoration; the same through the API."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ropewalk.core import blobs
from ropewalk.core.models import AuditEvent, Job
from ropewalk.data import selectors, services
from ropewalk.data.oids import ObjectAddress
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.integration.data.conftest import listing, md5, send
from tests.integration.monitors.repository import Repository
from workers.runners import base

FILES = {"a.csv": b"a\n1\n", "b.csv": b"b\n2\n"}


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Project]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.OBJECTS_ROOT = tmp_path / "objects"
    blobs.store.cache_clear()
    yield builders.make_project(visibility="private")
    blobs.store.cache_clear()


@pytest.fixture
def run() -> Callable[[], None]:
    """Run every queued job as a worker would."""

    def run_all() -> None:
        for job_id in list(Job.objects.filter(state="queued").values_list("pk", flat=True)):
            base.run(str(job_id), "test")

    return run_all


@pytest.fixture
def removed(project: Project, tmp_path: Path, run: Callable[[], None]) -> int:
    """The id of a removal of one of two tracked things: a folder's file, and a file."""
    repository = Repository(project, tmp_path / "work")
    folder = listing(FILES)
    pointers = {
        "set.dvc": f"outs:\n- md5: {md5(folder)}.dir\n  hash: md5\n  nfiles: 2\n  path: set\n",
        "old.csv.dvc": f"outs:\n- md5: {md5(b'old')}\n  size: 3\n  hash: md5\n  path: old.csv\n",
        "never.csv.dvc": f"outs:\n- md5: {md5(b'never')}\n  size: 5\n  hash: md5\n  path: never.csv\n",
    }
    sha = repository.commit(dict(pointers))
    services.ensure_indexed(project_id=project.pk, commit_sha=sha)
    run()
    sent = [send(project, content) for content in (*FILES.values(), b"old", b"unused")]
    send(project, folder, is_dir=True)
    services.remove_objects(
        project_id=project.pk, addresses=[sent[0], *sent[2:]], user_id=project.created_by_id
    )
    (removal,) = selectors.removals(project.pk)
    return removal.id


def test_commits_that_lack_something_are_named(project: Project, removed: int) -> None:
    commits, total = selectors.dependents(project.pk, removed)
    assert total == 1 and (commits[0].path, commits[0].paths) == ("old.csv", 2)
    send(project, b"old")
    commits, _ = selectors.dependents(project.pk, removed)
    assert (commits[0].path, commits[0].paths) == ("set", 1)
    send(project, FILES["a.csv"])
    assert selectors.dependents(project.pk, removed) == ([], 0)
    assert selectors.dependents(builders.make_project().pk, removed) == ([], 0)


def listed(client: Client, address: str) -> str:
    """The list of datasets; what stands above it says what of them can't be checked out."""
    return client.get(f"{address}/data").content.decode().partition('id="datasets"')[2]


def test_restored_on_its_page(
    client: Client, project: Project, removed: int, run: Callable[[], None]
) -> None:
    client.force_login(project.created_by)
    base_address = f"/{project.owner.slug}/{project.slug}"
    address = f"{base_address}/settings/data/removed"
    assert f'href="{address}/{removed}"' in client.get(address).content.decode()
    page = client.get(f"{address}/{removed}").content.decode()
    assert "Restore 3 objects" in page and "old.csv" in page and "and 1 more" in page
    data = listed(client, base_address)
    assert data.count("removed</span>") == 2 and data.count("missing</span>") == 1
    assert "can still be restored" in client.get(f"{base_address}/data/main/old.csv").content.decode()
    assert client.post(f"{address}/{removed}").status_code == 302
    assert "rw-job" in client.get(f"{address}/{removed}").content.decode()
    run()
    assert client.get(f"{address}/{removed}")["Location"] == address
    assert "Nothing is removed" in client.get(address, follow=True).content.decode()
    data = listed(client, base_address)
    assert data.count("present</span>") == 2 and data.count("missing</span>") == 1
    events = AuditEvent.objects.filter(project_id=project.pk).values_list("action", flat=True)
    assert {"data.removed", "data.restored"} <= set(events)


def test_writers_neither_see_nor_restore(client: Client, project: Project, removed: int) -> None:
    writer = builders.make_user()
    builders.make_collaborator(project, "writer", writer)
    client.force_login(writer)
    address = f"/{project.owner.slug}/{project.slug}/settings/data/removed/{removed}"
    assert client.get(address).status_code == 403
    assert client.post(address).status_code == 403
    assert not Job.objects.filter(kind="restore-data").exists()
    other = builders.make_project()
    client.force_login(other.created_by)
    foreign = f"/{other.owner.slug}/{other.slug}/settings/data/removed/{removed}"
    assert client.get(foreign).status_code == 404
    assert client.post(foreign).status_code == 404


def test_the_list_costs_the_same_for_many(
    client: Client, project: Project, removed: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        address = ObjectAddress(hashlib.md5(b"%d" % number).hexdigest())
        services.receive_object(project_id=project.pk, address=address, blocks=[b"%d" % number], user_id=None)
        services.remove_objects(project_id=project.pk, addresses=[address], user_id=builders.make_user().pk)
    with django_assert_max_num_queries(2):
        assert len(selectors.removals(project.pk).items) == 31


def test_through_the_api(client: Client, project: Project, removed: int, run: Callable[[], None]) -> None:
    headers = {"Authorization": f"Bearer {builders.make_token(project.created_by)}"}
    address = f"/api/v1/repos/{project.owner.slug}/{project.slug}/removals"
    (row,) = client.get(address, headers=headers).json()
    assert (row["id"], row["objects"], row["through"], row["removed_by"]) == (
        removed,
        3,
        "client",
        project.created_by.username,
    )
    one = client.get(f"{address}/{removed}", headers=headers).json()
    assert (one["commits_total"], one["commits"][0]["path"], one["restoration"]) == (1, "old.csv", "")
    assert client.post(f"{address}/{removed}/restore", headers=headers).status_code == 202
    assert client.get(f"{address}/{removed}", headers=headers).json()["restoration"] == "queued"
    run()
    assert client.get(f"{address}/{removed}", headers=headers).status_code == 404
    assert client.get(address, headers=headers).json() == []


def test_unneeded_data_is_found_shown_and_removed(
    client: Client, project: Project, removed: int, run: Callable[[], None]
) -> None:
    client.force_login(project.created_by)
    send(project, b"nobody needs it")
    address = f"/{project.owner.slug}/{project.slug}/settings/data/collect"
    assert "Search</button>" in client.get(address).content.decode()
    refused = client.post(address, {"keep": "all", "grace_days": "0"}).content.decode()
    assert "valid choice" in refused
    place = client.post(address, {"keep": "commits", "grace_days": "0"})["Location"]
    assert "rw-job" in client.get(place).content.decode()
    run()
    page = client.get(place).content.decode()
    assert "Remove 1 object<" in page and "No indexed commit tracks any of it" in page
    assert client.post(place)["Location"] == place
    assert "rw-job" in client.get(place).content.decode()
    run()
    newest = selectors.removals(project.pk).items[0]
    assert newest.source == "collection" and newest.count == 1
    assert client.get(place)["Location"].endswith(f"/settings/data/removed/{newest.id}")


def test_unneeded_data_through_the_api(
    client: Client, project: Project, removed: int, run: Callable[[], None]
) -> None:
    headers = {"Authorization": f"Bearer {builders.make_token(project.created_by)}"}
    send(project, b"nobody needs it")
    address = f"/api/v1/repos/{project.owner.slug}/{project.slug}/collections"

    def post(path: str, body: Any = None) -> Any:
        return client.post(path, body or {}, content_type="application/json", headers=headers)

    assert post(address, {"keep": "all"}).status_code == 422
    made = post(address, {"keep": "tips", "grace_days": 0})
    assert (made.status_code, made.json()["search"], made.json()["objects"]) == (202, "queued", None)
    place = f"{address}/{made.json()['id']}"
    assert post(f"{place}/run").status_code == 409
    run()
    shown = client.get(place, headers=headers).json()
    assert (shown["objects"], shown["size"], shown["commits"], shown["run"]) == (1, 15, [], "")
    assert post(f"{place}/run").status_code == 202
    run()
    shown = client.get(place, headers=headers).json()
    assert shown["run"] == "succeeded"
    assert selectors.removal(project.pk, shown["removal"])
    assert client.get(f"{address}/{shown['id'] + 1}", headers=headers).status_code == 404

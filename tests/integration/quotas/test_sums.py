"""The sums of what is stored: exact after everything that comes, changes and goes, and cheap to read."""

import threading
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from pytest_django import DjangoAssertNumQueries

from ropewalk.buckets import services as buckets
from ropewalk.buckets.models import BucketObject
from ropewalk.core import blobs, clock
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.data import selectors as data
from ropewalk.data import services as data_services
from ropewalk.data.models import StoredObject
from ropewalk.edges.mlflow_http import artifacts
from ropewalk.projects.models import Project
from ropewalk.quotas import services
from ropewalk.quotas.models import StorageChange, StorageTotal
from ropewalk.quotas.selectors import owner_use, project_use
from ropewalk.releases import services as releases
from ropewalk.releases.models import Release
from ropewalk.repos import git
from ropewalk.repos import services as repos
from ropewalk.repos.services.measuring import measure_repository
from ropewalk.tracking.artifact_sums import count_artifacts
from tests.factories.builders import make_project, make_user
from tests.integration.data.conftest import send
from workers.runners import purge_projects


@pytest.fixture(autouse=True)
def repositories(settings: Any, tmp_path: Path) -> None:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"


def amounts(project: Project) -> dict[str, tuple[int, int]]:
    """What is not nothing."""
    use = project_use(project.pk)
    found = {one.kind: (one.size, one.count) for one in use.amounts if one.size or one.count}
    return found | ({"lent": (use.lent.size, use.lent.count)} if use.lent.count else {})


def put(project: Project, key: str, content: bytes, bucket: str = "files") -> None:
    incoming = buckets.Incoming(key=key, blocks=[content])
    buckets.put_object(project_id=project.pk, bucket=bucket, incoming=incoming, user_id=None)


def test_each_kind_is_counted_and_uncounted(project: Project) -> None:
    send(project, b"one")
    put(project, "a", b"12345")
    put(project, "a", b"123")  # replaced
    put(project, "b", b"12")
    put(project, "runs/x", b"1234", bucket="dvc")
    upload = buckets.begin(
        project_id=project.pk, bucket="files", key="c", content_type="", metadata={}, user_id=None
    )
    buckets.receive_part(upload, number=1, blocks=[b"123456"])
    release = Release.objects.create(
        project_id=project.pk, tag="v1", title="v1", created_at=clock.now(), updated_at=clock.now()
    )
    file = releases.receive_file(
        project_id=project.pk, release_id=release.pk, name="f", blocks=[b"1234567"], user_id=None
    )
    artifacts.store_artifact(project.pk, "1/r/artifacts/m", [b"12", b"345678"])
    artifacts.store_artifact(project.pk, "1/r/artifacts/m", [b"12345678", b"9"])  # replaced
    assert amounts(project) == {
        "dvc": (3, 1),
        "bucket": (5, 2),
        "runs": (4, 1),
        "parts": (6, 1),
        "releases": (7, 1),
        "artifacts": (9, 1),
    }
    assert project_use(project.pk).size == owner_use(project.owner_id).size == 34
    buckets.delete_object(project_id=project.pk, bucket="files", key="a")
    buckets.abort(upload)
    releases.delete_file(project_id=project.pk, release_id=release.pk, file_id=file.id)
    artifacts.delete(project.pk, "1/r")
    assert amounts(project) == {"dvc": (3, 1), "bucket": (2, 1), "runs": (4, 1)}


def test_adding_up_changes_nothing_and_leaves_no_changes(project: Project) -> None:
    for number in range(5):
        send(project, b"x" * number)
        put(project, str(number), b"x" * number)
    before = amounts(project)
    assert services.fold_all() == 10
    assert amounts(project) == before == {"dvc": (10, 5), "bucket": (10, 5)}
    assert StorageChange.objects.for_project(project.pk).count() == 0
    assert StorageTotal.objects.for_project(project.pk).count() == 2
    put(project, "0", b"123")
    assert services.fold(project.pk) == 1
    assert amounts(project)["bucket"] == (13, 5)


def test_many_rows_in_one_statement_are_one_change(project: Project) -> None:
    now = clock.now()
    rows = [
        StoredObject(
            project_id=project.pk, kind="file", oid=f"{n:032x}", size=n, sha256="0" * 64, created_at=now
        )
        for n in range(1000)
    ]
    StoredObject.objects.bulk_create(rows)
    assert StorageChange.objects.for_project(project.pk).count() == 1
    assert amounts(project) == {"dvc": (sum(range(1000)), 1000)}
    StoredObject.objects.for_project(project.pk).update(complete=False)  # nothing that counts
    assert StorageChange.objects.for_project(project.pk).count() == 1
    StoredObject.objects.for_project(project.pk).delete()
    assert amounts(project) == {}


@pytest.mark.usefixtures("objects")
def test_references_count_for_the_holder_and_for_the_fork_once_it_is_gone(project: Project) -> None:
    send(project, b"shared")
    fork = make_project()
    data_services.share_all(lender_id=project.pk, borrower_id=fork.pk, pause=lambda _seen: None)
    send(fork, b"own")
    assert amounts(fork) == {"dvc": (3, 1), "lent": (6, 1)}
    assert project_use(fork.pk).size == 3
    past = clock.now() - timedelta(days=30)
    Project.objects.filter(pk=project.pk).update(deleted_at=past)
    assert owner_use(project.owner_id).size == 6  # as long as it can be restored
    purge_projects.purge()
    assert amounts(fork) == {"dvc": (9, 2)}
    assert data.usage(fork.pk).size == 9
    services.fold_all()
    assert amounts(fork) == {"dvc": (9, 2)}
    assert not StorageChange.objects.for_project(project.pk).exists()
    assert not StorageTotal.objects.for_project(project.pk).exists()


def test_reading_is_one_query(project: Project, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    send(project, b"one")
    put(project, "a", b"12345")
    services.fold_all()
    put(project, "b", b"12345")
    with django_assert_num_queries(1):
        project_use(project.pk)
    with django_assert_num_queries(1):
        owner_use(project.owner_id)


def test_an_owner_has_all_projects_and_nobody_elses(project: Project) -> None:
    send(project, b"one")
    owner = make_user()
    for size in (1, 2):
        put(make_project(owner=owner), "a", b"x" * size)
    assert owner_use(owner.owner_id).size == 3
    assert owner_use(project.owner_id).size == 3
    assert owner_use(make_user().owner_id).size == 0


@pytest.mark.django_db(transaction=True)
def test_uploads_and_adding_up_at_once_lose_nothing(objects: DiskStore) -> None:
    project = make_project()
    end = threading.Event()

    def upload(name: str) -> None:
        for number in range(30):
            put(project, f"{name}{number % 7}", b"x" * number)
        connections.close_all()

    def add_up() -> None:
        while not end.is_set():
            services.fold_all()
        connections.close_all()

    adders = [threading.Thread(target=add_up) for _ in range(2)]
    writers = [threading.Thread(target=upload, args=(name,)) for name in "abc"]
    for thread in adders + writers:
        thread.start()
    for thread in writers:
        thread.join()
    end.set()
    for thread in adders:
        thread.join()
    rows = BucketObject.objects.for_project(project.pk).values_list("size", flat=True)
    assert amounts(project) == {"bucket": (sum(rows), 21)}
    services.fold_all()
    assert amounts(project) == {"bucket": (sum(rows), 21)}


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_counted(objects: DiskStore) -> None:
    project = make_project()
    with transaction.atomic():
        put(project, "a", b"123")
        transaction.set_rollback(True)
    assert amounts(project) == {}


def test_artifacts_that_nobody_noted_are_counted_in_steps(project: Project, objects: DiskStore) -> None:
    def lay(key: str, content: bytes) -> None:
        with objects.writer(f"p/{project.pk}/mlflow/{key}") as writer:
            writer.write(content)
            writer.commit()

    for number in range(5):
        lay(f"1/r/artifacts/{number}", b"x" * number)
    other = make_project()
    artifacts.store_artifact(other.pk, "1/r/artifacts/m", [b"123"])
    steps = [count_artifacts(limit=3) for _ in range(6)]
    assert sum(steps) == 1
    assert amounts(project) == {"artifacts": (10, 5)}
    assert amounts(other) == {"artifacts": (3, 1)}


def test_a_sum_that_changes_while_it_is_counted_waits_for_the_next_time(
    project: Project, objects: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with objects.writer(f"p/{project.pk}/mlflow/a") as writer:
        writer.write(b"123")
        writer.commit()
    listed = objects.list

    def late(prefix: str, after: str = "", limit: int = 1000) -> list[blobs.BlobStat]:
        found = listed(prefix, after=after, limit=limit)
        if not after:
            artifacts.store_artifact(project.pk, "b", [b"12345"])
        return found

    monkeypatch.setattr(objects, "list", late)
    assert count_artifacts() == 0
    monkeypatch.setattr(objects, "list", listed)
    assert count_artifacts() == 1
    assert amounts(project) == {"artifacts": (8, 2)}


def test_the_repository_is_measured(project: Project) -> None:
    assert measure_repository(project.pk) == 0
    repos.ensure_repository(project_id=project.pk, default_branch="main")
    loose = git.repository_path(project.pk) / "objects" / "ab"
    loose.mkdir()
    (loose / ("0" * 38)).write_bytes(b"12345")
    assert repos.measure_some() >= 1
    assert amounts(project) == {"git": (5, 1)}
    measure_repository(project.pk)
    assert StorageChange.objects.for_project(project.pk).count() == 1  # nothing new, nothing noted


def test_what_was_there_before_the_triggers_is_counted(project: Project) -> None:
    send(project, b"one")
    operation = import_module("ropewalk.data.migrations.0006_storage_counted").Migration.operations[0]
    with connection.cursor() as cursor:
        cursor.execute(operation.reverse_sql)
        cursor.execute(operation.sql)
    assert amounts(project) == {"dvc": (3, 1)}
    send(project, b"four")
    assert amounts(project) == {"dvc": (7, 2)}

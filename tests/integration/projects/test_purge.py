"""The end of a deleted project: restored within the grace time, removed to the last byte and row after it."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ropewalk.accounts.models import AccessToken
from ropewalk.core import blobs, clock, jobs
from ropewalk.core.models import AuditEvent, Job
from ropewalk.data.types import INDEX_REVISION
from ropewalk.projects import services
from ropewalk.projects.models import Project
from ropewalk.projects.selectors import project_by_id
from ropewalk.projects.services.removal import owned_models
from ropewalk.releases import services as releases
from ropewalk.releases.types import ReleaseText
from ropewalk.repos import git
from ropewalk.repos import services as repos
from ropewalk.tracking.removal import STEPS
from ropewalk.tracking.types import workspace_name
from tests.factories.builders import make_collaborator, make_project, make_token, make_user
from tests.integration.data.conftest import listing, send
from tests.integration.projects import workspace_rows
from workers.runners import purge_projects

pytestmark = pytest.mark.django_db
# Kept beyond every project, and of MLflow's own housekeeping.
OF_NO_PROJECT = {"alembic_version", "scheduler_leases"}


@pytest.fixture(autouse=True)
def homes(settings: object, tmp_path: Path) -> Iterator[None]:
    settings.OBJECTS_ROOT, settings.REPOSITORIES_ROOT = tmp_path / "objects", tmp_path / "repos"  # type: ignore[attr-defined]
    blobs.store.cache_clear()
    yield
    blobs.store.cache_clear()


def full_project() -> Project:
    """A project with something of each kind."""
    project = make_project(owner=make_user())
    repos.ensure_repository(project_id=project.pk)
    make_collaborator(project, "reader")
    make_token(project.owner.user, "read", project=project)
    send(project, b"one")
    send(project, listing({"a": b"one", "b": b"missing"}), is_dir=True)
    for number in range(3):
        with blobs.store().writer(f"p/{project.pk}/mlflow/1/r/artifacts/{number}") as writer:
            writer.write(b"x")
            writer.commit()
    jobs.enqueue(INDEX_REVISION, subject="s", fingerprint="f", payload={}, project_id=project.pk)
    workspace_rows.fill(workspace_name(project.pk))
    draft = releases.create_draft(project_id=project.pk, author_id=None, text=ReleaseText("v1", "One"))
    releases.receive_file(
        project_id=project.pk, release_id=draft, name="model.bin", blocks=[b"x"], user_id=None
    )
    return project


def rows_of(project_id: int) -> dict[str, int]:
    owned = {model.__name__: model.objects.for_project(project_id).count() for model in owned_models()}
    kernel = {
        model.__name__: model.objects.filter(project_id=project_id).count() for model in (Job, AccessToken)
    }
    return owned | kernel


def deleted(project: Project, days: float) -> Project:
    services.delete_project(project_id=project.pk)
    Project.objects.filter(pk=project.pk).update(deleted_at=clock.now() - timedelta(days=days))
    return project


def test_the_list_is_that_of_mlflows_tables_children_first() -> None:
    named = [table for table, _ in STEPS]
    assert set(named) == workspace_rows.tables() - OF_NO_PROJECT
    last = {table: number for number, table in enumerate(named)}
    first = {table: named.index(table) for table in named}
    late = [(c, p) for c, _, p, _ in workspace_rows.foreign_keys() if c != p and last[c] > first[p]]
    assert late == []


def test_nothing_is_left_of_it_and_nothing_of_another_is_touched() -> None:
    other, project = full_project(), full_project()
    before, theirs = workspace_rows.counts(), rows_of(other.pk)
    assert theirs == rows_of(project.pk)
    deleted(project, days=8)
    assert purge_projects.purge() == 1
    assert workspace_rows.counts() == {table: number - 1 for table, number in before.items()}
    assert set(rows_of(project.pk).values()) == {0}
    assert not Project.objects.filter(pk=project.pk).exists()
    assert blobs.store().list(f"p/{project.pk}/") == []
    assert not git.repository_path(project.pk).exists()
    assert rows_of(other.pk) == theirs
    assert len(blobs.store().list(f"p/{other.pk}/")) == 6
    assert git.repository_path(other.pk).is_dir()
    [event] = AuditEvent.objects.filter(project_id=project.pk, action="project.purged")
    assert (event.subject, event.via) == (project.slug, "schedule")


@pytest.mark.parametrize("step", range(0, 60, 7))
def test_a_purge_that_is_killed_goes_on_with_the_next_run(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    project = deleted(full_project(), days=8)
    before = workspace_rows.counts()
    whole = purge_projects._batches

    def killed(project_id: int) -> Iterator[int]:
        yield from itertools.islice(whole(project_id), step)
        raise SystemExit

    monkeypatch.setattr(purge_projects, "_batches", killed)
    with pytest.raises(SystemExit):
        purge_projects.purge()
    assert Project.objects.filter(pk=project.pk).exists()
    with pytest.raises(CommandError, match="being removed"):
        call_command("restore_project", str(project.pk))
    monkeypatch.undo()
    assert purge_projects.purge() == 1
    assert workspace_rows.counts() == {table: number - 1 for table, number in before.items()}
    assert set(rows_of(project.pk).values()) == {0}


def test_a_run_ends_with_its_time_and_the_next_goes_on() -> None:
    project = deleted(full_project(), days=8)
    assert purge_projects.purge(seconds=-1) == 0
    assert Project.objects.filter(pk=project.pk, purge_started_at__isnull=False).exists()
    assert purge_projects.purge() == 1


def test_one_projects_trouble_does_not_keep_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, fine = deleted(make_project(), days=9), deleted(make_project(), days=8)
    remove = repos.delete_repository

    def delete(project_id: int) -> None:
        if project_id == broken.pk:
            raise OSError("disk")
        remove(project_id=project_id)

    monkeypatch.setattr(purge_projects.repos, "delete_repository", delete)
    assert purge_projects.purge() == 1
    assert list(Project.objects.filter(pk__in=[broken.pk, fine.pk])) == [broken]


def test_within_the_grace_time_nothing_happens_and_it_comes_back_whole() -> None:
    project = full_project()
    rows = rows_of(project.pk)
    deleted(project, days=6)
    living = make_project()
    assert purge_projects.purge() == 0
    call_command("restore_project", str(project))
    assert project_by_id(project.pk) is not None
    assert rows_of(project.pk) == rows
    assert len(blobs.store().list(f"p/{project.pk}/")) == 6
    assert AuditEvent.objects.filter(project_id=project.pk, action="project.restored").exists()
    assert project_by_id(living.pk) is not None


def test_the_grace_time_is_a_setting(settings: object) -> None:
    settings.ROPEWALK_PURGE_AFTER_DAYS = 30  # type: ignore[attr-defined]
    project = deleted(make_project(), days=29)
    assert purge_projects.purge() == 0
    settings.ROPEWALK_PURGE_AFTER_DAYS = 28  # type: ignore[attr-defined]
    assert purge_projects.purge() == 1
    with pytest.raises(CommandError, match="removed for good"):
        call_command("restore_project", str(project.pk))


def test_a_name_that_was_taken_again_is_said_and_another_can_be_given() -> None:
    owner = make_user("rebuilder")
    first = make_project("wine", owner=owner)
    services.delete_project(project_id=first.pk)
    second = make_project("wine", owner=owner)
    with pytest.raises(CommandError, match=f"has this name now. Add: --as NEW-NAME .*{first.pk}"):
        call_command("restore_project", "rebuilder/wine")
    with pytest.raises(CommandError, match="name"):
        call_command("restore_project", "rebuilder/wine", "--as", "bad/name")
    services.delete_project(project_id=second.pk)
    with pytest.raises(CommandError, match=f"Several .*{second.pk} .*{first.pk} "):
        call_command("restore_project", "rebuilder/wine")
    call_command("restore_project", str(second.pk))
    call_command("restore_project", str(first.pk), "--as", "old-wine")
    assert {
        project.slug for project in Project.objects.filter(deleted_at__isnull=True, owner=first.owner)
    } == {
        "wine",
        "old-wine",
    }


@pytest.mark.parametrize("named", ["nobody/nothing", "999999999", "nonsense"])
def test_what_was_not_deleted_is_not_restored(named: str) -> None:
    with pytest.raises(CommandError, match=r"No deleted project|There is no such project"):
        call_command("restore_project", named)
    project = make_project()
    with pytest.raises(CommandError, match="not deleted"):
        call_command("restore_project", str(project.pk))

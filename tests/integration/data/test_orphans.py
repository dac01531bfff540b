"""The sweep over all projects: bounded steps that reach everything, and what beat is told to send."""

from datetime import timedelta

from celery import current_app

from ropewalk.core import clock
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.data import selectors, services
from ropewalk.data.oids import ObjectAddress
from ropewalk.projects.models import Project
from tests.factories.builders import make_project
from tests.integration.data.conftest import md5, send
from workers.schedule import SCHEDULE
from workers.tasks import upkeep


def orphan(project: Project, store: DiskStore, content: bytes) -> str:
    """Bytes as a process leaves them that was killed between the bytes and the row; their key."""
    key = ObjectAddress(md5(content)).key(project.pk)
    with store.writer(key) as writer:
        writer.write(content)
        writer.commit()
    return key


def test_small_steps_reach_every_orphan_of_every_project(project: Project, objects: DiskStore) -> None:
    projects = [project, make_project(), make_project()]
    orphans = [orphan(one, objects, f"orphan {n}".encode()) for one in projects for n in range(7)]
    kept = [send(one, f"kept {n}".encode()) for one in projects for n in range(3)]
    soon = clock.now() + timedelta(hours=1)
    removed = [services.sweep_all_orphans(older_than=soon, limit=4, page_size=2) for _ in range(12)]
    assert sum(removed) == len(orphans)
    assert max(removed) <= 4
    assert not any(objects.stat(key) for key in orphans)
    assert all(objects.stat(kept[n * 3].key(one.pk)) for n, one in enumerate(projects))
    assert selectors.object_state(project.pk, kept[0]) is not None


def test_after_the_last_project_it_starts_again(project: Project, objects: DiskStore) -> None:
    soon = clock.now() + timedelta(hours=1)
    assert services.sweep_all_orphans(older_than=soon) == 0
    orphan(project, objects, b"late")
    assert services.sweep_all_orphans(older_than=soon) == 1


def test_the_task_spares_uploads_of_the_last_day(project: Project, objects: DiskStore) -> None:
    key = orphan(project, objects, b"fresh")
    upkeep.sweep_orphans()
    assert objects.stat(key) is not None


def test_beat_sends_only_tasks_that_there_are() -> None:
    named = {str(entry["task"]) for entry in SCHEDULE.values()}
    assert named <= set(current_app.tasks)
    assert "ropewalk.sweep_orphans" in named

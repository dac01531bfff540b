"""``kill -9`` between the bytes of an upload for DVC and its commit."""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from ropewalk.core import blobs, clock
from ropewalk.data.models import StoredObject
from ropewalk.data.services import sweep_all_orphans, tracking
from ropewalk.data.tracking import TrackedEdits
from ropewalk.projects.models import Project
from ropewalk.repos import refs
from ropewalk.repos.edits import Author, CommitRequest, Text
from tests.factories.builders import access_of, make_project
from tests.integration.data.conftest import md5
from tests.integration.data.test_collecting import found, search
from tests.integration.monitors.repository import Repository

FILES = {"one.bin": b"one" * 1000, "two.bin": b"two" * 1000}


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Project]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.OBJECTS_ROOT = tmp_path / "objects"
    blobs.store.cache_clear()
    yield make_project()
    blobs.store.cache_clear()


def upload(project: Project, folder: str) -> str:
    prefix = f"{folder}/" if folder else ""
    edits = TrackedEdits({prefix + name: Text(content) for name, content in FILES.items()}, folder=folder)
    author = Author("Ann", "ann@example.org")
    request = CommitRequest(branch="main", edits=(), message="Add\n", author=author)
    return tracking.commit_tracked(access_of(project.created_by, project), request, edits)


def killed_in(step: str, act: Any) -> None:
    """Run in a process of its own, which gets SIGKILL where it comes to this step of ``services.tracking``."""
    connections.close_all()  # the child must not speak over the parent's
    child = os.fork()
    if child == 0:
        try:
            setattr(tracking, step, lambda *_a, **_k: os.kill(os.getpid(), signal.SIGKILL))
            act()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("folder", ["", "sets"])
def test_the_repository_is_unchanged_a_retry_succeeds_and_the_bytes_are_found(
    project: Project, tmp_path: Path, folder: str
) -> None:
    repository = Repository(project, tmp_path / "work")
    before = repository.commit({"readme": "x"})
    killed_in("commit_edits", lambda: upload(project, folder))
    assert refs.read_refs(project.pk)["refs/heads/main"] == before
    assert StoredObject.objects.for_project(project.pk).count() == len(FILES)
    search(project)
    assert found(project) == {md5(content) for content in FILES.values()}
    sha = upload(project, folder)
    assert refs.read_refs(project.pk)["refs/heads/main"] == sha
    search(project)
    assert found(project) == set()


def test_a_kill_while_a_file_is_stored_leaves_nothing_that_stays(project: Project, tmp_path: Path) -> None:
    Repository(project, tmp_path / "work").commit({"readme": "x"})

    def act() -> None:
        real = tracking.receive_object

        def torn(*, blocks: Any, **more: Any) -> Any:
            def half() -> Iterator[bytes]:
                yield next(iter(blocks))[:1000]
                os.kill(os.getpid(), signal.SIGKILL)

            return real(blocks=half(), **more)

        tracking.receive_object = torn
        upload(project, "")

    killed_in("_nothing", act)
    assert StoredObject.objects.for_project(project.pk).count() == 0
    sweep_all_orphans(older_than=clock.now() + timedelta(days=1))
    upload(project, "")
    assert StoredObject.objects.for_project(project.pk).count() == len(FILES)

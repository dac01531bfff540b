"""A private project with code, a tag and data, a person who may read it, and what the workers do for a fork."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.models import User
from ropewalk.core import blobs
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.core.derived import cache
from ropewalk.core.models import Job
from ropewalk.data import services as data
from ropewalk.projects.models import Project
from ropewalk.repos import git, services
from tests.factories.builders import access_of, make_collaborator, make_project
from tests.integration.data.conftest import listing, send
from tests.integration.repos.conftest import commit, write
from workers.runners import base

STREAM = (
    commit("refs/heads/main", 1_700_000_000, "one", write("a.txt", b"one"))
    + commit("refs/heads/main", 1_700_000_100, "two", write("a.txt", b"two"))
    + commit("refs/heads/side", 1_700_000_200, "side", write("b.txt", b"side"), parent="refs/heads/main")
    + b"tag v1\nfrom refs/heads/main\ntagger A <a@example.org> 1700000300 +0000\ndata 2\nv1\n"
    + b"reset refs/pull/1/head\nfrom refs/heads/main\n\n"
    + b"reset refs/ropewalk/secret\nfrom refs/heads/main\n\n"
)


@pytest.fixture
def objects(tmp_path: Path, settings: Any) -> Iterator[DiskStore]:
    settings.OBJECTS_ROOT = tmp_path / "objects"
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    cache.clear()
    blobs.store.cache_clear()
    yield blobs.store()  # type: ignore[misc]  # the disk store, by these settings
    blobs.store.cache_clear()


@pytest.fixture
def parent(db: None, objects: DiskStore) -> Project:
    project = make_project("wine")
    services.ensure_repository(project_id=project.pk)
    feed(project, STREAM)
    services.reconcile(project_id=project.pk)
    send(project, b"one")
    send(project, listing({"a": b"one"}), is_dir=True)
    return project


@pytest.fixture
def forker(parent: Project) -> User:
    return make_collaborator(parent, "reader")


def feed(project: Project, stream: bytes) -> None:
    """Give fast-import's language to a project's repository."""
    command = ["git", "-C", str(git.repository_path(project.pk)), "fast-import", "--quiet", "--force"]
    subprocess.run(command, input=stream, check=True, capture_output=True)


def work(project_id: int) -> Job:
    """Run the project's fork job as a worker does; what became of it."""
    job = Job.objects.filter(project_id=project_id, kind="fork-project").latest("created_at")
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    return job


def fork_of(parent: Project, forker: User, **wishes: Any) -> ProjectAccess:
    """A whole fork in the forker's own name."""
    made = data.start_fork(access_of(forker, parent), forker.username, **wishes)
    assert work(made.project.id).state == "succeeded"
    return made

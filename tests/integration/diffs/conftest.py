"""A public project whose repository and store lie in this test's own folder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from ropewalk.core import blobs
from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.integration.monitors.repository import Repository
from workers.runners import base


@pytest.fixture
def project(db: None, settings: Any, tmp_path: Path) -> Iterator[Project]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.OBJECTS_ROOT = tmp_path / "objects"
    blobs.store.cache_clear()
    cache.clear()
    yield builders.make_project(visibility="public")
    blobs.store.cache_clear()


@pytest.fixture
def repository(project: Project, tmp_path: Path) -> Repository:
    return Repository(project, tmp_path / "work")


@pytest.fixture
def work(db: None) -> Callable[[], list[Job]]:
    """Run every queued job as a worker would; returns them as they ended."""

    def run_all() -> list[Job]:
        waiting = list(Job.objects.filter(state="queued").order_by("created_at").values_list("pk", flat=True))
        for job_id in waiting:
            base.run(str(job_id), "test")
        return [Job.objects.get(pk=job_id) for job_id in waiting]

    return run_all

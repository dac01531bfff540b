"""A project with a repository, and the worker's part of a job."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.factories.builders import make_project
from tests.integration.monitors.repository import Repository
from workers.runners import base


@pytest.fixture
def project(db: None) -> Project:
    return make_project()


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

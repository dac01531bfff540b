"""A project with runs in MLflow's tables, and the worker's part of a job."""

from collections.abc import Callable

import pytest

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.factories.builders import access_of, make_project
from tests.integration.tracking.logbook import Logbook
from tests.protocol.mlflow.fixtures import mlflow_in_process
from workers.runners import base

__all__ = ["mlflow_in_process"]


@pytest.fixture
def project(db: None, mlflow_in_process: None) -> Project:
    return make_project()


@pytest.fixture
def logbook(project: Project) -> Logbook:
    return Logbook(project.pk)


@pytest.fixture
def access(project: Project) -> ProjectAccess:
    return access_of(project.owner.user, project, Permission.ANALYSES_START)


@pytest.fixture
def work(db: None) -> Callable[[], list[Job]]:
    """Run every queued job as a worker would; returns them as they ended."""

    def run_all() -> list[Job]:
        waiting = list(Job.objects.filter(state="queued").order_by("created_at").values_list("pk", flat=True))
        for job_id in waiting:
            base.run(str(job_id), "test")
        return [Job.objects.get(pk=job_id) for job_id in waiting]

    return run_all

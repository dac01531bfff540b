"""Runs in MLflow's own tables, logged through MLflow's store as the edge does it."""

import pytest

from ropewalk.projects.models import Project
from tests.factories.builders import make_project
from tests.integration.tracking.logbook import Logbook
from tests.protocol.mlflow.fixtures import mlflow_in_process, objects

__all__ = ["mlflow_in_process", "objects"]


@pytest.fixture
def project(db: None, mlflow_in_process: None) -> Project:
    """A project without runs."""
    return make_project()


@pytest.fixture
def logbook(project: Project) -> Logbook:
    """Writes into the project's tracking server."""
    return Logbook(project.pk)

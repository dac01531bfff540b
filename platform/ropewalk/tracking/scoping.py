"""Scoping of MLflow's tables: their rows belong to a workspace, ours to a project."""

from typing import TypeVar

from django.db import models

from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.tracking.types import workspace_name

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


def table(name: str) -> str:
    """A schema-qualified name that Django takes as already quoted."""
    return f'"mlflow"."{name}"'


class WorkspaceManager(ProjectScopedManager[M_co]):
    """Scopes a table to a project through the path to its experiment's (or its own) workspace column."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def for_project(self, project_id: int) -> "models.QuerySet[M_co]":
        """The rows in one project's MLflow workspace."""
        return self.unscoped("narrowed on the next line").filter(**{self.path: workspace_name(project_id)})

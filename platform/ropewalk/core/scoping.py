"""The fail-closed manager beneath the gate: a project-owned row is only reached through a project."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model, covariant=True)  # noqa: PLC0105  # the name that Django's stubs use


class UnscopedQuery(RuntimeError):
    """A project-owned model was queried without naming a project. A defect of ours, never of the user."""


class ProjectScopedManager(models.Manager[M]):
    """Raises on every query that does not go through :meth:`for_project` or :meth:`unscoped`.

    The model must have a field ``project``. ``unscoped`` takes the reason in words, for the reader and for grep.
    Creating rows (``create``, ``bulk_create``) is allowed: the row itself names its project.
    """

    def get_queryset(self) -> "models.QuerySet[M]":
        """Raise: whoever calls this named no project."""
        raise UnscopedQuery(f"{self.model.__name__} needs .for_project(project_id) or .unscoped(reason)")

    def _rows(self) -> "models.QuerySet[M]":
        if hasattr(self, "_apply_rel_filters"):
            # On `user.collaborations` the rows of everybody would come back: the relation's own filter is not applied here.
            raise UnscopedQuery(
                f"Ask {self.model.__name__}.objects, not the related manager: it would forget its relation."
            )
        return super().get_queryset()

    def for_project(self, project_id: int) -> "models.QuerySet[M]":
        """The rows of one project."""
        return self._rows().filter(project_id=project_id)

    def unscoped(self, reason: str) -> "models.QuerySet[M]":
        """Every row; ``reason`` says why no single project applies."""
        if not reason:
            raise UnscopedQuery("unscoped() needs a reason")
        return self._rows()

    def create(self, **values: Any) -> M:
        """Insert one row; it carries its own project."""
        return self._rows().create(**values)

    def bulk_create(self, objs: Iterable[M], *args: Any, **options: Any) -> list[M]:
        """Insert many rows; each carries its own project."""
        return self._rows().bulk_create(objs, *args, **options)

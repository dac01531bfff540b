"""Deleting projects, bringing them back, and removing them for good.

A deleted project is hidden at once and can be restored until the operator's grace time ends. Then the workers purge it
(``workers.runners.purge_projects``): they mark the row first, so that nobody restores half a project, and remove it last, so that
a purge which is killed goes on with the next run.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import IntegrityError, models, transaction

from ropewalk.accounts.models import AccessToken
from ropewalk.core import clock
from ropewalk.core.audit import Origin
from ropewalk.core.audit import record as record_event
from ropewalk.core.batches import delete_in_batches
from ropewalk.core.errors import Conflict, NotFound
from ropewalk.core.models import Job
from ropewalk.projects.models import FormerName, Project, ProjectTransfer
from ropewalk.projects.names import check_project_name
from ropewalk.projects.services.projects import free_former_name, locked, record


@transaction.atomic
def delete_project(*, project_id: int) -> None:
    """Hide a project from everybody; its names are free at once. The data stays until the operator's grace time ends."""
    project = locked(project_id)
    FormerName.objects.for_project(project_id).delete()
    ProjectTransfer.objects.for_project(project_id).delete()
    project.deleted_at = clock.now()
    project.save(update_fields=["deleted_at"])
    record("project.deleted", project)


@transaction.atomic
def abandon_project(*, project_id: int) -> None:
    """Take away a project whose making failed: its name is free, nobody can restore it, the next purge removes what there is."""
    project = locked(project_id)
    project.deleted_at = project.purge_started_at = clock.now()
    project.save(update_fields=["deleted_at", "purge_started_at"])
    record("project.abandoned", project)


def restore_project(*, project_id: int, new_name: str = "", owner_ids: Collection[int] | None = None) -> None:
    """Bring a deleted project back, under a new name if one is given.

    ``owner_ids`` are the owners in whose names the caller may do this; the operator's command gives none and may in all. Raises
    :class:`NotFound` when there is none, it is another's or it was purged, :class:`Conflict` when it was not deleted, its purge
    has begun, or its name was taken again.
    """
    name = new_name and check_project_name(new_name)
    try:
        with transaction.atomic():
            project = _deleted(project_id, owner_ids)
            if name:
                project.slug = name
            project.deleted_at = None
            project.save(update_fields=["deleted_at", "slug", "updated_at"])
            free_former_name(project.owner_id, project.slug)
            record("project.restored", project)
    except IntegrityError:
        raise Conflict(
            "Another project has this name now.", hint="Restore it under a new one.", code="name_taken"
        ) from None


def _deleted(project_id: int, owner_ids: Collection[int] | None) -> Project:
    project = Project.objects.select_for_update(of=("self",)).filter(pk=project_id).first()
    if project is None or (owner_ids is not None and project.owner_id not in owner_ids):
        raise NotFound("There is no such project, or it was removed for good.")
    if project.deleted_at is None:
        raise Conflict("This project is not deleted.", code="not_deleted")
    if project.purge_started_at is not None:
        raise Conflict("This project's grace time is over: it is being removed for good.", code="purged")
    return project


def begin_purges(*, deleted_before: datetime, limit: int = 100) -> list[int]:
    """Mark projects whose grace time is over; they and those whose purge was interrupted, the first deleted first."""
    due = models.Q(purge_started_at__isnull=False) | models.Q(deleted_at__lt=deleted_before)
    with transaction.atomic():
        rows = Project.objects.select_for_update(skip_locked=True).filter(due, deleted_at__isnull=False)
        found = list(rows.order_by("deleted_at", "pk").values_list("pk", flat=True)[:limit])
        fresh = Project.objects.filter(pk__in=found, purge_started_at__isnull=True)
        fresh.update(purge_started_at=clock.now())
    return found


def remove_rows(*, project_id: int) -> Iterator[int]:
    """Remove everything in our own tables that belongs to a project under purge, in batches; yields the size of each."""
    for model in owned_models():
        yield from _remove(model, project_id)
    for kernel in (Job, AccessToken):  # these name a project by its number
        yield from delete_in_batches(kernel._meta.db_table, "project_id = %s", [project_id])


def _remove(model: type[models.Model], project_id: int) -> Iterator[int]:
    parent = _way(model)
    if parent is None:
        yield from delete_in_batches(model._meta.db_table, "project_id = %s", [project_id])
        return
    column, table = parent.column, parent.related_model._meta.db_table
    condition = f"{column} IN (SELECT id FROM {table} WHERE project_id = %s)"  # noqa: S608  # names of our models
    yield from delete_in_batches(model._meta.db_table, condition, [project_id])


def _way(model: type[models.Model]) -> "models.ForeignKey | None":
    """The parent through which a table's rows are found when it has no index by project; None when it has one."""
    firsts = [index.fields[:1] for index in model._meta.indexes]
    firsts += [
        list(one.fields[:1]) for one in model._meta.constraints if isinstance(one, models.UniqueConstraint)
    ]
    [key] = [field for field in model._meta.fields if field.name == "project"]
    if getattr(key, "db_index", False) or key.unique or ["project"] in firsts:  # the stubs know no db_index
        return None
    return next(
        field
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey) and field.related_model in owned_models()
    )


def owned_models() -> list[type[models.Model]]:
    """Every model with a foreign key to the project, whatever room it is in; those that refer to others come before them."""
    found = list(dict.fromkeys(relation.related_model for relation in Project._meta.related_objects))
    found = [model for model in found if model is not Project]  # a fork is nobody's property
    ordered: list[type[models.Model]] = []
    while len(ordered) < len(found):
        rest = [model for model in found if model not in ordered]
        named = {
            field.related_model
            for model in rest
            for field in model._meta.fields
            if field.related_model not in (None, model)
        }
        ordered += [model for model in rest if model not in named]
    return ordered


def finish_purge(*, project_id: int) -> None:
    """Remove the project's own row, the last thing of it, and say so in the audit log, which stays."""
    with transaction.atomic():
        rows = Project.objects.select_for_update(of=("self",)).select_related("owner")
        project = rows.filter(pk=project_id, purge_started_at__isnull=False).first()
        if project is None:
            return
        record_event(
            "project.purged",
            subject=project.slug,
            owner_id=project.owner_id,
            project_id=project_id,
            detail={"name": str(project), "deleted_at": f"{project.deleted_at:%Y-%m-%d %H:%M}"},
            who=Origin(via="schedule"),
        )
        project.delete()

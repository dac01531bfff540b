"""Renaming projects. A former name goes on leading to its project for the operator's grace time (``FormerName``)."""

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from ropewalk.core import clock
from ropewalk.core.errors import Conflict
from ropewalk.core.locks import lock_in_transaction
from ropewalk.projects.models import FormerName, Project
from ropewalk.projects.names import check_project_name
from ropewalk.projects.services.projects import free_former_name, locked, record

MAX_FORMER_NAMES = 50


def rename_project(*, project_id: int, name: str) -> None:
    """Give a project another name in its owner's namespace; the one before leads on to it.

    Nothing moves on disk: repository, objects and runs go by the project's number. Locks the namespace, then the project: of
    two that want one name one gets it. Raises :class:`Invalid` for a bad name, :class:`Conflict` for a taken one or for one
    rename too many.
    """
    check_project_name(name)
    with transaction.atomic():
        project = locked_with_namespaces(project_id)
        before = project.slug
        if name == before:
            return
        project.slug = name
        keep_place(project)
        if name.lower() != before.lower():
            keep_former_name(project, project.owner_id, before)
        record("project.renamed", project, before=before, after=name)


def locked_with_namespaces(project_id: int, *more_owner_ids: int) -> Project:
    """A live project's row, and its owner's and the other namespaces, all locked until the transaction ends."""
    asked = Project.objects.filter(pk=project_id).values_list("owner_id", flat=True).first()
    for owner_id in sorted({*more_owner_ids, *([asked] if asked else [])}):
        lock_in_transaction(f"names-of-owner:{owner_id}")
    project = locked(project_id)
    if project.owner_id != asked:
        raise Conflict("The project has just gone to another owner.", hint="Look again.", code="moved")
    return project


def keep_place(project: Project) -> None:
    """Save a project's owner and name. Raises :class:`Conflict` when another project has the name there."""
    try:
        with transaction.atomic():
            project.save(update_fields=["owner", "slug", "updated_at"])
    except IntegrityError:
        raise Conflict(
            f"There is already a project “{project.slug}” here.",
            hint="Choose another name.",
            code="name_taken",
        ) from None
    free_former_name(project.owner_id, project.slug)


def keep_former_name(project: Project, owner_id: int, slug: str) -> None:
    """From now on this name leads on to the project. Raises :class:`Conflict` for a project with too many of them."""
    if settings.ROPEWALK_NAME_GRACE_DAYS <= 0:
        return
    if FormerName.objects.for_project(project.pk).filter(until__gt=clock.now()).count() >= MAX_FORMER_NAMES:
        raise Conflict(
            f"{MAX_FORMER_NAMES} former names still lead to this project, which is the limit.",
            hint="Rename it when some of them are no longer kept.",
            code="too_many_names",
        )
    until = clock.now() + timedelta(days=settings.ROPEWALK_NAME_GRACE_DAYS)
    FormerName.objects.create(owner_id=owner_id, slug=slug, project=project, until=until)


def sweep_former_names() -> int:
    """Remove former names whose time is over; how many."""
    over = FormerName.objects.unscoped("upkeep of all").filter(until__lte=clock.now())
    return over.delete()[0]

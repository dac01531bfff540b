"""Making and changing projects."""

from django.db import IntegrityError, transaction

from ropewalk.accounts.names import matching_name
from ropewalk.core import audit, clock
from ropewalk.core.errors import Conflict, Invalid, NotFound
from ropewalk.projects.models import FormerName, Project, Visibility
from ropewalk.projects.names import check_branch_name, check_project_name


def create_project(
    *,
    owner_id: int,
    slug: str,
    created_by_id: int,
    description: str = "",
    visibility: str = Visibility.PRIVATE,
    default_branch: str = "main",
    forked_from_id: int | None = None,
) -> Project:
    """Insert a project row. Raises :class:`Invalid` for a bad name, :class:`Conflict` for a taken one.

    Its repository is made on demand by :mod:`ropewalk.repos`, so a crash between the two leaves nothing to repair.
    """
    check_project_name(slug)
    check_branch_name(default_branch)
    _check_visibility(visibility)
    _check_description(description)
    _check_fork_visibility(forked_from_id, visibility)
    try:
        with transaction.atomic():
            project = Project.objects.create(
                owner_id=owner_id,
                slug=slug,
                description=description,
                visibility=visibility,
                default_branch=default_branch,
                created_by_id=created_by_id,
                forked_from_id=forked_from_id,
            )
            free_former_name(owner_id, slug)
            record("project.created", project, visibility=visibility)
    except IntegrityError:
        raise Conflict(
            f"There is already a project “{slug}” here.", hint="Choose another name.", code="name_taken"
        ) from None
    return project


def _check_visibility(visibility: str) -> None:
    if visibility not in Visibility.values:
        raise Invalid(f"Visibility is one of {', '.join(Visibility.values)}.", code="bad_visibility")


def _check_fork_visibility(forked_from_id: int | None, visibility: str) -> None:
    """What few may read must not become readable for many by way of a fork."""
    if forked_from_id is None:
        return
    parent = Project.objects.filter(pk=forked_from_id).values_list("visibility", flat=True).first()
    widest_first = Visibility.values
    if parent is not None and widest_first.index(visibility) < widest_first.index(parent):
        raise Invalid(
            f"A fork can't be more visible than the project that it was forked from, which is {parent}.",
            hint=f"Choose {parent}.",
            code="fork_visibility",
        )


def _check_description(description: str) -> None:
    if len(description) > 500 or "\0" in description:
        raise Invalid("A description has at most 500 characters.", code="bad_description")


def record(action: str, project: Project, **detail: str) -> None:
    """Add an audit event of a project."""
    audit.record(
        action, subject=project.slug, owner_id=project.owner_id, project_id=project.pk, detail=detail
    )


def free_former_name(owner_id: int, slug: str) -> None:
    """A project lives under this name now: whatever led on from it ends.

    After the project's own row was written, so that a rename which gave the name up at the same time has committed.
    """
    rows = FormerName.objects.unscoped("a name in a namespace").filter(owner_id=owner_id)
    rows.filter(matching_name("slug", slug)).delete()


def locked(project_id: int) -> Project:
    """A live project's row, locked until the transaction ends."""
    project = (
        Project.objects.select_for_update(of=("self",)).filter(pk=project_id, deleted_at__isnull=True).first()
    )
    if project is None:
        raise NotFound("There is no such project.")
    return project


@transaction.atomic
def update_project(
    *,
    project_id: int,
    description: str | None = None,
    visibility: str | None = None,
    default_branch: str | None = None,
    key_metric: str | None = None,
) -> None:
    """Change what is given; None leaves a field as it is."""
    project = locked(project_id)
    if description is not None:
        _check_description(description)
        project.description = description
    if visibility is not None and visibility != project.visibility:
        _check_visibility(visibility)
        _check_fork_visibility(project.forked_from_id, visibility)
        record("project.visibility", project, before=project.visibility, after=visibility)
        project.visibility = visibility
    if default_branch is not None:
        project.default_branch = check_branch_name(default_branch)
    if key_metric is not None:
        project.key_metric = key_metric.replace("\0", "")[:250]
    project.save()


def touch_project(*, project_id: int) -> None:
    """Note that something in the project changed (a push, a run), for lists by recency."""
    Project.objects.filter(pk=project_id).update(updated_at=clock.now())


@transaction.atomic
def archive_project(*, project_id: int, archived: bool) -> None:
    """Make a project read-only, or writable again."""
    project = locked(project_id)
    project.archived_at = clock.now() if archived else None
    project.save(update_fields=["archived_at", "updated_at"])
    record("project.archived" if archived else "project.unarchived", project)

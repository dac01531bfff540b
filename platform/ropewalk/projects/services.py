"""Writes of projects. The caller has passed the gate."""

from django.db import IntegrityError, transaction

from ropewalk.accounts.models import User
from ropewalk.core import clock
from ropewalk.core.errors import Conflict, Invalid, NotFound
from ropewalk.projects.models import Collaborator, CollaboratorRole, Project, Visibility
from ropewalk.projects.names import check_project_name


def create_project(
    *,
    owner_id: int,
    slug: str,
    created_by_id: int,
    description: str = "",
    visibility: str = Visibility.PRIVATE,
    default_branch: str = "main",
) -> Project:
    """Insert a project row. Raises :class:`Invalid` for a bad name, :class:`Conflict` for a taken one.

    Its repository is made on demand by :mod:`ropewalk.repos`, so a crash between the two leaves nothing to repair.
    """
    check_project_name(slug)
    if visibility not in Visibility.values:
        raise Invalid(f"Visibility is one of {', '.join(Visibility.values)}.", code="bad_visibility")
    if len(description) > 500:
        raise Invalid("A description has at most 500 characters.", code="bad_description")
    try:
        with transaction.atomic():
            return Project.objects.create(
                owner_id=owner_id,
                slug=slug,
                description=description,
                visibility=visibility,
                default_branch=default_branch,
                created_by_id=created_by_id,
            )
    except IntegrityError:
        raise Conflict(
            f"There is already a project “{slug}” here.", hint="Choose another name.", code="name_taken"
        ) from None


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
    project = Project.objects.select_for_update().get(pk=project_id)
    if description is not None:
        if len(description) > 500:
            raise Invalid("A description has at most 500 characters.", code="bad_description")
        project.description = description
    if visibility is not None:
        if visibility not in Visibility.values:
            raise Invalid(f"Visibility is one of {', '.join(Visibility.values)}.", code="bad_visibility")
        project.visibility = visibility
    if default_branch is not None:
        project.default_branch = default_branch
    if key_metric is not None:
        project.key_metric = key_metric[:250]
    project.save()


def touch_project(*, project_id: int) -> None:
    """Note that something in the project changed (a push, a run), for lists by recency."""
    Project.objects.filter(pk=project_id).update(updated_at=clock.now())


def archive_project(*, project_id: int, archived: bool) -> None:
    """Make a project read-only, or writable again."""
    Project.objects.filter(pk=project_id).update(archived_at=clock.now() if archived else None, updated_at=clock.now())


def delete_project(*, project_id: int) -> None:
    """Hide a project from everybody; its name is free at once. The data stays until the operator's grace time ends."""
    Project.objects.filter(pk=project_id, deleted_at__isnull=True).update(deleted_at=clock.now())


@transaction.atomic
def set_collaborator(*, project_id: int, username: str, role: str) -> None:
    """Give a person a role in a project, or change it."""
    if role not in CollaboratorRole.values:
        raise Invalid(f"A collaborator's role is one of {', '.join(CollaboratorRole.values)}.", code="bad_role")
    user = User.objects.filter(username__iexact=username, is_active=True).first()
    if user is None:
        raise NotFound(f"There is no user “{username}”.", hint="They sign up first, then you can add them.")
    rows = Collaborator.objects.for_project(project_id)
    if not rows.filter(user=user).update(role=role):
        Collaborator.objects.create(project_id=project_id, user=user, role=role)


def remove_collaborator(*, project_id: int, user_id: int) -> None:
    """Take a person's own role in a project away."""
    Collaborator.objects.for_project(project_id).filter(user_id=user_id).delete()

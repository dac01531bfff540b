"""Who has a role of their own in a project."""

from django.db import transaction

from ropewalk.accounts.models import User
from ropewalk.accounts.names import matching_name
from ropewalk.core.errors import Invalid, NotFound
from ropewalk.projects.models import Collaborator, CollaboratorRole
from ropewalk.projects.services.projects import locked, record


@transaction.atomic
def set_collaborator(*, project_id: int, username: str, role: str) -> None:
    """Give a person a role in a project, or change it."""
    if role not in CollaboratorRole.values:
        raise Invalid(
            f"A collaborator's role is one of {', '.join(CollaboratorRole.values)}.", code="bad_role"
        )
    user = User.objects.filter(matching_name("owner__slug", username), is_active=True).first()
    if user is None:
        raise NotFound(f"There is no user “{username}”.", hint="They sign up first, then you can add them.")
    project = locked(project_id)
    Collaborator.objects.bulk_create(
        [Collaborator(project_id=project_id, user=user, role=role)],
        update_conflicts=True,
        unique_fields=["project", "user"],
        update_fields=["role"],
    )
    record("collaborator.set", project, user=user.username, role=role)


@transaction.atomic
def remove_collaborator(*, project_id: int, user_id: int) -> None:
    """Take a person's own role in a project away."""
    project = locked(project_id)
    own = Collaborator.objects.for_project(project_id).select_related("user").filter(user_id=user_id).first()
    if own is not None:
        own.delete()
        record("collaborator.removed", project, user=own.user.username, role=own.role)

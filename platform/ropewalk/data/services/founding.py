"""Making a project together with what it begins with."""

from django.db import transaction

from ropewalk.access.roles import Permission, Role
from ropewalk.access.selectors import may_create_in, resolve_owner, resolve_project
from ropewalk.access.types import Actor, ProjectAccess
from ropewalk.accounts.selectors import commit_identity
from ropewalk.core import clock
from ropewalk.core.errors import Denied
from ropewalk.data.services.changes import commit_edits
from ropewalk.data.starters import Starter, starter_files
from ropewalk.projects import services as projects
from ropewalk.repos.edits import Author, CommitRequest, Text, WriteFile


def found_project(
    actor: Actor, owner_name: str, *, slug: str, description: str, visibility: str, starter: Starter
) -> ProjectAccess:
    """Make a project and its first commit by the person; what its maker may do there.

    A member who makes one for an organization becomes its maintainer. A kill after the row leaves an empty project, ready for a
    push. Raises :class:`NotFound` and :class:`Denied` about the owner, :class:`Invalid` and :class:`Conflict` about the name.
    """
    owner = resolve_owner(actor, owner_name)
    if not may_create_in(actor, owner) or actor.user_id is None:
        raise Denied(
            f"You may not create projects in {owner.slug}.",
            hint="Ask one of its owners to add you.",
            code="role",
        )
    with transaction.atomic():
        project = projects.create_project(
            owner_id=owner.id,
            slug=slug,
            created_by_id=actor.user_id,
            description=description,
            visibility=visibility,
        )
        access = resolve_project(actor, owner.slug, project.slug, Permission.PROJECT_VIEW)
        if access.role < Role.MAINTAINER:
            projects.set_collaborator(project_id=project.pk, username=actor.username, role="maintainer")
            access = resolve_project(actor, owner.slug, project.slug, Permission.PROJECT_VIEW)
        if not starter.empty and not access.may(Permission.CODE_WRITE):
            raise Denied(
                "This token may not write files.", hint="Make one with the scope “write”.", code="token_scope"
            )
    if not starter.empty:
        _begin(access, starter, holder=owner.name if owner.is_organization else "")
    return access


def _begin(access: ProjectAccess, starter: Starter, *, holder: str) -> None:
    """The first commit; nobody's copyright named: the author's."""
    author = Author(*commit_identity(access.actor.user_id or 0))
    files = starter_files(access.project, starter, holder=holder or author.name, year=clock.now().year)
    edits = tuple(WriteFile(path, Text(text.encode()), create=True) for path, text in files.items())
    commit_edits(access, CommitRequest(access.project.default_branch, edits, "Begin the project", author))

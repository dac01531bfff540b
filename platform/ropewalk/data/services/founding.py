"""Making a project together with what it begins with."""

import structlog
from django.db import transaction

from ropewalk.access.roles import Permission, Role
from ropewalk.access.selectors import may_create_in, resolve_owner, resolve_project
from ropewalk.access.types import Actor, ProjectAccess
from ropewalk.accounts.selectors import commit_identity
from ropewalk.core import clock
from ropewalk.core.errors import Denied, Unavailable
from ropewalk.data.services.changes import commit_edits
from ropewalk.data.starters import Starter, starter_files
from ropewalk.projects import services as projects
from ropewalk.repos.edits import Author, CommitRequest, Text, WriteFile

log = structlog.get_logger("ropewalk.projects")


def found_project(
    actor: Actor, owner_name: str, *, slug: str, description: str, visibility: str, starter: Starter
) -> ProjectAccess:
    """Make a project and its first commit by the person; what its maker may do there.

    A member who makes one for an organization becomes its maintainer. When the first commit fails there is no project; a kill
    between the two leaves an empty one, ready for a push. Raises :class:`NotFound` and :class:`Denied` about the owner,
    :class:`Invalid` and :class:`Conflict` about the name, :class:`Unavailable` when the commit can't be made.
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
        try:
            _begin(access, starter, holder=owner.name if owner.is_organization else "")
        except Exception as error:
            _give_up(access, error)
            raise Unavailable(
                "The project's first commit could not be made, so the project was not made either.",
                hint="Try again, or begin with an empty project. The operator finds the reason in the log.",
                code="first_commit_failed",
            ) from error
    return access


def _give_up(access: ProjectAccess, reason: Exception) -> None:
    log.error("project.first_commit_failed", project=access.project.id, exc_info=reason)
    try:
        projects.abandon_project(project_id=access.project.id)
    except Exception:  # what failed before may fail here too; the reason is the one to tell
        log.exception("project.not_abandoned", project=access.project.id)


def _begin(access: ProjectAccess, starter: Starter, *, holder: str) -> None:
    """The first commit; nobody's copyright named: the author's."""
    author = Author(*commit_identity(access.actor.user_id or 0))
    files = starter_files(access.project, starter, holder=holder or author.name, year=clock.now().year)
    edits = tuple(WriteFile(path, Text(text.encode()), create=True) for path, text in files.items())
    commit_edits(access, CommitRequest(access.project.default_branch, edits, "Begin the project", author))

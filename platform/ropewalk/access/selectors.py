"""The one gate: every request that names a project goes through :func:`resolve_project`."""

from collections.abc import Iterable
from dataclasses import replace

from ropewalk.access.roles import (
    DEEDS,
    FROZEN_BY_ARCHIVE,
    FROZEN_BY_MIRROR,
    PERMISSIONS,
    Permission,
    Role,
    least_role,
    scoped,
)
from ropewalk.access.types import Actor, ProjectAccess
from ropewalk.accounts.selectors import (
    organization_role,
    organizations_of,
    owner_by_former_slug,
    owner_by_slug,
    user_by_id,
)
from ropewalk.accounts.types import OwnerView
from ropewalk.core.errors import Denied, NotFound, Unauthenticated
from ropewalk.projects import selectors as projects
from ropewalk.projects.standing import find, standing_in
from ropewalk.projects.types import ProjectView, Standing

_COLLABORATOR_ROLES = {"reader": Role.READER, "writer": Role.WRITER, "maintainer": Role.MAINTAINER}
_MOST_NAMESAKES = 100


def role_in(project: ProjectView, user_id: int | None, standing: Standing | None = None) -> Role:
    """A person's role: the strongest of visibility, collaboration and ownership. One query, unless the standing is known."""
    if user_id is None:
        return Role.VIEWER if project.visibility == "public" else Role.NONE
    if standing is None:
        standing = standing_in(project.id, user_id)
    if standing.owns or standing.membership == "owner":
        return Role.OWNER
    seen = project.visibility in {"public", "internal"} or standing.membership == "member"
    return max(Role.READER if seen else Role.NONE, _COLLABORATOR_ROLES.get(standing.collaboration, Role.NONE))


def resolve_project(actor: Actor, owner: str, slug: str, needs: Permission) -> ProjectAccess:
    """Let through, or raise. A name that a project had before counts as its own, but only while nothing else has it.

    :class:`NotFound` for what the viewer may not see; :class:`Denied` (or :class:`Unauthenticated` for somebody who did not sign
    in) when they see the project but may not do this.
    """
    missing = NotFound(
        f"There is no project {owner}/{slug}, or you may not see it.", hint="Check the name, or sign in."
    )
    if found := find(owner, slug, actor.user_id):
        return _let_through(actor, found[0], needs, missing, found[1])
    if project := projects.find_former(owner, slug):
        return replace(_let_through(actor, project, needs, missing), former=f"{owner}/{slug}")
    raise missing


def ask_again(access: ProjectAccess, needs: Permission) -> ProjectAccess:
    """Through the gate once more, for more or at a later time; raises like :func:`resolve_project`.

    By the project's number: meanwhile it may have been renamed, and another may have its name.
    """
    missing = NotFound(
        f"There is no project {access.project.full_name} any more, or you may not see it.",
        hint="Check the name, or sign in.",
    )
    project = projects.project_by_id(access.project.id)
    if project is None:
        raise missing
    return replace(_let_through(access.actor, project, needs, missing), former=access.former)


def _let_through(
    actor: Actor,
    project: ProjectView,
    needs: Permission,
    missing: NotFound,
    standing: Standing | None = None,
) -> ProjectAccess:
    role = role_in(project, actor.user_id, standing)
    if role is Role.NONE or (actor.project_id is not None and actor.project_id != project.id):
        raise missing
    permissions = PERMISSIONS[role]
    if actor.signed_in:
        permissions &= scoped(actor.scopes)
    if not permissions:
        raise missing
    if needs not in permissions:
        if not actor.signed_in:
            raise Unauthenticated("Sign in to do this.")
        if needs in PERMISSIONS[role] and actor.via == "ssh":
            raise Denied(
                f"This SSH key is for reading only: it does not let you {DEEDS[needs]}.",
                hint="Use another key, or delete it and add it again for pushing too (Settings → SSH keys).",
                code="token_scope",
            )
        if needs in PERMISSIONS[role]:
            raise Denied(
                f"This token's scopes do not let you {DEEDS[needs]}.",
                hint="Make a token with a wider scope.",
                code="token_scope",
            )
        raise Denied(
            f"Your role in {project.full_name} ({role.name.lower()}) does not let you {DEEDS[needs]}.",
            hint=f"It takes the role {least_role(needs).name.lower()}: ask an owner or maintainer.",
            code="role",
        )
    if project.archived:
        if needs in FROZEN_BY_ARCHIVE:
            raise Denied(
                f"{project.full_name} is archived: it can be read, not changed.",
                hint="Unarchive it in its settings.",
                code="archived",
            )
        permissions -= FROZEN_BY_ARCHIVE
    if project.mirror_of:
        if needs in FROZEN_BY_MIRROR:
            raise Denied(
                f"{project.full_name} is a mirror of {project.mirror_of}: its git repository takes no changes here.",
                hint="Push to the original; what changes there arrives with the next sync.",
                code="mirror",
            )
        permissions -= FROZEN_BY_MIRROR
    return ProjectAccess(project, actor, role, frozenset(permissions))


def accesses(actor: Actor, found: Iterable[ProjectView]) -> list[ProjectAccess]:
    """What somebody may do in each of several projects, in four queries at most; those that they may not see are left out."""
    seen = list(found)
    roles = roles_in(seen, actor.user_id)
    scope = scoped(actor.scopes) if actor.signed_in else frozenset(Permission)
    shown = []
    for project in seen:
        permissions = PERMISSIONS[roles[project.id]] & scope
        if permissions and actor.project_id in {None, project.id}:
            for frozen, applies in (
                (FROZEN_BY_ARCHIVE, project.archived),
                (FROZEN_BY_MIRROR, bool(project.mirror_of)),
            ):
                permissions = permissions - frozen if applies else permissions
            shown.append(ProjectAccess(project, actor, roles[project.id], frozenset(permissions)))
    return shown


def writes_namesakes(access: ProjectAccess) -> bool:
    """Whether somebody may change the data of another project of this name too, under another owner."""
    user_id = access.actor.user_id
    if user_id is None:
        return False
    others = projects.namesakes(access.project, user_id, limit=_MOST_NAMESAKES)
    if len(others) == _MOST_NAMESAKES:  # not looked at any further: one of them will be
        return True
    return any(one.may(Permission.DATA_WRITE) for one in accesses(access.actor, others))


def roles_in(found: list[ProjectView], user_id: int | None) -> dict[int, Role]:
    """Like :func:`role_in` for many projects in four queries."""
    if user_id is None:
        return {project.id: role_in(project, None) for project in found}
    user = user_by_id(user_id)
    memberships = {owner.id: role for owner, role in organizations_of(user_id)}
    own = projects.collaborator_roles([project.id for project in found], user_id)
    roles = {}
    for project in found:
        if user is not None and project.owner_id == user.owner_id:
            roles[project.id] = Role.OWNER
            continue
        by_team = {"owner": Role.OWNER, "member": Role.READER}.get(
            memberships.get(project.owner_id, ""), Role.NONE
        )
        by_sight = Role.READER if project.visibility in {"public", "internal"} else Role.NONE
        by_name = _COLLABORATOR_ROLES.get(own.get(project.id, ""), Role.NONE)
        roles[project.id] = max(by_team, by_sight, by_name)
    return roles


def resolve_owner(actor: Actor, slug: str) -> OwnerView:
    """A user or organization by name, also a former one. Owners are public names; raises :class:`NotFound` when there is none."""
    owner = owner_by_slug(slug) or owner_by_former_slug(slug)
    if owner is None:
        raise NotFound(f"There is no user or organization “{slug}”.")
    return owner


def may_create_in(actor: Actor, owner: OwnerView) -> bool:
    """Whether somebody may create projects under a name: their own, or an organization that they belong to."""
    if actor.user_id is None or actor.project_id is not None or not actor.scopes & {"write", "admin"}:
        return False
    if owner.is_organization:
        return bool(organization_role(owner.id, actor.user_id))
    user = user_by_id(actor.user_id)
    return user is not None and user.owner_id == owner.id


def may_manage_owner(actor: Actor, owner: OwnerView) -> bool:
    """Whether somebody may change an owner's profile or members."""
    if actor.user_id is None or "admin" not in actor.scopes or actor.project_id is not None:
        return False
    if owner.is_organization:
        return organization_role(owner.id, actor.user_id) == "owner"
    return may_create_in(actor, owner)


def managed_owner_ids(actor: Actor) -> frozenset[int]:
    """The owners for which :func:`may_manage_owner` holds: the person, and the organizations that they own."""
    if actor.user_id is None or "admin" not in actor.scopes or actor.project_id is not None:
        return frozenset()
    user = user_by_id(actor.user_id)
    own = {user.owner_id} if user is not None else set()
    return frozenset(own | {owner.id for owner, role in organizations_of(actor.user_id) if role == "owner"})

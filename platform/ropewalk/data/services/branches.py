"""Making, renaming and deleting branches for somebody at a page or the API: each is a push that the server makes.

``seen`` is the branch's commit as the person last saw it: when it moved since, nothing happens.
"""

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Conflict, Denied, Invalid, NotFound
from ropewalk.data.services.changes import RefMoved, change_refs
from ropewalk.data.services.pushes import for_writing
from ropewalk.projects.names import check_branch_name
from ropewalk.repos import refs
from ropewalk.repos import services as repos
from ropewalk.repos.errors import RevisionNotFound
from ropewalk.repos.selectors import commit_exists, default_branch, require_allowed, resolve
from ropewalk.repos.types import ZERO

_HEADS = "refs/heads/"


def create_branch(access: ProjectAccess, *, name: str, start: str = "") -> str:
    """A branch that begins at a branch, tag or commit (the default branch unless told); its commit.

    Raises :class:`Invalid` for a name that can't be, :class:`Conflict` for one that is taken, :class:`NotFound` for no start.
    """
    for_writing(access)
    check_branch_name(name)
    found = resolve(access.project.id, start.strip())
    if found.path:
        raise RevisionNotFound(
            f"There is no branch, tag or commit “{start.strip()[:200]}”.",
            hint="Choose one of the branches or tags.",
        )
    _require_room(access, name)
    change_refs(access, [(_HEADS + name, ZERO, found.sha)])
    return found.sha


def delete_branch(access: ProjectAccess, *, name: str, seen: str = "") -> str:
    """Delete a branch; the commit at which it ended, which stays for a while. Raises :class:`NotFound`, :class:`RefMoved`."""
    for_writing(access)
    sha = _tip(access, name, seen)
    change_refs(access, [(_HEADS + name, sha, ZERO)])
    return sha


def restore_branch(access: ProjectAccess, *, name: str, sha: str) -> None:
    """Make a deleted branch again at its last commit. Raises :class:`NotFound` when that is gone, :class:`Conflict`."""
    for_writing(access)
    if not commit_exists(access.project.id, sha):
        raise NotFound(
            f"The commit {sha[:8]} is not here any more, so that “{name[:200]}” can't be restored.",
            hint=f"Deleted branches are kept for {refs.KEPT_DAYS} days. Push it again from a clone.",
            code="commit_gone",
        )
    _require_room(access, name)
    change_refs(access, [(_HEADS + name, ZERO, sha)])


def rename_branch(access: ProjectAccess, *, name: str, to: str, seen: str = "") -> str:
    """Give a branch another name; its commit.

    Where the person may change settings, a rule that names exactly this branch follows it. The default branch takes that right:
    its new name becomes the default one before the old one goes.
    Raises what making and deleting a branch raise.
    """
    for_writing(access)
    check_branch_name(to)
    sha = _tip(access, name, seen)
    if name == to:
        raise Invalid("This is the branch's name already.", code="same_name")
    _require_room(access, to, leaving=name)
    made, gone = (_HEADS + to, ZERO, sha), (_HEADS + name, sha, ZERO)
    if name == default_branch(access.project.id):
        _require_settings(access)
        require_allowed(access, [made, gone], default=to)
        change_refs(access, [made])
        repos.set_default_branch(project_id=access.project.id, name=to)
        _drop_old_default(access, name, to, sha)
    else:
        change_refs(access, [made, gone])
    if access.may(Permission.SETTINGS_WRITE):
        repos.move_literal_protection(project=access.project, old=name, new=to)
    return sha


def choose_default_branch(access: ProjectAccess, *, name: str) -> None:
    """Make a branch the default one. Raises :class:`Denied` for who may not change settings, :class:`Invalid` for no branch."""
    _require_settings(access)
    repos.set_default_branch(project_id=access.project.id, name=name)


def _drop_old_default(access: ProjectAccess, name: str, to: str, sha: str) -> None:
    try:
        change_refs(access, [(_HEADS + name, sha, ZERO)])
    except RefMoved:
        raise Conflict(
            f"“{to}” is the default branch now, but somebody pushed to “{name}” meanwhile, so that it stays.",
            hint=f"Merge what is new in “{name}”, then delete it.",
            code="ref_moved",
        ) from None


def _require_settings(access: ProjectAccess) -> None:
    if not access.may(Permission.SETTINGS_WRITE):
        raise Denied(
            "Only maintainers may change the default branch.",
            hint="Ask one of them; the project's members are in its settings.",
            code="role",
        )


def _tip(access: ProjectAccess, name: str, seen: str) -> str:
    sha = refs.read_refs(access.project.id).get(_HEADS + name, "")
    if not sha:
        raise NotFound(
            f"There is no branch “{name[:200]}”.",
            hint="It may have been deleted meanwhile.",
            code="no_branch",
        )
    if seen and seen != sha:
        raise RefMoved(name)
    return sha


def _require_room(access: ProjectAccess, name: str, leaving: str = "") -> None:
    """Git keeps branches as files and folders: ``a`` and ``a/b`` can't both be."""
    for ref in refs.read_refs(access.project.id):
        other = ref.removeprefix(_HEADS)
        if other == ref:
            continue
        if other == name:
            raise Conflict(
                f"There is already a branch “{name}”.", hint="Choose another name.", code="branch_exists"
            )
        if other.startswith(f"{name}/") or name.startswith(f"{other}/"):
            aside = " Rename it to something else first." if other == leaving else ""
            raise Conflict(
                f"Because there is a branch “{other}”, git can have none called “{name}”.",
                hint=f"Choose another name.{aside}",
                code="branch_exists",
            )

"""A fork beside the project that it was forked from."""

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import resolve_project
from ropewalk.access.types import Actor
from ropewalk.core.errors import NotFound
from ropewalk.data.remotes import NamedRemote
from ropewalk.data.selectors.remote_fetches import named_remotes
from ropewalk.data.types import Upstream
from ropewalk.projects.selectors import former_names, project_by_id
from ropewalk.projects.types import ProjectView
from ropewalk.repos import refs
from ropewalk.repos import selectors as repos


def parent_of(actor: Actor, project: ProjectView) -> ProjectView:
    """What a fork was forked from, for somebody who may read all of it now. Raises :class:`NotFound`, also for no fork."""
    missing = NotFound(
        "The project that this one was forked from is not there any more, or you may not read it.",
        hint="What came until now is yours to keep.",
        code="no_parent",
    )
    parent = project_by_id(project.forked_from_id) if project.forked_from_id is not None else None
    if parent is None:
        raise missing
    try:
        access = resolve_project(actor, parent.owner, parent.slug, Permission.CODE_READ)
    except NotFound:
        raise missing from None
    if access.project.id != parent.id or not access.may(Permission.DATA_READ):
        raise missing
    return parent


def upstream(actor: Actor, project: ProjectView, branch: str = "") -> Upstream:
    """How a fork's branch (the default one unless told) stands to its parent's. Raises as :func:`parent_of`."""
    parent, name = parent_of(actor, project), branch or project.default_branch
    tip = refs.read_refs(project.id).get(f"refs/heads/{name}", "")
    parent_tip = refs.read_refs(parent.id).get(f"refs/heads/{name}", "")
    apart = repos.apart_from(project.id, tip, parent.id, parent_tip) if tip and parent_tip else None
    ahead, behind = apart or (None, None)
    return Upstream(parent, name, tip, parent_tip, ahead, behind)


def parents_remote(project: ProjectView, parent: ProjectView) -> NamedRemote | None:
    """The remote in a fork's ``.dvc/config`` that leads to its parent, by its name or a former one; None when none does."""
    root = parent.dvc_url.removesuffix(f"{parent.full_name}.dvc")
    found = {
        remote.url.rstrip("/").removeprefix(root).removesuffix(".dvc"): remote
        for remote in named_remotes(project.id)
        if remote.url.startswith(root) and remote.url.rstrip("/").endswith(".dvc")
    }
    if not found:
        return None
    names = [parent.full_name]
    if found.keys() - {parent.full_name, project.full_name}:
        names += [former.full_name for former in former_names(parent.id)]
    return next((found[name] for name in names if name in found), None)

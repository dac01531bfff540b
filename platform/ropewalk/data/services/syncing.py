"""Bringing a fork up to its parent: forward only, as a push that the server makes, and the parent's data by reference."""

from collections.abc import Iterator

from ropewalk.access.types import ProjectAccess
from ropewalk.core import clock, jobs
from ropewalk.core.errors import Conflict, NotFound, Unavailable
from ropewalk.data.selectors.upstream import upstream
from ropewalk.data.services.changes import change_refs
from ropewalk.data.services.pushes import for_writing
from ropewalk.data.types import Upstream
from ropewalk.repos import copying
from ropewalk.repos.errors import GitFailed
from ropewalk.repos.selectors import commit_exists
from ropewalk.repos.types import FORK_PROJECT, ZERO

_IDLE = 60.0


class Diverged(Conflict):
    """Both sides have commits of their own: only a merge by somebody brings them together."""

    code = "diverged"

    def __init__(self, found: Upstream) -> None:
        super().__init__(
            f"“{found.branch}” has {found.ahead} commits that {found.parent.full_name} has not, and lacks {found.behind}.",
            hint=f"Merge in a clone: git pull {found.parent.git_url} {found.branch}; then push.",
        )


def sync_fork(access: ProjectAccess, *, branch: str = "") -> bool:
    """Move a fork's branch to where its parent's is and ask for the data; False when there was no commit to take.

    A branch that is not here yet is made. Raises :class:`Diverged`, :class:`NotFound` for a parent or branch that can't be read,
    :class:`Unavailable` when the distance could not be counted in time, and what ``change_refs`` raises: branch rules hold.
    """
    access = for_writing(access)
    found = upstream(access.actor, access.project, branch)
    if not found.parent_tip:
        raise NotFound(f"{found.parent.full_name} has no branch “{found.branch[:200]}”.", code="no_branch")
    moved = _needs_moving(found)
    if moved:
        change = (f"refs/heads/{found.branch}", found.tip or ZERO, found.parent_tip)
        change_refs(access, [change], _pack(access, found))
    # Data is often pushed after the commit that names it, so this is worth asking for again, though not more than once a minute.
    jobs.enqueue(
        FORK_PROJECT,
        subject=f"project:{access.project.id}",
        fingerprint=f"sync:{found.parent_tip}:{clock.now():%Y%m%d%H%M}",
        payload={"default_only": False, "code": False},
        project_id=access.project.id,
        requested_by_id=access.actor.user_id,
    )
    return moved


def _needs_moving(found: Upstream) -> bool:
    if found.tip in {"", found.parent_tip}:
        return not found.tip
    if found.behind is None:
        raise Unavailable(
            "Counting how far the two are apart took too long.", hint="Merge in a clone, then push."
        )
    if found.diverged:
        raise Diverged(found)
    return found.behind > 0


def _pack(access: ProjectAccess, found: Upstream) -> Iterator[bytes]:
    """What the parent's tip reaches and this repository lacks, as far as the parent knows what it has."""
    known = {sha for sha in (found.tip,) if sha and commit_exists(found.parent.id, sha)}
    with copying.objects_of(found.parent.id, {found.parent_tip}, known) as process:
        while block := process.read(idle=_IDLE):
            yield block
        if code := process.finish(timeout=_IDLE):
            raise GitFailed(f"pack-objects ended with {code}: {process.detail}")

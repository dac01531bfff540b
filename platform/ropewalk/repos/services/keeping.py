"""Tips of deleted branches stay reachable for a while, whoever deleted them and how: what was deleted by mistake comes back."""

from collections.abc import Iterable
from datetime import timedelta

import structlog

from ropewalk.core import clock
from ropewalk.repos import git
from ropewalk.repos.errors import GitFailed
from ropewalk.repos.refs import KEPT_DAYS, KEPT_PREFIX
from ropewalk.repos.types import RefUpdate

log = structlog.get_logger("ropewalk.repos")


def keep_deleted(project_id: int, updates: Iterable[RefUpdate], commits: dict[str, str]) -> None:
    """Give the old tips of deleted branches hidden refs. ``commits`` says which of them are commits that are there."""
    shas = {u.old for u in updates if u.kind == "branch" and u.deleted and u.old in commits}
    if not shas:
        return
    today = f"{clock.now():%Y%m%d}"
    lines = "".join(f"update {KEPT_PREFIX}{today}/{sha} {sha}\n" for sha in sorted(shas)).encode()
    try:
        git.run(git.repository_path(project_id), "update-ref", "--stdin", stdin=lines)
    except GitFailed as error:  # the branches are gone all the same
        log.warning("repos.deleted_not_kept", project=project_id, detail=error.detail)


def drop_expired(project_id: int) -> int:
    """Remove the hidden refs that are older than :data:`KEPT_DAYS`; gives their number."""
    directory = git.repository_path(project_id)
    out = git.run(directory, "for-each-ref", "--format=%(refname)", KEPT_PREFIX, max_bytes=64 << 20)
    border = f"{clock.now() - timedelta(days=KEPT_DAYS + 1):%Y%m%d}"
    names = [name for name in out.data.decode("ascii", "replace").split() if _day(name) < border]
    if names:
        lines = "".join(f"delete {name}\n" for name in names).encode()
        git.run(directory, "update-ref", "--stdin", stdin=lines, timeout=60)
    return len(names)


def _day(name: str) -> str:
    return name.removeprefix(KEPT_PREFIX).partition("/")[0]

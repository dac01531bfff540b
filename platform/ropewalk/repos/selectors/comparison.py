"""Two commits beside each other: how far they are apart, what lies between, and which files nobody wrote by hand."""

from collections.abc import Iterable

import pygit2
from pygit2.enums import AttrCheck

from ropewalk.core.derived import cache
from ropewalk.core.pagination import Page
from ropewalk.repos import git
from ropewalk.repos.errors import GitTimeout
from ropewalk.repos.selectors.history import checked_sha, log
from ropewalk.repos.selectors.reading import open_repository
from ropewalk.repos.types import Commit

_LONG = 7 * 24 * 3600
_MAX_CHECKED = 1000


def ahead_behind(project_id: int, base: str, head: str, *, timeout: float = 20.0) -> tuple[int, int]:
    """How many commits ``head`` has that ``base`` has not, and the other way round. Kept by the two shas.

    Raises :class:`GitTimeout` when counting takes longer than ``timeout`` seconds.
    """
    key = f"repos:apart:{project_id}:{checked_sha(base)}:{checked_sha(head)}"
    known: tuple[int, int] | None = cache.get(key)
    if known is None:
        directory = git.repository_path(project_id)
        out = git.run(
            directory, "rev-list", "--left-right", "--count", f"{base}...{head}", "--", timeout=timeout
        )
        behind, ahead = out.data.split()
        known = int(ahead), int(behind)
        cache.set(key, known, _LONG)
    return known


def apart_from(
    project_id: int, sha: str, other_id: int, other: str, *, timeout: float = 5.0
) -> tuple[int, int] | None:
    """Like :func:`ahead_behind` of a commit here against one of another repository; None when counting takes too long.

    The caller may read both.
    """
    key = f"repos:apart:{checked_sha(sha)}:{checked_sha(other)}"
    known: tuple[int, int] | None = cache.get(key)
    if known is None:
        lender = git.repository_path(other_id).resolve() / "objects"
        count = ("rev-list", "--left-right", "--count", f"{sha}...{other}", "--")
        try:
            out = git.run(
                git.repository_path(project_id),
                *count,
                env={"GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{lender}"'},
                timeout=timeout,
            )
        except GitTimeout:
            return None
        ahead, behind = out.data.split()
        known = int(ahead), int(behind)
        cache.set(key, known, _LONG)
    return known


def commits_between(
    project_id: int, base: str, head: str, *, page: int = 1, per_page: int = 30
) -> Page[Commit]:
    """The commits of ``head`` that ``base`` has not, newest first."""
    total, _ = ahead_behind(project_id, base, head)
    skip = (page - 1) * per_page
    span = f"{checked_sha(base)}..{checked_sha(head)}"
    found = log(project_id, f"--skip={skip}", f"--max-count={per_page}", span, "--") if skip < total else []
    return Page(found, page, per_page, total, has_next=skip + len(found) < total)


def generated(project_id: int, sha: str, paths: Iterable[str]) -> set[str]:
    """Those paths that the commit's ``.gitattributes`` call ``linguist-generated``; at most the first thousand are looked at."""
    repository = open_repository(project_id)
    found: set[str] = set()
    for path in list(paths)[:_MAX_CHECKED]:
        try:
            value = repository.get_attr(
                path,
                "linguist-generated",
                AttrCheck.INDEX_THEN_FILE | AttrCheck.NO_SYSTEM | AttrCheck.INCLUDE_COMMIT,
                checked_sha(sha),
            )
        except (pygit2.GitError, ValueError, KeyError):  # an attributes file that libgit2 can't read
            return found
        if value not in (None, False, "false"):
            found.add(path)
    return found

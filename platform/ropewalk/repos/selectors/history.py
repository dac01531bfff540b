"""Commits: lists, one commit, how they are related.

Walks are done by git itself, so that a hostile or huge history costs a bounded time in a process that can be ended.
"""

import re
from datetime import UTC, datetime

from ropewalk.core.derived import cache
from ropewalk.core.pagination import COUNT_BOUND, Page
from ropewalk.repos import git
from ropewalk.repos.errors import GitFailed, GitTimeout, PathNotFound, RevisionNotFound
from ropewalk.repos.selectors.reading import open_repository, path_for_git, split_path
from ropewalk.repos.types import Commit, Person

_SHA = re.compile(r"^[0-9a-f]{40}$")
_FIELDS = "%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%s%x00%b"
# Fields end in NUL, and so does each commit.
FORMAT = f"--format=tformat:{_FIELDS}%x00"
_WIDTH = 10
_MAX_MESSAGE = 64 << 10
_MAX_SKIP = 1_000_000
_LONG = 7 * 24 * 3600
_EARLIEST, _LATEST = 0, 253402300799  # what datetime can show


def parse_when(text: str) -> datetime:
    """A time from git's unix seconds; nonsense in the object becomes the nearest time that can be shown."""
    try:
        seconds = int(text)
    except ValueError:
        seconds = 0
    return datetime.fromtimestamp(min(max(seconds, _EARLIEST), _LATEST), UTC)


def checked_sha(sha: str) -> str:
    """``sha`` itself; raises :class:`RevisionNotFound` for anything but a full lower-case object name."""
    if not _SHA.match(sha):
        raise RevisionNotFound(f"“{sha[:80]}” is not a full commit name.")
    return sha


def parse_commits(data: bytes) -> list[Commit]:
    """The commits of an output of git in :data:`FORMAT` with ``-z``."""
    fields = data.decode("utf-8", "replace").split("\0")
    found = []
    for start in range(0, len(fields) - _WIDTH, _WIDTH + 1):
        sha, parents, a_name, a_mail, a_time, c_name, c_mail, c_time, subject, body = fields[
            start : start + _WIDTH
        ]
        found.append(
            Commit(
                sha=sha.strip(),
                subject=subject[:1000],
                body=body[:_MAX_MESSAGE].strip("\n"),
                author=Person(a_name, a_mail, parse_when(a_time)),
                committer=Person(c_name, c_mail, parse_when(c_time)),
                parents=tuple(parents.split()),
            )
        )
    return found


def commit(project_id: int, sha: str) -> Commit:
    """One commit by its full sha. Raises :class:`RevisionNotFound`."""
    return commits_by_sha(project_id, [sha])[0]


def commits_by_sha(project_id: int, shas: list[str]) -> list[Commit]:
    """Several commits, in the order asked for. Raises :class:`RevisionNotFound` when one is missing."""
    if not shas:
        return []
    names = "".join(f"{checked_sha(sha)}\n" for sha in shas).encode()
    args = ("log", "--no-walk=unsorted", "-z", "--stdin", FORMAT)
    try:
        found = {item.sha: item for item in parse_commits(_log(project_id, *args, stdin=names))}
    except GitTimeout:
        raise
    except GitFailed:
        found = {}
    missing = next((sha for sha in shas if sha not in found), None)
    if missing:
        raise RevisionNotFound(f"There is no commit {missing}.")
    return [found[sha] for sha in shas]


def _log(project_id: int, *args: str, stdin: bytes = b"", max_bytes: int = 16 << 20) -> bytes:
    directory = git.repository_path(project_id)
    if not directory.is_dir():
        raise RevisionNotFound("There is no commit yet.")
    return git.run(directory, *args, stdin=stdin, max_bytes=max_bytes).data


def log(project_id: int, *args: str) -> list[Commit]:
    """The commits that ``git log`` gives for checked arguments. Raises :class:`RevisionNotFound`, :class:`GitTimeout`."""
    return parse_commits(_log(project_id, "log", "-z", FORMAT, *args))


def commits(project_id: int, sha: str, *, path: str = "", page: int = 1, per_page: int = 30) -> Page[Commit]:
    """The history that ends in a commit, newest first; with ``path`` only commits that changed it.

    Raises :class:`RevisionNotFound`, :class:`GitTimeout` when the history of a path takes too long to find.
    """
    skip = min((page - 1) * per_page, _MAX_SKIP)
    where = ["--", path_in_history(project_id, sha, path)] if split_path(path) else ["--"]
    data = _log(
        project_id,
        "log",
        "-z",
        f"--skip={skip}",
        f"--max-count={per_page + 1}",
        FORMAT,
        checked_sha(sha),
        *where,
    )
    found = parse_commits(data)
    if path:
        total = skip + min(len(found), per_page)
        exact = len(found) <= per_page
    else:
        total, exact = count(project_id, sha)
    return Page(found[:per_page], page, per_page, total, has_next=len(found) > per_page, total_exact=exact)


def path_in_history(project_id: int, sha: str, path: str) -> str:
    """A path as an argument for git; one that the commit has not (any more) as it is given."""
    try:
        return path_for_git(open_repository(project_id), sha, path)
    except PathNotFound:
        return "/".join(split_path(path))


def count(project_id: int, sha: str) -> tuple[int, bool]:
    """How many commits a commit's history has, counted up to a bound, and whether that is the exact number."""
    key = f"repos:count:{project_id}:{checked_sha(sha)}"
    known = cache.get(key)
    if known is None:
        known = int(_log(project_id, "rev-list", "--count", f"--max-count={COUNT_BOUND + 1}", sha, "--"))
        cache.set(key, known, _LONG)
    return min(known, COUNT_BOUND), known <= COUNT_BOUND


def merge_base(project_id: int, base: str, head: str) -> str:
    """The best common ancestor of two commits, or an empty string for unrelated histories."""
    directory = git.repository_path(project_id)
    out = git.run(directory, "merge-base", checked_sha(base), checked_sha(head), accept=(0, 1))
    return out.data.decode().strip()


def is_ancestor(project_id: int, older: str, newer: str) -> bool:
    """Whether ``newer``'s history holds ``older``."""
    directory = git.repository_path(project_id)
    return (
        git.run(
            directory, "merge-base", "--is-ancestor", checked_sha(older), checked_sha(newer), accept=(0, 1)
        ).code
        == 0
    )

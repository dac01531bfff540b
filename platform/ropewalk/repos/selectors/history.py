"""Commits: lists, one commit, who contributed, and which commit last changed each entry of a folder.

Walks are done by git itself, so that a hostile or huge history costs a bounded time in a process that can be ended.
"""

import hashlib
import re
import time
from datetime import UTC, datetime

from django.core.cache import cache

from ropewalk.core.pagination import COUNT_BOUND, Page
from ropewalk.repos import git
from ropewalk.repos.errors import GitFailed, GitTimeout, RevisionNotFound
from ropewalk.repos.selectors.reading import split_path
from ropewalk.repos.types import Commit, LastCommits, Person

_SHA = re.compile(r"^[0-9a-f]{40}$")
_FIELDS = "%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%s%x00%b"
_FORMAT = f"--format=tformat:{_FIELDS}%x00"
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


def _parse(data: bytes) -> list[Commit]:
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
    args = ("log", "--no-walk=unsorted", "-z", "--stdin", _FORMAT)
    try:
        found = {item.sha: item for item in _parse(_log(project_id, *args, stdin=names))}
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


def commits(project_id: int, sha: str, *, path: str = "", page: int = 1, per_page: int = 30) -> Page[Commit]:
    """The history that ends in a commit, newest first; with ``path`` only commits that changed it.

    Raises :class:`RevisionNotFound`, :class:`GitTimeout` when the history of a path takes too long to find.
    """
    skip = min((page - 1) * per_page, _MAX_SKIP)
    where = ["--", "/".join(split_path(path))] if split_path(path) else ["--"]
    data = _log(
        project_id,
        "log",
        "-z",
        f"--skip={skip}",
        f"--max-count={per_page + 1}",
        _FORMAT,
        checked_sha(sha),
        *where,
    )
    found = _parse(data)
    if path:
        total = skip + min(len(found), per_page)
        exact = len(found) <= per_page
    else:
        total, exact = count(project_id, sha)
    return Page(found[:per_page], page, per_page, total, has_next=len(found) > per_page, total_exact=exact)


def count(project_id: int, sha: str) -> tuple[int, bool]:
    """How many commits a commit's history has, counted up to a bound, and whether that is the exact number."""
    key = f"repos:count:{project_id}:{checked_sha(sha)}"
    known = cache.get(key)
    if known is None:
        known = int(_log(project_id, "rev-list", "--count", f"--max-count={COUNT_BOUND + 1}", sha, "--"))
        cache.set(key, known, _LONG)
    return min(known, COUNT_BOUND), known <= COUNT_BOUND


def contributors(project_id: int, sha: str) -> list[tuple[str, str, int]]:
    """Authors of a commit's history as (name, e-mail, commits), most commits first; at most a hundred."""
    key = f"repos:contributors:{project_id}:{checked_sha(sha)}"
    known: list[tuple[str, str, int]] | None = cache.get(key)
    if known is None:
        data = _log(project_id, "shortlog", "-s", "-n", "-e", sha, "--", max_bytes=1 << 20)
        known = [
            _contributor(line) for line in data.decode("utf-8", "replace").splitlines()[:100] if "\t" in line
        ]
        cache.set(key, known, _LONG)
    return known


def _contributor(line: str) -> tuple[str, str, int]:
    number, _, person = line.partition("\t")
    name, _, mail = person.rpartition(" <")
    return name, mail.rstrip(">"), int(number)


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


def last_commits(
    project_id: int, sha: str, path: str, names: list[str], *, seconds: float = 2.0
) -> LastCommits:
    """The last commit that changed each entry of a folder, found by one walk that ends when all are found or the time is over.

    Kept for ever by (commit, path) when complete, for a minute when not, so that a slow folder is not walked at every view.
    """
    folder = "/".join(split_path(path))
    key = f"repos:last:{project_id}:{checked_sha(sha)}:{hashlib.sha256(folder.encode()).hexdigest()[:32]}"
    known: tuple[dict[str, str], bool] | None = cache.get(key)
    if known is None or (known[1] and not set(names) <= set(known[0])):
        known = _walk(project_id, sha, folder, set(names), time.monotonic() + seconds)
        cache.set(key, known, _LONG if known[1] else 60)
    shas = sorted({known[0][name] for name in names if name in known[0]})
    details = {item.sha: item for item in commits_by_sha(project_id, shas)}
    return LastCommits({name: details[known[0][name]] for name in names if name in known[0]}, known[1])


def _walk(
    project_id: int, sha: str, folder: str, wanted: set[str], deadline: float
) -> tuple[dict[str, str], bool]:
    """Entry name -> sha. git writes 0x01, the sha, NUL, a line end, then the changed paths, each ended by NUL."""
    found: dict[str, str] = {}
    prefix = f"{folder}/" if folder else ""
    args = [
        "log",
        "-z",
        "--name-only",
        "--no-renames",
        "--format=tformat:%x01%H",
        "-m",
        "--first-parent",
        sha,
        "--",
        *([folder] if folder else []),
    ]
    directory = git.repository_path(project_id)
    current, rest = "", b""
    with git.Process(directory, args) as process:
        try:
            while block := process.read(idle=60, deadline=deadline):
                *records, rest = (rest + block).split(b"\0")
                for record in records:
                    text = record.lstrip(b"\n").decode("utf-8", "replace")
                    if text.startswith("\x01"):
                        current = text[1:41]
                    elif text.startswith(prefix):
                        name = text[len(prefix) :].partition("/")[0]
                        if name in wanted:
                            found[name] = current
                            wanted.discard(name)
                if not wanted:
                    return found, True
        except GitTimeout:
            return found, False
    return found, True

"""Who wrote a history, and when: one walk over its commits, kept by the commit that it ends in.

Names and addresses are as that commit's ``.mailmap`` says. Merges are left out: they write nothing of their own.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ropewalk.core.derived import cache
from ropewalk.repos import git
from ropewalk.repos.errors import GitFailed, GitTimeout
from ropewalk.repos.selectors.history import checked_sha, parse_when
from ropewalk.repos.types import Activity, Contributor

WEEK = 7 * 24 * 3600
MOST_KEPT = 500
_MOST_AUTHORS = 50_000  # beyond, a hostile history's authors are counted together
_MONDAY = 4 * 24 * 3600  # 1970 began on a Thursday
_LONG, _SHORT = 30 * 24 * 3600, 60
_MEMORY = 2 << 30


@dataclass
class _Author:
    """What is known of one author so far; the walk goes back in time."""

    name: str
    commits: int = 0
    first: int = 0
    last: int = 0
    weeks: Counter[int] = field(default_factory=Counter)

    def add(self, when: int, week: int) -> None:
        """One commit."""
        self.first = min(self.first, when) if self.commits else when
        self.last = max(self.last, when)
        self.commits += 1
        self.weeks[week] += 1


def activity_key(project_id: int, sha: str) -> str:
    """What names the answer for a commit: the fingerprint of a job that finds it."""
    return f"{project_id}:{checked_sha(sha)}"


def activity(project_id: int, sha: str, *, seconds: float = 2.0) -> Activity:
    """The authors of a commit's history, most commits first, found in about so many seconds.

    A complete answer is kept for a month, another one for a minute. Raises :class:`RevisionNotFound`, :class:`GitFailed`.
    """
    key = f"repos:activity:1:{activity_key(project_id, sha)}"
    known: Activity | None = cache.get(key)
    if known is None or (seconds > 10 and not known.complete):
        known = _walk(project_id, sha, time.monotonic() + seconds)
        cache.set(key, known, _LONG if known.complete else _SHORT)
    return known


def monday(week: int) -> datetime:
    """The day on which a week of an :class:`Activity` began."""
    return datetime.fromtimestamp(week * WEEK + _MONDAY, UTC)


def _walk(project_id: int, sha: str, deadline: float) -> Activity:
    """A line of git's is a commit: name, address and time, with NUL between. None of them can hold a line end."""
    authors: dict[bytes, _Author] = {}
    weeks: Counter[int] = Counter()
    latest = int(time.time())
    args = ("log", "--no-merges", "--format=tformat:%aN%x00%aE%x00%at", checked_sha(sha), "--")
    config = (*git.SMALL_CONFIG, f"mailmap.blob={sha}:.mailmap", "mailmap.file=")
    rest, complete = b"", True
    with git.Process(git.repository_path(project_id), args, config=config, memory=_MEMORY) as process:
        try:
            while block := process.read(idle=60, deadline=deadline):
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    _count(line, authors, weeks, latest)
            if code := process.finish(timeout=10.0):
                raise GitFailed(f"git log ended with {code}: {process.detail}")
        except GitTimeout:
            complete = False
    ranked = sorted(authors.items(), key=lambda item: (-item[1].commits, item[1].name))
    people = tuple(_contributor(email, author) for email, author in ranked[:MOST_KEPT])
    return Activity(people, len(authors), weeks.total(), dict(weeks), complete)


def _count(line: bytes, authors: dict[bytes, _Author], weeks: Counter[int], latest: int) -> None:
    name, _, more = line.partition(b"\0")
    email, _, when = more.partition(b"\0")
    # A clock that was wrong gives nobody a week before 1970 or after the present one.
    seconds = min(max(int(when), 0), latest) if when.isdigit() else 0
    key = email.strip().lower() or name
    author = authors.get(key)
    if author is None:
        if len(authors) >= _MOST_AUTHORS:
            key, name = b"", b"others"
        author = authors.setdefault(key, _Author(name.decode("utf-8", "replace")[:200]))
    week = max(seconds - _MONDAY, 0) // WEEK
    author.add(seconds, week)
    weeks[week] += 1


def _contributor(email: bytes, author: _Author) -> Contributor:
    return Contributor(
        name=author.name,
        email=email.decode("utf-8", "replace")[:320],
        commits=author.commits,
        first=parse_when(str(author.first)),
        last=parse_when(str(author.last)),
        weeks=dict(author.weeks),
    )

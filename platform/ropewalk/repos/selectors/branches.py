"""Branches as a list: filtered and cut into pages from a small index, details read for one page only."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from ropewalk.core import clock
from ropewalk.core.derived import cache
from ropewalk.core.pagination import Page
from ropewalk.repos import git
from ropewalk.repos.errors import EmptyRepository, GitTimeout
from ropewalk.repos.models import Push
from ropewalk.repos.refs import KEPT_DAYS, commits_of, read_refs
from ropewalk.repos.selectors.comparison import ahead_behind
from ropewalk.repos.selectors.history import commits_by_sha, parse_when
from ropewalk.repos.selectors.pushes import view_of
from ropewalk.repos.selectors.revisions import commit_exists, default_branch, resolve
from ropewalk.repos.store import refs_changed_at
from ropewalk.repos.types import ZERO, BranchRow, Commit, GoneBranch, PushView, Revision

N = TypeVar("N", bound="Tip | GoneBranch")
STALE_AFTER = timedelta(days=90)
VIEWS = ("all", "mine", "active", "stale")
_FIELDS = "%(refname)%00%(objectname)%00%(committerdate:unix)%00%(authoremail:trim)"
_KEPT_ROWS = 20_000
_MAX_BYTES = 64 << 20
_COUNTING_SECONDS = 3.0
_PUSHES_LOOKED_AT = 200


@dataclass(frozen=True)
class Tip:
    """What the index has of a branch. ``changed`` is the commit's time in unix seconds, ``email`` its author's."""

    name: str
    sha: str
    changed: int
    email: str


def branch_tips(project_id: int) -> list[Tip]:
    """Every branch, the default one first, then last changed first; empty without a repository. A few ms for 5,000 branches.

    Kept by the time of the last change of any ref, and not for long: two changes may share a tick of the clock.
    """
    directory = git.repository_path(project_id)
    if not directory.is_dir():
        return []
    changed = refs_changed_at(directory)
    key = f"repos:tips:{project_id}:{changed}"
    known: list[tuple[str, str, int, str]] | None = cache.get(key)
    if known is None:
        known = _read_tips(project_id)
        if len(known) <= _KEPT_ROWS:
            cache.set(key, known, 30 if changed < time.time() - 2 else 1)
    first = default_branch(project_id)
    return [Tip(*row) for row in sorted(known, key=lambda row: row[0] != first)]


def tip_commits(project_id: int) -> list[str]:
    """The commits that branches and tags name, each once."""
    named = read_refs(project_id)
    wanted = [sha for name, sha in named.items() if name.startswith(("refs/heads/", "refs/tags/"))]
    return list(dict.fromkeys(commits_of(project_id, wanted).values()))


def _read_tips(project_id: int) -> list[tuple[str, str, int, str]]:
    out = git.run(
        git.repository_path(project_id),
        "for-each-ref",
        "--sort=-committerdate",
        f"--format={_FIELDS}",
        "refs/heads/",
        max_bytes=_MAX_BYTES,
    )
    rows = (line.split("\0") for line in out.data.decode("utf-8", "replace").split("\n"))
    return [
        (row[0].removeprefix("refs/heads/"), row[1], int(parse_when(row[2]).timestamp()), row[3].lower())
        for row in rows
        if len(row) == 4 and row[2]  # what is no commit has no committer
    ]


def views_of(tips: Iterable[Tip], emails: Collection[str]) -> dict[str, list[Tip]]:
    """The branches of each of :data:`VIEWS`. ``mine`` ends in a commit by one of these addresses (lower case)."""
    border = (clock.now() - STALE_AFTER).timestamp()
    found: dict[str, list[Tip]] = {view: [] for view in VIEWS}
    for tip in tips:
        found["all"].append(tip)
        found["active" if tip.changed >= border else "stale"].append(tip)
        if tip.email in emails:
            found["mine"].append(tip)
    return found


def named_like(tips: Iterable[N], text: str) -> list[N]:
    """The branches whose names contain a text, without regard to case."""
    wanted = text.strip().lower()
    return [tip for tip in tips if wanted in tip.name.lower()]


def tip_page(
    project_id: int, tips: list[Tip], *, page: int = 1, per_page: int = 30
) -> Page[tuple[str, Commit]]:
    """A page of these branches: each with its last commit."""
    start = (page - 1) * per_page
    shown = tips[start : start + per_page]
    commits = {item.sha: item for item in commits_by_sha(project_id, list({tip.sha for tip in shown}))}
    rows = [(tip.name, commits[tip.sha]) for tip in shown]
    return Page(rows, page, per_page, len(tips), has_next=start + per_page < len(tips))


def branch_page(project_id: int, tips: list[Tip], *, page: int = 1, per_page: int = 30) -> Page[BranchRow]:
    """A page of these branches with their commits and their distance from the default branch."""
    found = tip_page(project_id, tips, page=page, per_page=per_page)
    base = _default(project_id)
    apart = distances(project_id, base.sha, [commit.sha for _, commit in found]) if base else {}
    rows = [
        BranchRow(name, commit, base is not None and name == base.short, *apart.get(commit.sha, (None, None)))
        for name, commit in found
    ]
    return Page(rows, page, per_page, found.total, has_next=found.has_next)


def branch_sha(project_id: int, name: str) -> str:
    """A branch's commit by the exact name, or an empty string."""
    return read_refs(project_id).get(f"refs/heads/{name}", "")


def _default(project_id: int) -> Revision | None:
    try:
        return resolve(project_id)
    except EmptyRepository:  # HEAD names a branch that is not there
        return None


def branch_row(project_id: int, name: str) -> BranchRow | None:
    """One branch, or None."""
    tip = next((tip for tip in branch_tips(project_id) if tip.name == name), None)
    return branch_page(project_id, [tip]).items[0] if tip else None


def distances(
    project_id: int, base: str, heads: Iterable[str], *, seconds: float = _COUNTING_SECONDS
) -> dict[str, tuple[int, int]]:
    """How many commits each head is ahead of the base and behind it. Those that took too long to count are left out."""
    found: dict[str, tuple[int, int]] = {}
    end = time.monotonic() + seconds
    for head in dict.fromkeys(heads):
        rest = end - time.monotonic()
        if head == base:
            found[head] = (0, 0)
        elif rest > 0:
            try:
                found[head] = ahead_behind(project_id, base, head, timeout=rest)
            except GitTimeout:
                continue
    return found


def gone_branches(project_id: int, tips: Iterable[Tip]) -> list[GoneBranch]:
    """Branches deleted in the last :data:`KEPT_DAYS` days that can be restored, last deleted first; renamed ones are not gone.

    ``tips`` are the branches that there are.
    """
    names = {tip.name for tip in tips}
    since = clock.now() - timedelta(days=KEPT_DAYS)
    rows = (
        Push.objects.for_project(project_id)
        .select_related("pusher")
        .filter(created_at__gte=since, updates__contains=[{"kind": "branch", "new": ZERO}])
        .order_by("-created_at", "-pk")[:_PUSHES_LOOKED_AT]
    )
    found: dict[str, GoneBranch] = {}
    for push in map(view_of, rows):
        for gone in _gone_by(push):
            if gone.name not in names and gone.name not in found and commit_exists(project_id, gone.sha):
                found[gone.name] = gone
    return list(found.values())


def _gone_by(push: PushView) -> list[GoneBranch]:
    moved = {update.new for update in push.updates if update.kind == "branch" and update.created}
    return [
        GoneBranch(update.short, update.old, push.pusher, push.created_at)
        for update in push.updates
        if update.kind == "branch" and update.deleted and update.old not in moved
    ]

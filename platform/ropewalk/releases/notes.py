"""A first draft of a release's notes: the commits since the tag before it, by author."""

import re

from ropewalk.core.errors import NotFound
from ropewalk.projects.types import ProjectView
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import GitFailed
from ropewalk.repos.types import Commit

MOST_COMMITS = 250
_MARKS = re.compile(r"([\\`*_\[\]<>#|~!])")


def drafted_notes(project: ProjectView, *, sha: str, tag: str) -> str:
    """Markdown about the history of ``sha`` since the nearest tag other than ``tag``; of the whole history without one.

    Merges are left out, and what is beyond the newest 250 commits is only counted.
    """
    before = repos.nearest_tag(project.id, sha, other_than=tag)
    try:
        base = repos.tag(project.id, before).sha if before else ""
    except NotFound:  # deleted meanwhile
        base = ""
    if base:
        page = repos.commits_between(project.id, base, sha, per_page=MOST_COMMITS)
    else:
        page = repos.commits(project.id, sha, per_page=MOST_COMMITS)
    authors: dict[str, list[Commit]] = {}
    for commit in page:
        if len(commit.parents) < 2:
            authors.setdefault(commit.author.name, []).append(commit)
    lines = [f"## Changes since {_plain(before)}" if base else "## Changes", ""]
    for name, commits in sorted(authors.items(), key=lambda item: (-len(item[1]), item[0])):
        lines += [f"**{_plain(name)}**", "", *(_line(project, commit) for commit in commits), ""]
    if not authors:
        lines += ["No commits.", ""]
    if page.has_next:
        lines += [f"… and {page.total - len(page):,} earlier commits.", ""]
    if base:
        lines += [f"[All changes]({project.url}/compare/{base[:12]}...{sha[:12]})", ""]
    return "\n".join(lines)


def commits_since(project_id: int, base: str, head: str) -> int | None:
    """How many commits ``head`` has that ``base`` has not; None when one of them is gone or counting takes too long."""
    if not (repos.commit_exists(project_id, base) and repos.commit_exists(project_id, head)):
        return None
    try:
        return repos.ahead_behind(project_id, base, head)[0]
    except GitFailed:
        return None


def _line(project: ProjectView, commit: Commit) -> str:
    return f"- {_plain(commit.subject[:200])} ([{commit.short}]({project.url}/commit/{commit.sha}))"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))

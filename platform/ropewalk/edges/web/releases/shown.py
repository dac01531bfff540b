"""What the pages show of a release: rendered notes, its tag as it is now, what came before it."""

import hashlib
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from urllib.parse import quote

from django.utils.safestring import SafeString, mark_safe

from ropewalk.access.types import ProjectAccess
from ropewalk.core.derived import cache
from ropewalk.edges.web.files.place import address
from ropewalk.edges.web.links import Links
from ropewalk.edges.web.rendering import markdown
from ropewalk.releases import selectors as releases
from ropewalk.releases.notes import commits_since
from ropewalk.releases.services.releases import MAX_NOTES
from ropewalk.releases.types import ReleaseFileView, ReleaseView
from ropewalk.repos import selectors as repos
from ropewalk.repos.archives import FORMATS
from ropewalk.repos.types import Tag

_VERSION = 1
_WEEK = 7 * 24 * 3600
_OFFERED = 50


@dataclass(frozen=True)
class Shown:
    """A release for its template. ``cut``: its notes go on, on its own page.

    ``tag_state`` is ``there``, ``moved`` (names another commit now), ``gone`` or ``planned``.
    """

    release: ReleaseView
    notes: SafeString
    cut: bool
    tag_state: str
    source: str
    archives: list[tuple[str, str]]
    files: list[tuple[ReleaseFileView, str]]
    before: str = ""
    compare_url: str = ""
    commits: int | None = None

    @property
    def url(self) -> str:
        """The release's own page, below the project's path."""
        return f"releases/tag/{quote(self.release.tag, safe='/')}"


def file_url(access: ProjectAccess, tag: str, name: str) -> str:
    """Where a file of a published release is, for good."""
    path = f"{quote(tag, safe='/')}/{quote(name, safe='')}"
    return f"{access.project.path}/releases/download/{path}"


def shown(access: ProjectAccess, found: list[ReleaseView], most_notes: int = MAX_NOTES) -> list[Shown]:
    """Releases that follow each other in the list, newest first, each with at most so many characters of its notes."""
    tags = repos.tags_by_name(access.project.id, [release.tag for release in found])
    return [
        _shown(access, release, tags.get(release.tag), follower, most_notes)
        for release, follower in zip_longest(found, found[1:])
    ]


def _shown(
    access: ProjectAccess,
    release: ReleaseView,
    tag: Tag | None,
    follower: ReleaseView | None,
    most_notes: int,
) -> Shown:
    state = _tag_state(release, tag)
    there = repos.commit_exists(access.project.id, release.sha)
    source = (tag.link if tag is not None and tag.sha else "") or (release.sha if there else "")
    archives = [(kind, address(access, "archive", f"{source}.{kind}")) for kind in FORMATS] if source else []
    context: dict[str, Any] = {}
    if not release.draft and there:
        before = (follower.tag, follower.sha) if follower else releases.published_before(release)
        if before is not None and repos.commit_exists(access.project.id, before[1]):
            context = {
                "before": before[0],
                "compare_url": address(access, "compare", f"{before[1]}...{release.sha}"),
                "commits": commits_since(access.project.id, before[1], release.sha),
            }
    files = [(file, file_url(access, release.tag, file.name)) for file in release.files]
    brief = _brief(release.notes, most_notes)
    notes = rendered_notes(access, brief, release.sha or release.target)
    cut = len(brief) < len(release.notes)
    return Shown(release, notes, cut, state, source, archives, files, **context)


def _brief(notes: str, most: int) -> str:
    """Whole lines of the notes' beginning, or a part of a line that is longer than allowed."""
    if len(notes) <= most:
        return notes
    return notes[: notes.rfind("\n", 0, most) + 1] or notes[:most]


def _tag_state(release: ReleaseView, tag: Tag | None) -> str:
    if tag is None:
        return "planned" if release.draft else "gone"
    return "there" if release.draft or tag.sha == release.sha else "moved"


def offers(access: ProjectAccess) -> dict[str, list[str]]:
    """Names that a form offers while somebody types: the newest tags and branches."""
    return {
        "tag_names": repos.tag_names(access.project.id, limit=_OFFERED),
        "branch_names": repos.branch_names(access.project.id, limit=_OFFERED),
    }


def rendered_notes(access: ProjectAccess, notes: str, revision: str) -> SafeString:
    """Markdown as safe HTML, rendered once for each text; relative links lead into a revision, or the default branch."""
    links = Links(access.project.path, revision or access.project.default_branch)
    named = f"{_VERSION}\0{links}\0{notes}"
    key = f"web:release-notes:{hashlib.sha256(named.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"
    known: str | None = cache.get(key)
    if known is None:
        known = str(markdown(notes, file_url=links.file_url, raw_url=links.raw_url))
        cache.set(key, known, _WEEK)
    return mark_safe(known)  # noqa: S308  # it was sanitized when it was kept

"""One file's change, whole: a page of its own, and the part that larger pages load."""

from typing import Any

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.edges.web.diffs.options import Options
from ropewalk.edges.web.diffs.page import Card, Sources, card_of
from ropewalk.edges.web.diffs.sides import NOTHING
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import RevisionNotFound

_MOST_LINES = 20_000


def checked(project_id: int, sha: str) -> str:
    """A full commit name of this project, or nothing for the name of nothing. Raises :class:`RevisionNotFound`."""
    if sha == NOTHING:
        return ""
    if not repos.commit_exists(project_id, sha):
        raise RevisionNotFound(f"There is no commit {sha[:40]}.")
    return sha


def code_context(
    access: ProjectAccess, base: str, head: str, path: str, old_path: str, options: Options
) -> dict[str, Any]:
    """A text file's change with as much around it as was asked for. Raises :class:`NotFound` when it did not change."""
    paths = list(dict.fromkeys([old_path or path, path]))
    diff = repos.diff(
        access.project.id,
        base,
        head,
        paths=paths,
        context=options.context_lines,
        ignore_space=options.ignore_space,
        lines_per_file=_MOST_LINES,
    )
    entry = next((entry for entry in diff.files if entry.file.path == path), None)
    if entry is None:
        raise NotFound(f"“{path}” is the same on both sides.", code="unchanged")
    card: Card = card_of(access, base, head, entry.file, options)
    if entry.hunks:
        card.rows = Sources(access.project.id, base, head).rows(entry, options, card.anchor)
    card.note = entry.note
    return {"card": card, "options": options, "added": entry.added, "deleted": entry.deleted}

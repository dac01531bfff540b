"""One file's change, whole: a page of its own, and the part that larger pages load."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import NotFound
from ropewalk.data import selectors as data
from ropewalk.data.types import DataFile
from ropewalk.edges.web.diffs import kinds
from ropewalk.edges.web.diffs.contents import content_context
from ropewalk.edges.web.diffs.folders import folder_at, folder_context
from ropewalk.edges.web.diffs.options import Options
from ropewalk.edges.web.diffs.page import Card, Sources, card_of, file_url
from ropewalk.edges.web.diffs.sides import NOTHING
from ropewalk.edges.web.diffs.stored import lines_context, may_be_lines
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


def file_context(
    request: HttpRequest, access: ProjectAccess, base: str, head: str, path: str, options: Options
) -> dict[str, Any]:
    """The change of whatever lies at a path, ``part`` names its template. Raises :class:`NotFound` where nothing changed."""
    project_id, old_path = access.project.id, request.GET.get("from", "") or path
    here = file_url(access, base, head, path, old_path, options)
    context = {"path": path, "start": base, "end": head, "options": options, "here": here}
    folder = folder_at(project_id, base, head, path, old_path)
    if folder is not None:
        return context | folder_context(request, access, base, head, folder, options)
    sides = _located(project_id, base, old_path), _located(project_id, head, path)
    same = bool(sides[0] and sides[1] and sides[0].content_hash == sides[1].content_hash)
    in_git = all(side is None or side.source == "git" for side in sides)
    shown = None if same or options.as_text else content_context(request, access, here, *sides)
    if shown is not None:
        lines = kinds.is_text(path) and (in_git or may_be_lines(*sides))
        text_url = f"{here}&as=text" if lines else ""
        return context | shown | {"old": sides[0], "new": sides[1], "text_url": text_url}
    if in_git:
        if options.as_text and not same:
            whole = replace(options, as_text=False)
            context["rich_url"] = file_url(access, base, head, path, old_path, whole)
        return context | code_context(access, base, head, path, old_path, options)
    if same and old_path == path:
        raise _unchanged(path)
    if not same and may_be_lines(*sides):
        found = lines_context(access, base, head, sides, options)
        if found is not None:
            rich = file_url(access, base, head, path, old_path, replace(options, as_text=False))
            return (
                context
                | found
                | {"rich_url": rich if options.as_text and kinds.kind_of(path) != "code" else ""}
            )
    facts = {"part": "diffs/data_facts.html", "kind": kinds.kind_of(path)}
    return context | facts | {"old": sides[0], "new": sides[1]}


def _located(project_id: int, sha: str, path: str) -> DataFile | None:
    """Where the bytes at a path of a commit are; None where there are none.

    Raises :class:`NotFound` for a file of a tracked folder whose list nobody pushed: what became of it is not known.
    """
    if not sha:
        return None
    try:
        return data.resolve_data_file(project_id, sha, path)
    except NotFound as error:
        if error.code == "object_missing":
            raise
        return None


def _unchanged(path: str) -> NotFound:
    return NotFound(f"“{path}” is the same on both sides.", code="unchanged")


def code_context(
    access: ProjectAccess, base: str, head: str, path: str, old_path: str, options: Options
) -> dict[str, Any]:
    """A text file's change with as much around it as was asked for. Raises :class:`NotFound` when it did not change."""
    diff = repos.diff(
        access.project.id,
        base,
        head,
        paths=list(dict.fromkeys([old_path, path])),
        context=options.context_lines,
        ignore_space=options.ignore_space,
        lines_per_file=_MOST_LINES,
    )
    entry = next((entry for entry in diff.files if entry.file.path == path), None)
    if entry is None:
        raise _unchanged(path)
    card: Card = card_of(access, base, head, entry.file, options)
    if entry.hunks:
        card.rows = Sources(access.project.id, base, head).rows(entry, options, card.anchor)
    card.note = entry.note
    return {
        "part": "diffs/code.html",
        "card": card,
        "added": entry.added,
        "deleted": entry.deleted,
        "kind": "code",
    }

"""The lines of small text files that DVC tracks: their bytes are in the store, so git compares them outside of any commit."""

from typing import Any

from ropewalk.access.types import ProjectAccess
from ropewalk.data import selectors as data
from ropewalk.data.types import DataFile
from ropewalk.edges.web.diffs.lines import colours_of, rows_of
from ropewalk.edges.web.diffs.options import Options
from ropewalk.edges.web.diffs.page import card_of
from ropewalk.repos import selectors as repos

MOST_BYTES = 1 << 20  # of a side: the page reads both itself
_BINARY_PROBE = 8000


def may_be_lines(*sides: DataFile | None) -> bool:
    """Whether both sides (None: nothing) are here, and small enough to be compared line by line."""
    here = [side for side in sides if side is not None]
    return bool(here) and all(
        side.present and not side.is_dir and side.size is not None and side.size <= MOST_BYTES
        for side in here
    )


def lines_context(
    access: ProjectAccess,
    base: str,
    head: str,
    sides: tuple[DataFile | None, DataFile | None],
    options: Options,
) -> dict[str, Any] | None:
    """The change of a text file wherever its sides are; None when one of them is binary."""
    project_id = access.project.id
    old, new = (b"".join(data.open_data_file(project_id, side)) if side else None for side in sides)
    if any(b"\0" in (content or b"")[:_BINARY_PROBE] for content in (old, new)):
        return None
    paths = [side.path for side in sides if side is not None]
    entry = repos.text_diff(
        project_id,
        old,
        new,
        path=paths[-1],
        old_path=paths[0],
        context=options.context_lines,
        ignore_space=options.ignore_space,
    )
    card = card_of(access, base, head, entry.file, options)
    if entry.hunks:
        texts = [
            content.decode("utf-8", "replace") if content is not None else None for content in (old, new)
        ]
        card.rows = rows_of(entry, colours_of(entry, *texts), split=options.split, anchor=card.anchor)
    card.note = entry.note
    return {
        "part": "diffs/code.html",
        "card": card,
        "added": entry.added,
        "deleted": entry.deleted,
        "kind": "code",
    }

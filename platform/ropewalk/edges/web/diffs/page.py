"""The part that a commit's page and a comparison share: which files changed, and the first of their lines."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.safestring import SafeString

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import Page
from ropewalk.edges.web.diffs import kinds
from ropewalk.edges.web.diffs.highlight import MAX_CHARS
from ropewalk.edges.web.diffs.lines import colours_of, rows_of
from ropewalk.edges.web.diffs.options import Options
from ropewalk.edges.web.diffs.sides import NOTHING
from ropewalk.edges.web.links import quoted
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import ChangedFile, FileDiff

PER_PAGE = 60
_INLINE_FILES = 25
_INLINE_LINES = 2500
_LARGE = 600
_COLOURED_CHARS = 300_000
_SECTIONS = (
    ("notebook", "Notebooks", "notebook"),
    ("image", "Images", "image"),
    ("table", "Tables", "table"),
    ("media", "Media", "run"),
    ("code", "Code", "code"),
)


@dataclass
class Card:
    """One file's change. ``closed`` says why its lines wait to be asked for; ``rows`` are its lines where they are here.

    ``lazy``: they come by themselves when somebody looks.
    """

    file: ChangedFile
    kind: str
    anchor: str
    src: str
    old_url: str
    new_url: str
    closed: str = ""
    note: str = ""
    rows: SafeString | None = None
    page: int = 1

    @property
    def lazy(self) -> bool:
        """Whether the lines are fetched when the card comes into view."""
        return self.rows is None and not self.closed and not self.note


@dataclass(frozen=True)
class Section:
    """The cards of one kind."""

    key: str
    title: str
    icon: str
    cards: list[Card]


def anchor_of(path: str) -> str:
    """The name of a file's place on the page."""
    return f"diff-{hashlib.sha256(path.encode('utf-8', 'replace')).hexdigest()[:12]}"


def file_url(access: ProjectAccess, base: str, head: str, path: str, old_path: str, options: Options) -> str:
    """The page of one file's change; it has the whole of what a larger page shows the beginning of."""
    moved = urlencode({"from": old_path}) if old_path and old_path != path else ""
    query = "&".join(filter(None, (options.query(), moved)))
    return f"{access.project.path}/diff/{base or NOTHING}/{head}/{quoted(path)}?{query}"


def card_of(access: ProjectAccess, base: str, head: str, file: ChangedFile, options: Options) -> Card:
    """A file's card without its lines."""
    project = access.project.path
    old = f"{project}/src/{base}/{quoted(file.old_path)}" if base and file.status != "added" else ""
    new = f"{project}/src/{head}/{quoted(file.path)}" if file.status != "deleted" else ""
    return Card(
        file=file,
        kind="code" if file.is_submodule else kinds.kind_of(file.path),
        anchor=anchor_of(file.path),
        src=file_url(access, base, head, file.path, file.old_path, options),
        old_url=old,
        new_url=new,
    )


def changed_files(
    access: ProjectAccess, base: str, head: str, options: Options, page_number: int
) -> dict[str, Any]:
    """What the shared part of the page needs: all files by name, this page's cards in sections, the first ones with lines."""
    project_id = access.project.id
    found = repos.changes(project_id, base, head, counts=True, ignore_space=options.ignore_space)
    cards = [card_of(access, base, head, file, options) for file in found.files]
    order = {key: place for place, (key, _, _) in enumerate(_SECTIONS)}
    cards.sort(key=lambda card: (order[card.kind], card.file.path))
    for place, card in enumerate(cards):
        card.page = place // PER_PAGE + 1
    start = (page_number - 1) * PER_PAGE
    shown = cards[start : start + PER_PAGE]
    _close(access, head, shown)
    _fill(access, base, head, shown, options)
    more = start + PER_PAGE < len(cards)
    return {
        "options": options,
        "cards": cards,
        "page": Page(shown, page_number, PER_PAGE, len(cards), has_next=more),
        "sections": [
            Section(key, title, icon, chosen)
            for key, title, icon in _SECTIONS
            if (chosen := [card for card in shown if card.kind == key])
        ],
        "kinds": [
            (title, icon, number)
            for key, title, icon in _SECTIONS
            if (number := sum(card.kind == key for card in cards))
        ],
        "added": sum(card.file.added or 0 for card in cards),
        "deleted": sum(card.file.deleted or 0 for card in cards),
        "truncated": found.truncated,
        "start": base or NOTHING,
        "end": head,
    }


def _close(access: ProjectAccess, head: str, cards: Iterable[Card]) -> None:
    """Say of which cards nobody wants to see the lines at first, and of which there are none."""
    code = [card for card in cards if card.kind == "code"]
    by_attribute = repos.generated(access.project.id, head, [card.file.path for card in code])
    for card in code:
        file = card.file
        lines = (file.added or 0) + (file.deleted or 0)
        if file.is_submodule:
            continue
        if file.binary:
            card.note = "binary"
        elif file.path in by_attribute or kinds.generated_by_name(file.path):
            card.closed = "generated"
        elif kinds.is_pointer(file):
            card.closed = "pointer"
        elif lines > _LARGE or file.added is None:
            card.closed = "large"
        elif not lines and file.old_oid == file.new_oid:
            card.note = "mode" if file.mode_changed else "same"
        elif not lines:
            card.note = "space" if file.status == "modified" else "empty"


def _fill(access: ProjectAccess, base: str, head: str, cards: Iterable[Card], options: Options) -> None:
    """Put the lines into the first cards that are open."""
    wanted: list[Card] = []
    room = _INLINE_LINES
    for card in cards:
        lines = (card.file.added or 0) + (card.file.deleted or 0)
        if card.kind == "code" and card.lazy and len(wanted) < _INLINE_FILES and lines <= room:
            wanted.append(card)
            room -= lines
    paths = {path: None for card in wanted for path in (card.file.old_path, card.file.path)}
    if not paths:
        return
    diff = repos.diff(access.project.id, base, head, paths=list(paths), ignore_space=options.ignore_space)
    by_path = {entry.file.path: entry for entry in diff.files}
    colours = Sources(access.project.id, base, head)
    for card in wanted:
        entry = by_path.get(card.file.path)
        if entry is not None and entry.hunks:
            card.rows = colours.rows(entry, options, card.anchor)


class Sources:
    """The whole files behind a change, for their colours, up to so many characters on one page."""

    def __init__(self, project_id: int, base: str, head: str) -> None:
        self._project_id, self._base, self._head = project_id, base, head
        self._room = _COLOURED_CHARS

    def rows(self, entry: FileDiff, options: Options, anchor: str) -> SafeString:
        """A change's lines as table rows."""
        old = self._text(self._base, entry.file.old_path) if entry.file.status != "added" else None
        new = self._text(self._head, entry.file.path) if entry.file.status != "deleted" else None
        return rows_of(entry, colours_of(entry, old, new), split=options.split, anchor=anchor)

    def _text(self, sha: str, path: str) -> str | None:
        if not sha or self._room <= 0:
            return None
        blob = repos.blobs(self._project_id, sha, [path], limit=MAX_CHARS).get(path)
        if blob is None or blob.truncated or blob.binary:
            return None
        self._room -= blob.size
        return blob.text


def browse_url(access: ProjectAccess, name: str) -> str:
    """The files at a revision."""
    return f"{access.project.path}/src/{quote(name, safe='/')}"

"""The lines of a file's change as table rows, unified or side by side. Built as text: a page has thousands of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from ropewalk.edges.web.diffs.highlight import MAX_CHARS, Piece, coloured, html_of
from ropewalk.edges.web.diffs.words import Range, marks
from ropewalk.repos.types import DiffLine, FileDiff, Hunk

_MOST_PAIRS = 1500
_SIGNS = {"added": "+", "deleted": "−"}
_CLASSES = {"added": "add", "deleted": "del", "context": ""}
_NO_NEWLINE = ' <span class="eof">no newline at the end</span>'


@dataclass
class Colours:
    """Each side's coloured lines by number, from the whole file where it is small, else from what is shown."""

    old: dict[int, list[Piece]] = field(default_factory=dict)
    new: dict[int, list[Piece]] = field(default_factory=dict)


def colours_of(diff: FileDiff, old: str | None, new: str | None) -> Colours:
    """Colours for a change; ``old`` and ``new`` are the whole files, None when they are not at hand."""
    found = Colours()
    sides = ((found.old, old, diff.file.old_path, 0), (found.new, new, diff.file.path, 1))
    for target, text, path, side in sides:
        if text is not None and len(text) <= MAX_CHARS:
            target.update(enumerate(coloured(path, text) or [], 1))
            continue
        for hunk in diff.hunks:
            numbered = [(n, line.text) for line in hunk.lines if (n := _number(line, side)) is not None]
            pieces = coloured(path, "\n".join(text for _, text in numbered))
            if pieces:
                target.update(zip((number for number, _ in numbered), pieces, strict=False))
    return found


def _number(line: DiffLine, side: int) -> int | None:
    return line.new_number if side else line.old_number


@dataclass(frozen=True)
class _Cell:
    kind: str
    old: int | None
    new: int | None
    html: str


def rows_of(diff: FileDiff, colours: Colours, *, split: bool, anchor: str) -> SafeString:
    """The ``<tr>`` of all hunks."""
    left = _MOST_PAIRS
    out = []
    for hunk in diff.hunks:
        unended = _unended(hunk)
        if hunk.header:
            out.append(_hunk_row(hunk, 3 if split else 2))
        for block in _blocks(hunk):
            if block[0].kind == "context":
                cells = [_cell(line, colours, unended) for line in block]
                out += [_both(cell, anchor) if split else _unified(cell, anchor) for cell in cells]
                continue
            deleted = [line for line in block if line.kind == "deleted"]
            added = [line for line in block if line.kind == "added"]
            pairs = min(len(deleted), len(added), left)
            left -= pairs
            cells_of = _changed(deleted, added, pairs, colours, unended)
            out += _rows(*cells_of, split=split, anchor=anchor)
    return mark_safe("".join(out))  # noqa: S308  # every text in it was escaped


def _unended(hunk: Hunk) -> set[int]:
    """The lines (by identity) that the file ends with, without a newline: git says so behind them."""
    return {id(line) for line, after in pairwise(hunk.lines) if after.kind == "note"}


def _blocks(hunk: Hunk) -> Iterator[list[DiffLine]]:
    """Runs of changed lines, deleted ones first, and each other line alone."""
    run: list[DiffLine] = []
    for line in hunk.lines:
        if line.kind == "note":
            continue
        goes_on = line.kind == "added" or (line.kind == "deleted" and (not run or run[-1].kind == "deleted"))
        if goes_on:
            run.append(line)
            continue
        if run:
            yield run
        run = [line] if line.kind == "deleted" else []
        if not run:
            yield [line]
    if run:
        yield run


def _cell(line: DiffLine, colours: Colours, unended: set[int], ranges: Sequence[Range] = ()) -> _Cell:
    number = line.old_number if line.kind == "deleted" else line.new_number
    side = colours.old if line.kind == "deleted" else colours.new
    html = html_of(line.text, side.get(number or 0), ranges)
    if id(line) in unended:
        html += _NO_NEWLINE
    return _Cell(line.kind, line.old_number, line.new_number, html)


def _changed(
    deleted: list[DiffLine], added: list[DiffLine], pairs: int, colours: Colours, unended: set[int]
) -> tuple[list[_Cell | None], list[_Cell | None]]:
    """Both sides of a run, of the same length; in the first ``pairs`` the changed words are marked."""
    before: list[_Cell | None] = []
    after: list[_Cell | None] = []
    for number, (old, new) in enumerate(zip_longest(deleted, added)):
        ranges: tuple[list[Range], list[Range]] = ([], [])
        if old and new and number < pairs:
            ranges = marks(old.text, new.text)
        before.append(_cell(old, colours, unended, ranges[0]) if old else None)
        after.append(_cell(new, colours, unended, ranges[1]) if new else None)
    return before, after


def _rows(before: list[_Cell | None], after: list[_Cell | None], *, split: bool, anchor: str) -> list[str]:
    if split:
        return [_side_by_side(old, new, anchor) for old, new in zip(before, after, strict=True)]
    return [_unified(cell, anchor) for cell in [*before, *after] if cell]


def _hunk_row(hunk: Hunk, span: int) -> str:
    return f'<tr class="hunk"><td class="ln"></td><td colspan="{span}">{escape(hunk.header)}</td></tr>'


def _number_cell(number: int | None, side: str, anchor: str, kind: str) -> str:
    look = f" {kind}" if kind else ""
    if number is None:
        return f'<td class="ln{look}"></td>'
    name = f"{anchor}-{side}{number}"
    return f'<td class="ln{look}" id="{name}"><a href="#{name}" tabindex="-1">{number}</a></td>'


def _text_cell(cell: _Cell, kind: str) -> str:
    sign = _SIGNS.get(cell.kind, " ")
    look = f' class="{kind}"' if kind else ""
    return f'<td{look}><span class="sign">{sign}</span>{cell.html or " "}</td>'


def _unified(cell: _Cell, anchor: str) -> str:
    kind = _CLASSES[cell.kind]
    numbers = _number_cell(cell.old, "L", anchor, kind) + _number_cell(cell.new, "R", anchor, kind)
    return f"<tr>{numbers}{_text_cell(cell, kind)}</tr>"


def _both(cell: _Cell, anchor: str) -> str:
    """An unchanged line on both sides."""
    kind = _CLASSES[cell.kind]
    text = _text_cell(cell, kind)
    return f"<tr>{_number_cell(cell.old, 'L', anchor, kind)}{text}{_number_cell(cell.new, 'R', anchor, kind)}{text}</tr>"


def _side_by_side(old: _Cell | None, new: _Cell | None, anchor: str) -> str:
    empty = '<td class="ln void"></td><td class="void"></td>'
    left = _number_cell(old.old, "L", anchor, "del") + _text_cell(old, "del") if old else empty
    right = _number_cell(new.new, "R", anchor, "add") + _text_cell(new, "add") if new else empty
    return f"<tr>{left}{right}</tr>"

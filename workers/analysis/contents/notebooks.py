"""Two versions of a notebook, cell by cell: aligned by nbdime, their sources and outputs compared here.

Notebooks are hostile: what is not as it should be is left out, and what compares slowly is bounded. Nothing is executed.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.analysis.contents import Document, Progress, Side
from workers.analysis.contents.cells import aligned
from workers.analysis.contents.lines import hunks_of
from workers.analysis.contents.outputs import Room, comparable, kept, text_of_all
from workers.analysis.errors import AnalysisError

MOST_BYTES = 32 << 20
MOST_CELLS = 5000
_MOST_SOURCE = 200_000
_MOST_LINES = 30_000  # of all cells together
_KINDS = {"markdown": "markdown", "heading": "markdown", "code": "code"}


@dataclass(frozen=True)
class Cell:
    """A cell as it is compared. ``details`` is its metadata and execution count as text."""

    kind: str
    source: str
    outputs: list[dict[str, Any]]
    count: int | None
    details: str
    id: str = ""


@dataclass(frozen=True)
class Notebook:
    """The parts of a notebook that are compared."""

    language: str
    details: str
    cells: list[Cell]


def notebook_diff(old: Side | None, new: Side | None, progress: Progress) -> Document:
    """{language, old, new, counts, details, rows, cut}: ``old`` and ``new`` are numbers of cells, None for a missing side.

    A row is {gap: number of unchanged cells} or {status, kind, old, new, counts, moved, hunks, details, outputs, output_hunks}.
    ``status`` is ``added``, ``removed``, ``changed``, ``outputs`` (only they differ), ``moved`` or ``details`` (only metadata or
    counts); ``old`` and ``new`` are places from 1. Hunks are lists of [kind, old number, new number, text]. ``outputs`` are both
    sides' (empty where they are the same), ``output_hunks`` their lines where all of them are text. Raises
    :class:`AnalysisError`.
    """
    before, after = (_read(side) if side else None for side in (old, new))
    progress(0.2, "Aligning the cells")
    empty = Notebook("", "", [])
    first, second = before or empty, after or empty
    pairs = aligned(
        first.cells, second.cells, lambda share: progress(0.2 + 0.6 * share, "Aligning the cells")
    )
    progress(0.8, "Comparing the cells")
    rows, cut = _rows(first.cells, second.cells, pairs)
    counts = {status: sum(row.get("status") == status for row in rows) for status in _STATUSES}
    counts["with_outputs"] = sum(bool(row.get("outputs")) for row in rows)
    return {
        "language": (second.language or first.language)[:40],
        "old": None if before is None else len(before.cells),
        "new": None if after is None else len(after.cells),
        "counts": counts,
        "details": hunks_of(first.details, second.details) if before and after else [],
        "rows": rows,
        "cut": cut,
    }


_STATUSES = ("added", "removed", "changed", "outputs", "moved", "details")


def _read(side: Side) -> Notebook:
    if side.size > MOST_BYTES:
        raise AnalysisError("too_large", f"“{side.name}” is larger than {MOST_BYTES >> 20} MiB.")
    content = _content(side.path, side.name)
    cells = content.get("cells")
    if cells is None and "worksheets" in content:  # version 3
        cells = [
            cell for sheet in _list(content.get("worksheets")) for cell in _list(_dict(sheet).get("cells"))
        ]
    if not isinstance(cells, list):
        raise AnalysisError("not_a_notebook", f"“{side.name}” is not a notebook of version 3 or 4.")
    if len(cells) > MOST_CELLS:
        raise AnalysisError("too_many_cells", f"“{side.name}” has more than {MOST_CELLS:,} cells.")
    metadata = _dict(content.get("metadata"))
    info, kernel = _dict(metadata.get("language_info")), _dict(metadata.get("kernelspec"))
    facts = {
        "metadata": metadata,
        "nbformat": content.get("nbformat"),
        "nbformat_minor": content.get("nbformat_minor"),
    }
    return Notebook(
        str(info.get("name") or kernel.get("language") or "python"),
        _written(facts),
        [_cell(_dict(cell)) for cell in cells],
    )


def _content(path: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise AnalysisError(
            "not_a_notebook", f"“{name}” is not valid JSON, so it can't be compared as a notebook."
        ) from error
    if not isinstance(content, dict):
        raise AnalysisError("not_a_notebook", f"“{name}” is not a notebook.")
    return content


def _cell(cell: dict[str, Any]) -> Cell:
    count = cell.get("execution_count", cell.get("prompt_number"))
    count = count if isinstance(count, int) and not isinstance(count, bool) else None
    details: dict[str, Any] = {"metadata": _dict(cell.get("metadata")), "execution_count": count}
    if cell.get("attachments"):
        details["attachments"] = sorted(map(str, _dict(cell.get("attachments"))))
    return Cell(
        _KINDS.get(str(cell.get("cell_type")), "raw"),
        _text(cell.get("source", cell.get("input")))[:_MOST_SOURCE],
        [output for output in _list(cell.get("outputs")) if isinstance(output, dict)],
        count if count is not None and abs(count) < 10**9 else None,
        _written(details),
        str(cell.get("id") or "")[:100],
    )


def _written(value: Any) -> str:
    try:
        return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)[:20_000]
    except RecursionError:
        return ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    return "".join(part for part in parts if isinstance(part, str)).replace("\r\n", "\n")


def _rows(
    old: list[Cell], new: list[Cell], pairs: list[tuple[int | None, int | None, bool]]
) -> tuple[list[dict[str, Any]], bool]:
    """The rows, and whether later ones have lost their lines for want of room."""
    rows: list[dict[str, Any]] = []
    room, lines = Room(), _MOST_LINES
    for left, right, moved in pairs:
        row = _row(old, new, left, right, moved=moved, room=room)
        if row is None:
            if rows and "gap" in rows[-1]:
                rows[-1]["gap"] += 1
            else:
                rows.append({"gap": 1})
            continue
        lines -= sum(len(hunk) for name in ("hunks", "details", "output_hunks") for hunk in row[name])
        if lines < 0:
            row |= {"hunks": [], "details": [], "output_hunks": [], "outputs": []}
        rows.append(row)
    return rows, lines < 0


def _row(
    old: list[Cell], new: list[Cell], left: int | None, right: int | None, *, moved: bool, room: Room
) -> dict[str, Any] | None:
    """One cell's change; None where nothing changed."""
    before = old[left] if left is not None else None
    after = new[right] if right is not None else None
    hunks = hunks_of(before.source if before else "", after.source if after else "")
    details = hunks_of(before.details, after.details) if before and after else []
    sides = [cell.outputs if cell else [] for cell in (before, after)]
    other_outputs = [comparable(one) for one in sides[0]] != [comparable(one) for one in sides[1]]
    texts = [text_of_all(outputs) for outputs in sides]
    output_hunks: list[Any] = []
    outputs: list[Any] = []
    if other_outputs:
        if texts[0] is not None and texts[1] is not None:
            output_hunks = hunks_of(texts[0], texts[1])
        outputs = [[], []] if output_hunks else [kept(side, room) for side in sides]
    if before is None or after is None:
        status = "removed" if before else "added"
    elif hunks or before.kind != after.kind:
        status = "changed"
    elif other_outputs:
        status = "outputs"
    else:
        status = "moved" if moved else "details" if details else ""
    if not status:
        return None
    either = after or before
    return {
        "status": status,
        "kind": either.kind if either else "raw",
        "old_kind": before.kind if before else "",
        "old": None if left is None else left + 1,
        "new": None if right is None else right + 1,
        "counts": [cell.count if cell else None for cell in (before, after)],
        "moved": moved,
        "hunks": hunks,
        "details": details,
        "outputs": outputs,
        "output_hunks": output_hunks,
    }

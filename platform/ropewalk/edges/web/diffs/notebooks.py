"""A changed notebook, cell by cell: sources and outputs as lines, or outputs before and after."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import Page, page_number
from ropewalk.data.types import DataFile
from ropewalk.edges.web.diffs.asking import with_query
from ropewalk.edges.web.diffs.lines import colours_of, rows_of
from ropewalk.edges.web.diffs.options import options_of
from ropewalk.edges.web.diffs.page import anchor_of
from ropewalk.edges.web.files.notebooks import rendered_output
from ropewalk.edges.web.links import Links
from ropewalk.repos.types import ChangedFile, DiffLine, FileDiff, Hunk

_ROWS = 60
_NAMES = {
    "python": "cell.py", "r": "cell.R", "julia": "cell.jl", "scala": "cell.scala", "bash": "cell.sh", "sql": "cell.sql",
    "javascript": "cell.js", "typescript": "cell.ts", "c++": "cell.cpp", "rust": "cell.rs", "go": "cell.go", "java": "cell.java",
    "ruby": "cell.rb", "c#": "cell.cs",
}  # fmt: skip
_WORDS = {"outputs": "only outputs", "details": "only metadata"}
Context = dict[str, Any]
Output = tuple[str, SafeString]


@dataclass
class CellChange:
    """One cell, or with ``gap`` a run of unchanged ones. ``outputs`` are both sides', rendered; the rest are table rows."""

    gap: int = 0
    status: str = ""
    word: str = ""
    kind: str = ""
    old: int | None = None
    new: int | None = None
    old_count: int | None = None
    new_count: int | None = None
    lines: SafeString | None = None
    details: SafeString | None = None
    output_lines: SafeString | None = None
    outputs: list[list[Output]] = field(default_factory=list)


def notebook_context(
    request: HttpRequest,
    access: ProjectAccess,
    here: str,
    sides: tuple[DataFile | None, DataFile | None],
    document: Context | None,
) -> Context:
    """One page of the changed cells. The query's ``outputs=0`` hides outputs; ``details=1`` shows metadata and counts."""
    if document is None:
        return {}
    outputs, details = request.GET.get("outputs") != "0", request.GET.get("details") == "1"
    entries = _entries(document["rows"], details=details)
    number = page_number(request.GET.get("page"))
    start = (number - 1) * _ROWS
    renderer = _Renderer(request, access, sides, document, outputs=outputs, details=details)
    page = Page(
        [renderer.cell(entry, start + place) for place, entry in enumerate(entries[start : start + _ROWS])],
        number,
        _ROWS,
        len(entries),
        has_next=start + _ROWS < len(entries),
    )
    mine = with_query(here, outputs="" if outputs else "0", details="1" if details else "")
    return {
        "counts": [(name, n) for name, n in document["counts"].items() if n and name in _COUNTED],
        "cells_before": document["old"],
        "cells_after": document["new"],
        "with_outputs": document["counts"]["with_outputs"],
        "with_details": document["counts"]["details"],
        "outputs_shown": outputs,
        "details_shown": details,
        "outputs_url": with_query(here, outputs="0" if outputs else "", details="1" if details else ""),
        "details_url": with_query(here, outputs="" if outputs else "0", details="" if details else "1"),
        "notebook_details": renderer.rows(document["details"], "notebook.json", "meta") if details else None,
        "cells": page,
        "previous_url": with_query(mine, page=number - 1) if number > 1 else "",
        "next_url": with_query(mine, page=number + 1) if page.has_next else "",
        "cut": document["cut"],
    }


_COUNTED = ("added", "removed", "changed", "moved")


def _entries(rows: list[Context], *, details: bool) -> list[Context]:
    """The rows of the document; without details, cells in which nothing else changed are unchanged."""
    found: list[Context] = []
    for row in rows:
        gap = row.get("gap", 0) or int(not details and row["status"] == "details")
        if not gap:
            found.append(row)
        elif found and "gap" in found[-1]:
            found[-1] = {"gap": found[-1]["gap"] + gap}
        else:
            found.append({"gap": gap})
    return found


class _Renderer:
    """From the document's cells to HTML."""

    def __init__(
        self,
        request: HttpRequest,
        access: ProjectAccess,
        sides: tuple[DataFile | None, DataFile | None],
        document: Context,
        *,
        outputs: bool,
        details: bool,
    ) -> None:
        either = next(side for side in reversed(sides) if side is not None)
        self._split = options_of(request).split
        self._anchor = anchor_of(either.path)
        self._name = _NAMES.get(document["language"].lower(), "cell.py")
        self._outputs, self._details = outputs, details
        self._links = [
            Links(access.project.path, side.commit_sha, side.path.rpartition("/")[0]) if side else None
            for side in sides
        ]

    def cell(self, row: Context, place: int) -> CellChange:
        """One cell's change."""
        if "gap" in row:
            return CellChange(gap=row["gap"])
        kind = row["kind"] if row["old_kind"] in {"", row["kind"]} else f"{row['old_kind']} → {row['kind']}"
        change = CellChange(
            status="moved" if row["moved"] and row["status"] != "changed" else row["status"],
            word="moved" if row["moved"] else _WORDS.get(str(row["status"]), str(row["status"])),
            kind=kind,
            old=row["old"],
            new=row["new"],
            old_count=row["counts"][0],
            new_count=row["counts"][1],
        )
        name = {"code": self._name, "markdown": "cell.md"}.get(row["kind"], "cell.txt")
        change.lines = self.rows(row["hunks"], name, f"c{place}")
        if self._details:
            change.details = self.rows(row["details"], "cell.json", f"m{place}")
        if self._outputs:
            change.output_lines = self.rows(row["output_hunks"], "output.txt", f"o{place}")
            change.outputs = (
                [
                    [self._output(output, links) for output in side] if links else []
                    for side, links in zip(row["outputs"], self._links, strict=True)
                ]
                if any(row["outputs"])  # lines of text say it all: then neither side is here
                else []
            )
        return change

    def _output(self, output: Context, links: Links) -> Output:
        if "omitted" in output:
            return "note", format_html("<pre>{}</pre>", output["omitted"])
        return rendered_output(output, links) or ("note", format_html("<pre>{}</pre>", "(nothing to show)"))

    def rows(self, hunks: list[list[Any]], name: str, place: str) -> SafeString | None:
        """Hunks of the document as table rows; None when there are none."""
        if not hunks:
            return None
        file = ChangedFile("modified", name, name, "100644", "100644", "", "")
        parts = tuple(
            Hunk(
                _header(lines, first=not number),
                tuple(DiffLine(kind, text, old, new) for kind, old, new, text in lines),
            )
            for number, lines in enumerate(hunks)
        )
        diff = FileDiff(file, parts)
        colours = colours_of(diff, None, None)
        return rows_of(diff, colours, split=self._split, anchor=f"{self._anchor}-{place}")


def _header(lines: list[Any], *, first: bool) -> str:
    """Where a stretch begins; nothing where that is the cell's beginning."""
    at = next((new or old for _, old, new, _ in lines), 1)
    return "" if first and at == 1 else f"line {at}"

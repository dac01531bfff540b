"""A table of runs as a file: CSV with one column for each attribute, metric, parameter and tag, or JSON Lines."""

import csv
import json
import math
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Invalid
from ropewalk.edges.web.experiments.table import Column, TableQuery, default_columns
from ropewalk.tracking import selectors as tracking
from ropewalk.tracking.types import RunRow

_ATTRIBUTES = (
    "run_id",
    "name",
    "status",
    "experiment",
    "user",
    "started_at",
    "ended_at",
    "duration_ms",
    "commit",
    "note",
)
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def export(request: HttpRequest, access: ProjectAccess) -> StreamingHttpResponse:
    """Every run that matches, of the columns shown or (``all=1``) of every one that recent runs have."""
    form = request.GET.get("format", "csv")
    if form not in {"csv", "json"}:
        raise Invalid("A table is exported as csv or json.", code="bad_format")
    asked = TableQuery.parse(request.GET)
    known = tracking.run_columns(access.project.id, experiment_ids=asked.experiments)
    columns = asked.columns or default_columns(known, access.project.key_metric)
    if request.GET.get("all"):
        pairs = (("metrics", known.metrics), ("params", known.params), ("tags", known.tags))
        columns = [Column(entity, key) for entity, keys in pairs for key in keys]
    runs = tracking.every_run(
        access.project.id,
        experiment_ids=asked.experiments,
        filter_text=asked.text,
        order=asked.order,
        shown=asked.shown,
    )
    lines, kind = (
        (_csv(runs, columns), "text/csv; charset=utf-8")
        if form == "csv"
        else (_json(runs), "application/jsonl")
    )
    name = f"{access.project.slug}-runs.{'csv' if form == 'csv' else 'jsonl'}"
    return StreamingHttpResponse(
        lines,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _attributes(run: RunRow) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "name": run.name,
        "status": run.status,
        "experiment": run.experiment_name,
        "user": run.user,
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "duration_ms": run.duration_ms,
        "commit": run.commit or None,
        "note": run.note or None,
    }


class _Line:
    """What csv writes into."""

    def write(self, text: str) -> str:
        """The line itself."""
        return text


def _csv(runs: Iterator[RunRow], columns: list[Column]) -> Iterator[str]:
    """Numbers as Python writes them, so that they come back exactly; NaN and infinities as ``NaN``, ``inf``, ``-inf``."""
    writer = csv.writer(_Line())
    yield writer.writerow([*_ATTRIBUTES, *(column.name for column in columns)])
    for run in runs:
        attributes = _attributes(run)
        cells = [attributes[name] for name in _ATTRIBUTES] + [column.cell(run) for column in columns]
        yield writer.writerow([_safe(cell) for cell in cells])


def _safe(cell: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe; numbers stay as they are."""
    if isinstance(cell, str) and cell.startswith(_FORMULAS) and not _is_number(cell):
        return f"'{cell}"
    if isinstance(cell, float) and math.isnan(cell):
        return "NaN"
    return cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _json(runs: Iterator[RunRow]) -> Iterator[str]:
    """One run a line with all that it has; numbers that JSON has no way to write are texts."""
    for run in runs:
        metrics = {key: value if math.isfinite(value) else str(value) for key, value in run.metrics.items()}
        record = {**_attributes(run), "metrics": metrics, "params": run.params, "tags": run.user_tags}
        yield json.dumps(record, ensure_ascii=False) + "\n"

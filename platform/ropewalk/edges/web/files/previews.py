"""Viewers of what workers prepare: tables, models, archives, reStructuredText."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import Page, page_number
from ropewalk.data import services
from ropewalk.data.types import DataFile, PreviewView
from ropewalk.edges.web.files.source import Source
from ropewalk.edges.web.links import Links
from ropewalk.edges.web.sanitizing import sanitized
from ropewalk.repos.types import Revision

MOST_BYTES = 4 << 30  # the worker's own limit
_MOST_DOCUMENT = 256 << 10
_ROWS = 100
_MOST_LISTED = 1000
_SORT = re.compile(r"(\d{1,4}):(asc|desc)\Z")
Context = dict[str, Any]


def asked_preview(
    access: ProjectAccess, revision: Revision, source: Source, kind: str, options: str = ""
) -> PreviewView | None:
    """The preview of a file; asked for at its first view."""
    file = source.file or DataFile(
        source.path,
        revision.sha,
        "git",
        "git",
        source.entry.oid if source.entry else "",
        source.size,
        present=True,
        content_hash=source.content_hash,
    )
    return services.request_preview(
        project_id=access.project.id,
        file=file,
        kind=kind,
        options=options,
        requested_by_id=access.actor.user_id,
    )


def _prepared(access: ProjectAccess, revision: Revision, source: Source, kind: str) -> tuple[Context, Any]:
    """The context while there is no document, and the document."""
    if (source.size or 0) > MOST_BYTES and not source.path.lower().endswith((".safetensors", ".gguf")):
        return {"too_large": True}, None
    found = asked_preview(access, revision, source, kind)
    return {"job": found.job if found else None}, found.document if found else None


def table(access: ProjectAccess, revision: Revision, source: Source, query: Mapping[str, str]) -> Context:
    """A page of the first rows, in the file's order or sorted by one column."""
    context, document = _prepared(access, revision, source, "table")
    if document is None:
        return context
    order = _order(query, len(document["columns"]))
    partly = document["total"] > len(document["rows"])
    if order and partly:
        sorted_whole, context["job"] = _sorted_whole(access, revision, source, order)
        document = sorted_whole or document
        partly = sorted_whole is None
    rows = (
        _sorted(document, order)
        if order and (partly or document["total"] <= len(document["rows"]))
        else document["rows"]
    )
    number = page_number(query.get("page"))
    start = (number - 1) * _ROWS
    context |= {
        "document": document,
        "columns": _columns(document, order),
        "page": Page(
            rows[start : start + _ROWS], number, _ROWS, len(rows), has_next=start + _ROWS < len(rows)
        ),
        "part": document["total"] > len(rows),
        "sorted_part": bool(order) and partly and document["total"] > len(rows),
        "following": order is not None and context["job"] is not None and context["job"].state != "succeeded",
    }
    return context


def _order(query: Mapping[str, str], columns: int) -> tuple[int, bool] | None:
    found = _SORT.match(query.get("sort", ""))
    return (int(found[1]), found[2] == "desc") if found and int(found[1]) < columns else None


def _sorted_whole(
    access: ProjectAccess, revision: Revision, source: Source, order: tuple[int, bool]
) -> tuple[Any, Any]:
    """The first rows of all rows in this order (a worker sorts them), and its job; nothing for those who may start no job."""
    if not access.may(Permission.ANALYSES_START):
        return None, None
    options = f"sort:{order[0]}:{'desc' if order[1] else 'asc'}"
    found = asked_preview(access, revision, source, "table", options)
    return (found.document, found.job) if found else (None, None)


def _sorted(document: Any, order: tuple[int, bool] | None) -> list[list[Any]]:
    """The rows that are here by a column: numbers, then texts, and nothing at the end."""
    if order is None:
        return list(document["rows"])
    index, descending = order
    numeric = document["columns"][index]["type"] == "number"
    filled = [row for row in document["rows"] if row[index] is not None]
    empty = [row for row in document["rows"] if row[index] is None]
    filled.sort(key=lambda row: _key(row[index], numeric=numeric), reverse=descending)
    return filled + empty


def _key(cell: Any, *, numeric: bool) -> tuple[int, float, str]:
    if isinstance(cell, int | float):
        return 0, float(cell), ""
    try:
        return (0, float(cell), "") if numeric else (1, 0.0, str(cell))
    except ValueError:
        return 1, 0.0, str(cell)


_NUMERIC = re.compile(r"number|u?int\d*|float|double|half|decimal")


def is_number(type_name: str) -> bool:
    """Whether a column of this type holds numbers."""
    return bool(_NUMERIC.match(type_name))


def _columns(document: Any, order: tuple[int, bool] | None) -> list[Context]:
    columns = []
    for index, column in enumerate(document["columns"]):
        mine = order is not None and order[0] == index
        descending = mine and order is not None and order[1]
        target = f"{index}:{'asc' if descending or not mine else 'desc'}"
        columns.append(
            {
                "name": column["name"],
                "type": column["type"],
                "number": is_number(column["type"]),
                "sorted": ("descending" if descending else "ascending") if mine else "",
                "url": f"?{urlencode({'sort': target})}",
            }
        )
    return columns


def facts(access: ProjectAccess, revision: Revision, source: Source, query: Mapping[str, str]) -> Context:
    """What a model's or an archive's own header says."""
    kind = "model" if source.viewer == "model" else "archive"
    context, document = _prepared(access, revision, source, kind)
    if document is None:
        return context
    tables = [
        {**item, "rows": item["rows"][:_MOST_LISTED], "more": max(len(item["rows"]) - _MOST_LISTED, 0)}
        for item in document["tables"]
        if item["rows"]
    ]
    return context | {"document": document, "tables": tables}


def rst(
    access: ProjectAccess, revision: Revision, source: Source, query: Mapping[str, str]
) -> Context | None:
    """A reStructuredText document."""
    if (source.size or 0) > _MOST_DOCUMENT:
        return None
    html, job = rst_html(access, revision, source)
    return {"html": html, "job": job}


def rst_html(access: ProjectAccess, revision: Revision, source: Source) -> tuple[Any, Any]:
    """The rendered document (None while a worker renders it), and the job."""
    found = asked_preview(access, revision, source, "rst")
    if found is None or found.document is None:
        return None, found.job if found else None
    links = Links.of(access, revision, source.folder)
    return sanitized(found.document["html"], file_url=links.file_url, raw_url=links.raw_url), None

"""A changed table: what became of its columns, and the rows that came, went and changed, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.http import HttpRequest

from ropewalk.access.types import ProjectAccess
from ropewalk.core.pagination import Page, page_number
from ropewalk.data.types import DataFile
from ropewalk.edges.web.diffs.asking import asked, with_query
from ropewalk.edges.web.files.previews import is_number

STATUSES = ("changed", "added", "removed")
BY_ROWS = "rows"
_BY_KEY = "key:"
_ROWS = 50
_LONGEST = 300
Context = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One cell; ``old`` is what it was before, where it ``changed``."""

    value: Any
    number: bool
    changed: bool = False
    old: Any = None


@dataclass(frozen=True)
class Row:
    """One row with its place in each version, counted from 1; None where it is not."""

    old_place: int | None
    new_place: int | None
    cells: list[Cell]


def table_context(
    request: HttpRequest,
    access: ProjectAccess,
    here: str,
    sides: tuple[DataFile | None, DataFile | None],
    document: Context | None,
) -> Context:
    """The counts, the columns that changed, and one page of the rows of one status. ``document`` is that of the key found."""
    if document is None:
        return {}
    context: Context = {}
    by = _asked_key(request, document)
    if by:
        found, context["refused"] = asked(access, *sides, "table", by)
        context |= {"job": found.job if found else None, "document": found.document if found else None}
    shown = context.get("document", document)
    context |= {"by": by, "form": _form(here, document, by)}
    return context | (_shown(request, with_query(here, by=by), shown) if shown else {})


def _asked_key(request: HttpRequest, document: Context) -> str:
    """``rows``, ``key:<column>``, or nothing for the key that is found; a column that is not in both versions is nothing."""
    by = request.GET.get("by", "")
    if by == BY_ROWS:
        return by if document["key"]["name"] is not None else ""
    known = {f"{_BY_KEY}{name}" for name in _common(document)}
    mine = f"{_BY_KEY}{document['key']['name']}"
    return by if by in known and by != mine and len(by) <= _LONGEST else ""


def _common(document: Context) -> list[str]:
    return [str(column["name"]) for column in document["columns"] if column["status"] in {"same", "type"}]


def _form(here: str, document: Context, by: str) -> Context:
    """The choice of a key: where it is sent, what goes with it, and the columns that can be one."""
    parts = urlsplit(here)
    found = document["key"]["name"]
    first = f"{found} (found)" if found is not None else "whole rows"
    choices = [("", first, not by)]
    if found is not None:
        choices.append((BY_ROWS, "whole rows", by == BY_ROWS))
    names = [name for name in _common(document) if name != found and len(name) < _LONGEST - len(_BY_KEY)]
    choices += [(f"{_BY_KEY}{name}", name, by == f"{_BY_KEY}{name}") for name in names[:300]]
    return {"action": parts.path, "hidden": parse_qsl(parts.query), "choices": choices}


def _shown(request: HttpRequest, here: str, document: Context) -> Context:
    rows, lists = document["rows"], document["lists"]
    asked_for = request.GET.get("rows", "")
    present = [status for status in STATUSES if rows[status]]
    status = asked_for if asked_for in present else (present[0] if present else "")
    columns = [document["columns"][index] for index in document["shown"]]
    columns = [column | {"number": is_number(column["new_type"] or column["old_type"])} for column in columns]
    listed = lists[status] if status else []
    number = page_number(request.GET.get("page"))
    start = (number - 1) * _ROWS
    page = Page(
        list(_rows(status, listed[start : start + _ROWS], columns)),
        number,
        _ROWS,
        len(listed),
        has_next=start + _ROWS < len(listed),
    )
    with_status = with_query(here, rows=status)
    return {
        "rows": rows,
        "key": document["key"],
        "schema": [one for one in document["columns"] if one["status"] != "same" or one["changed"]],
        "all_columns": len(document["columns"]),
        "columns": columns,
        "hidden_columns": len(document["columns"]) - len(columns),
        "status": status,
        "tabs_of_rows": [(one, rows[one], with_query(here, rows=one), one == status) for one in present],
        "page": page,
        "previous_url": with_query(with_status, page=number - 1) if number > 1 else "",
        "next_url": with_query(with_status, page=number + 1) if page.has_next else "",
        "listed_part": len(listed) < rows[status] if status else False,
    }


def _rows(status: str, listed: list[Any], columns: list[Context]) -> Iterator[Row]:
    numeric = [column["number"] for column in columns]
    for entry in listed:
        if status != "changed":
            place, cells = entry
            plain = [Cell(*pair) for pair in zip(cells, numeric, strict=True)]
            yield Row(None, place, plain) if status == "added" else Row(place, None, plain)
            continue
        old_place, new_place, cells, before = entry
        yield Row(
            old_place,
            new_place,
            [
                Cell(value, number, str(index) in before, before.get(str(index)))
                for index, (value, number) in enumerate(zip(cells, numeric, strict=True))
            ],
        )

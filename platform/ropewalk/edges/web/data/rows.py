"""The rows of one version of a dataset: a page of them, by conditions on columns, a text, and an order."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Invalid
from ropewalk.core.pagination import Page, page_number
from ropewalk.data import selectors as data
from ropewalk.data import services
from ropewalk.data.rows import MOST_CONDITIONS, OPERATORS, WITHOUT_VALUE, RowQuery, query_of
from ropewalk.data.types import DataFile, PreviewView
from ropewalk.edges.web.data.listing import dataset_url
from ropewalk.edges.web.files.previews import MOST_BYTES, is_number
from ropewalk.edges.web.frame import project_page
from ropewalk.edges.web.rendering import quoted
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

_ROWS = 50
Context = dict[str, Any]


def rows_url(access: ProjectAccess, revision: Revision) -> str:
    """Where the rows of a path at a revision are."""
    return f"{access.project.path}/data-rows/{quote(revision.name, safe='/')}/{quoted(revision.path)}"


def rows(request: HttpRequest, access: ProjectAccess, rev_path: str) -> HttpResponse:
    """The rows as a part that the dataset's page loads, or as a page of their own."""
    revision = repos.resolve(access.project.id, rev_path)
    file = data.resolve_data_file(access.project.id, revision.sha, revision.path)
    context = {
        "revision": revision,
        "file": file,
        "dataset_url": dataset_url(access, revision.name, revision.path),
        "rows_url": rows_url(access, revision),
        **_asked(request, access, file, rows_url(access, revision)),
    }
    if request.GET.get("fragment"):
        may = {"analyses_start": access.may(Permission.ANALYSES_START)}
        response = render(request, "data/rows_body.html", {"access": access, "may": may, **context})
        response.headers["X-Fragment"] = "1"
        return response
    return project_page(request, access, "data/rows.html", "data", context)


def _asked(request: HttpRequest, access: ProjectAccess, file: DataFile, here: str) -> Context:
    """The table as it is, for the names of its columns, and what the query finds in it."""
    if file.is_dir or not data.is_tabular(file.path) or not file.present or (file.size or 0) > MOST_BYTES:
        return {"no_table": True, "too_large": (file.size or 0) > MOST_BYTES}
    try:
        query = _query(request.GET)
    except Invalid as error:
        query, context = RowQuery(), {"error": error.message}
    else:
        context = {}
    may = access.may(Permission.ANALYSES_START)
    plain = _found(access, file, RowQuery())
    found = _found(access, file, query) if may and not query.plain else plain
    document = found.document if found else None
    known = plain.document if plain and plain.document else document
    columns = known["columns"] if known else []
    return context | {
        "refused": not may and not query.plain,
        "job": found.job if found and document is None else None,
        "document": document,
        "query": query,
        "form": _form(query, columns),
        "columns": _columns(columns, query, here),
        **(_page(request, document, query, here) if document else {}),
    }


def _found(access: ProjectAccess, file: DataFile, query: RowQuery) -> PreviewView | None:
    return services.request_rows(
        project_id=access.project.id, file=file, query=query, requested_by_id=access.actor.user_id
    )


def _query(values: QueryDict) -> RowQuery:
    lists = [values.getlist(name)[: MOST_CONDITIONS + 1] for name in ("column", "op", "value")]
    order, _, way = values.get("order", "").rpartition(":")
    return query_of(
        list(zip(*lists, strict=False)), text=values.get("q", ""), order=order, descending=way == "desc"
    )


def _form(query: RowQuery, columns: Sequence[Mapping[str, Any]]) -> Context:
    """The conditions that there are and an empty one, and what can be chosen."""
    given = [(one.column, one.operator, one.value) for one in query.conditions]
    blank = [("", "eq", "")] if len(given) < MOST_CONDITIONS else []
    order = f"{query.order}:{'desc' if query.descending else 'asc'}" if query.order else ""
    return {
        "conditions": [*given, *blank],
        "names": [column["name"] for column in columns],
        "operators": list(OPERATORS.items()),
        "without_value": ", ".join(OPERATORS[one] for one in sorted(WITHOUT_VALUE)),
        "order": order,
    }


def _address(here: str, query: RowQuery, **more: Any) -> str:
    pairs: list[tuple[str, Any]] = [("q", query.text)] if query.text else []
    for one in query.conditions:
        pairs += [("column", one.column), ("op", one.operator), ("value", one.value)]
    if query.order and "order" not in more:
        pairs.append(("order", f"{query.order}:{'desc' if query.descending else 'asc'}"))
    return f"{here}?{urlencode([*pairs, *more.items()])}"


def _columns(columns: Sequence[Mapping[str, Any]], query: RowQuery, here: str) -> list[Context]:
    found = []
    for column in columns:
        mine = query.order == column["name"]
        way = "desc" if mine and not query.descending else "asc"
        found.append(
            {
                "name": column["name"],
                "type": column["type"],
                "number": is_number(column["type"]),
                "sorted": ("descending" if query.descending else "ascending") if mine else "",
                "url": _address(here, query, order=f"{column['name']}:{way}"),
            }
        )
    return found


def _page(request: HttpRequest, document: Context, query: RowQuery, here: str) -> Context:
    number, rows_found = page_number(request.GET.get("page")), document["rows"]
    start = (number - 1) * _ROWS
    shown = list(zip(document["places"], rows_found, strict=True))[start : start + _ROWS]
    page = Page(shown, number, _ROWS, len(rows_found), has_next=start + _ROWS < len(rows_found))
    return {
        "page": page,
        "part": document["matching"] > len(rows_found),
        "previous_url": _address(here, query, page=number - 1) if number > 1 else "",
        "next_url": _address(here, query, page=number + 1) if page.has_next else "",
    }

"""A comparison as Markdown, for a pull request or a report, or as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from ropewalk.access.types import ProjectAccess
from ropewalk.comparisons import selectors
from ropewalk.core.errors import Invalid, NotFound
from ropewalk.edges.web.experiments import insights

_MOST_RUNS = 12
_MOST_ROWS = 60


def export(request: HttpRequest, access: ProjectAccess, number: int) -> HttpResponse:
    """The stored result whole (``format=json``), or its tables (``format=md``)."""
    form = request.GET.get("format", "md")
    if form not in {"md", "json"}:
        raise Invalid("A comparison is exported as md or json.", code="bad_format")
    found = selectors.get_comparison(access.project.id, number)
    if found.result is None:
        raise NotFound("This comparison is not computed yet.")
    url = f"{access.project.url}/experiments/compare/{number}"
    name = f"{access.project.slug}-comparison-{number}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if form == "json":
        body = {
            "project": access.project.full_name,
            "number": number,
            "url": url,
            "runs": list(found.run_ids),
            "result": found.result,
        }
        return JsonResponse(body, headers=headers)
    text = markdown(f"{access.project.full_name}, comparison {number}", url, found.result)
    return HttpResponse(text, content_type="text/markdown; charset=utf-8", headers=headers)


def markdown(title: str, url: str, result: Mapping[str, Any]) -> str:
    """The tables of a comparison; of many runs the first :data:`_MOST_RUNS`."""
    runs = result.get("runs", [])[:_MOST_RUNS]
    head = ["", *(run["name"] for run in runs)]
    parts = [f"## [{_cell(title)}]({url})"]
    if len(result.get("runs", [])) > len(runs):
        parts.append(f"The first {len(runs)} of {len(result['runs'])} runs.")
    for name in ("metrics", "params", "tags"):
        rows = [row for row in result.get(name, []) if row["differs"]]
        if rows:
            kept = [[row["name"], *row["values"][: len(runs)]] for row in rows[:_MOST_ROWS]]
            what = {"metrics": "Metrics", "params": "Parameters", "tags": "Tags"}[name]
            parts += [f"### {what} that differ", _table(head, kept)]
    shown = insights.differences(result)
    if shown["rows"]:
        rows = [
            [row["metric"], row["name"], row["difference"], _interval(row), row["q"], row["verdict"]]
            for row in shown["rows"]
        ]
        columns = ["metric", "group", "difference", "95 % interval", "q", "verdict"]
        parts += [f"### Differences from: {_cell(shown['first'])}", _table(columns, rows)]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(cell if cell == '---' else _cell(cell) for cell in line)} |" for line in lines
    )


def _interval(row: Mapping[str, Any]) -> str:
    return "" if row["low"] is None else f"{_number(row['low'])} … {_number(row['high'])}"


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.6g}"


def _cell(value: Any) -> str:
    """One cell's text: no markup of its own, on one line."""
    text = _number(value) if isinstance(value, float) else "" if value is None else str(value)
    for sign in "\\|`*_<>[]&~#!":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())[:200]

"""Cells of tables that come out of files."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ropewalk.edges.web.templatetags.formats import size

register = template.Library()
_EMPTY = mark_safe('<td class="muted">—</td>')  # a constant
_EMPTY_NUMBER = mark_safe('<td class="num muted">—</td>')  # a constant


@register.simple_tag
def cell_of(value: Any, columns: list[dict[str, Any]], index: int) -> SafeString:
    """One cell: numbers to the right as they are written, sizes in units, nothing as a dash."""
    column = columns[index] if index < len(columns) else {}
    if value is None:
        return _EMPTY_NUMBER if column.get("number") else _EMPTY
    if column.get("type") == "bytes" and isinstance(value, int):
        return format_html('<td class="num">{}</td>', size(value))
    if isinstance(value, bool):
        return format_html("<td>{}</td>", "true" if value else "false")
    if isinstance(value, int | float) or column.get("number"):
        return format_html('<td class="num">{}</td>', value)
    return format_html('<td class="cell">{}</td>', value)


@register.simple_tag
def diff_cell(cell: Any) -> SafeString:
    """A cell of a changed row: what it is, and where it changed what it was."""
    look = "num" if cell.number or _is_number(cell.value) else "cell"
    if not cell.changed:
        return (
            _EMPTY if cell.value is None else format_html('<td class="{}">{}</td>', look, _text(cell.value))
        )
    return format_html(
        '<td class="{} is-changed"><del>{}</del><ins>{}</ins></td>', look, _text(cell.old), _text(cell.value)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) or "(empty)"

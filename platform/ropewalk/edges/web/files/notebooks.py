"""Notebooks: cells and their stored outputs as safe HTML. Nothing of a notebook is executed, neither here nor in the browser."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from ropewalk.edges.web.highlighting import highlighted_block
from ropewalk.edges.web.links import Links
from ropewalk.edges.web.rendering import markdown
from ropewalk.edges.web.sanitizing import sanitized

MAX_BYTES = 12 << 20
MOST_CELLS = 1000
_MOST_OUTPUTS = 200  # of one cell
_MOST_TEXT = 100_000
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b.")
_ATTACHMENT = re.compile(r"attachment:([^)\s\"'>]+)")


class NotANotebook(ValueError):
    """The file is no notebook of version 3 or 4."""


@dataclass(frozen=True)
class Cell:
    """One cell. ``kind`` is ``markdown``, ``code`` or ``raw``; ``outputs`` are pairs of a kind and safe HTML."""

    kind: str
    source: SafeString
    count: str = ""
    outputs: tuple[tuple[str, SafeString], ...] = ()


@dataclass(frozen=True)
class Notebook:
    """Its language, its cells, and how many are not shown."""

    language: str
    cells: tuple[Cell, ...]
    hidden: int = 0


def read_notebook(data: bytes, links: Links) -> Notebook:
    """The notebook in a file's bytes. Raises :class:`NotANotebook`."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotANotebook from error
    if not isinstance(content, dict):
        raise NotANotebook
    cells = content.get("cells")
    if cells is None:  # version 3
        sheets = content.get("worksheets")
        cells = [cell for sheet in _list(sheets) for cell in _list(_dict(sheet).get("cells"))]
    if not isinstance(cells, list):
        raise NotANotebook
    language = _language(_dict(content.get("metadata")))
    shown = tuple(_cell(_dict(cell), language, links) for cell in cells[:MOST_CELLS])
    return Notebook(language, shown, max(len(cells) - MOST_CELLS, 0))


def _language(metadata: Mapping[str, Any]) -> str:
    info, kernel = _dict(metadata.get("language_info")), _dict(metadata.get("kernelspec"))
    return str(info.get("name") or kernel.get("language") or "python")[:40]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    return "".join(part for part in parts if isinstance(part, str))


def _cell(cell: dict[str, Any], language: str, links: Links) -> Cell:
    kind, text = cell.get("cell_type"), _text(cell.get("source", cell.get("input")))
    if kind in {"markdown", "heading"}:
        return Cell("markdown", _markdown(text, _dict(cell.get("attachments")), links))
    if kind != "code":
        return Cell("raw", _preformatted(text))
    count = cell.get("execution_count", cell.get("prompt_number"))
    outputs = [
        shown
        for item in _list(cell.get("outputs"))[:_MOST_OUTPUTS]
        if (shown := rendered_output(_dict(item), links))
    ]
    code = highlighted_block(language, text[:_MOST_TEXT])
    return Cell("code", code, str(count) if isinstance(count, int) else " ", tuple(outputs))


def _markdown(text: str, attachments: dict[str, Any], links: Links) -> SafeString:
    """Attached images are named by ``attachment:``, which no address of a file can be mistaken for."""

    def raw_url(target: str) -> str:
        found = re.fullmatch(r"rw-attachment/(.+)", target)
        return _image_data(_dict(attachments.get(found[1]))) if found else links.raw_url(target)

    named = _ATTACHMENT.sub(r"rw-attachment/\1", text) if attachments else text
    return markdown(named, file_url=links.file_url, raw_url=raw_url)


def _image_data(bundle: Mapping[str, Any]) -> str:
    for kind in _IMAGES:
        content = _text(bundle.get(kind))
        if content and _BASE64.match(content):
            return f"data:{kind};base64,{''.join(content.split())}"
    return ""


def _preformatted(text: str) -> SafeString:
    plain = _ANSI.sub("", text)
    note = "\n… the rest is not shown" if len(plain) > _MOST_TEXT else ""
    return mark_safe(f'<pre tabindex="0">{escape(plain[:_MOST_TEXT] + note)}</pre>')  # noqa: S308  # escaped


def rendered_output(item: dict[str, Any], links: Links) -> tuple[str, SafeString] | None:
    """An output as its kind and safe HTML; None when it holds nothing to show."""
    kind = str(item.get("output_type"))
    if kind == "stream":
        name = "stderr" if item.get("name", item.get("stream")) == "stderr" else "stdout"
        return name, _preformatted(_text(item.get("text")))
    if kind in {"error", "pyerr"}:
        trace = "\n".join(str(line) for line in _list(item.get("traceback")))
        return "error", _preformatted(trace or f"{item.get('ename', '')}: {item.get('evalue', '')}")
    bundle = _dict(item.get("data")) or _old_bundle(item)
    return _richest(bundle, links)


def _old_bundle(item: Mapping[str, Any]) -> dict[str, Any]:
    """Version 3 has the kinds beside everything else, under short names."""
    names = {
        "png": "image/png",
        "jpeg": "image/jpeg",
        "svg": "image/svg+xml",
        "html": "text/html",
        "text": "text/plain",
    }
    return {long: item[short] for short, long in names.items() if short in item}


def _richest(bundle: dict[str, Any], links: Links) -> tuple[str, SafeString] | None:
    image = _image_data(bundle)
    if image:
        return "image", mark_safe(f'<img src="{image}" alt="Output">')  # noqa: S308  # base64 of a known kind
    if svg := _text(bundle.get("image/svg+xml")):
        return "image", _svg(svg)
    if html := _text(bundle.get("text/html")):
        safe = sanitized(html, file_url=links.file_url, raw_url=links.raw_url)
        if re.sub(r"<[^>]*>|\s", "", safe) or "<img" in safe:
            return "html", safe
    if text := _text(bundle.get("text/markdown")):
        return "html", markdown(text, file_url=links.file_url, raw_url=links.raw_url)
    if latex := _text(bundle.get("text/latex")):
        return "html", mark_safe(f'<div class="math block">{escape(latex.strip().strip("$"))}</div>')  # noqa: S308  # escaped
    if "application/json" in bundle:
        return "text", _preformatted(
            json.dumps(bundle["application/json"], indent=1, default=str)[: _MOST_TEXT + 1]
        )
    plain = _text(bundle.get("text/plain"))
    if set(bundle) - {"text/plain", "text/html"}:
        return "note", _preformatted(f"{plain}\n(This output needs a script, which is not run here.)".strip())
    return ("text", _preformatted(plain)) if plain else None


def _svg(text: str) -> SafeString:
    """As an image, in which no script runs."""
    from base64 import b64encode

    data = b64encode(text.encode("utf-8", "replace")).decode()
    return mark_safe(f'<img src="data:image/svg+xml;base64,{data}" alt="Output">')  # noqa: S308  # base64

"""Outputs of notebook cells: what of them is compared, and what of them a page gets."""

import json
import re
from typing import Any

_MOST_OUTPUTS = 20  # of one cell
_MOST_TEXT = 20_000
_MOST_IMAGE = 1_500_000
_MOST_ALL = 5_000_000
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\x1b.")
# The kinds that a page shows, the best first.
_SHOWN = (
    "image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "text/html", "text/markdown", "text/latex",
    "application/json", "text/plain",
)  # fmt: skip
_OLD_NAMES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
    "html": "text/html",
    "text": "text/plain",
}


class Room:
    """How much the outputs of all cells may still take."""

    def __init__(self) -> None:
        self.left = _MOST_ALL


def comparable(output: dict[str, Any]) -> str:
    """What makes an output the same: all but metadata and counts."""
    ignored = {"metadata", "execution_count", "prompt_number", "transient"}
    try:
        return json.dumps({key: value for key, value in output.items() if key not in ignored}, sort_keys=True)
    except RecursionError:
        return ""


def text_of_all(outputs: list[dict[str, Any]]) -> str | None:
    """All outputs as one text; None when one of them is more than text."""
    texts = []
    for output in outputs:
        if output.get("output_type") == "stream":
            texts.append(_text(output.get("text")))
        elif output.get("output_type") in {"error", "pyerr"}:
            lines = output.get("traceback")
            trace = "\n".join(str(line) for line in lines) if isinstance(lines, list) else ""
            texts.append(trace or f"{output.get('ename', '')}: {output.get('evalue', '')}")
        else:
            bundle = _bundle(output)
            if set(bundle) - {"text/plain"}:
                return None
            texts.append(_text(bundle.get("text/plain")))
    whole = "\n".join(text.removesuffix("\n") for text in texts)
    return _ANSI.sub("", whole.replace("\r\n", "\n"))[: 10 * _MOST_TEXT]


def kept(outputs: list[dict[str, Any]], room: Room) -> list[dict[str, Any]]:
    """The outputs as a page gets them: the best kind of each, and ``omitted`` in its place where it is too large."""
    found = []
    for output in outputs[:_MOST_OUTPUTS]:
        one = _kept(output)
        size = len(json.dumps(one))
        if size > room.left:
            one, size = {"omitted": "too large to show here"}, 50
        room.left -= size
        found.append(one)
    if len(outputs) > _MOST_OUTPUTS:
        found.append({"omitted": f"{len(outputs) - _MOST_OUTPUTS:,} more outputs are not shown"})
    return found


def _kept(output: dict[str, Any]) -> dict[str, Any]:
    kind = str(output.get("output_type"))[:40]
    if kind == "stream":
        name = str(output.get("name", output.get("stream")))[:20]
        return {"output_type": kind, "name": name, "text": _text(output.get("text"))[:_MOST_TEXT]}
    if kind in {"error", "pyerr"}:
        return {"output_type": "error", "traceback": [(text_of_all([output]) or "")[:_MOST_TEXT]]}
    bundle = _bundle(output)
    for name in _SHOWN:
        if name not in bundle:
            continue
        content = bundle[name] if name == "application/json" else _text(bundle[name])
        most = _MOST_IMAGE if name.startswith("image/") else _MOST_TEXT
        if len(json.dumps(content)) > (most if name.startswith("image/") else 10 * most):
            return {"omitted": f"{name}: too large to show here"}
        return {"output_type": "display_data", "data": {name: content}}
    return {
        "omitted": f"{', '.join(sorted(bundle))[:200] or 'an output'}: needs a script, which is not run here"
    }


def _bundle(output: dict[str, Any]) -> dict[str, Any]:
    data = output.get("data")
    if isinstance(data, dict):
        return {str(name): value for name, value in data.items()}
    return {long: output[short] for short, long in _OLD_NAMES.items() if short in output}


def _text(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    return "".join(part for part in parts if isinstance(part, str))

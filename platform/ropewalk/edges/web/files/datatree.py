"""JSON and YAML as a tree of lines that fold: built from the parser's events, bounded in size and depth."""

import json
from collections.abc import Iterator
from typing import Any

import yaml
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

MAX_BYTES = 512 << 10
MOST_NODES = 5000
_MOST_YAML = 256 << 10  # its parser is slow
_MOST_DEPTH = 60
_MOST_VALUE = 500
_OPEN_DEPTH = 2
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotATree(ValueError):
    """The text is no JSON or YAML, or it is nested too deeply; the message says where."""


class _Number(str):
    """A number as it is written: 1e400 and 0.10 stay what they are."""

    __slots__ = ()


class Alias(str):
    """A YAML alias: shown by its name and never followed."""

    __slots__ = ()


def tree_of(path: str, text: str) -> tuple[SafeString, bool]:
    """The tree as HTML, and whether all of it is there. Raises :class:`NotATree`."""
    is_json = path.lower().endswith((".json", ".geojson"))
    if not is_json and len(text) > _MOST_YAML:
        raise NotATree("it is too long")
    value = _json(text) if is_json else _yaml(text)
    writer = _Writer()
    return mark_safe("".join(writer.node(value, 0))), writer.left > 0  # noqa: S308  # the writer escapes


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    except ValueError as error:
        raise NotATree(str(error)[:200]) from None
    except RecursionError:
        raise NotATree("it is nested too deeply") from None


def _yaml(text: str) -> Any:
    try:
        documents = list(_documents(yaml.parse(text, Loader=_LOADER)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise NotATree(f"{place}{getattr(error, 'problem', None) or 'it is not YAML'}"[:200]) from None
    return documents[0] if len(documents) == 1 else documents


def _documents(events: Iterator[Any]) -> Iterator[Any]:
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            yield _value(next(events), events, 0)


def _value(event: Any, events: Iterator[Any], depth: int) -> Any:
    if depth > _MOST_DEPTH:
        raise NotATree("it is nested too deeply")
    if isinstance(event, yaml.AliasEvent):
        return Alias(f"*{event.anchor}")
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_value(event, events, depth + 1))
        return items
    pairs: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _value(event, events, depth + 1)
        name = key if isinstance(key, str) else str(key)[:_MOST_VALUE]
        pairs[name] = _value(next(events), events, depth + 1)
    return pairs


def _scalar(event: Any) -> Any:
    """Plain scalars by YAML's core schema; quoted ones are texts."""
    text = event.value
    if not event.implicit[0] or event.style:
        return text
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE"}:
        return True
    if text in {"false", "False", "FALSE"}:
        return False
    try:
        float(text.replace("_", ""))
    except ValueError:
        return text
    return _Number(text)


class _Writer:
    """Writes at most :data:`MOST_NODES` nodes; the rest is left out."""

    def __init__(self) -> None:
        self.left = MOST_NODES

    def node(self, value: Any, depth: int, label: str = "") -> Iterator[str]:
        """One value with its label, as nested ``details``."""
        self.left -= 1
        if self.left <= 0 or depth > _MOST_DEPTH:
            return
        if not isinstance(value, dict | list) or not value:
            yield f'<div class="leaf">{label}{_leaf(value)}</div>'
            return
        count, words = len(value), "keys" if isinstance(value, dict) else "items"
        words = words[:-1] if count == 1 else words
        opened = " open" if depth < _OPEN_DEPTH else ""
        yield f'<details{opened}><summary>{label}<span class="muted">{count:,} {words}</span></summary>'
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            if self.left <= 0:
                break
            yield from self.node(item, depth + 1, f'<span class="key">{escape(_cut(str(key)))}</span>: ')
        yield "</details>"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_VALUE else text[:_MOST_VALUE] + "…"


def _leaf(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return f'<span class="word">{"null" if value is None else str(value).lower()}</span>'
    if isinstance(value, dict | list):
        return '<span class="muted">empty</span>'
    kind = "number" if isinstance(value, _Number) else "word" if isinstance(value, Alias) else "text"
    return f'<span class="{kind}">{escape(_cut(value))}</span>'

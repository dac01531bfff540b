"""A YAML reader for hostile files: events of libyaml's parser, made into plain values under bounds.

Scalars follow YAML 1.2's core schema, as in DVC's own loader: ``no`` is a text and ``1e-5`` a number. Dates stay text.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from workers.analysis.errors import AnalysisError

MAX_DEPTH = 40
MAX_NODES = 300_000  # with every alias counted as large as what it repeats
_INT = re.compile(r"[-+]?[0-9][0-9_]*\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?\Z")
_BASED = {"0o": 8, "0x": 16, "0b": 2}
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INFINITE = frozenset(sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF"))
_NAN = frozenset({".nan", ".NaN", ".NAN"})
_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset(_CORE + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq"))
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    """The single document of ``text``; None for an empty one. Raises :class:`AnalysisError`."""
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        problem = str(getattr(error, "problem", None) or "it is not YAML")[:200]
        raise AnalysisError("bad_yaml", f"This is not valid YAML{where}: {problem}.") from None


class _Builder:
    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0

    def document(self) -> Any:
        value = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise AnalysisError("bad_yaml", "This file has more than one YAML document.")
                value = self._value(next(self._events), 0)
        return value

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise AnalysisError(
                "too_many_nodes",
                f"This file has more than {MAX_NODES:,} values with its aliases written out.",
            )

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise AnalysisError(
                    "bad_yaml", f"The alias *{str(event.anchor)[:50]} names nothing before it."
                )
            value, nodes = self._anchors[event.anchor]
            self._count(nodes)
            return value
        if depth > MAX_DEPTH:
            raise AnalysisError("too_deep", f"This file is nested deeper than {MAX_DEPTH} levels.")
        if event.tag is not None and event.tag not in _TAGS:
            raise AnalysisError("bad_tag", f"The YAML tag {event.tag[:100]} is not allowed.")
        before = self._nodes
        self._count(1)
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(depth)
        else:
            value = self._mapping(depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _sequence(self, depth: int) -> list[Any]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise AnalysisError("bad_yaml", "A key of a mapping is not plain text.")
            key = event.value
            self._count(1)
            value = self._value(next(self._events), depth + 1)
            if key == "<<" and event.implicit[0]:
                self._merge(merged, value)
                continue
            if key in items:
                raise AnalysisError("duplicate_key", f"The key “{key[:100]}” is there twice.")
            items[key] = value
        return {**merged, **items}

    def _merge(self, into: dict[str, Any], value: Any) -> None:
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, dict):
                raise AnalysisError("bad_yaml", "<< takes a mapping or a list of mappings.")
            self._count(len(one))
            for key, item in one.items():
                into.setdefault(key, item)


def _scalar(event: Any) -> Any:
    text = event.value
    if event.tag is not None and event.tag == _CORE + "str":
        return text
    if event.tag is None and not event.implicit[0]:  # quoted or a block: always text
        return text
    return plain(text)


def plain(text: str) -> Any:
    """What an unquoted scalar means. NaN and infinities become text, because JSON has none."""
    if text in _NULL or text in _BOOL:
        return _BOOL.get(text)
    if text in _NAN or text in _INFINITE:
        return "NaN" if text in _NAN else "-Infinity" if text[0] == "-" else "Infinity"
    try:
        if _INT.match(text):
            return int(text.replace("_", ""))
        if text[:2] in _BASED:
            return int(text[2:].replace("_", ""), _BASED[text[:2]])
        if _FLOAT.match(text):
            number = float(text.replace("_", ""))
            return number if abs(number) != float("inf") else text
    except ValueError:  # thousands of digits, or 0xzz
        return text
    return text

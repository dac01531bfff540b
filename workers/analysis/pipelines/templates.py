"""DVC's templates: ``${a.b}``, ``vars``, ``foreach`` and ``matrix``, worked out as DVC does, within bounds."""

import re
from collections.abc import Callable, Iterator
from itertools import islice, product
from shlex import quote
from typing import Any

from workers.analysis.errors import AnalysisError
from workers.analysis.pointers.paths import inside
from workers.analysis.pointers.pipeline import listed, mapping

MAX_STAGES = 2000  # of one file, written out
MAX_TEXT = 20_000
_DEFAULT_FILE = "params.yaml"
_PART = re.compile(r"(?<!\\)\$\{([^}]*)\}")
Context = dict[str, Any]
Load = Callable[[str], Any]


def is_composite(value: Any) -> bool:
    """Whether a value is a list or a mapping."""
    return isinstance(value, dict | list)


def to_text(value: Any) -> str:
    """A value within a text."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def select(context: Context, expression: str) -> Any:
    """What ``a.b[0].c`` names. Raises :class:`AnalysisError`."""
    found: Any = context
    for key in expression.strip().replace("[", ".").replace("]", "").split("."):
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            raise AnalysisError(
                "unknown_name", f"“${{{expression[:100]}}}” names nothing that is known here."
            )
    return found


def fill(value: Any, context: Context, key: str = "") -> Any:
    """A value with every ``${…}`` in it put in. Raises :class:`AnalysisError`."""
    if isinstance(value, dict):
        return {str(fill(name, context)): fill(item, context, key) for name, item in value.items()}
    if isinstance(value, list):
        return [fill(item, context, key) for item in value]
    return _fill_text(value, context, key) if isinstance(value, str) and "${" in value else value


def _fill_text(text: str, context: Context, key: str) -> Any:
    whole = _PART.fullmatch(text)
    if whole and key != "cmd":
        return select(context, whole[1])

    def put(match: re.Match[str]) -> str:
        found = select(context, match[1])
        if isinstance(found, dict) and key == "cmd":
            return " ".join(_options(found))
        if is_composite(found):
            raise AnalysisError("bad_template", f"“{match[0][:100]}” is a list or a mapping inside a text.")
        return to_text(found)

    filled = _PART.sub(put, text).replace("\\${", "${")
    if len(filled) > MAX_TEXT:
        raise AnalysisError(
            "too_large", f"A text is longer than {MAX_TEXT:,} characters with its templates filled in."
        )
    return filled


def _options(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """A mapping in a command: ``--a.b 1``, by the defaults of DVC's own settings."""
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _options(value, f"{name}.")
        elif isinstance(value, bool):
            if value:
                yield f"--{name}"
        elif isinstance(value, list):
            yield " ".join(
                [f"--{name}", *(quote(one) if isinstance(one, str) else to_text(one) for one in value)]
            )
        else:
            yield f"--{name} {quote(value) if isinstance(value, str) else value}"


def read_vars(entries: Any, folder: str, load: Load, *, default: bool) -> Context:
    """The values that templates may name: ``params.yaml`` beside ``dvc.yaml`` (by default) and what ``vars`` lists."""
    context: Context = {}
    if default and (path := inside(folder, _DEFAULT_FILE)):
        _merge(context, load(path) or {})
    for entry in listed(entries):
        if isinstance(entry, dict):
            _merge(context, entry)
        elif isinstance(entry, str):
            name, _, keys = entry.partition(":")
            path = inside(folder, name)
            values = mapping(load(path) if path else None, name[:100])
            chosen = [key.strip() for key in keys.split(",") if key.strip()]
            _merge(context, {key: values[key] for key in chosen if key in values} if chosen else values)
    return context


def _merge(into: Context, values: Any) -> None:
    for key, value in (values if isinstance(values, dict) else {}).items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            into[key] = {**into[key]}
            _merge(into[key], value)
        else:
            into[key] = value


def expand(name: str, whole: dict[str, Any], context: Context) -> list[tuple[str, dict[str, Any], Context]]:
    """The stages that one entry of ``stages`` stands for: name, definition, context. Raises :class:`AnalysisError`."""
    if "matrix" in whole:
        definition = {key: value for key, value in whole.items() if key != "matrix"}
        return [
            (f"{name}@{key}", definition, {**context, "item": item, "key": key})
            for key, item in islice(_combined(mapping(fill(whole["matrix"], context), "matrix")), MAX_STAGES)
        ]
    if "foreach" not in whole:
        return [(name, whole, context)]
    items = fill(whole["foreach"], context)
    if not is_composite(items):
        raise AnalysisError(
            "bad_shape", f"“foreach” of the stage “{name[:100]}” is neither a list nor a mapping."
        )
    definition = mapping(whole.get("do"), f"stages.{name[:100]}.do")
    return [
        (f"{name}@{key}", definition, {**context, "item": item, **more})
        for key, item, more in islice(_items(items), MAX_STAGES)
    ]


def _items(items: Any) -> Iterator[tuple[str, Any, Context]]:
    if isinstance(items, dict):
        yield from ((to_text(key), item, {"key": key}) for key, item in items.items())
    elif any(is_composite(item) for item in items):
        yield from ((str(number), item, {}) for number, item in enumerate(items))
    else:
        yield from ((to_text(item), item, {}) for item in items)


def _combined(values: dict[str, Any]) -> Iterator[tuple[str, Context]]:
    names = list(values)
    for row in product(*(enumerate(listed(value)) for value in values.values())):
        parts = [
            f"{name}{n}" if is_composite(one) else to_text(one)
            for name, (n, one) in zip(names, row, strict=True)
        ]
        yield "-".join(parts), {name: one for name, (_, one) in zip(names, row, strict=True)}

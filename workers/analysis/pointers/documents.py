"""Files of values (parameters, metrics, pointers) as JSON that PostgreSQL can store."""

import json
import math
import tomllib
from pathlib import PurePosixPath
from typing import Any

from workers.analysis.errors import AnalysisError
from workers.analysis.jsonsafe import storable
from workers.analysis.pointers.yaml_reader import MAX_DEPTH, MAX_NODES, read_yaml

MAX_BYTES = 4 << 20
_YAML = {".yaml", ".yml", ".dvc", ".lock"}


def read_document(data: bytes, path: str) -> Any:
    """The values of a file, by its name's suffix. Raises :class:`AnalysisError` with what is wrong with it."""
    if len(data) > MAX_BYTES:
        raise AnalysisError(
            "too_large", f"This file is larger than {MAX_BYTES >> 20} MiB, the most that is read."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AnalysisError("not_text", "This file is not UTF-8 text.") from None
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in _YAML:
        return storable(read_yaml(text))
    if suffix == ".json":
        return _checked(_json(text))
    if suffix == ".toml":
        return _checked(_toml(text))
    if suffix == ".py":
        raise AnalysisError(
            "python_params", "Parameters in Python files are not read: that would need to run or guess code."
        )
    raise AnalysisError("unknown_format", "Only YAML, JSON and TOML files are read.")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise AnalysisError("too_deep", f"This file is nested deeper than {MAX_DEPTH} levels.") from None
    except ValueError as error:
        raise AnalysisError("bad_json", f"This is not valid JSON: {str(error)[:200]}.") from None


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise AnalysisError("too_deep", f"This file is nested deeper than {MAX_DEPTH} levels.") from None
    except ValueError as error:
        raise AnalysisError("bad_toml", f"This is not valid TOML: {str(error)[:200]}.") from None


def _checked(value: Any) -> Any:
    """The same value within the bounds of the YAML reader, with nothing that JSON in PostgreSQL cannot hold."""
    room = MAX_NODES

    def walk(item: Any, depth: int) -> Any:
        nonlocal room
        room -= 1
        if room < 0:
            raise AnalysisError("too_many_nodes", f"This file has more than {MAX_NODES:,} values.")
        if depth > MAX_DEPTH:
            raise AnalysisError("too_deep", f"This file is nested deeper than {MAX_DEPTH} levels.")
        if isinstance(item, dict):
            return {str(key): walk(child, depth + 1) for key, child in item.items()}
        if isinstance(item, list):
            return [walk(child, depth + 1) for child in item]
        if isinstance(item, float) and not math.isfinite(item):
            return "NaN" if math.isnan(item) else "Infinity" if item > 0 else "-Infinity"
        return item if item is None or isinstance(item, str | int | float) else str(item)  # TOML's dates

    return storable(walk(value, 0))

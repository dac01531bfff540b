"""Requests in their plain form; whatever else MLflow would accept or refuse is :class:`Unusual` and left to it."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from ropewalk.tracking import selectors

# Keys that MLflow accepts and that need no quoting in an array literal: paths in their normal form, of plain characters.
_KEY = re.compile(r"(?=.{1,250}\Z)[A-Za-z0-9_-][A-Za-z0-9_.\- :]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.\- :]*)*")
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
LARGEST = 1.7976931348623157e308


class Unusual(Exception):
    """MLflow's own handler has to judge this request."""


def parsed(request: HttpRequest, body: bytes) -> dict[str, Any]:
    """The named values of a request: of its query for GET (lists of texts), else of its JSON object."""
    if request.method == "GET":
        if body:
            raise Unusual
        return dict(request.GET.lists())
    if request.content_type != "application/json" or request.GET:
        raise Unusual
    return object_in(body)


def object_in(body: bytes) -> dict[str, Any]:
    """A body's JSON object."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Unusual from None
    if not isinstance(value, dict):
        raise Unusual
    return value


def only(values: Mapping[str, Any], *names: str) -> None:
    """Refuse fields that are not expected (aliases in camelCase are such)."""
    if not values.keys() <= set(names):
        raise Unusual


def single(values: Mapping[str, Any], name: str) -> str | None:
    """A query parameter that is given once, or not at all."""
    found = values.get(name)
    if found is None:
        return None
    if len(found) != 1:
        raise Unusual
    return str(found[0])


def run_id(value: Any, other: Any = None) -> str:
    """A run's id as MLflow makes them; ``other`` is the same id under its old name, where a client sends both."""
    if not isinstance(value, str) or not _RUN_ID.fullmatch(value) or (other is not None and other != value):
        raise Unusual
    return value


def experiment(project_id: int, value: Any) -> int:
    """The number of an experiment; ``0`` is the project's Default."""
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 9:
        raise Unusual
    found = int(value) or selectors.default_experiment_id(project_id)
    if found is None:
        raise Unusual
    return found


def key(value: Any) -> str:
    """The name of a metric, parameter or tag."""
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise Unusual
    return value


def text(value: Any, limit: int) -> str:
    """A text that PostgreSQL takes and MLflow neither cuts nor refuses."""
    if not isinstance(value, str) or len(value) > limit or "\0" in value or not _encodable(value):
        raise Unusual
    return value


def _encodable(value: str) -> bool:
    """Whether there is no lone surrogate in it."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole(value: Any) -> int:
    """A 64-bit integer as number or text (JSON of protobuf has both)."""
    if type(value) is int and -(1 << 63) <= value < 1 << 63:
        return value
    if isinstance(value, str) and value.isascii() and _WHOLE.fullmatch(value):
        return int(value)
    raise Unusual


def number(value: Any) -> float:
    """A double; NaN and infinities by their names in protobuf's JSON."""
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) is int and -(1 << 53) <= value <= 1 << 53:
        return float(value)
    if isinstance(value, str) and value in _NUMBERS:
        return _NUMBERS[value]
    raise Unusual


def stored(value: float) -> tuple[float, bool]:
    """A metric's value as MLflow's table has it, and whether it is NaN."""
    if math.isfinite(value):
        return value, False
    if math.isnan(value):
        return 0.0, True
    return math.copysign(LARGEST, value), False


def listed(value: Any, limit: int) -> list[Any]:
    """A list of at most so many things; nothing is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > limit:
        raise Unusual
    return value


def fields(value: Any, *names: str) -> dict[str, Any]:
    """An object within a list, with no other fields."""
    if not isinstance(value, dict):
        raise Unusual
    only(value, *names)
    return value

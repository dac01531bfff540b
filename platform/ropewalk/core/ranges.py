"""HTTP conditions and byte ranges (RFC 9110 §13, §14) for immutable objects."""

import re

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))\Z")


class Unsatisfiable(ValueError):
    """The range begins after the object's end."""


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """``(start, end)`` with ``end`` exclusive; None for no range or one that may be ignored (several, malformed, other units).

    Raises :class:`Unsatisfiable`.
    """
    found = _RANGE.match(header.replace(" ", ""))
    if not found:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        if int(suffix) == 0 or size == 0:
            raise Unsatisfiable(header)
        return max(0, size - int(suffix)), size
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable(header)
    return start, min(size, int(last) + 1) if last else size


def names_etag(header: str, etag: str) -> bool:
    """Whether an ``If-None-Match`` or ``If-Match`` header names the tag (weak comparison: our tags never change meaning)."""
    return header.strip() == "*" or etag in (part.strip().removeprefix("W/") for part in header.split(","))

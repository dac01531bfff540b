"""Lengths of time as Go writes them, which is how Gitea's API has them: ``8h0m0s``."""

import re

from ropewalk.core.errors import Unprocessable

_PARTS = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,8})m)?(?:(\d{1,9})s)?")


def go_duration(seconds: int) -> str:
    """``seconds`` in hours, minutes and seconds."""
    return f"{seconds // 3600}h{seconds // 60 % 60}m{seconds % 60}s"


def read_duration(text: str) -> int:
    """Seconds. ``0`` needs no unit. Raises :class:`Unprocessable`."""
    found = _PARTS.fullmatch(text.strip())
    if text.strip() == "0":
        return 0
    if not found or not any(found.groups()):
        raise Unprocessable("An interval is written as 8h30m, or 0 for only when asked.", code="bad_interval")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds

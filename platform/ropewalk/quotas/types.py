"""Frozen values that quotas hand outward, and how sizes are written."""

import re
from dataclasses import dataclass

from ropewalk.core.errors import Invalid, TooLarge

_UNITS = {"": 1, "B": 1} | {
    name: step**power
    for power, letter in enumerate("KMGTP", 1)
    for name, step in ((letter, 1000), (f"{letter}B", 1000), (f"{letter}IB", 1024))
}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([A-Za-z]{0,3})\Z")


class OverQuota(TooLarge):
    """Storing this would take more room than the project or its owner has."""

    code = "over_quota"


@dataclass(frozen=True)
class Amount:
    """Bytes and things of one kind."""

    kind: str
    label: str
    size: int
    count: int


@dataclass(frozen=True)
class StorageUse:
    """What a project or owner stores, by kind; ``lent`` lies with other projects that hold it, and counts for them."""

    amounts: tuple[Amount, ...]
    lent: Amount

    @property
    def size(self) -> int:
        """All bytes that count."""
        return sum(amount.size for amount in self.amounts)

    def of(self, kind: str) -> Amount:
        """One kind."""
        return next(amount for amount in self.amounts if amount.kind == kind)


@dataclass(frozen=True)
class Limit:
    """Who may store how much: ``most`` bytes, None for any amount, of which ``used`` are taken. ``own``: set for this one."""

    whose: str
    most: int | None
    used: int
    own: bool = False

    @property
    def left(self) -> int | None:
        """Bytes that may still come; below zero when more is stored than may be."""
        return None if self.most is None else self.most - self.used


@dataclass(frozen=True)
class Standing:
    """A project's two limits. ``flow`` is how many bytes had come for the owner's projects by then, by a count of its own."""

    project: Limit
    owner: Limit
    owner_id: int
    flow: int = 0

    @property
    def tightest(self) -> Limit | None:
        """The limit that ends first; None without any."""
        limits = [limit for limit in (self.project, self.owner) if limit.left is not None]
        return min(limits, key=lambda limit: limit.left or 0, default=None)


def parse_size(text: str) -> int | None:
    """Bytes from what people write: ``50GB``, ``1.5 TiB``, ``1048576``; None for nothing. Raises :class:`Invalid`."""
    text = text.strip()
    if not text:
        return None
    found = _SIZE.match(text)
    factor = _UNITS.get(found[2].upper()) if found else None
    if found is None or factor is None:
        raise Invalid(
            f"“{text[:40]}” is not a size.", hint="Write it like 50GB, 1.5TiB or 1048576.", code="bad_size"
        )
    return int(float(found[1]) * factor) if "." in found[1] else int(found[1]) * factor


def size_text(count: int) -> str:
    """Bytes in binary units, as the pages write them."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"

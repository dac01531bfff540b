"""Commits over time as bars: weeks put together until they fit, drawn as one path of an SVG."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

MOST_BARS = 104
_YEAR = 52
_STEP, _HEIGHT = 10, 100
_BEFORE_ANY_GIT = 1000  # weeks since 1970: an author's wrong clock must not stretch the axis over decades


@dataclass(frozen=True)
class Span:
    """The axis: weeks ``first`` to ``last``, ``each`` of them in a bar; ``begin`` is the first one's Monday."""

    first: int
    last: int
    each: int
    begin: datetime
    monday: Callable[[int], datetime]

    @property
    def count(self) -> int:
        """How many bars there are."""
        return (self.last - self.first) // self.each + 1

    @property
    def width(self) -> int:
        """The drawing's width."""
        return self.count * _STEP


@dataclass(frozen=True)
class Bars:
    """A drawing: ``path`` for bars that are ``most`` commits high at most; ``busiest`` is the Monday of the highest."""

    counts: tuple[int, ...]
    most: int
    span: Span
    path: str = ""

    def scaled(self, most: int) -> "Bars":
        """The same bars beside others, the highest of which has ``most`` commits."""
        return replace(self, path=_path(self.counts, most))

    @property
    def busiest(self) -> datetime:
        """When the highest bar begins."""
        number = self.counts.index(self.most) if self.most else 0
        return self.span.monday(self.span.first + number * self.span.each)

    @property
    def total(self) -> int:
        """Commits in all bars."""
        return sum(self.counts)

    @property
    def table(self) -> list[tuple[datetime, int]]:
        """The bars as numbers, empty ones left out, newest first."""
        span = self.span
        rows = [
            (span.monday(span.first + number * span.each), count)
            for number, count in enumerate(self.counts)
            if count
        ]
        return rows[::-1]


def span_of(
    weeks: Mapping[int, int], monday: Callable[[int], datetime], now: datetime, *, year: bool
) -> Span:
    """The axis for these weeks until now, or for the last year of them."""
    last = int((now - monday(0)).total_seconds()) // (7 * 24 * 3600)
    known = [week for week in weeks if week >= _BEFORE_ANY_GIT] or list(weeks)
    first = last - _YEAR + 1 if year else min([*known, last - 11])
    each = -(-(last - first + 1) // MOST_BARS)
    return Span(first, last, each, monday(first), monday)


def bars(weeks: Mapping[int, int], span: Span) -> Bars:
    """The bars of these weeks; weeks before the axis are left out."""
    counts = [0] * span.count
    for week, number in weeks.items():
        if span.first <= week <= span.last:
            counts[(week - span.first) // span.each] += number
    most = max(counts, default=0)
    return Bars(tuple(counts), most, span, _path(tuple(counts), most))


def _path(counts: tuple[int, ...], most: int) -> str:
    return "".join(
        f"M{number * _STEP + _STEP // 2} {_HEIGHT}v-{max(count * _HEIGHT / most, 2):.3g}"
        for number, count in enumerate(counts)
        if count and most
    )

"""Pages of a list: O(page) work, a total that is counted only up to a bound."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")
COUNT_BOUND = 10_000


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page. ``total`` stops at :data:`COUNT_BOUND`; ``total_exact`` says whether it did not."""

    items: list[T]
    number: int
    per_page: int
    total: int
    has_next: bool
    total_exact: bool = True

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def has_previous(self) -> bool:
        """Whether a page comes before this one."""
        return self.number > 1

    @property
    def first(self) -> int:
        """The 1-based position of the first item; 0 on an empty page."""
        return (self.number - 1) * self.per_page + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The 1-based position of the last item."""
        return (self.number - 1) * self.per_page + len(self.items)

    @property
    def last_number(self) -> int:
        """The number of the last page; 0 where the total is not counted to its end."""
        return -(-self.total // self.per_page) if self.total_exact else 0


def page_number(raw: str | None, *, most: int = 10_000) -> int:
    """A page number from a query string: anything unusable is page 1."""
    return min(max(int(raw), 1), most) if raw and raw.isascii() and raw.isdigit() and len(raw) < 9 else 1


def paginate(rows: Any, *, page: int, per_page: int, convert: Callable[[Any], T]) -> Page[T]:
    """One page of an ordered queryset (two queries: the page, the bounded count)."""
    start = (page - 1) * per_page
    found = list(rows[start : start + per_page + 1])
    total = rows.order_by()[: COUNT_BOUND + 1].count()
    return Page(
        items=[convert(row) for row in found[:per_page]],
        number=page,
        per_page=per_page,
        total=min(total, COUNT_BOUND),
        has_next=len(found) > per_page,
        total_exact=total <= COUNT_BOUND,
    )

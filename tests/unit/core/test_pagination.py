"""Page numbers from strangers, and bounded pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ropewalk.core.pagination import COUNT_BOUND, page_number, paginate


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (None, 1),
        ("", 1),
        ("0", 1),
        ("-3", 1),
        ("7", 7),
        ("٣", 1),
        ("²", 1),
        ("1e3", 1),
        ("9" * 8, 10_000),
        ("9" * 5000, 1),
    ],
)
def test_a_page_number_is_always_usable(raw, number):
    assert page_number(raw) == number


@given(st.text())
def test_no_text_breaks_it(raw):
    assert 1 <= page_number(raw) <= 10_000


class Rows(list):
    """As much of a queryset as a page needs."""

    def order_by(self):
        return self

    def __getitem__(self, key):
        return Rows(super().__getitem__(key)) if isinstance(key, slice) else super().__getitem__(key)

    def count(self):
        return len(self)


@given(st.integers(0, 60), st.integers(1, 9), st.integers(1, 20))
def test_pages_hold_everything_once(size, per_page, beyond):
    rows, seen, number = Rows(range(size)), [], 1
    while True:
        page = paginate(rows, page=number, per_page=per_page, convert=lambda row: row)
        seen += list(page)
        assert (page.total, page.total_exact) == (size, True)
        assert len(page) == (page.last - page.first + 1 if page.items else 0)
        if not page.has_next:
            break
        number += 1
    assert seen == list(range(size))
    assert not paginate(rows, page=number + beyond, per_page=per_page, convert=str).items


def test_a_total_is_counted_only_up_to_a_bound():
    page = paginate(Rows(range(COUNT_BOUND + 5)), page=1, per_page=10, convert=str)
    assert (page.total, page.total_exact, page.has_next) == (COUNT_BOUND, False, True)

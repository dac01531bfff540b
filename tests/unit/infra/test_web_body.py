"""A request's body: whatever sizes it is asked for in, the bytes are the ones that came, and each is copied few times."""

import io

from gunicorn.http.body import LengthReader
from gunicorn.http.unreader import IterUnreader
from hypothesis import given
from hypothesis import strategies as st

from infra.embedded.web_body import LargeReads

ASKED = st.lists(
    st.tuples(
        st.sampled_from(["read", "readline"]), st.one_of(st.none(), st.integers(min_value=-1, max_value=5000))
    ),
    max_size=12,
)


class Counting(LengthReader):
    calls = 0

    def read(self, size: int) -> bytes:
        self.calls += 1
        return super().read(size)


def body(pieces: list[bytes], behind: bytes = b"") -> LargeReads:
    length = sum(map(len, pieces))
    return LargeReads(Counting(IterUnreader(iter([*pieces, behind])), length))


@given(st.lists(st.binary(min_size=1, max_size=3000), max_size=6), ASKED)
def test_it_reads_as_a_file_does(pieces: list[bytes], asked: list[tuple[str, int | None]]) -> None:
    got, wanted = body(pieces, b"the next request"), io.BytesIO(b"".join(pieces))
    for how, size in asked:
        assert getattr(got, how)(size) == getattr(wanted, how)(size)
    assert got.read() == wanted.read()
    assert got.read(1) == b""


def test_a_body_that_ends_early_is_given_as_far_as_it_came() -> None:
    short = LargeReads(LengthReader(IterUnreader(iter([b"abc"])), 10))
    assert (short.read(10), short.read(10)) == (b"abc", b"")


def test_a_large_piece_is_asked_for_at_once() -> None:
    large = body([b"x" * (64 << 10)] * 16)
    assert len(large.read(1 << 20)) == 1 << 20
    assert large.reader.calls == 1

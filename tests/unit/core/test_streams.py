"""Request bodies in blocks: whole, bounded, and truncated ones noticed."""

import io
from unittest.mock import Mock

import pytest
from django.test import RequestFactory

from ropewalk.core.errors import Invalid, Stalled, TooLarge
from ropewalk.core.streams import BLOCK, body, content_length


class Source(io.BytesIO):
    """A socket that gives at most so many bytes at once, and remembers how much was asked for."""

    def __init__(self, data: bytes, at_once: int = BLOCK):
        super().__init__(data)
        self.at_once, self.largest = at_once, 0

    def read(self, size: int = -1) -> bytes:
        self.largest = max(self.largest, size if size >= 0 else 1 << 62)
        return super().read(min(size, self.at_once))


def request(data: bytes, *, length: str | None = "", at_once: int = BLOCK):
    made = RequestFactory().post("/")
    made.META["wsgi.input"] = Source(data, at_once)
    made.META.pop("CONTENT_LENGTH", None)
    if length is None:
        made.META["HTTP_TRANSFER_ENCODING"] = "chunked"
    elif length or data:
        made.META["CONTENT_LENGTH"] = length or str(len(data))
    return made


@pytest.mark.parametrize("length", ["", None])
@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_the_body_comes_whole_in_bounded_blocks(length, size):
    asked = request(b"x" * size, length=length, at_once=300_000)
    blocks = list(body(asked, limit=10 * BLOCK))
    assert sum(map(len, blocks)) == size
    assert max(map(len, blocks), default=0) <= BLOCK
    assert asked.META["wsgi.input"].largest <= BLOCK


def test_no_more_than_the_declared_length_is_read():
    asked = request(b"bodynext request", length="4")
    assert b"".join(body(asked, limit=100)) == b"body"
    assert asked.META["wsgi.input"].read(100) == b"next request"


def test_a_declared_length_over_the_limit_reads_nothing():
    asked = request(b"x" * 11)
    with pytest.raises(TooLarge):
        next(body(asked, limit=10))
    assert asked.META["wsgi.input"].tell() == 0


def test_chunks_over_the_limit_are_noticed_while_reading():
    with pytest.raises(TooLarge):
        list(body(request(b"x" * 11, length=None), limit=10))
    assert b"".join(body(request(b"x" * 10, length=None), limit=10)) == b"x" * 10


def test_a_connection_that_ends_early_is_an_error():
    with pytest.raises(Invalid) as error:
        list(body(request(b"x" * 5, length="9"), limit=100))
    assert error.value.code == "truncated"


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [(TimeoutError(), Stalled, "stalled"), (OSError("chunk"), Invalid, "truncated")],
)
def test_a_fault_of_the_connection_is_said_in_our_words(fault, error, code):
    asked = request(b"", length="9")
    asked.META["wsgi.input"].read = Mock(side_effect=fault)
    with pytest.raises(error) as raised:
        list(body(asked, limit=100))
    assert raised.value.code == code


@pytest.mark.parametrize("length", ["-1", "1.5", "abc", "²", "٣", "1 2"])
def test_a_length_that_is_none_is_refused(length):
    with pytest.raises(Invalid):
        content_length(request(b"", length=length))

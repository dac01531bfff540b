"""Forms as streams: whatever is in the file and however the body is cut, the file comes out as it went in."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from ropewalk.edges.s3_http import forms
from ropewalk.edges.s3_http.faults import S3Error

BOUNDARY = "xX"
_HOSTILE = st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--", b"--x", b"--xX", b"\r\n--x", b"\r\n", b"a"]), max_size=40
)


def body(*fields: tuple[str, bytes, str | None]) -> bytes:
    """A form's body; a field has a name, its content, and a file's name or None."""
    text = b""
    for name, content, filename in fields:
        named = f'; filename="{filename}"' if filename is not None else ""
        text += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode()
        text += content + b"\r\n"
    return text + f"--{BOUNDARY}--\r\n".encode()


class Dripping(io.RawIOBase):
    """A connection that gives pieces of the sizes that it is told."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data, self._sizes = io.BytesIO(data), iter(sizes)

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, next(self._sizes, size)))


def request(data: bytes, *, sizes: list[int] | None = None, kind: str = "", length: int | None = None) -> Any:
    made = RequestFactory().post("/o/p.s3/dvc")
    made.META["CONTENT_TYPE"] = kind or f"multipart/form-data; boundary={BOUNDARY}"
    made.META["CONTENT_LENGTH"] = str(len(data) if length is None else length)
    made.META["wsgi.input"] = Dripping(data, sizes or [])
    return made


@given(
    content=_HOSTILE.map(b"".join) | st.binary(max_size=300),
    sizes=st.lists(st.integers(1, 40), max_size=60),
    button=st.booleans(),
)
def test_a_file_comes_out_as_it_went_in(content: bytes, sizes: list[int], button: bool) -> None:
    # No content has its own boundary as a line: browsers choose one that is not in it.
    content = content.replace(b"--xX", b"--xx")
    behind = [("submit", b"Upload", None)] if button else []
    data = body(("Key", "ä/${filename}".encode(), None), ("file", content, "a.bin"), *behind)
    form = forms.read_form(request(data, sizes=sizes))
    assert (form.fields, form.filename) == ({"key": "ä/${filename}"}, "a.bin")
    assert b"".join(form.blocks) == content


def test_what_is_held_is_bounded() -> None:
    def long() -> Iterator[bytes]:
        yield body(("key", b"k", None), ("file", b"", "f")).removesuffix(f"\r\n--{BOUNDARY}--\r\n".encode())
        for _ in range(64):
            yield b"\r\n--x" * (1 << 18)
        yield f"\r\n--{BOUNDARY}--\r\n".encode()

    class Stream:
        def __init__(self) -> None:
            self._blocks = long()

        def read(self, _size: int) -> bytes:
            return next(self._blocks, b"")

    made = request(b"")
    del made.META["CONTENT_LENGTH"]
    made.META["HTTP_TRANSFER_ENCODING"] = "chunked"
    made.META["wsgi.input"] = Stream()
    sizes = [len(block) for block in forms.read_form(made).blocks]
    assert sum(sizes) == 64 * 5 * (1 << 18)
    assert max(sizes) < 3 << 20


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "MalformedPOSTRequest"),
        (b"no boundary at all", "MalformedPOSTRequest"),
        (b"x" * (1 << 16), "MalformedPOSTRequest"),
        (body(("key", b"k", None)), "InvalidArgument"),
        (body(("key", b"k", None), ("key", b"j", None), ("file", b"", "f")), "MalformedPOSTRequest"),
        (body(("key", b"\xff", None), ("file", b"", "f")), "MalformedPOSTRequest"),
        (body(("other", b"k", "f"), ("file", b"", "f")), "MalformedPOSTRequest"),
        (body(*[(f"f{n}", b"", None) for n in range(101)], ("file", b"", "f")), "MalformedPOSTRequest"),
        (body(("key", b"k" * 20_001, None), ("file", b"", "f")), "MaxPostPreDataLengthExceeded"),
        (
            f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx\r\n--{BOUNDARY}--".encode(),
            "MalformedPOSTRequest",
        ),
        (f"--{BOUNDARY}\r\nX: {'a' * 30_000}".encode(), "MalformedPOSTRequest"),
    ],
    ids=[
        "empty",
        "none",
        "long",
        "no file",
        "twice",
        "no UTF-8",
        "two files",
        "many",
        "large",
        "no name",
        "header",
    ],
)
def test_what_is_no_form(data: bytes, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        forms.read_form(request(data))
    assert caught.value.code == code


@pytest.mark.parametrize("cut", [8, 9, 12])
def test_a_form_that_ends_before_its_file_does(cut: int) -> None:
    whole = body(("key", b"k", None), ("file", b"content", "f"))[:-cut]
    form = forms.read_form(request(whole))
    with pytest.raises(S3Error) as caught:
        b"".join(form.blocks)
    assert caught.value.code == "MalformedPOSTRequest"


def test_much_behind_the_file_is_refused() -> None:
    data = body(("file", b"content", "f"), ("more", b"x" * 30_000, None))
    with pytest.raises(S3Error):
        b"".join(forms.read_form(request(data)).blocks)


def test_a_boundary_is_needed() -> None:
    with pytest.raises(S3Error):
        forms.read_form(request(b"", kind="multipart/form-data"))

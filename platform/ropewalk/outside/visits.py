"""A request that waits for another server: one of the few places that a project has for them, and the reader that holds it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from ropewalk.core.errors import Busy, Unavailable
from ropewalk.core.limits import Place as Seat
from ropewalk.outside.reading import BucketReader, RemoteBody
from ropewalk.outside.selectors import reader_of
from ropewalk.outside.types import RemoteFile

AT_ONCE = 8  # of the few dozen threads that answer pages; slow servers must not take them all
_LOOK_EVERY = 0.2  # seconds


def _seat(project_id: int, wait: float = 0.0) -> Seat:
    """A place; with ``wait``, within so many seconds. Raises :class:`Busy`, or :class:`Unavailable` after waiting."""
    end = time.monotonic() + wait
    while True:
        try:
            return Seat("outside", str(project_id), most=AT_ONCE, what="requests to connected buckets")
        except Busy as error:
            if not wait:
                raise
            if time.monotonic() > end:  # programs ask again after a 503
                raise Unavailable(error.message, hint=error.hint, code=error.code) from None
        time.sleep(_LOOK_EVERY)


@contextmanager
def seated(project_id: int) -> Iterator[None]:
    """One of the project's places for the block. Raises :class:`~ropewalk.core.errors.Busy`."""
    seat = _seat(project_id)
    try:
        yield
    finally:
        seat.leave()


class Visit:
    """A place and a reader of a connected bucket, both given back when the block is left, or with the body that it handed out.

    Raises :class:`~ropewalk.core.errors.NotFound`, :class:`Busy` (after ``wait`` seconds :class:`Unavailable`) and what making a
    reader raises.
    """

    def __init__(self, project_id: int, name: str, *, wait: float = 0.0) -> None:
        self._project_id, self._name, self._wait, self._handed_out = project_id, name, wait, False

    def __enter__(self) -> Self:
        self._seat = _seat(self._project_id, self._wait)
        try:
            self.reader: BucketReader = reader_of(self._project_id, self._name)
        except BaseException:
            self._seat.leave()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._handed_out:
            self.reader.close()
            self._seat.leave()

    def body(self, file: RemoteFile, start: int = 0, end: int | None = None) -> "SeatedBody":
        """The file's bytes; see :meth:`~ropewalk.outside.reading.BucketReader.open`. Close it, read or not."""
        body = self.reader.open(file, start, end)
        self._handed_out = True
        return SeatedBody(body, self._seat)


class SeatedBody:
    """Blocks of a file, and the place that their reader takes."""

    def __init__(self, body: RemoteBody, seat: Seat) -> None:
        self._body, self._seat = body, seat

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next block."""
        self._seat.stay()
        return next(self._body)

    def close(self) -> None:
        """Give everything back."""
        self._body.close()
        self._seat.leave()


__all__ = ["AT_ONCE", "SeatedBody", "Visit", "seated"]

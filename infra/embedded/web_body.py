"""A request's body in large pieces."""

import io

from gunicorn.http.body import Body

_PIECE = 1 << 20  # bytes; what is held of a body at most when somebody asks for all of it is their own limit


class LargeReads(Body):
    """gunicorn's own reads 1 KiB at a time and copies all that came with it each time: 64 copies of each byte of an upload."""

    buf: io.BytesIO

    def read(self, size: int | None = None) -> bytes:
        """At most ``size`` bytes, fewer only at the body's end; None or less than zero: all of it."""
        left: int = self.getsize(size)
        pieces = []
        if held := self.buf.getvalue():  # behind a line that was read
            pieces.append(held[:left])
            self.buf = io.BytesIO()
            self.buf.write(held[left:])
            left -= len(pieces[0])
        while left > 0 and (piece := self.reader.read(min(left, _PIECE))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

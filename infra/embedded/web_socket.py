"""A client's socket that gives up on a client that stalls, so that it can't hold a web thread for ever.

The kernel's own limits (``SO_RCVTIMEO``, ``SO_SNDTIMEO``) do the waiting: they cost nothing while bytes flow, and gunicorn's
changes between blocking and non-blocking do not touch them.
"""

import errno
import fcntl
import socket
import struct
import termios
from typing import Self

_AT_ONCE = 1 << 16  # bytes; gunicorn asks for 8 KiB, which is 131,072 calls for an upload of 1 GiB
_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: close at once and drop what was not delivered


class Stalled(TimeoutError):
    """The client moved nothing for too long. Its errno is that of a reset: to gunicorn the client has gone."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the client stalled")


class PatientSocket(socket.socket):
    """Waits for a client that moves, however slowly; raises :class:`Stalled` after so many seconds without a byte."""

    stalled = False
    _held: bytes | None = None

    @classmethod
    def take(cls, plain: socket.socket, seconds: int) -> Self:
        """Take a connection over; ``plain`` is unusable afterwards. 0 seconds: no limit."""
        taken = cls(fileno=plain.detach())
        limit = struct.pack("ll", seconds, 0)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        return taken

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """As of any socket, but more at once: gunicorn's reader takes what it gets, and asks for little.

        Once stalled it fails at once: nobody drains a body for another while.
        """
        if self.stalled:
            raise Stalled
        try:
            return super().recv(max(bufsize, _AT_ONCE), flags)
        except BlockingIOError:
            if self.gettimeout() is not None:  # not in blocking mode: nothing was waited for
                raise
            self.stalled = True
            raise Stalled from None

    def hold_head(self) -> None:
        """Keep the next bytes, an answer's head, until its body comes: one packet instead of two, for each side."""
        self._held = b""

    def let_go(self) -> None:
        """Send what is held; nothing is kept any more."""
        held, self._held = self._held, None
        if held:
            self.sendall(held)

    def sendall(self, data: bytes, flags: int = 0, /) -> None:  # type: ignore[override]  # gunicorn sends bytes
        """As of any socket, but it fails only when the client took nothing at all for the time of patience."""
        if self._held == b"":
            self._held = data
            return
        if self._held:
            held, self._held = self._held, None
            if len(data) > _AT_ONCE:
                self.sendall(held, flags)
            else:
                data = held + data
        rest = memoryview(data)
        while rest:
            waiting = self._undelivered()
            try:
                rest = rest[self.send(rest, flags) :]
            except BlockingIOError:
                # A full buffer takes new bytes only when a good part of it is free; a slow client may need longer for that.
                if self._undelivered() >= waiting:
                    self.stalled = True
                    self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
                    raise Stalled from None

    def _undelivered(self) -> int:
        """Bytes that the kernel holds because the client has not acknowledged them."""
        return int.from_bytes(fcntl.ioctl(self, termios.TIOCOUTQ, bytes(4)), "little")

"""Between asyncssh's event loop and the threads that run git: bytes in both directions, in bounded memory.

Each side waits for the other: a client that sends faster than git reads is held back by SSH's window, and git is held back by a
client that reads slowly. asyncssh does not bound what waits in the socket's buffer when a client announced a huge window; that is
watched here.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

import asyncssh
from asyncssh.constants import EXTENDED_DATA_STDERR

BLOCK = 256 << 10
WINDOW = 2 << 20  # what a client may send ahead
_HELD = 1 << 20  # then reading pauses
_SOCKET_BYTES = 4 << 20
_AHEAD = 4  # blocks on their way from a thread to the loop
_POLL_SECONDS = 0.01


class Gone(Exception):
    """The client's connection or channel ended."""


class Stalled(Exception):
    """The client took nothing for too long."""


class Wire:
    """One channel. Methods above the line belong to the loop's thread, those below to any other.

    The connection's transport is a private name of asyncssh; a test with a hostile client holds that it still means this.
    """

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], stall_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._channel = channel
        self._stall = stall_seconds or None
        self._changed = threading.Condition()
        self._parts: deque[bytes] = deque()
        self._held = 0
        self._paused = self._ended = self._gone = self._interrupted = False
        self._room = threading.Semaphore(_AHEAD)
        self._owed = 0
        self._polling = False
        self.sent = self.received_bytes = 0
        channel.set_write_buffer_limits(high=2 * BLOCK, low=BLOCK)

    def received(self, data: bytes) -> None:
        """The client sent something."""
        with self._changed:
            self._parts.append(data)
            self._held += len(data)
            self.received_bytes += len(data)
            if self._held > _HELD and not self._paused:
                # Not at once: whenever reading goes on, asyncssh grants a whole new window, so all that it holds must come
                # out then. Else each pause would leave more behind than the one before.
                self._paused = True
                self._loop.call_soon(self._pause)
            self._changed.notify_all()

    def _pause(self) -> None:
        with self._changed:
            if self._paused:
                self._channel.pause_reading()

    def ended(self) -> None:
        """The client sends no more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def lost(self) -> None:
        """The client is gone."""
        with self._changed:
            self._gone = True
            self._changed.notify_all()
        self._room.release(_AHEAD)  # who waits to send learns of it

    def settle(self) -> None:
        """Let threads send on once the client took enough of what they sent."""
        if self._gone:
            return
        if self._channel.get_write_buffer_size() > BLOCK or self._socket_bytes() > _SOCKET_BYTES:
            if self._owed and not self._polling:
                self._polling = True
                self._loop.call_later(_POLL_SECONDS, self._look_again)
            return
        owed, self._owed = self._owed, 0
        if owed:
            self._room.release(owed)

    def _look_again(self) -> None:
        self._polling = False
        self.settle()

    def _undelivered(self) -> int:
        return self._channel.get_write_buffer_size() + self._socket_bytes()

    def _socket_bytes(self) -> int:
        connection = self._channel.get_extra_info("connection")
        transport = getattr(connection, "_transport", None)
        return transport.get_write_buffer_size() if transport is not None else 0

    def _write(self, data: bytes, kind: int | None) -> None:
        with suppress(OSError):  # it closed meanwhile
            self._channel.write(data, kind)
        self._owed += 1
        self.settle()

    def _resume(self) -> None:
        with suppress(Exception):  # it closed meanwhile
            self._channel.resume_reading()

    def _exit(self, code: int) -> None:
        with suppress(OSError):
            self._channel.exit(code)
        self._resume()  # a close that the client sent waits behind what was not read

    # ------------------------------------------------------------------------------------------------------------------------

    def next_block(self, idle: float | None = None, *, interruptible: bool = True) -> bytes:
        """What the client sent, at least a byte; empty at its end or after :meth:`interrupt`.

        Raises :class:`Gone` or, after ``idle`` seconds without news, :class:`Stalled`.
        """

        def news() -> bool:
            stopped = self._ended or self._gone or (interruptible and self._interrupted)
            return bool(self._parts) or stopped

        with self._changed:
            told = self._changed.wait_for(news, timeout=idle)
            if self._gone:
                raise Gone
            if not told:
                raise Stalled
            data = b"".join(self._parts)
            self._parts.clear()
            self._held = 0
            if self._paused:
                self._paused = False
                self._loop.call_soon_threadsafe(self._resume)
            return data

    def blocks(self, idle: float | None = None) -> Iterator[bytes]:
        """All that the client sends."""
        while block := self.next_block(idle):
            yield block

    def interrupt(self) -> None:
        """Whoever waits for the client to speak waits no more."""
        with self._changed:
            self._interrupted = True
            self._changed.notify_all()

    def send(self, data: bytes, kind: int | None = None) -> None:
        """Give the client data; waits for a client that takes it slowly. Raises :class:`Gone`, :class:`Stalled`."""
        view = memoryview(data)
        for start in range(0, len(view), BLOCK):
            waiting = self._undelivered()
            while not self._room.acquire(timeout=self._stall):
                left = self._undelivered()
                if left >= waiting:
                    raise Stalled
                waiting = left
            if self._gone:
                raise Gone
            self._loop.call_soon_threadsafe(self._write, bytes(view[start : start + BLOCK]), kind)
        self.sent += len(view)

    def say(self, text: str) -> None:
        """Text for the terminal."""
        self.send(text.encode(), EXTENDED_DATA_STDERR)

    def finish(self, code: int) -> None:
        """Close the channel with an exit code, after what was sent."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._exit, code)

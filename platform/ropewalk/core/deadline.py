"""An end to waiting for somebody's server: a timeout of a socket begins anew with each byte, this one does not."""

import socket
import threading
import time
from contextlib import suppress
from typing import Self


class Deadline:
    """Cuts every connection that it was told of once its time is over; whoever waits for one of them then reads its end.

    It has a thread of its own until it is closed. ``passed`` says whether it has cut.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._handles: list[socket.socket] = []
        self.passed = False
        threading.Thread(target=self._wait, name="deadline", daemon=True).start()

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection, too. Its handle is a copy: TLS takes the first one away."""
        with self._lock:
            self._handles.append(connection.dup())
        if self.passed:
            self._cut()

    def renew(self, seconds: float) -> None:
        """So long from now on, unless it has passed."""
        self._until = time.monotonic() + seconds

    def close(self) -> None:
        """Watch no longer."""
        self._closed.set()
        with self._lock:
            for handle in self._handles:
                handle.close()
            self._handles.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _wait(self) -> None:
        while (left := self._until - time.monotonic()) > 0:
            if self._closed.wait(left):
                return
        self.passed = True
        self._cut()

    def _cut(self) -> None:
        with self._lock:
            for handle in self._handles:
                with suppress(OSError):  # it has ended already
                    handle.shutdown(socket.SHUT_RDWR)


__all__ = ["Deadline"]

"""gunicorn's threaded worker, ending at once when nothing is in flight, and free of clients that stall."""

import socket
from contextlib import suppress
from types import FrameType

from gunicorn.workers.gthread import TConn, ThreadWorker

from infra.embedded.web_socket import PatientSocket


class Worker(ThreadWorker):
    """At SIGTERM gunicorn 26 waits ``graceful_timeout`` for idle keep-alive connections too: a browser tab would delay Ctrl-C.

    In the middle of a request it waits for the client for ever: for a head, a body, an answer to be read.
    """

    def handle(self, conn: TConn) -> object:
        """Serve a request on a socket that gives up on a client that stalls; the connection ends then."""
        from django.conf import settings  # read with the application, which is loaded after this class

        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket.take(conn.sock, settings.ROPEWALK_BODY_STALL_SECONDS)
        result = super().handle(conn)
        if not conn.sock.stalled:
            return result
        # What was answered still goes out. Without this, gunicorn's main loop would linger for the client's own goodbye.
        with suppress(OSError):
            conn.sock.shutdown(socket.SHUT_RDWR)
        return False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: stop accepting, finish what runs, and close what idles."""
        super().handle_exit(sig, frame)
        self.method_queue.defer(self._close_idle)

    def _close_idle(self) -> None:
        for connection in (*self.keepalived_conns, *self.pending_conns):
            connection.timeout = 0.0
        self.murder_keepalived()
        self.murder_pending()

"""gunicorn's threaded worker, ending at once when nothing is in flight, and free of clients that stall."""

import select
import socket
import threading
from contextlib import suppress
from types import FrameType

from gunicorn.http.message import Request
from gunicorn.workers.gthread import TConn, ThreadWorker

from infra.embedded.web_body import LargeReads
from infra.embedded.web_socket import PatientSocket

_MOMENT = 50  # milliseconds


class Worker(ThreadWorker):
    """At SIGTERM gunicorn 26 waits ``graceful_timeout`` for idle keep-alive connections too: a browser tab would delay Ctrl-C.

    In the middle of a request it waits for the client for ever: for a head, a body, an answer to be read.
    """

    def init_process(self) -> None:
        """In the worker's own process, before it serves."""
        self._waiting = threading.Semaphore(self.cfg.threads // 2)
        super().init_process()

    def handle(self, conn: TConn) -> object:
        """Serve a request on a socket that gives up on a client that stalls; the connection ends then."""
        from django.conf import settings  # read with the application, which is loaded after this class

        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket.take(conn.sock, settings.ROPEWALK_BODY_STALL_SECONDS)
        result = super().handle(conn)
        while result is True and self._next_comes_at_once(conn):
            result = super().handle(conn)
        if not conn.sock.stalled:
            return result
        # What was answered still goes out. Without this, gunicorn's main loop would linger for the client's own goodbye.
        with suppress(OSError):
            conn.sock.shutdown(socket.SHUT_RDWR)
        return False

    def _next_comes_at_once(self, conn: TConn) -> bool:
        """Wait a moment for the client's next request, in this thread: a way through the main loop costs as much as its answer.

        False: the connection goes back to the main loop. At most half of the threads wait, so that others find one.
        """
        if not self.alive or conn.is_http2:
            return False
        if conn.parser.unreader.buf.getbuffer().nbytes:
            # It was read along with a body that the answer did not wait for; the main loop would wait for more of it in vain.
            return True
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            poll = select.poll()
            poll.register(conn.sock, select.POLLIN)
            return bool(poll.poll(_MOMENT)) and self.alive
        finally:
            self._waiting.release()

    def handle_request(self, req: Request, conn: TConn) -> object:
        """As gunicorn, but the body is read in large pieces, and a short answer is one packet."""
        req.body = LargeReads(req.body.reader)
        conn.sock.hold_head()
        try:
            return super().handle_request(req, conn)
        finally:
            conn.sock.let_go()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: stop accepting, finish what runs, and close what idles."""
        super().handle_exit(sig, frame)
        self.method_queue.defer(self._close_idle)

    def _close_idle(self) -> None:
        for connection in (*self.keepalived_conns, *self.pending_conns):
            connection.timeout = 0.0
        self.murder_keepalived()
        self.murder_pending()

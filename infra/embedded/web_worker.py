"""gunicorn's threaded worker, ending at once when nothing is in flight."""

from types import FrameType

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):
    """At SIGTERM gunicorn 26 waits ``graceful_timeout`` for idle keep-alive connections too: a browser tab would delay Ctrl-C."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: stop accepting, finish what runs, and close what idles."""
        super().handle_exit(sig, frame)
        self.method_queue.defer(self._close_idle)

    def _close_idle(self) -> None:
        for connection in (*self.keepalived_conns, *self.pending_conns):
            connection.timeout = 0.0
        self.murder_keepalived()
        self.murder_pending()

"""Answers that take long: S3's clients give up after a minute of silence, so white space is sent until there is one."""

import contextvars
import threading
from collections.abc import Callable, Iterator

import structlog
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from ropewalk.core.errors import RopewalkError, Unavailable
from ropewalk.edges.s3_http.faults import CONTENT_TYPE, s3_error

log = structlog.get_logger("ropewalk.s3")

AT_ONCE = 15.0
PAUSE = 10.0


class _Work:
    """Something that runs in a thread of its own and gives an answer, or why there is none."""

    def __init__(self, request: HttpRequest, work: Callable[[], HttpResponse]) -> None:
        self._request, self._work = request, work
        self._answer: HttpResponse | None = None
        self._error: BaseException | None = None
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), name="s3-work")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answer = self._work()
        except BaseException as error:  # noqa: BLE001  # it is raised again, or told, by the thread that waits
            self._error = error
        finally:
            connections.close_all()

    def ended(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def answer(self) -> HttpResponse:
        if self._error is not None:
            raise self._error
        if self._answer is None:  # never: the thread ended
            raise Unavailable("The work ended without an answer.")
        return self._answer

    def told(self) -> bytes:
        """The answer's body where its head was sent already; an error is told in it, as S3 does."""
        try:
            return self.answer().content
        except RopewalkError as error:
            return s3_error(self._request, error).content
        except Exception:
            log.exception("s3.work_failed", path=self._request.path)
            return s3_error(self._request, Unavailable("It failed.", hint="Try again.")).content


def answered_in_time(request: HttpRequest, work: Callable[[], HttpResponse]) -> HttpResponseBase:
    """What ``work`` answers. What takes longer than fifteen seconds is 200 from the start, whatever becomes of it."""
    running = _Work(request, work)
    if running.ended(AT_ONCE):
        return running.answer()
    return StreamingHttpResponse(_waiting(running), content_type=CONTENT_TYPE)


def _waiting(running: _Work) -> Iterator[bytes]:
    while not running.ended(PAUSE):
        yield b" "
    yield running.told().partition(b"\n")[2]  # the XML declaration may only stand at the very beginning

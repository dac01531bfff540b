"""Clones and fetches: upload-pack's output streams to the client at the client's pace."""

import threading
from typing import IO

import structlog
from django.http import HttpRequest

from ropewalk.core.errors import Busy
from ropewalk.repos import transport
from ropewalk.repos.errors import GitFailed

log = structlog.get_logger("ropewalk.git")

# Each holds a thread of this process: some are left for pages and pushes.
_SLOTS = threading.BoundedSemaphore(12)
_PATIENCE = 20.0
_SILENCE = 600.0  # git itself speaks every five seconds, so silence is a hang


class FetchAnswer:
    """The answer's blocks. git and its helpers end when the client goes away (``close``), finished or not."""

    def __init__(self, request: HttpRequest, project_id: int, asked: IO[bytes]) -> None:
        if not _SLOTS.acquire(timeout=_PATIENCE):
            asked.close()
            raise Busy("Too many clones run at once.", hint="Try again in a minute.")
        self._project_id = project_id
        self._closed = False
        try:
            with asked:
                self._process = transport.upload_pack(
                    project_id, asked, request.headers.get("Git-Protocol", "")
                )
        except BaseException:
            _SLOTS.release()
            raise

    def __iter__(self) -> "FetchAnswer":
        return self

    def __next__(self) -> bytes:
        """The next block of the pack."""
        try:
            block = self._process.read(idle=_SILENCE)
            if block:
                return block
            if code := self._process.finish(timeout=10):
                # The client sees git's own error packet; many are ordinary (a shallow boundary, an unknown object).
                log.info(
                    "git.upload_pack_ended", project=self._project_id, code=code, detail=self._process.detail
                )
        except GitFailed as error:
            log.warning("git.upload_pack_failed", project=self._project_id, detail=error.detail)
            raise  # the connection breaks, which git reports; a clean end would pass for a whole pack
        raise StopIteration

    def close(self) -> None:
        """End whatever still runs and give the slot back."""
        if not self._closed:
            self._closed = True
            try:
                self._process.kill()
            finally:
                _SLOTS.release()

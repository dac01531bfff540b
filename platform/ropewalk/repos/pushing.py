"""Pushes: the body streams into receive-pack; what it really changed is recorded before the client hears that it worked."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import structlog

from ropewalk.core import outages
from ropewalk.repos.errors import GitFailed, GitTimeout
from ropewalk.repos.pktline import FLUSH, AnswerReader, PushHead, banded
from ropewalk.repos.rules import RefRule
from ropewalk.repos.transport import ReceivePack
from ropewalk.repos.types import ZERO

log = structlog.get_logger("ropewalk.git")

Recorder = Callable[[list[tuple[str, str, str]]], list[str]]
"""Takes (name, old, new) of each changed ref, writes it down, gives lines for the pusher's terminal."""

_TERMINAL_BYTES = 1 << 20
_REPORT_BYTES = 16 << 20
_TICK = 5.0
_SILENCE_TICKS = 120  # ten minutes after the last byte came in; git speaks every five seconds
_WRITE_IDLE = 600.0


class PushSession:
    """One running receive-pack with a thread that reads its output, so that neither side ever waits for the other in a circle.

    Use: :meth:`feed` each block, then :meth:`finish_input`, then iterate for the answer. ``close`` always: a push whose input is
    complete is seen to its end and recorded even when the client is gone; any other is aborted and changes nothing.

    Where the connection does not end with the pack, :meth:`when_read` says when to finish.
    """

    def __init__(
        self, head: PushHead, receive: ReceivePack, record: Recorder, release: Callable[[], None]
    ) -> None:
        self._head = head
        self._receive = receive
        self._record = record
        self._release = release
        self._reader = AnswerReader(head.sideband)
        self._ready: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._terminal_room = _TERMINAL_BYTES
        self._complete = threading.Event()
        self._turn = threading.Lock()
        self._watcher: threading.Thread | None = None
        self._recorded = False
        self._closed = False
        self._thread = threading.Thread(target=self._collect, name="git-push-output", daemon=True)
        self._thread.start()
        self._answer = self._packets()

    def feed(self, block: bytes) -> bool:
        """Give git a block; False when git reads no more (it found a fault and will report it)."""
        try:
            self._receive.process.write(block, idle=_WRITE_IDLE)
        except BrokenPipeError:
            return False
        return True

    @property
    def asked(self) -> list[tuple[str, str, str]]:
        """(name, old, new) of each ref that the push wants to change."""
        return [(command.ref, command.old, command.new) for command in self._head.commands]

    @property
    def accepted(self) -> set[str]:
        """The refs that git changed; complete when the answer was read to its end."""
        return {name.decode("utf-8", "replace") for name in self._reader.accepted()}

    def end_input(self) -> None:
        """The client sends no more. Whether that was a whole push is for git to find out."""
        self._receive.end_input()

    def when_read(self, then: Callable[[bool], None]) -> None:
        """Call ``then`` once, in a thread: with True when git has the whole push and waits for our word.

        With False when it ended without.
        """
        self._watcher = threading.Thread(
            target=lambda: then(self._receive.wait_until_read()), name="git-push-bell", daemon=True
        )
        self._watcher.start()

    def finish_input(self, verdict: str, rules: Sequence[RefRule] = ()) -> None:
        """Everything was read: let the push land (``ok``) by these rules, or refuse it with a line of text."""
        with self._turn:  # either this push is complete or it is aborted
            if self._closed:
                return
            self._complete.set()
        try:
            self._receive.release(verdict, rules)
        except BaseException:
            self._receive.shut()  # git would wait for the word for ever
            raise

    def abort(self) -> None:
        """Change nothing; used while the input is incomplete."""
        self._receive.abort()

    def _collect(self) -> None:
        silent = 0
        try:
            while True:
                try:
                    block = self._receive.process.read(idle=_TICK)
                except GitTimeout:
                    silent = silent + 1 if self._complete.is_set() else 0
                    if silent > _SILENCE_TICKS:
                        raise
                    continue
                if not block:
                    break
                silent = 0
                for packet in self._reader.feed(block):
                    self._terminal_room -= len(packet)
                    if self._terminal_room > 0:  # text for the terminal may be dropped, the report never
                        self._ready.put(packet)
                if len(self._reader.report) > _REPORT_BYTES:
                    raise GitFailed("the report has no end")
            self._receive.process.finish(timeout=60)
        except Exception as error:  # noqa: BLE001  # whatever it was, the waiting side must hear of the end
            log.warning("git.receive_pack_failed", error=str(error), detail=self._receive.process.detail)
            with suppress(Exception):
                self._receive.process.end()  # its pipes stay: somebody may be writing to one
        finally:
            self._ready.put(None)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next packet for the client."""
        return next(self._answer)

    def _packets(self) -> Iterator[bytes]:
        while (packet := self._ready.get()) is not None:
            yield packet
        lines = self._write_down()
        if self._head.sideband:
            text = b"" if self._head.quiet else "".join(f"{line}\n" for line in lines).encode()
            yield banded(1, self._reader.report) + banded(2, text) + FLUSH
        else:
            yield self._reader.report

    def _write_down(self) -> list[str]:
        """Record what changed, once. The repair finds it later if this fails, so the pusher is told the truth: it is stored."""
        if self._recorded:
            return []
        self._recorded = True
        changes = self._changes()
        if not changes:
            return []
        try:
            return self._record(changes)
        except Exception as error:  # the refs did change: answering with an error would be a lie
            if outages.recognise(error):  # which the log has a line about
                log.warning("git.push_not_recorded", changes=len(changes))
            else:
                log.exception("git.push_not_recorded")
            return ["Ropewalk: the push is stored. Its pages will follow in a few minutes."]

    def _changes(self) -> list[tuple[str, str, str]]:
        accepted = self._reader.accepted()
        return [
            (command.ref, command.old, command.new)
            for command in self._head.commands
            if command.name in accepted
            and command.old != command.new
            and (command.old, command.new) != (ZERO, ZERO)
        ]

    def close(self) -> None:
        """See a complete push to its end, abort an incomplete one; idempotent."""
        with self._turn:
            if self._closed:
                return
            self._closed = True
        try:
            if self._complete.is_set():
                self._thread.join()
                self._write_down()
            else:
                self._receive.abort()
                self._thread.join(timeout=30)
            self._receive.process.kill()
        finally:
            if self._watcher is not None:
                self._watcher.join()
            self._receive.close_bell()
            self._release()

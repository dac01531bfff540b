"""What a killed instance of the same home left running, found without guessing and signalled without a race.

A process is ours when the kernel says so: its working folder is our service's data folder and its executable is that service's
binary, or its environment carries our mark. A pid file alone proves nothing (pids are used again, in containers at once).
Signals go through a pidfd that is opened before the check, so a pid that changes hands in between is never hit.
"""

import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = "ROPEWALK_CHILD"
_PROC = Path("/proc")


def mark(program: str, home: Path) -> str:
    """The value of :data:`MARK` in the environment of one program of one home, inherited by all its children."""
    return f"{program}@{home}"


def serves(folder: Path, executable: str) -> Callable[[int], bool]:
    """A test for processes of a service binary that work in the given data folder."""

    def test(pid: int) -> bool:
        try:
            # A binary that was replaced by an upgrade reads as "postgres (deleted)".
            running = (_PROC / str(pid) / "exe").readlink().name.removesuffix(" (deleted)")
            return running == executable and (_PROC / str(pid) / "cwd").readlink() == folder.resolve()
        except OSError:
            return False

    return test


def marked(program: str, home: Path) -> Callable[[int], bool]:
    """A test for processes that a program of this home started, at any depth."""
    wanted = os.fsencode(f"{MARK}={mark(program, home)}")

    def test(pid: int) -> bool:
        try:
            return wanted in (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
        except OSError:
            return False

    return test


@dataclass
class Process:
    """A running process held by its pidfd."""

    pid: int
    handle: int

    def send(self, number: int) -> None:
        """Signal it; a process that is gone already is fine."""
        try:
            signal.pidfd_send_signal(self.handle, number)
        except ProcessLookupError:
            pass


def find(test: Callable[[int], bool]) -> list[Process]:
    """All processes but this one that pass the test. The caller closes them through :func:`stop` or :func:`release`."""
    found = []
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if not entry.name.isdigit() or int(entry.name) == os.getpid() or not test(int(entry.name)):
            continue
        try:
            handle = os.pidfd_open(int(entry.name))
        except OSError:
            continue
        if test(int(entry.name)):  # again, now that the pid cannot change hands
            found.append(Process(int(entry.name), handle))
        else:
            os.close(handle)
    return found


def release(processes: Iterable[Process]) -> None:
    """Close the handles."""
    for process in processes:
        os.close(process.handle)


def stop(test: Callable[[int], bool], escalation: Iterable[tuple[int, float]]) -> int:
    """End every process that passes the test: each (signal, patience in seconds) in turn, then SIGKILL.

    Returns how many there were. Starts over until none is left, since a process may have started another one in the meantime.
    """
    count = 0
    steps = [*escalation, (signal.SIGKILL, 10.0)]
    for number, patience in steps:
        deadline = time.monotonic() + patience
        while processes := find(test):
            count = max(count, len(processes))
            for process in processes:
                process.send(number)
            gone = _wait(processes, deadline)
            release(processes)
            if not gone:
                break
        else:
            return count
    raise TimeoutError("a process of this instance survives SIGKILL (stuck in the kernel?)")


def _wait(processes: list[Process], deadline: float) -> bool:
    """Whether all of them end before the deadline (monotonic seconds)."""
    waiting = {process.handle for process in processes}
    poller = select.poll()
    for handle in waiting:
        poller.register(handle, select.POLLIN)
    while waiting and (left := deadline - time.monotonic()) > 0:
        for handle, _ in poller.poll(left * 1000):
            poller.unregister(handle)
            waiting.discard(handle)
    return not waiting

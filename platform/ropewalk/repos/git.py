"""The only module that runs git.

Every process has a fixed environment and configuration (nothing of the machine's or the repository's users leaks in), no shell,
no hooks but ours, no network, its own process group, a deadline and bounded output. Arguments that come from outside follow
``--`` or are full object names; pathspecs are literal.
"""

import fcntl
import os
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from django.conf import settings

from ropewalk.repos import lockfiles
from ropewalk.repos.errors import GitFailed, GitTimeout, git_failure

BLOCK = 1 << 20
PIPE = subprocess.PIPE
_STDERR_KEPT = 16 << 10
_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)

_CONFIG = (
    "safe.directory=*",  # the repositories are ours; an operator may run as another user than the one who restored them
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "color.ui=false",
    "log.showSignature=false",
    "log.mailmap=false",
)
# For work under a bound of memory: packs are mapped in small windows instead of as a whole.
SMALL_CONFIG = ("core.packedGitWindowSize=32m", "core.packedGitLimit=256m", "core.deltaBaseCacheLimit=32m")
# Files above this are "binary" to diffs: a diff of huge texts costs memory and nobody reads it.
DIFF_CONFIG = (
    "core.bigFileThreshold=8m",
    "diff.renameLimit=400",
    "diff.suppressBlankEmpty=false",
    "diff.noprefix=false",
)


@dataclass(frozen=True)
class Output:
    """What a bounded run gave. ``cut`` says that more was there (too many bytes, or the deadline) and git was ended early."""

    data: bytes
    cut: bool
    code: int


def repository_path(project_id: int) -> Path:
    """Where a project's bare repository lies, whether or not it exists yet."""
    return Path(settings.REPOSITORIES_ROOT) / f"{int(project_id)}.git"


@lru_cache(maxsize=1)
def executable() -> str:
    """The git binary. Raises :class:`GitFailed` when this machine has none."""
    found = shutil.which("git")
    if found is None:
        raise GitFailed("git is not installed")
    return found


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": f"{Path(executable()).parent}{os.pathsep}{os.defpath}",
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",  # a pushed refs/replace/ must not change what others see
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        **extra,
    }


class Process:
    """A running git, ended with its whole group by :meth:`kill`, and always when used as a context manager.

    ``memory`` bounds its address space in bytes: for work that a hostile repository or pattern could make take all there is.
    """

    def __init__(
        self,
        directory: Path,
        args: Sequence[str],
        *,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        config: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        memory: int | None = None,
    ) -> None:
        options = [part for setting in (*_CONFIG, *config) for part in ("-c", setting)]
        held: int | None = None
        try:
            held = lockfiles.hold(directory, args[0])
            self._process = subprocess.Popen(  # noqa: S603  # the one place: fixed program, no shell
                [executable(), *options, *args],
                cwd=directory,
                env=_environment({"GIT_DIR": str(directory), **(env or {})}),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,  # so that one signal reaches index-pack, pack-objects and hooks too
                pass_fds=(*pass_fds, *(() if held is None else (held,))),
            )
        except OSError as error:
            raise GitFailed(f"{args[0]}: {error}") from error
        finally:
            if held is not None:
                os.close(held)
        if memory is not None:
            with suppress(ProcessLookupError):  # it ended already
                resource.prlimit(self._process.pid, resource.RLIMIT_AS, (memory, memory))
        self.stderr = b""
        self._recent = b""
        if self._process.stdout is None or self._process.stderr is None:  # never: both are pipes
            raise GitFailed("no pipes")
        self._out, self._err = self._process.stdout.fileno(), self._process.stderr.fileno()
        _widen(self._out)
        if self._process.stdin is not None:
            _widen(self._process.stdin.fileno())
            os.set_blocking(self._process.stdin.fileno(), False)
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)
        self._poll.register(self._err, select.POLLIN)
        self._open = {self._out, self._err}

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def write(self, data: bytes, *, idle: float) -> None:
        """Give git input, for a process started with ``stdin=PIPE``; waits while git is busy.

        Raises :class:`BrokenPipeError` when git reads no more, :class:`GitTimeout` when it took nothing for ``idle`` seconds.
        """
        pipe = self._process.stdin
        if pipe is None:
            raise BrokenPipeError
        ready = select.poll()
        ready.register(pipe.fileno(), select.POLLOUT)
        rest = memoryview(data)
        while rest:
            if not ready.poll(idle * 1000):
                raise GitTimeout(f"git took no input for {idle:.0f} s")
            try:
                rest = rest[os.write(pipe.fileno(), rest) :]
            except BlockingIOError:
                continue

    def close_input(self) -> None:
        """Say that the input is complete."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def read(self, *, idle: float, deadline: float | None = None) -> bytes:
        """The next at most 1 MiB of output; empty at its end.

        Raises :class:`GitTimeout` after ``idle`` silent seconds or past the ``deadline`` (monotonic); reading may go on after it.
        Standard error is kept up to 16 KiB and dropped beyond.
        """
        while self._out in self._open:
            wait = idle if deadline is None else min(idle, deadline - time.monotonic())
            ready = self._poll.poll(max(wait, 0) * 1000) if wait > 0 else []
            if not ready:
                raise GitTimeout(f"no output of git in {idle:.0f} s; {self.detail}")
            if any(fd == self._err for fd, _ in ready):
                self._read_stderr()
            if any(fd == self._out for fd, _ in ready):
                block = os.read(self._out, BLOCK)
                if block:
                    return block
                self._close(self._out)
        return b""

    def _read_stderr(self) -> None:
        text = os.read(self._err, 65536)
        if not text:
            self._close(self._err)
        self.stderr = (self.stderr + text)[:_STDERR_KEPT]
        self._recent = (self._recent + text)[-2048:]

    def _close(self, fd: int) -> None:
        self._poll.unregister(fd)
        self._open.discard(fd)

    @property
    def detail(self) -> str:
        """Standard error so far, for the log."""
        return self.stderr.decode("utf-8", "replace").strip()

    @property
    def recent(self) -> str:
        """The end of standard error so far: where git says how far it is."""
        return self._recent.decode("utf-8", "replace")

    def finish(self, *, timeout: float) -> int:
        """Wait for the end and give the exit code. Raises :class:`GitTimeout`."""
        end = time.monotonic() + timeout
        while self._open and time.monotonic() < end:
            for fd, _ in self._poll.poll(max(end - time.monotonic(), 0) * 1000):
                if fd == self._err:
                    self._read_stderr()
                elif not os.read(fd, BLOCK):
                    self._close(fd)
        try:
            return self._process.wait(max(end - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            raise GitTimeout(self.detail) from None

    def ended_within(self, seconds: float) -> bool:
        """Whether it ends by itself in this time; somebody else must be reading its output."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End the group and close the pipes, which nobody else may be using."""
        self.end()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def end(self) -> None:
        """End the group (first politely, so that git removes its temporary files) and reap it."""
        if self._process.poll() is None:
            for number, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 10.0)):
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, number)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(patience)
                    break


def _widen(fd: int) -> None:
    """Ask for a 1 MiB pipe: sixteen times fewer switches between git and us. Refused quietly where the limit is lower."""
    with suppress(OSError):
        fcntl.fcntl(fd, _F_SETPIPE_SZ, BLOCK)


def run(
    directory: Path,
    *args: str,
    stdin: bytes = b"",
    config: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    max_bytes: int = 8 << 20,
    timeout: float = 20.0,
    accept: Sequence[int] = (0,),
    memory: int | None = None,
) -> Output:
    """Run git to its end or to a bound.

    Output beyond ``max_bytes`` ends it (``cut``); so does the deadline when something was already read. Raises
    :class:`GitTimeout` when nothing was, :class:`GitFailed` for an exit code not in ``accept``.
    """
    deadline = time.monotonic() + timeout
    parts: list[bytes] = []
    total = 0
    with (
        _as_file(stdin) as source,
        Process(directory, args, stdin=source, config=config, env=env, memory=memory) as process,
    ):
        try:
            while total <= max_bytes and (block := process.read(idle=timeout, deadline=deadline)):
                parts.append(block)
                total += len(block)
        except GitTimeout:
            if not total:
                raise
            return Output(b"".join(parts), True, -1)
        if total > max_bytes:
            return Output(b"".join(parts)[:max_bytes], True, -1)
        code = process.finish(timeout=max(deadline - time.monotonic(), 1.0))
        if code not in accept:
            raise git_failure(f"git {args[0]} ended with {code}: {process.detail}")
        return Output(b"".join(parts), False, code)


def stream(directory: Path, *args: str, idle: float = 60.0, config: Sequence[str] = ()) -> Iterator[bytes]:
    """Git's output in blocks, in constant memory; git ends when the iterator is closed. Raises :class:`GitFailed`."""
    with Process(directory, args, config=config) as process:
        while block := process.read(idle=idle):
            yield block
        if code := process.finish(timeout=10.0):
            raise git_failure(f"git {args[0]} ended with {code}: {process.detail}")


def _as_file(data: bytes) -> IO[bytes]:
    """Input as an unlinked file: git reads it at its own pace and nobody can block on a full pipe."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by the caller's with
    file.write(data)
    file.seek(0)
    return file

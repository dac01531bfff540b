"""What upload-pack runs in place of ``git pack-objects``; the request comes on standard input.

    python -I -S hook.py FOLDER PROJECT LIMIT git pack-objects …

A program of its own that knows the standard library only. Files of an entry, named by the project and a
digest of the request, all in FOLDER:

- ``KEY.lock``: the writer holds it exclusively while it lives; who removes an entry holds it too.
- ``KEY.part``: the pack as far as it is made. Readers share a lock on it; a writer without readers ends.
- ``KEY.text``: what pack-objects tells its user: progress.
- ``KEY.pack``: ``KEY.part`` renamed once it is whole. Only this name is ever taken for a whole pack.

Whatever goes wrong before the first byte went out, the request is answered by plain pack-objects. After it the hook fails, the
client's transfer breaks, and nobody takes half a pack for a whole one.
"""

import contextlib
import fcntl
import hashlib
import os
import signal
import sys
import time
from pathlib import Path

BLOCK = 1 << 20
VERSION = b"1"
WRITER_SECONDS = 3600.0
LONELY_SECONDS = 2.0
_HEX = frozenset(b"0123456789abcdef")


def key_of(project: str, arguments: list[str], request: bytes) -> str:
    """What makes two requests the same: project, arguments (but for progress), wanted objects, and tags where they are added."""
    digest = hashlib.sha256(VERSION)
    for argument in arguments:
        if argument not in {"--progress", "-q"}:
            digest.update(os.fsencode(argument) + b"\0")
    if "--include-tag" in arguments:
        for name in ("packed-refs", "refs/tags"):
            with contextlib.suppress(OSError):
                found = Path(name).stat()
                digest.update(f"{name} {found.st_mtime_ns} {found.st_size}\0".encode())
    digest.update(b"\n" + request)
    return f"{project}-{digest.hexdigest()}"


def is_clone(request: bytes) -> bool:
    """Whether the client has nothing yet: no object is named after ``--not``."""
    _, _, rest = request.partition(b"--not\n")
    return not any(len(line) >= 40 and set(line[:40]) <= _HEX for line in rest.split(b"\n"))


def plain(arguments: list[str], request: bytes) -> None:
    """Become pack-objects. Does not return."""
    os.dup2(_as_file(request), 0)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execvp(arguments[0], arguments)  # noqa: S606  # what upload-pack itself asked for


def _as_file(data: bytes) -> int:
    source = os.memfd_create("request")
    os.write(source, data)
    os.lseek(source, 0, os.SEEK_SET)
    return source


class Entry:
    """One pack of the cache."""

    def __init__(self, folder: Path, key: str) -> None:
        self.lock, self.part, self.text, self.pack = (
            folder / f"{key}.{end}" for end in ("lock", "part", "text", "pack")
        )

    def try_lock(self) -> int:
        """The lock's descriptor, or -1 when somebody holds it. A lock file that was removed meanwhile does not count."""
        while True:
            descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(descriptor).st_ino == self.lock.stat().st_ino:
                    return descriptor
            except BlockingIOError:
                os.close(descriptor)
                return -1
            except FileNotFoundError:
                pass
            os.close(descriptor)

    def written(self) -> bool:
        """Whether nobody writes it now."""
        descriptor = self.try_lock()
        if descriptor >= 0:
            os.close(descriptor)
        return descriptor >= 0

    def remove(self) -> None:
        """Remove it unless it is being written. Who reads it reads on."""
        descriptor = self.try_lock()
        if descriptor < 0:
            return
        for path in (self.pack, self.part, self.text, self.lock):
            path.unlink(missing_ok=True)
        os.close(descriptor)


def make_room(folder: Path, limit: int) -> None:
    """Remove the entries that were not used for the longest time until the folder is within its limit (bytes)."""
    found = []
    for path in folder.glob("*.*"):
        with contextlib.suppress(OSError):
            facts = path.stat()
            found.append((facts.st_mtime, facts.st_blocks * 512, path.stem))
    newest: dict[str, tuple[float, int]] = {}
    for changed, size, key in found:
        last, total = newest.get(key, (0.0, 0))
        newest[key] = (max(last, changed), total + size)
    total = sum(size for _, size in newest.values())
    for key, (_, size) in sorted(newest.items(), key=lambda item: item[1]):
        if total <= limit:
            return
        Entry(folder, key).remove()
        total -= size


def open_entry(entry: Entry, arguments: list[str], request: bytes, limit: int) -> tuple[int, int]:
    """Descriptors of the pack and of its text, both growing or whole; starts the writer if there is none."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for path in (entry.pack, entry.part):
            with contextlib.suppress(FileNotFoundError):
                pack = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                fcntl.flock(pack, fcntl.LOCK_SH)
                if path == entry.pack or not entry.written() or entry.pack.exists():
                    return pack, os.open(entry.text, os.O_RDONLY | os.O_CLOEXEC)
                os.close(pack)  # a dead writer's
        lock = entry.try_lock()
        if lock < 0:
            time.sleep(0.01)
        elif entry.pack.exists():
            os.close(lock)
        else:
            make_room(entry.lock.parent, limit // 2)  # no pack takes more than the other half
            part, text = _fresh(entry.part), _fresh(entry.text)
            ours = os.open(entry.part, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(ours, fcntl.LOCK_SH)
            start_writer(entry, lock, part, text, arguments, request)
            for descriptor in (lock, part):
                os.close(descriptor)
            os.lseek(text, 0, os.SEEK_SET)
            return ours, os.open(f"/proc/self/fd/{text}", os.O_RDONLY | os.O_CLOEXEC)
    raise TimeoutError(entry.lock)


def _fresh(path: Path) -> int:
    """A new file. An old one is left to whoever has it open: a killed writer's pack-objects may still write to it."""
    path.unlink(missing_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def start_writer(entry: Entry, lock: int, part: int, text: int, arguments: list[str], request: bytes) -> None:
    """Fork the writer, in a session of its own so that no client's end ends it. It inherits the lock."""
    if child := os.fork():
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        write(entry, part, text, arguments, request)
    finally:
        os._exit(1)


def write(entry: Entry, part: int, text: int, arguments: list[str], request: bytes) -> None:
    """Run pack-objects into the file, watch over it, and give the whole pack its name."""
    # Whoever came first may be quiet, and who comes later wants to see something.
    line = [argument for argument in arguments if argument not in {"-q", "--progress"}]
    line.insert(line.index("pack-objects") + 1, "--progress")
    child = os.fork()
    if not child:
        for source, number in ((_as_file(request), 0), (part, 1), (text, 2)):
            os.dup2(source, number)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.execvp(line[0], line)  # noqa: S606  # what upload-pack itself asked for
    # A description of its own: locks on it tell whether anybody reads.
    watch = os.open(entry.part, os.O_RDONLY | os.O_CLOEXEC)
    end, lonely, pause = time.monotonic() + WRITER_SECONDS, 0.0, 0.002
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if os.waitstatus_to_exitcode(status) == 0:
                entry.part.rename(entry.pack)
                os._exit(0)
            break
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
        lonely = lonely + pause if _alone(watch) else 0.0
        # Nobody can begin to read what is given up: the lock is kept to the end.
        if (lonely > LONELY_SECONDS and _alone(watch, keep=True)) or time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
    entry.part.unlink(missing_ok=True)
    os._exit(1)


def _alone(watch: int, *, keep: bool = False) -> bool:
    try:
        fcntl.flock(watch, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if not keep:
        fcntl.flock(watch, fcntl.LOCK_UN)
    return True


def copy(source: int, target: int) -> int:
    """Give on what is there; the number of bytes."""
    sent = 0
    while block := os.read(source, BLOCK):
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(target, rest) :]
        sent += len(block)
    return sent


def follow(entry: Entry, pack: int, text: int, progress: bool) -> bool:
    """Copy the pack while it grows, and the progress for who wants it; whether it was whole. Raises when nothing was sent yet."""
    sent, pause = 0, 0.001
    while True:
        over = entry.pack.exists() or entry.written()  # asked before reading, so that the last bytes are read
        if progress:
            copy(text, 2)
        if news := copy(pack, 1):
            sent, pause = sent + news, 0.001
        elif over:
            break
        else:
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)
    with contextlib.suppress(FileNotFoundError):
        if os.fstat(pack).st_ino == entry.pack.stat().st_ino:
            return True
    if not sent:
        raise RuntimeError("the writer failed before its first byte")
    return False


def main(folder: Path, project: str, limit: int, arguments: list[str]) -> int:
    """Answer one request from the cache where that pays, by plain pack-objects otherwise."""
    request = sys.stdin.buffer.read()
    try:
        if not is_clone(request):
            raise ValueError("a fetch: nobody else asks for the same")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        entry = Entry(folder, key_of(project, arguments, request))
        pack, text = open_entry(entry, arguments, request, limit)
        with contextlib.suppress(OSError):
            os.utime(entry.pack)
        return 0 if follow(entry, pack, text, "--progress" in arguments) else 1
    except BrokenPipeError:
        return 1
    except Exception:  # noqa: BLE001  # the cache may fail in any way; the client gets its pack
        plain(arguments, request)
        return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:]))

"""Late ranges of large files: git has no random access, so a file that somebody seeks in is unpacked once into a local copy.

The folder ``settings.BLOB_COPIES_ROOT`` stays within ``settings.ROPEWALK_BLOB_COPIES_BYTES``; what was not read for the longest
time goes first. It is a cache: without room, or at any fault, a range is read through git from the file's beginning, as slow as
that is. An entry's files are those of :class:`ropewalk.repos.packs.hook.Entry`: ``KEY.part`` grows, ``KEY.pack`` is whole.
"""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO

import structlog
from django.conf import settings

from ropewalk.repos import git
from ropewalk.repos.errors import GitFailed
from ropewalk.repos.packs.hook import Entry, make_room

log = structlog.get_logger("ropewalk.repos")

EARLY_BYTES = 8 << 20  # less than this is read through git in a moment
_BLOCK = 1 << 20
_WRITERS = 2  # on this machine at a time
_SPARE_DISK = 1 << 30
_OPENING_SECONDS = 5.0


def read_blob(
    project_id: int, oid: str, size: int | None, start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """The bytes ``start`` to ``end`` (exclusive, None for all) of a file in blocks, in constant memory."""
    found = _opened(project_id, oid, size) if size is not None and start >= EARLY_BYTES else None
    if found is None:
        return _through_git(project_id, oid, start, end)
    return _followed(*found, project_id, oid, start, min(end or size or 0, size or 0))


def _through_git(project_id: int, oid: str, start: int, end: int | None) -> Iterator[bytes]:
    blocks = git.stream(git.repository_path(project_id), "cat-file", "blob", oid)
    return blocks if start == 0 and end is None else _cut(blocks, start, end)


def _cut(blocks: Iterator[bytes], start: int, end: int | None) -> Iterator[bytes]:
    at = 0
    with closing(blocks):  # type: ignore[type-var]  # a generator: closing it ends git
        for block in blocks:
            part = block[max(start - at, 0) : None if end is None else max(end - at, 0)]
            at += len(block)
            if part:
                yield part
            if end is not None and at >= end:
                return


def _followed(
    entry: Entry, copy: BinaryIO, project_id: int, oid: str, start: int, end: int
) -> Iterator[bytes]:
    """Bytes of a copy while it grows; what it never comes to have is read through git."""
    at, pause = start, 0.002
    with copy:
        while at < end:
            over = (
                entry.pack.exists() or entry.written()
            )  # asked before reading, so that the last bytes are read
            block = os.pread(copy.fileno(), min(_BLOCK, end - at), at)
            if block:
                at, pause = at + len(block), 0.002
                yield block
            elif over:
                break
            else:
                time.sleep(pause)
                pause = min(pause * 1.5, 0.05)
    if at < end:
        yield from _through_git(project_id, oid, at, end)


def _opened(project_id: int, oid: str, size: int) -> tuple[Entry, BinaryIO] | None:
    """A file's copy, whole or growing, begun if there is none; None where there is no room for one."""
    if size > settings.ROPEWALK_BLOB_COPIES_BYTES // (2 * _WRITERS):
        return None
    folder = Path(settings.BLOB_COPIES_ROOT)
    entry = Entry(folder, f"{int(project_id)}-{oid}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        until = time.monotonic() + _OPENING_SECONDS
        while time.monotonic() < until:
            for path in (entry.pack, entry.part):
                if path == entry.part and entry.written():
                    break  # a dead writer's
                with suppress(FileNotFoundError):
                    copy = path.open("rb")
                    os.utime(copy.fileno())
                    return entry, copy
            lock = entry.try_lock()
            if lock < 0:  # begun by somebody else this moment
                time.sleep(0.005)
            elif entry.pack.exists():
                os.close(lock)
            else:
                return _begun(entry, lock, project_id, oid, size)
    except OSError as error:
        log.warning("repos.no_copy", project=project_id, error=str(error))
    return None


def _begun(entry: Entry, lock: int, project_id: int, oid: str, size: int) -> tuple[Entry, BinaryIO] | None:
    """Start the writer, a thread that goes on when its first reader leaves: who seeks once seeks again. It owns the lock."""
    folder, slot = entry.lock.parent, -1
    try:
        slot = next(
            (taken for n in range(_WRITERS) if (taken := Entry(folder, f"writer-{n}").try_lock()) >= 0), -1
        )
        make_room(folder, settings.ROPEWALK_BLOB_COPIES_BYTES // 2)  # the writers may take the other half
        if slot >= 0 and shutil.disk_usage(folder).free >= size + _SPARE_DISK:
            entry.part.unlink(missing_ok=True)
            part = os.open(entry.part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            copy = entry.part.open("rb")
            arguments = (entry, part, (lock, slot), project_id, oid, size)
            threading.Thread(target=_write, args=arguments, name="blob-copy", daemon=True).start()
            lock = slot = -1
            return entry, copy
    finally:
        for descriptor in (lock, slot):
            if descriptor >= 0:
                os.close(descriptor)
    return None


def _write(entry: Entry, part: int, locks: tuple[int, ...], project_id: int, oid: str, size: int) -> None:
    """Unpack the file and give the whole copy its name; leaves nothing of what is not whole."""
    written = 0
    try:
        with os.fdopen(part, "wb", buffering=0) as target:
            for block in git.stream(git.repository_path(project_id), "cat-file", "blob", oid):
                target.write(block)
                written += len(block)
                if written > size:
                    break
        # A project that was removed meanwhile leaves no copy behind.
        if written == size and git.repository_path(project_id).exists():
            entry.part.rename(entry.pack)
    except (OSError, GitFailed) as error:
        log.warning("repos.copy_failed", project=project_id, written=written, error=str(error))
    finally:
        entry.part.unlink(missing_ok=True)
        for descriptor in locks:
            os.close(descriptor)

"""The object store on a local disk: temporary file, fsync, rename.

Layout below the root: ``o/<key>`` with a suffix on each file's name, and ``.tmp`` on the same file system for writes in progress.
"""

import os
import secrets
import shutil
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

from ropewalk.core.blobs.base import (
    BLOCK,
    BlobMissing,
    BlobStat,
    StoreUnavailable,
    checked_key,
    checked_prefix,
)

# A key may be both an object ("a") and a folder of others ("a/b"), as on S3; the suffix keeps the two apart on disk.
# No key can contain it, so that no key can pose as another.
_FILE_SUFFIX = "\x1f"


@contextmanager
def _faults() -> Iterator[None]:
    """Tell the user about a full or broken disk without naming its paths; the operator's log gets the cause."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise StoreUnavailable(
            f"The object store can't be used now ({os.strerror(error.errno) if error.errno else 'input/output error'}).",
            hint="The operator should look at its disk. Try again later.",
        ) from error


class DiskWriter:
    """Writes to ``<root>/.tmp`` and renames into place; see :class:`~ropewalk.core.blobs.base.BlobWriter`."""

    def __init__(self, root: Path, target: Path, *, lasting: bool = True) -> None:
        self._root, self._target, self._lasting = root, target, lasting
        temporary = root / ".tmp"
        self._path = temporary / f"{os.getpid()}-{secrets.token_hex(12)}"
        with _faults():
            try:
                self._file: BinaryIO = self._path.open("xb", buffering=0)
            except FileNotFoundError:  # the store's first object
                temporary.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("xb", buffering=0)
        self._done = False

    def write(self, block: bytes) -> None:
        """Append a block; a full disk leaves nothing visible."""
        view = memoryview(block)
        with _faults():
            while view:
                view = view[self._file.write(view) :]

    def commit(self) -> None:
        """Flush to the disk, then rename; every folder entry made is synced too: the object survives a power cut."""
        with _faults():
            if self._lasting:
                os.fsync(self._file.fileno())
            self._file.close()
            for _ in range(20):
                try:
                    made = _make_folders(self._target.parent, self._root)
                    os.replace(self._path, self._target)
                    break
                except FileNotFoundError:  # a concurrent delete removed an emptied folder between two calls
                    continue
            else:
                raise StoreUnavailable("The object store is busy with deletions. Try again.")
            self._done = True
            for folder in (self._target.parent, *made) if self._lasting else ():
                _sync_folder(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()
        if not self._done:
            self._path.unlink(missing_ok=True)


class DiskStore:
    """Objects as files below ``root``; a key's last segment carries a suffix so that ``a`` and ``a/b`` can both exist."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, key: str) -> Path:
        return self.root / "o" / (checked_key(key) + _FILE_SUFFIX)

    def writer(self, key: str, *, lasting: bool = True) -> DiskWriter:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        return DiskWriter(self.root, self._path(key), lasting=lasting)

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        try:
            with _faults():
                file = self._path(key).open("rb", buffering=0)
        except (FileNotFoundError, NotADirectoryError):
            raise BlobMissing(key) from None
        return _blocks(file, start, end)

    def stat(self, key: str) -> BlobStat | None:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        try:
            with _faults():
                found = self._path(key).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return BlobStat(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def delete(self, key: str) -> None:
        """Remove the file and the folders that it leaves empty."""
        path = self._path(key)
        with _faults():
            path.unlink(missing_ok=True)
        top = self.root / "o"
        for folder in path.parents:
            if folder == top:
                break
            try:
                folder.rmdir()
            except OSError:  # not empty, or gone already
                break

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> list[BlobStat]:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`; walks only the folders that can hold an answer."""
        found: list[BlobStat] = []
        folder = checked_prefix(prefix).rpartition("/")[0]
        with _faults():
            for key in self._walk(folder, prefix, after):
                if len(found) >= limit:
                    break
                entry = self.stat(key)
                if entry is not None:
                    found.append(entry)
        return found

    def _walk(self, folder: str, prefix: str, after: str) -> Iterator[str]:
        """Keys below ``folder`` in byte order. Folders sort with their slash, as the keys below them do."""
        base = f"{folder}/" if folder else ""
        try:
            names = os.listdir(self.root / "o" / folder)
        except (FileNotFoundError, NotADirectoryError):
            return
        # The order of code points is the order of UTF-8 bytes.
        keys = sorted(base + (name[:-1] if name.endswith(_FILE_SUFFIX) else name + "/") for name in names)
        # Only the last entry that sorts up to ``after`` can be a folder with later keys in it.
        for key in keys[max(0, bisect_right(keys, after) - 1) :]:
            if key.endswith("/"):
                if key.startswith(prefix) and (key > after or after.startswith(key)):
                    yield from self._walk(key[:-1], prefix, after)
            elif key.startswith(prefix) and key > after:
                yield key

    def check(self) -> None:
        """Write and remove a small file; raises when the disk is full or read-only."""
        target = self.root / ".check"
        with DiskWriter(self.root, target) as writer:
            writer.write(b"ok")
            writer.commit()

    def sweep(self, older_than: datetime) -> int:
        """Remove temporary files that a killed process left; a living upload changes its file's time with each write."""
        removed = 0
        for path in (self.root / ".tmp").glob("*"):
            try:
                if path.stat().st_mtime < older_than.timestamp():
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
        return removed

    def wipe(self, prefix: str) -> None:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        shutil.rmtree(self.root / "o" / checked_key(prefix.rstrip("/")), ignore_errors=True)


def _make_folders(folder: Path, root: Path) -> list[Path]:
    """Make ``folder`` and what is missing above it (within ``root``); returns the folders that got a new entry."""
    missing = []
    while folder != root and not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
    return [path.parent for path in missing]


def _sync_folder(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:  # deleted again meanwhile, with the object
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _blocks(file: BinaryIO, start: int, end: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = None if end is None else end - start
        while left is None or left > 0:
            with _faults():
                block = file.read(BLOCK if left is None else min(BLOCK, left))
            if not block:
                return
            if left is not None:
                left -= len(block)
            yield block

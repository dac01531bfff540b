"""The object store on a local disk: temporary file, fsync, rename."""

import os
import secrets
import shutil
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

from ropewalk.core.blobs.base import BLOCK, BlobMissing, BlobStat, checked_key

# A key may be both an object ("a") and a folder of others ("a/b"), as on S3; the suffix keeps the two apart on disk.
_FILE_SUFFIX = "\x1f"


class DiskWriter:
    """Writes to ``<root>/.tmp`` and renames into place; see :class:`~ropewalk.core.blobs.base.BlobWriter`."""

    def __init__(self, root: Path, target: Path) -> None:
        self._target = target
        temporary = root / ".tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        self._path = temporary / f"{os.getpid()}-{secrets.token_hex(12)}"
        self._file: BinaryIO = self._path.open("xb", buffering=0)
        self._done = False

    def write(self, block: bytes) -> None:
        """Append a block; an ``OSError`` (disk full) leaves nothing visible."""
        view = memoryview(block)
        while view:
            view = view[self._file.write(view) :]

    def commit(self) -> None:
        """Flush to the disk, then rename; the folder entry is synced so that an acknowledged object survives a power cut."""
        os.fsync(self._file.fileno())
        self._file.close()
        for _ in range(5):
            self._target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.replace(self._path, self._target)
                break
            except FileNotFoundError:  # a concurrent delete removed the empty folder between the two calls
                continue
        else:
            raise OSError(f"could not place {self._target.name}")
        folder = os.open(self._target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._done = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if not self._done:
            self._file.close()
            self._path.unlink(missing_ok=True)


class DiskStore:
    """Objects as files below ``root``; a key's last segment carries a suffix so that ``a`` and ``a/b`` can both exist."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, key: str) -> Path:
        return self.root / "o" / (checked_key(key) + _FILE_SUFFIX)

    def writer(self, key: str) -> DiskWriter:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        return DiskWriter(self.root, self._path(key))

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        try:
            file = self._path(key).open("rb", buffering=0)
        except FileNotFoundError:
            raise BlobMissing(key) from None
        return _blocks(file, start, end)

    def stat(self, key: str) -> BlobStat | None:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`."""
        try:
            found = self._path(key).stat()
        except FileNotFoundError:
            return None
        return BlobStat(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def delete(self, key: str) -> None:
        """Remove the file and the folders that it leaves empty."""
        path = self._path(key)
        path.unlink(missing_ok=True)
        top = self.root / "o"
        for folder in path.parents:
            if folder == top:
                break
            try:
                folder.rmdir()
            except OSError:
                break

    def list(self, prefix: str, after: str = "", limit: int = 1000) -> list[BlobStat]:
        """See :class:`~ropewalk.core.blobs.base.BlobStore`; walks only the folders that can hold an answer."""
        found: list[BlobStat] = []
        folder = prefix.rpartition("/")[0]
        if folder:
            checked_key(folder)
        for key in self._walk(folder, prefix, after):
            entry = self.stat(key)
            if entry is not None:
                found.append(entry)
            if len(found) >= limit:
                break
        return found

    def _walk(self, folder: str, prefix: str, after: str) -> Iterator[str]:
        base = f"{folder}/" if folder else ""
        try:
            names = os.listdir(self.root / "o" / folder)
        except (FileNotFoundError, NotADirectoryError):
            return
        # Folders sort with their slash, as the keys below them do.
        keys = sorted(base + (name[:-1] if name.endswith(_FILE_SUFFIX) else name + "/") for name in names)
        first = max(0, bisect_right(keys, after) - 1) if after else 0
        for key in keys[first:]:
            if key.endswith("/"):
                if (key.startswith(prefix) or prefix.startswith(key)) and (not after or key > after or after.startswith(key)):
                    yield from self._walk(key[:-1], prefix, after)
            elif key.startswith(prefix) and key > after:
                yield key

    def check(self) -> None:
        """Write and remove a small file; raises ``OSError`` when the disk is full or read-only."""
        with DiskWriter(self.root, self.root / ".check") as writer:
            writer.write(b"ok")
            writer.commit()

    def sweep(self, older_than: datetime) -> int:
        """Remove temporary files that a killed process left; returns how many."""
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
        """Remove a whole folder of keys (a deleted project)."""
        shutil.rmtree(self.root / "o" / checked_key(prefix.rstrip("/")), ignore_errors=True)


def _blocks(file: BinaryIO, start: int, end: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = None if end is None else end - start
        while left is None or left > 0:
            block = file.read(BLOCK if left is None else min(BLOCK, left))
            if not block:
                return
            if left is not None:
                left -= len(block)
            yield block

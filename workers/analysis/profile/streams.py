"""Reading a compressed file with a bound on what it may unpack to."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from workers.analysis.errors import AnalysisError
from workers.analysis.profile.limits import Limits

Progress = Callable[[float], None]


class _Metered(io.RawIOBase):
    """A readable that counts what passes and tells how far the file is read."""

    def __init__(self, raw: io.BufferedIOBase, size: int, progress: Progress) -> None:
        super().__init__()
        self._raw, self._size, self._progress, self.passed = raw, max(size, 1), progress, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        block = self._raw.read(size)
        self.passed += len(block)
        self._progress(min(self.passed / self._size, 1.0))
        return block


class _Bounded(io.RawIOBase):
    """A readable that ends with an error when a small file unpacks to far too much."""

    def __init__(self, source: pa.NativeFile, packed: _Metered, limits: Limits) -> None:
        super().__init__()
        self._source, self._packed, self._limits, self._unpacked = source, packed, limits, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        block: bytes = self._source.read(size)
        self._unpacked += len(block)
        if self._unpacked > self._limits.decompressed:
            raise AnalysisError(
                "too_large",
                f"The file unpacks to more than {self._limits.decompressed >> 20:,} MiB, which is the limit.",
            )
        beyond = self._unpacked > self._limits.ratio_from
        if beyond and self._unpacked > self._limits.ratio * max(self._packed.passed, 1):
            raise AnalysisError(
                "decompression_bomb",
                f"The file unpacks to more than {self._limits.ratio:,} times its size; it was not read further.",
            )
        return block


@contextmanager
def unpacked(path: Path, compression: str, limits: Limits, progress: Progress) -> Iterator[io.RawIOBase]:
    """The bytes of a file, unpacked as they are read."""
    with path.open("rb") as raw:
        packed = _Metered(raw, path.stat().st_size, progress)
        if not compression:
            yield packed
            return
        with pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), compression) as source:
            yield _Bounded(source, packed, limits)

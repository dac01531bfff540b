"""Reading a compressed file with a bound on what it may unpack to.

Arrow reads ahead in threads of its own, so nothing here calls back; how far a file is read is asked for by the reader's thread.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from workers.analysis.errors import AnalysisError
from workers.analysis.profile.limits import Limits

Progress = Callable[[float], None]


class Packed(io.RawIOBase):
    """The file as it lies on disk, counting what was read of it."""

    def __init__(self, raw: io.BufferedIOBase, size: int) -> None:
        super().__init__()
        self._raw, self._size, self.passed = raw, max(size, 1), 0

    @property
    def share(self) -> float:
        """How much of the file was read, 0 to 1."""
        return min(self.passed / self._size, 1.0)

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        block = self._raw.read(size)
        self.passed += len(block)
        return block


class _Bounded(io.RawIOBase):
    """A readable that ends with an error when a small file unpacks to far too much."""

    def __init__(self, source: pa.NativeFile, packed: Packed, limits: Limits) -> None:
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
def unpacked(path: Path, compression: str, limits: Limits) -> Iterator[tuple[io.RawIOBase, Packed]]:
    """The bytes of a file, unpacked as they are read; and the packed file, to ask how far it is read."""
    with path.open("rb") as raw:
        packed = Packed(raw, path.stat().st_size)
        if not compression:
            yield packed, packed
            return
        with pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), compression) as source:
            yield _Bounded(source, packed, limits), packed

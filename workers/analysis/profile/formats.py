"""Which file is read how: decided by name, checked against the first bytes."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from workers.analysis.errors import AnalysisError

_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
_DELIMITERS = {".csv": "", ".tsv": "\t", ".tab": "\t"}
_LINES = {".jsonl", ".ndjson"}
_WHOLE = {".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow"}
_MAGIC = {
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"\x1f\x8b": "a gzip file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"BZh": "a bzip2 file",
    b"PK\x03\x04": "a zip or Excel file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
_COMPRESSION_MAGIC = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd", "bz2": b"BZh"}


@dataclass(frozen=True)
class FileFormat:
    """How to read a file. ``kind`` is ``csv``, ``jsonl``, ``parquet`` or ``arrow``; an empty ``delimiter`` is to be found out."""

    kind: str
    compression: str = ""
    delimiter: str = ""

    @property
    def options(self) -> str:
        """What of it a profile depends on, as a short text: part of the cache's key."""
        return f"{self.kind}{':' + self.compression if self.compression else ''}{':tab' if self.delimiter else ''}"


def format_of(name: str) -> FileFormat | None:
    """The format that a file's name promises; None when it is none that can be profiled."""
    path = PurePosixPath(name.lower())
    compression = _COMPRESSIONS.get(path.suffix, "")
    suffix = PurePosixPath(path.stem).suffix if compression else path.suffix
    if suffix in _DELIMITERS:
        return FileFormat("csv", compression, _DELIMITERS[suffix])
    if suffix in _LINES:
        return FileFormat("jsonl", compression)
    return FileFormat(_WHOLE[suffix]) if suffix in _WHOLE and not compression else None


def required_format(name: str) -> FileFormat:
    """As :func:`format_of`, with an error for the user instead of None."""
    found = format_of(name)
    if found is None:
        raise AnalysisError(
            "unsupported_format",
            f"{PurePosixPath(name).name} is not a format that can be profiled. "
            "CSV, TSV, JSON Lines (also .gz, .zst, .bz2), Parquet and Arrow are.",
        )
    return found


def check_magic(head: bytes, expected: FileFormat) -> None:
    """Refuse a file whose first bytes contradict its name. Raises ``empty_file`` or ``wrong_format``."""
    if not head:
        raise AnalysisError("empty_file", "The file is empty.")
    if expected.kind == "parquet":
        if not head.startswith(b"PAR1"):
            raise AnalysisError(
                "wrong_format", "The file is named as Parquet but does not begin like a Parquet file."
            )
        return
    if expected.kind == "arrow":
        return  # a stream begins with no magic; Arrow's own reader decides
    if expected.compression:
        if not head.startswith(_COMPRESSION_MAGIC[expected.compression]):
            raise AnalysisError(
                "wrong_format", f"The file is named as {expected.compression} but is not compressed that way."
            )
        return
    check_text(head)


def check_text(head: bytes) -> None:
    """Refuse a (decompressed) beginning that is not text."""
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            raise AnalysisError("wrong_format", f"The file is named as text but is {name}.")
    if b"\x00" in head[:65536]:
        raise AnalysisError("wrong_format", "The file is named as text but holds binary data.")

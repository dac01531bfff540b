"""What an archive holds, from its own list. Nothing is extracted."""

import tarfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from workers.analysis.errors import AnalysisError
from workers.analysis.preview import Document

MOST_ENTRIES = 5000
_SECONDS = 60.0
_COLUMNS = [
    {"name": "Path", "type": "text"},
    {"name": "Size", "type": "bytes"},
    {"name": "Modified", "type": "text"},
]


def archive_list(path: Path, name: str) -> Document:
    """{facts, tables} with the entries in the archive's order. Raises :class:`AnalysisError`."""
    small = name.lower()
    try:
        if small.endswith((".zip", ".whl", ".jar", ".egg")):
            return _zip(path)
        return _tar(path, small)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
    ) as error:
        raise AnalysisError(
            "damaged_file", "The archive is damaged, or of another kind than its name says."
        ) from error


def _document(kind: str, facts: list[list[str]], rows: list[list[Any]], *, more: bool, odd: int) -> Document:
    notes = []
    if more:
        notes.append(f"Only the first {len(rows):,} entries are listed.")
    if odd:
        notes.append(
            f"Entries that would be written outside of the folder where it is extracted: {odd:,}. Do not extract it."
        )
    table = {"title": "Entries", "columns": _COLUMNS, "rows": rows}
    return {"format": kind, "facts": facts, "tables": [table], "notes": notes}


def _leads_out(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or name[1:2] == ":"


def _zip(path: Path) -> Document:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        total, packed = (
            sum(entry.file_size for entry in entries),
            sum(entry.compress_size for entry in entries),
        )
        rows = [_zip_row(entry) for entry in entries[:MOST_ENTRIES]]
        locked = sum(entry.flag_bits & 1 for entry in entries)
    facts = [
        ["Entries", f"{len(entries):,}"],
        ["Unpacked", f"{total:,} bytes"],
        ["Packed", f"{packed:,} bytes"],
    ]
    if locked:
        facts.append(["Encrypted", f"{locked:,} entries"])
    odd = sum(_leads_out(entry.filename) for entry in entries)
    return _document("ZIP archive", facts, rows, more=len(entries) > len(rows), odd=odd)


def _zip_row(entry: zipfile.ZipInfo) -> list[Any]:
    when = "{:04}-{:02}-{:02} {:02}:{:02}".format(*entry.date_time[:5])
    return [entry.filename[:1000], None if entry.is_dir() else entry.file_size, when]


def _tar(path: Path, name: str) -> Document:
    rows: list[list[Any]] = []
    total = odd = 0
    more = False
    end = time.monotonic() + _SECONDS
    with _opened(path, name) as archive:
        for entry in archive:
            if len(rows) >= MOST_ENTRIES or time.monotonic() > end:
                more = True
                break
            total += entry.size
            odd += _leads_out(entry.name) or (entry.issym() and _leads_out(entry.linkname))
            shown = f"{entry.name} → {entry.linkname}" if entry.issym() or entry.islnk() else entry.name
            rows.append([shown[:1000], entry.size if entry.isfile() else None, _when(entry.mtime)])
    facts = [
        ["Entries", f"{'more than ' if more else ''}{len(rows):,}"],
        ["Unpacked", f"{'more than ' if more else ''}{total:,} bytes"],
    ]
    return _document("TAR archive", facts, rows, more=more, odd=odd)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[tarfile.TarFile]:
    """The archive as a stream: read once from its beginning, in constant memory."""
    if name.endswith(".zst"):
        packed = pa.CompressedInputStream(pa.OSFile(str(path), "rb"), "zstd")
        with packed as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            yield archive
    else:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r|*") as archive:
            yield archive


def _when(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return ""

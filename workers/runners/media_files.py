"""Images, sounds and texts measured once by content: what was measured before is read, the rest is measured and kept."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from ropewalk.core import blobs
from ropewalk.monitors import selectors, services
from ropewalk.monitors.media import mark
from workers.analysis.errors import AnalysisError
from workers.analysis.media import MEDIA_VERSION, images, rows, sounds, texts
from workers.analysis.media.folder import MediaFolder
from workers.analysis.media.kinds import AUDIO, IMAGE
from workers.runners.data_files import TableFile, Tell, spooled

_FLUSH_FILES, _FLUSH_BYTES, _FLUSH_SECONDS = 2000, 24 << 20, 30.0
_MANY_BATCHES = 64  # read for one folder; from then on they are kept together, too

Row = rows.Row


def media_folder(project_id: int, kind: str, files: list[TableFile], root: str, tell: Tell) -> MediaFolder:
    """The measured files of one kind, named from ``root`` on. ``tell`` hears shares of 0..1.

    A job that is killed on the way leaves what it measured; the next one goes on from there.
    """
    measured = _measured(project_id, kind, files, tell)
    return MediaFolder.of(kind, {_relative(file.path, root): measured[_content(file)] for file in files})


def _relative(path: str, root: str) -> str:
    return path.removeprefix(f"{root}/") if root else path


def _content(file: TableFile) -> str:
    return f"{file.content.algorithm}:{file.content.content_hash}"


def _measured(project_id: int, kind: str, files: list[TableFile], tell: Tell) -> dict[str, Row]:
    wanted = {_content(file): file for file in files}
    found, batches = _stored(project_id, kind, set(wanted))
    missing = sorted(
        (file for content, file in wanted.items() if content not in found), key=lambda one: one.path
    )
    batch = _Batch(project_id, kind)
    for number, file in enumerate(missing):
        tell(number / len(missing), f"Measuring {number + 1:,} of {len(missing):,}: {file.name}")
        row, thumbnail = _measure(kind, file)
        found[_content(file)] = batch.add(_content(file), row, thumbnail)
    batch.flush()
    if batches + batch.flushed > _MANY_BATCHES:
        _keep(project_id, kind, list(found.values()), None)
    return found


def _stored(project_id: int, kind: str, wanted: set[str]) -> tuple[dict[str, Row], int]:
    """What was measured before, and how many batches had to be read for it: those with the most of it first."""
    left = np.array([int.from_bytes(mark(content)) for content in wanted], np.uint64)
    holding = []
    for batch in selectors.media_batches(project_id, kind, MEDIA_VERSION):
        marks = np.frombuffer(batch.marks, ">u8").astype(np.uint64)
        if hits := int(np.isin(left, marks).sum()):
            holding.append((-hits, batch.key, marks))
    found: dict[str, Row] = {}
    read = 0
    for _, key, marks in sorted(holding, key=lambda one: one[:2]):
        if not np.isin(left, marks).any():
            continue
        try:
            held = rows.loads(b"".join(blobs.store().read(key)), wanted)
        except (AnalysisError, blobs.BlobMissing):
            services.forget_media_batch(project_id=project_id, key=key)
            continue
        read += 1
        found |= {row["content"]: row for row in held if row["content"] not in found}
        left = left[~np.isin(left, marks)]
    return found, read


def _measure(kind: str, file: TableFile) -> tuple[Row, bytes]:
    """One file's row and, for an image, its thumbnail. What can't be measured is a row with an error."""
    most = {IMAGE: images.MOST_BYTES, AUDIO: sounds.MOST_BYTES}.get(kind)
    if most is not None and file.size > most:
        why = f"It is larger than {most >> 20:,} MiB, the most that is read of one."
        return {"bytes": file.size, "error": "too_large", "why": why}, b""
    try:
        if kind == IMAGE:
            return images.measure_image(b"".join(_head(file, file.size)))
        if kind == AUDIO:
            with spooled(file) as path:
                return sounds.measure_sound(path, file.size), b""
        return texts.measure_text(b"".join(_head(file, texts.MOST_BYTES)), file.size), b""
    except MemoryError:
        why = "It needs more memory than a worker has."
        return {"bytes": file.size, "error": "too_large", "why": why}, b""


def _head(file: TableFile, size: int) -> Iterator[bytes]:
    blocks, left = file.open(), size
    with closing(blocks):  # type: ignore[type-var]  # a generator: closing it ends git
        for block in blocks:
            yield block[:left]
            left -= len(block)
            if left <= 0:
                return


def _keep(project_id: int, kind: str, measured: list[Row], pack: tuple[str, bytes] | None) -> None:
    services.store_media_batch(
        project_id=project_id,
        kind=kind,
        version=MEDIA_VERSION,
        contents=[row["content"] for row in measured],
        rows=rows.dumps(measured),
        pack=pack,
    )


@dataclass
class _Batch:
    """Rows and thumbnails that are not kept yet."""

    project_id: int
    kind: str
    flushed: int = 0
    _rows: list[Row] = field(default_factory=list)
    _pack: list[bytes] = field(default_factory=list)
    _size: int = 0
    _since: float = field(default_factory=time.monotonic)

    def add(self, content: str, row: Row, thumbnail: bytes) -> Row:
        """Take a row in, and keep all where it is time."""
        row["content"] = content
        if thumbnail:
            row["thumb_start"], row["thumb_size"] = self._size, len(thumbnail)
            self._pack.append(thumbnail)
            self._size += len(thumbnail)
        self._rows.append(row)
        waited = time.monotonic() - self._since
        if len(self._rows) >= _FLUSH_FILES or self._size >= _FLUSH_BYTES or waited >= _FLUSH_SECONDS:
            self.flush()
        return row

    def flush(self) -> None:
        """Keep what there is."""
        if self._rows:
            data = b"".join(self._pack)
            name = hashlib.sha256(data).hexdigest()[:32]
            for row in self._rows:
                if "thumb_size" in row:
                    row["pack"] = name
            _keep(self.project_id, self.kind, self._rows, (name, data) if data else None)
            self.flushed += 1
        self._rows, self._pack, self._size, self._since = [], [], 0, time.monotonic()

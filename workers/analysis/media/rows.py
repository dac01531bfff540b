"""Measured rows as a file: Parquet, one row a content, so that any Parquet reader can open it. Nothing here unpickles."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workers.analysis.errors import AnalysisError

Row = dict[str, Any]
_FACTS = {
    "bytes": pa.int64(),
    "error": pa.string(),
    "why": pa.string(),
    "look": pa.uint64(),
    "format": pa.string(),
    # images
    "width": pa.int32(),
    "height": pa.int32(),
    "mode": pa.string(),
    "orientation": pa.int8(),
    "year": pa.int16(),
    "brightness": pa.float64(),
    "contrast": pa.float64(),
    "sharpness": pa.float64(),
    "colourfulness": pa.float64(),
    "pack": pa.string(),
    "thumb_start": pa.int64(),
    "thumb_size": pa.int32(),
    # sounds
    "codec": pa.string(),
    "duration": pa.float64(),
    "sample_rate": pa.int32(),
    "channels": pa.int32(),
    "loudness": pa.float64(),
    "peak": pa.float64(),
    "silence": pa.float64(),
    # texts
    "characters": pa.int64(),
    "words": pa.int64(),
    "lines": pa.int64(),
    "word_length": pa.float64(),
    "non_letters": pa.float64(),
    "encoding_faults": pa.int64(),
    "beginning": pa.string(),
}
_SCHEMA = pa.schema([("content", pa.string()), *_FACTS.items()])


def dumps(rows: Iterable[Row]) -> bytes:
    """Rows, each with its ``content``, in the order of their contents: the same rows are the same bytes."""
    table = pa.Table.from_pylist(sorted(rows, key=lambda row: row["content"]), schema=_SCHEMA)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def loads(stored: bytes, wanted: set[str]) -> list[Row]:
    """The rows of those contents that are wanted, without what is empty in them. Raises :class:`AnalysisError`."""
    try:
        table = pq.ParquetFile(pa.BufferReader(stored)).read(use_threads=False)
        if table.schema.names != _SCHEMA.names:
            raise AnalysisError("damaged_rows", "Stored measurements are of another kind.")
        kept = [index for index, content in enumerate(table["content"].to_pylist()) if content in wanted]
        rows = table.take(pa.array(kept, pa.int64())).to_pylist()
    except MemoryError:  # Arrow's is an ArrowException too
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise AnalysisError("damaged_rows", "Stored measurements can't be read.") from error
    return [{name: value for name, value in row.items() if value is not None} for row in rows]

"""A file's profile: the one entry for the runners."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workers.analysis.errors import AnalysisError, known
from workers.analysis.profile import csv_reader, jsonl_reader
from workers.analysis.profile.columns import Column, Kind, kind_of
from workers.analysis.profile.csv_types import CsvColumn
from workers.analysis.profile.formats import FileFormat, check_magic
from workers.analysis.profile.limits import Limits
from workers.analysis.profile.streams import Progress
from workers.analysis.profile.table import TableProfile

_BATCH_ROWS = 131_072
_BUFFERS = 16 << 20  # bytes, of all columns of a Parquet file together
with suppress(NotImplementedError):  # not in every build of Arrow
    # It gives memory back sooner: a million rows of 20 columns peak at 434 MB, 484 MB with Arrow's own choice.
    pa.set_memory_pool(pa.jemalloc_memory_pool())


def profile_file(
    path: Path,
    file_format: FileFormat,
    *,
    seed: int = 0,
    limits: Limits | None = None,
    sample: bool = True,
    progress: Progress = lambda _share: None,
) -> TableProfile:
    """Read a local file once (a CSV column that turns out to be text late: twice) and profile it.

    ``seed`` numbers the sample's rows and should come from the content's hash; ``progress`` is told the share that is read.
    Raises :class:`AnalysisError`.
    """
    limits = limits or Limits()
    with path.open("rb") as file:
        check_magic(file.read(65536), file_format)
    if file_format.kind == "parquet":
        return _profile_parquet(path, limits, seed, sample, progress)
    if file_format.kind == "arrow":
        return _profile_arrow(path, limits, seed, sample, progress)
    if file_format.kind == "jsonl":
        return _profile_jsonl(path, file_format, limits, seed, sample, progress)
    return _profile_csv(path, file_format, limits, seed, sample, progress)


def _profile_csv(
    path: Path, file_format: FileFormat, limits: Limits, seed: int, sample: bool, progress: Progress
) -> TableProfile:
    layout = csv_reader.layout_of(path, file_format, limits)
    profile = TableProfile.for_width(len(layout.names), sample=sample)
    profile.columns = {name: Column(name, bins=profile.bins) for name in layout.names}
    columns = {name: CsvColumn() for name in layout.names}
    for batch in csv_reader.batches(path, file_format, layout, limits, lambda share: progress(share * 0.9)):
        _check_rows(profile.rows + batch.num_rows, limits)
        # a table, not a batch: the sample needs the original text of late columns
        typed = [columns[name].read(batch.column(index)) for index, name in enumerate(layout.names)]
        profile.add(pa.table(typed, names=layout.names), seed=seed)
    late = [name for name, column in columns.items() if column.late]
    if late:
        _reread(
            profile, late, csv_reader.batches(path, file_format, layout, limits, lambda _share: None, late)
        )
    progress(1.0)
    return profile.settle()


def _reread(profile: TableProfile, names: list[str], batches: Iterator[pa.RecordBatch]) -> None:
    """Profile columns again as text."""
    for name in names:
        profile.columns[name] = Column(name, bins=profile.bins)
    for batch in batches:
        for index, name in enumerate(names):
            profile.columns[name].add(batch.column(index))


def _profile_parquet(path: Path, limits: Limits, seed: int, sample: bool, progress: Progress) -> TableProfile:
    try:
        texts = text_columns(path, limits)
        file = open_parquet(path, texts)
        names = csv_reader.unique_names(file.schema_arrow.names)
        profile = TableProfile.for_width(len(names), sample=sample)
        profile.columns = {name: Column(name, bins=profile.bins) for name in names}
        total = max(file.metadata.num_rows, 1)
        for batch in parquet_batches(file, batch_rows(file.metadata, limits)):
            profile.add(pa.table(batch.columns, names=names), seed=seed)
            progress(min(profile.rows / total, 1.0))
    except MemoryError:  # Arrow's is an ArrowException too
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise AnalysisError(
            "damaged_file", "The Parquet file is damaged or uses a feature that cannot be read."
        ) from error
    for field, name in zip(file.schema_arrow, names, strict=True):
        if kind_of(field.type) is not Kind.EMPTY and not profile.columns[name].types:
            profile.columns[name].add(pa.array([], field.type))  # a table without rows still has its types
    return profile.settle()


def _profile_jsonl(
    path: Path, file_format: FileFormat, limits: Limits, seed: int, sample: bool, progress: Progress
) -> TableProfile:
    profile = None
    for batch in jsonl_reader.batches(path, file_format.compression, limits, progress):
        if profile is None:
            profile = TableProfile.for_width(batch.rows.num_columns, sample=sample)
        _check_rows(profile.rows + batch.count, limits)
        for name in batch.names:
            profile.columns.setdefault(name, Column(name, bins=profile.bins))
        profile.add(batch.rows, seed=seed)
        profile.rows += batch.count - batch.rows.num_rows  # objects without any key of one kind
        for name, cells in batch.mixed.items():
            profile.columns[name].add_mixed(cells.types, cells.n, cells.null)
        if len(profile.columns) > limits.columns:
            raise _too_wide(len(profile.columns), limits)
    profile = known(profile)  # a file without rows was refused
    for column in profile.columns.values():
        column.null += profile.rows - column.rows  # rows that do not have the key
    progress(1.0)
    return profile.settle()


def _profile_arrow(path: Path, limits: Limits, seed: int, sample: bool, progress: Progress) -> TableProfile:
    """An Arrow file or stream. Its bytes are somebody else's, so each batch is checked whole before it is read."""
    try:
        with pa.OSFile(str(path)) as source:
            reader, total = arrow_reader(source)
            names = csv_reader.unique_names(reader.schema.names)
            if len(names) > limits.columns:
                raise _too_wide(len(names), limits)
            profile = TableProfile.for_width(len(names), sample=sample)
            profile.columns = {name: Column(name, bins=profile.bins) for name in names}
            for number, batch in enumerate(arrow_batches(reader), start=1):
                batch.validate(full=True)
                _check_rows(profile.rows + batch.num_rows, limits)
                for start in range(0, batch.num_rows, _BATCH_ROWS):
                    part = batch.slice(start, _BATCH_ROWS)
                    profile.add(pa.table(part.columns, names=names), seed=seed)
                progress(
                    min(number / total, 1.0) if total else min(source.tell() / max(source.size(), 1), 1.0)
                )
            for field, name in zip(reader.schema, names, strict=True):
                if kind_of(field.type) is not Kind.EMPTY and not profile.columns[name].types:
                    profile.columns[name].add(pa.array([], field.type))
    except MemoryError:  # Arrow's is an ArrowException too
        raise
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise AnalysisError(
            "damaged_file", "The Arrow file is damaged or uses a feature that cannot be read."
        ) from error
    return profile.settle()


def arrow_reader(source: pa.NativeFile) -> tuple[Any, int]:
    """The reader of a file or stream, and how many batches a file says that it has."""
    head = source.read(6)
    source.seek(0)
    if head == b"ARROW1":
        reader = pa.ipc.open_file(source)
        return reader, int(reader.num_record_batches)
    return pa.ipc.open_stream(source), 0


def arrow_batches(reader: Any) -> Iterator[pa.RecordBatch]:
    """The batches of such a reader, unchecked."""
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)
    else:
        yield from reader


def text_columns(path: Path, limits: Limits) -> list[str]:
    """Check a Parquet file's own description before any data is read; returns its top-level text columns.

    These are read as dictionaries, so that a run-length-encoded giant is never spelled out.
    """
    metadata = pq.read_metadata(path)
    if metadata.num_columns > limits.columns:
        raise _too_wide(metadata.num_columns, limits)
    _check_rows(metadata.num_rows, limits)
    for group in range(metadata.num_row_groups):
        for index in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(index)
            if chunk.total_uncompressed_size > limits.column_chunk:
                raise AnalysisError(
                    "row_group_too_large",
                    f"A row group holds more than {limits.column_chunk >> 20:,} MiB of one column. Write smaller row groups.",
                )
    schema = metadata.schema.to_arrow_schema()
    return [
        field.name
        for field in schema
        if kind_of(field.type) is Kind.STRING and not pa.types.is_string_view(field.type)
    ]


def open_parquet(path: Path, texts: list[str]) -> pq.ParquetFile:
    """The file, ``texts`` to be read as dictionaries, each column chunk through a buffer, smaller the more columns there are."""
    metadata = pq.read_metadata(path)
    return pq.ParquetFile(
        path, metadata=metadata, read_dictionary=texts, buffer_size=_buffer(metadata.num_columns)
    )


def _buffer(columns: int) -> int:
    return min(max(_BUFFERS // max(columns, 1), 16 << 10), 1 << 20)


def parquet_batches(file: pq.ParquetFile, rows: int) -> Iterator[pa.RecordBatch]:
    """All rows in batches of at most ``rows``.

    Arrow keeps the buffer of every column chunk until an iteration ends: ten million rows of 20 columns took 1.2 GiB of them. So
    each iteration reads a few row groups only.
    """
    metadata = file.metadata
    most = max(_BUFFERS // (_buffer(metadata.num_columns) * max(metadata.num_columns, 1)), 1)
    run: list[int] = []
    held = 0
    for group in range(metadata.num_row_groups):
        run.append(group)
        held += metadata.row_group(group).num_rows
        if held >= rows or len(run) >= most or group == metadata.num_row_groups - 1:
            yield from file.iter_batches(batch_size=rows, row_groups=run, use_threads=False)
            run, held = [], 0


def batch_rows(metadata: pq.FileMetaData, limits: Limits) -> int:
    """Rows of one batch, so that it stays near the limit in bytes."""
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    heaviest = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1.0)
    widest = max(heaviest, 8.0 * metadata.num_columns)
    return int(min(max(limits.batch // max(widest, 1.0), 1), _BATCH_ROWS))


def _too_wide(columns: int, limits: Limits) -> AnalysisError:
    return AnalysisError(
        "too_many_columns",
        f"The file has {columns:,} columns; at most {limits.columns:,} can be profiled.",
    )


def _check_rows(rows: int, limits: Limits) -> None:
    if rows > limits.rows:
        raise AnalysisError(
            "too_many_rows", f"The file has more than {limits.rows:,} rows, which is the limit."
        )

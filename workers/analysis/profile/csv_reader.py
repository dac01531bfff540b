"""CSV as batches of text columns, in bounded memory, with a clear error for what is not CSV."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from workers.analysis.errors import AnalysisError
from workers.analysis.profile.formats import FileFormat, check_text
from workers.analysis.profile.limits import Limits
from workers.analysis.profile.streams import Progress, unpacked

_HEAD = 1 << 20
_BLOCK = 1 << 20  # bytes that Arrow reads at once, and it reads some thirty blocks ahead
_CANDIDATES = ",;\t|"
_NUMBER = re.compile(r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$")


@dataclass(frozen=True)
class Layout:
    """How a CSV file is laid out: found in its beginning, so a pure function of its content."""

    delimiter: str
    names: list[str]
    has_header: bool
    has_rows: bool = True


def unique_names(names: list[str]) -> list[str]:
    """Every column gets a name of its own: empty ones by position, repeated ones by a number behind a dot."""
    seen: Counter[str] = Counter()
    taken, result = set(names), []
    for position, given in enumerate(names, start=1):
        name = given or f"column_{position}"
        while seen[name] and f"{name}.{seen[name]}" in taken:
            seen[name] += 1
        result.append(f"{name}.{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return result


def layout_of(path: Path, file_format: FileFormat, limits: Limits) -> Layout:
    """Read the first row. Raises ``empty_file``, ``wrong_format``, ``not_utf8``, ``bad_header`` or ``too_many_columns``."""
    with (
        _Explaining("header"),
        unpacked(path, file_format.compression, limits) as (stream, _packed),
    ):
        head = b""
        while len(head) < _HEAD and (block := stream.read(_HEAD - len(head))):
            head += block
    if not head:
        raise AnalysisError("empty_file", "The file is empty.")
    check_text(head)
    text = _decoded(head)
    delimiter = file_format.delimiter or _delimiter_of(text)
    try:
        rows = (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
        first = next(rows, [])
        has_header = not all(_NUMBER.match(cell) for cell in first)
    except csv.Error as error:
        raise AnalysisError("bad_header", f"The first row cannot be read as CSV: {error}.") from error
    if len(first) > limits.columns:
        raise AnalysisError(
            "too_many_columns",
            f"The file has {len(first):,} columns; at most {limits.columns:,} can be profiled.",
        )
    if not first:
        raise AnalysisError("empty_file", "The file has no rows.")
    # looked at in a small file only: the head of a larger one may end inside its second row
    has_rows = not has_header or len(head) >= _HEAD or _goes_on(rows)
    names = [cell.strip() for cell in first] if has_header else [""] * len(first)
    return Layout(delimiter, unique_names(names), has_header, has_rows)


def _goes_on(rows: Iterator[list[str]]) -> bool:
    try:
        return next(rows, None) is not None
    except csv.Error:  # a second row there is, only too large for this way of reading
        return True


def _decoded(head: bytes) -> str:
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) >= _HEAD and error.start >= len(head) - 3:  # only the cut at the end is to blame
            return head[: error.start].decode("utf-8-sig")
        raise AnalysisError(
            "not_utf8", "The file is not UTF-8 text. Save it as UTF-8 and track it again."
        ) from error


def _delimiter_of(text: str) -> str:
    """The candidate that gives the most cells in the first row; the comma when none occurs."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    outside = re.sub(r'"[^"]*"', "", line)
    return max(_CANDIDATES, key=lambda candidate: (outside.count(candidate), candidate == ","))


def batches(
    path: Path,
    file_format: FileFormat,
    layout: Layout,
    limits: Limits,
    progress: Progress,
    columns: list[str] | None = None,
    *,
    as_written: bool = False,
) -> Iterator[pa.RecordBatch]:
    """All rows as text, in batches; missing cells (empty, NA, null, nan, …) as null. ``columns`` restricts what is kept.

    ``as_written``: missing cells stay the texts that they are.
    """
    if not layout.has_rows:
        return
    given = 0

    def read(block: int) -> Iterator[pa.RecordBatch]:
        convert = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(layout.names, pa.string()),
            strings_can_be_null=not as_written,
            include_columns=columns,
        )
        return _read(path, file_format, layout, limits, progress, (convert, block))

    try:
        for batch in _joined(read(min(limits.block, _BLOCK)), limits):
            given += batch.num_rows
            yield batch
        return
    except AnalysisError as error:
        if error.code != "row_too_large" or limits.block <= _BLOCK:
            raise
    # A row is longer than a block: begin again with the longest that a row may be, past what was given.
    for batch in read(limits.block):
        if given < batch.num_rows:
            yield batch.slice(given)
        given = max(given - batch.num_rows, 0)


def _joined(batches: Iterator[pa.RecordBatch], limits: Limits) -> Iterator[pa.RecordBatch]:
    """Fewer batches, each of about the longest block: every one costs its columns the same however few rows it has."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += batch.nbytes
        if size >= limits.block:
            yield pa.concat_batches(held)
            held, size = [], 0
    if held:
        yield pa.concat_batches(held)


def _read(
    path: Path,
    file_format: FileFormat,
    layout: Layout,
    limits: Limits,
    progress: Progress,
    how: tuple[pa_csv.ConvertOptions, int],
) -> Iterator[pa.RecordBatch]:
    """The reader's own batches. ``how`` is what the cells become, and the bytes of a block, in which a row must fit."""
    convert, block = how
    ragged: list[pa_csv.InvalidRow] = []

    def refuse(row: pa_csv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    with _Explaining("rows", ragged), unpacked(path, file_format.compression, limits) as (stream, packed):
        reader = pa_csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            read_options=pa_csv.ReadOptions(
                use_threads=False,
                block_size=block,
                column_names=layout.names,
                skip_rows_after_names=int(layout.has_header),
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=convert,
        )
        for batch in reader:
            yield batch
            progress(packed.share)


class _Explaining:
    """Turn the reader's exceptions into errors for the user."""

    def __init__(self, part: str, ragged: list[pa_csv.InvalidRow] | None = None) -> None:
        self._part, self._ragged = part, ragged

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, pa.ArrowException | OSError) or isinstance(error, MemoryError):
            return
        raise _explained(str(error), self._ragged) from error


def _explained(detail: str, ragged: list[pa_csv.InvalidRow] | None) -> AnalysisError:
    if ragged:
        row = ragged[0]
        place = f"Row {row.number}" if row.number else "A row"
        return AnalysisError(
            "ragged_rows",
            f"{place} has {row.actual_columns} cells where the first row has {row.expected_columns}.",
        )
    if "straddling" in detail or "block size" in detail:
        return AnalysisError("row_too_large", "A row is larger than 8 MiB, or a quote is never closed.")
    if "UTF8" in detail or "UTF-8" in detail:
        return AnalysisError("not_utf8", "The file is not UTF-8 text. Save it as UTF-8 and track it again.")
    return AnalysisError("damaged_file", "The file is damaged or cut short: it could not be read to its end.")

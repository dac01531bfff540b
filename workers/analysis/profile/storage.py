"""A profile as a file: Parquet, one row a column, so that any Parquet reader can open it. Nothing here unpickles.

Histogram keys ascend, so they are stored with delta encoding; the sample is a Parquet file of its own.
"""

import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from workers.analysis.errors import AnalysisError
from workers.analysis.profile.categories import Categories
from workers.analysis.profile.columns import Column, Kind
from workers.analysis.profile.floatbits import FloatBits
from workers.analysis.profile.numbers import Numbers
from workers.analysis.profile.sample import RowSample
from workers.analysis.profile.table import PROFILE_VERSION, TableProfile

_HEADER = b"ropewalk.profile"
_HASH_COLUMN = "__row_hash"
_NUMBERS = pa.struct(
    [
        ("n", pa.int64()),
        ("minimum", pa.float64()),
        ("maximum", pa.float64()),
        ("mean", pa.float64()),
        ("m2", pa.float64()),
        ("integral", pa.bool_()),
        ("shift", pa.int32()),
        ("keys", pa.list_(pa.int64())),
        ("counts", pa.list_(pa.int64())),
    ]
)
_SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("kind", pa.string()),
        ("types", pa.list_(pa.string())),
        ("n", pa.int64()),
        ("null", pa.int64()),
        ("nan", pa.int64()),
        ("infinite", pa.int64()),
        ("numbers", _NUMBERS),
        ("lengths", _NUMBERS),
        ("words", _NUMBERS),
        ("values", pa.list_(pa.string())),
        ("value_counts", pa.list_(pa.int64())),
        ("buckets", pa.list_(pa.int64())),
        ("smallest_hashes", pa.list_(pa.uint64())),
        ("hours", pa.list_(pa.int64())),
        ("weekdays", pa.list_(pa.int64())),
    ]
)
_DELTA = {
    f"{path}.list.element": "DELTA_BINARY_PACKED"
    for path in (
        "value_counts",
        "buckets",
        *(f"{part}.{leaf}" for part in ("numbers", "lengths", "words") for leaf in ("keys", "counts")),
    )
}


class DamagedProfile(AnalysisError):
    """Stored bytes are not a profile of this version; the profile has to be computed again."""

    def __init__(self, detail: str) -> None:
        super().__init__("damaged_profile", f"A stored profile cannot be read: {detail}")


def dumps(profile: TableProfile) -> bytes:
    """The statistics, without the sample."""
    profile.settle()
    rows = [_row(column) for column in profile.columns.values()]
    header = {"version": PROFILE_VERSION, "rows": profile.rows, "files": profile.files, "bins": profile.bins}
    schema = _SCHEMA.with_metadata({_HEADER: json.dumps(header).encode()})
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(
        table, sink, compression="zstd", use_dictionary=False, column_encoding=_DELTA, data_page_version="2.0"
    )
    return bytes(sink.getvalue())


def dumps_sample(profile: TableProfile) -> bytes | None:
    """The row sample; None when there is none."""
    if profile.sample is None or profile.sample.table is None:
        return None
    hashes = pa.array(profile.sample.hashes, pa.uint64())
    table = profile.sample.table.add_column(0, _HASH_COLUMN, hashes)
    table = table.replace_schema_metadata({_HEADER: json.dumps({"size": profile.sample.size}).encode()})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def loads(stored: bytes, sample: bytes | None = None) -> TableProfile:
    """The profile of stored bytes. Raises :class:`DamagedProfile`."""
    try:
        table = pq.ParquetFile(pa.BufferReader(stored)).read(use_threads=False)
        header = json.loads((table.schema.metadata or {})[_HEADER])
        if header["version"] != PROFILE_VERSION:
            raise DamagedProfile(f"it is of version {header['version']}.")
        profile = TableProfile(rows=header["rows"], files=header["files"], bins=header["bins"])
        for batch in table.to_batches():
            for index in range(batch.num_rows):
                column = _column(batch, index, header["bins"])
                profile.columns[column.name] = column
        if sample is not None:
            profile.sample = _sample(sample)
    except MemoryError:  # Arrow's is an ArrowException too
        raise
    except (pa.ArrowException, KeyError, ValueError, OSError) as error:
        raise DamagedProfile(type(error).__name__) from error
    return profile


def _row(column: Column) -> dict[str, Any]:
    categories = column.categories
    return {
        "name": column.name,
        "kind": column.kind.value,
        "types": sorted(column.types),
        "n": column.n,
        "null": column.null,
        "nan": column.nan,
        "infinite": column.infinite,
        "numbers": _numbers_row(column.numbers),
        "lengths": _numbers_row(column.lengths),
        "words": _numbers_row(column.words),
        "values": None if categories is None else categories.values,
        "value_counts": None if categories is None else categories.counts,
        "buckets": None if categories is None else categories.buckets,
        "smallest_hashes": None if categories is None else categories.smallest,
        "hours": column.hours,
        "weekdays": column.weekdays,
    }


def _numbers_row(numbers: Numbers | None) -> dict[str, Any] | None:
    if numbers is None:
        return None
    names = ("n", "minimum", "maximum", "mean", "m2", "integral")
    histogram = numbers.histogram
    plain = {name: getattr(numbers, name) for name in names}
    return plain | {"shift": histogram.shift, "keys": histogram.keys, "counts": histogram.counts}


def _ints(cell: pa.Scalar) -> Any:
    return None if not cell.is_valid else cell.values.to_numpy(zero_copy_only=False).copy()


def _column(batch: pa.RecordBatch, index: int, bins: int) -> Column:
    cells = {name: batch.column(name)[index] for name in batch.schema.names}
    counts = {name: cells[name].as_py() for name in ("n", "null", "nan", "infinite")}
    column = Column(
        cells["name"].as_py(), Kind(cells["kind"].as_py()), set(cells["types"].as_py()), bins=bins, **counts
    )
    column.numbers, column.lengths, column.words = (
        _numbers(cells[name], bins) for name in ("numbers", "lengths", "words")
    )
    column.hours, column.weekdays = _ints(cells["hours"]), _ints(cells["weekdays"])
    if column.kind is Kind.STRING:
        column.categories = Categories(
            n=column.n,
            values=cells["values"].values,
            counts=_ints(cells["value_counts"]),
            buckets=_ints(cells["buckets"]),
            smallest=_ints(cells["smallest_hashes"]),
        )
        if len(column.categories.values) != len(column.categories.counts):
            raise DamagedProfile("values and counts differ in length.")
    return column


def _numbers(cell: pa.StructScalar, bins: int) -> Numbers | None:
    if not cell.is_valid:
        return None
    plain = {name: cell[name].as_py() for name in ("n", "minimum", "maximum", "mean", "m2", "integral")}
    histogram = FloatBits(bins, cell["shift"].as_py(), _ints(cell["keys"]), _ints(cell["counts"]))
    if len(histogram.keys) != len(histogram.counts):
        raise DamagedProfile("keys and counts differ in length.")
    return Numbers(histogram, **plain)


def _sample(stored: bytes) -> RowSample:
    table = pq.ParquetFile(pa.BufferReader(stored)).read(use_threads=False)
    header = json.loads((table.schema.metadata or {})[_HEADER])
    return RowSample(
        header["size"], table.column(0).to_numpy(), table.remove_column(0).replace_schema_metadata(None)
    )

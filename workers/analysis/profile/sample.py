"""A deterministic row sample: the rows whose hashed number is smallest.

The hash of a row is splitmix64 of (hashed seed of the file + row number), uniform over rows, so the smallest ones of two files
together are a fair sample of both, and merging needs no weights.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workers.analysis.profile.categories import Hashes
from workers.analysis.profile.columns import Kind, kind_of
from workers.analysis.profile.limits import SAMPLE_ROWS, SAMPLE_TEXT


def splitmix64(numbers: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014) over an array."""
    with np.errstate(over="ignore"):
        mixed = numbers * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def _spelled_out(chunk: pa.DictionaryArray) -> pa.Array:
    return pc.utf8_slice_codeunits(chunk.dictionary.cast(pa.string()), 0, SAMPLE_TEXT).take(chunk.indices)


def _canonical(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """A sampled column in one of few types, texts shortened; what has no scalar form is left out as null."""
    kind, data_type = kind_of(values.type), values.type
    if pa.types.is_dictionary(data_type):
        if kind is Kind.STRING:  # shorten before spelling out: the same long text may stand in every row
            return pa.chunked_array([_spelled_out(chunk) for chunk in values.chunks], pa.string())
        values, data_type = values.cast(data_type.value_type), data_type.value_type
    if kind is Kind.STRING:
        return pc.utf8_slice_codeunits(values.cast(pa.string()), 0, SAMPLE_TEXT)
    if kind is Kind.DATETIME:
        return values.cast(pa.timestamp("us"), safe=False)
    if kind is Kind.BOOLEAN:
        return values
    if kind is Kind.NUMBER and pa.types.is_integer(data_type) and not pa.types.is_uint64(data_type):
        return values.cast(pa.int64())
    if kind is Kind.NUMBER and not (pa.types.is_time(data_type) or pa.types.is_duration(data_type)):
        return values.cast(pa.float64(), safe=False)
    if kind is Kind.NUMBER:
        return pc.utf8_slice_codeunits(values.cast(pa.string()), 0, SAMPLE_TEXT)
    return pa.chunked_array([pa.nulls(len(values))])


def _aligned(first: pa.Table, second: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Both tables with types that can be concatenated: columns whose types differ beyond int and float become text."""
    for name in set(first.column_names) & set(second.column_names):
        types = {first.schema.field(name).type, second.schema.field(name).type} - {pa.null()}
        if len(types) > 1 and types != {pa.int64(), pa.float64()}:
            first, second = (
                table.set_column(table.schema.get_field_index(name), name, table[name].cast(pa.string()))
                for table in (first, second)
            )
    return first, second


@dataclass
class RowSample:
    """At most ``size`` rows with ascending ``hashes``."""

    size: int = SAMPLE_ROWS
    hashes: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    table: pa.Table | None = None

    def add(self, rows: pa.Table, seed: int, first_row: int) -> None:
        """Offer rows that are numbered from ``first_row`` in the file with this seed."""
        if rows.num_rows == 0:
            return
        with np.errstate(over="ignore"):
            numbers = np.arange(first_row, first_row + rows.num_rows, dtype=np.uint64)
            numbers += splitmix64(np.array([seed & 0xFFFFFFFFFFFFFFFF], np.uint64))
        hashes = splitmix64(numbers)
        chosen = np.argsort(hashes, kind="stable")[: self.size]
        if len(self.hashes) >= self.size:
            chosen = chosen[hashes[chosen] < self.hashes[-1]]
        if len(chosen):
            taken = rows.take(pa.array(chosen))
            columns = [_canonical(taken[index]) for index in range(taken.num_columns)]
            self._join(hashes[chosen], pa.table(columns, names=taken.column_names))

    def merge(self, other: "RowSample") -> None:
        """Add another file's sample."""
        self.size = min(self.size, other.size)
        if other.table is not None:
            self._join(other.hashes, other.table)

    def _join(self, hashes: Hashes, rows: pa.Table) -> None:
        if self.table is not None:
            mine, theirs = _aligned(self.table, rows)
            rows = pa.concat_tables([mine, theirs], promote_options="permissive")
            hashes = np.concatenate([self.hashes, hashes])
        order = np.argsort(hashes, kind="stable")[: self.size]
        self.hashes, self.table = hashes[order], rows.take(pa.array(order)).combine_chunks()

"""How often each text value occurs: exactly up to a limit, beyond it by buckets of a stable hash.

The limit (distinct values or their bytes) is on the union of what was seen, which only grows, so the state after any order of
additions and merges is the same.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from workers.analysis.errors import known
from workers.analysis.profile.floatbits import Ints
from workers.analysis.profile.limits import (
    DISTINCT_SKETCH,
    EXACT_CATEGORIES,
    EXACT_CATEGORY_BYTES,
    HASH_BUCKETS,
)

Hashes = npt.NDArray[np.uint64]
_PENDING_VALUES = EXACT_CATEGORIES
_HASHED_AT_ONCE = 8192
_PENDING_BYTES = 4 * EXACT_CATEGORY_BYTES


def stable_hashes(values: pa.Array) -> Hashes:
    """xxHash64 of each string's UTF-8 bytes: the same in every version and on every machine."""
    raw = values.cast(pa.binary())
    # Some at a time: all of a batch's texts as Python's objects would be most of what a column takes.
    runs = (raw.slice(start, _HASHED_AT_ONCE).to_pylist() for start in range(0, len(raw), _HASHED_AT_ONCE))
    return np.fromiter((xxhash.xxh64_intdigest(value) for run in runs for value in run), np.uint64, len(raw))


def bucket_counts(values: pa.Array, counts: Ints) -> Ints:
    """The counts of values summed per hash bucket."""
    if len(values) == 0:
        return np.zeros(HASH_BUCKETS, np.int64)
    return _bucketed(stable_hashes(values), counts)


def _bucketed(hashes: Hashes, counts: Ints) -> Ints:
    buckets = (hashes % np.uint64(HASH_BUCKETS)).astype(np.int64)
    return np.bincount(buckets, weights=counts, minlength=HASH_BUCKETS).astype(np.int64)


def _summed(parts: list[tuple[pa.Array, Ints]]) -> tuple[pa.Array, Ints]:
    """Each value once, with the sum of its counts. To group and to sort a table of them takes far more memory."""
    encoded = pa.chunked_array([values for values, _ in parts], pa.string()).dictionary_encode()
    indices = np.concatenate([chunk.indices.to_numpy() for chunk in encoded.chunks])
    counts = np.bincount(indices, weights=np.concatenate([counts for _, counts in parts]))
    return encoded.chunks[-1].dictionary, counts.astype(np.int64)


@dataclass
class Categories:
    """Value counts. ``buckets`` is None while exact; afterwards the values are gone and ``smallest`` estimates their number."""

    n: int = 0
    values: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    counts: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    buckets: Ints | None = None
    smallest: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    _pending: list[tuple[pa.Array, Ints]] = field(default_factory=list, repr=False)
    _pending_values: int = 0
    _pending_bytes: int = 0

    @property
    def exact(self) -> bool:
        """Whether each value's own count is known. Call :meth:`settle` first."""
        return self.buckets is None

    @property
    def distinct(self) -> int:
        """Distinct values; an estimate (about 1.6 %) when not exact: k-minimum-values (Bar-Yossef et al. 2002)."""
        if self.buckets is None:
            return len(self.values)
        if len(self.smallest) < DISTINCT_SKETCH:
            return len(self.smallest)
        return round((DISTINCT_SKETCH - 1) / (float(self.smallest[-1]) / 2.0**64))

    def add(self, values: pa.Array, counts: Ints) -> None:
        """Count distinct, non-null strings that occur ``counts`` (positive) times."""
        if len(values) == 0:
            return
        self.n += int(counts.sum())
        if self.buckets is not None:
            self._into_buckets(values, counts)
            return
        self._pending.append((values, counts))
        self._pending_values += len(values)
        self._pending_bytes += values.nbytes
        if self._pending_values > _PENDING_VALUES or self._pending_bytes > _PENDING_BYTES:
            self.settle()

    def merge(self, other: "Categories") -> None:
        """Add other counts; approximate as soon as one side is."""
        other.settle()
        if other.buckets is None:
            self.add(other.values, other.counts)
            self.settle()
            return
        self.settle()
        self._overflow()
        self.n += other.n
        self.buckets = known(self.buckets) + other.buckets
        self._keep_smallest(other.smallest)

    def settle(self) -> None:
        """Sum what is pending into ascending distinct values, or give the exact state up where the limit is passed."""
        if not self._pending:
            return
        parts = [(self.values, self.counts), *self._pending]
        self._pending, self._pending_values, self._pending_bytes = [], 0, 0
        self.values, self.counts = _summed(parts)
        del parts
        if (
            len(self.values) > EXACT_CATEGORIES
            or (pc.sum(pc.binary_length(self.values)).as_py() or 0) > EXACT_CATEGORY_BYTES
        ):
            self._overflow()
        else:
            order = pc.sort_indices(self.values)
            self.values, self.counts = self.values.take(order), self.counts[order.to_numpy()]

    def _overflow(self) -> None:
        if self.buckets is None:
            values, counts = self.values, self.counts
            self.values, self.counts = pa.array([], pa.string()), np.zeros(0, np.int64)
            self.buckets = np.zeros(HASH_BUCKETS, np.int64)
            self._into_buckets(values, counts)

    def _into_buckets(self, values: pa.Array, counts: Ints) -> None:
        if len(values):
            hashes = stable_hashes(values)
            self.buckets = known(self.buckets) + _bucketed(hashes, counts)
            self._keep_smallest(hashes)

    def _keep_smallest(self, hashes: Hashes) -> None:
        self.smallest = np.unique(np.concatenate([self.smallest, hashes]))[:DISTINCT_SKETCH]

    def as_buckets(self) -> Ints:
        """Counts per hash bucket, from either state."""
        return bucket_counts(self.values, self.counts) if self.buckets is None else self.buckets

    def top(self, limit: int) -> list[tuple[str, int]]:
        """The most frequent values, ties in value order; empty when not exact."""
        order = np.argsort(-self.counts, kind="stable")[:limit]
        return [(self.values[int(i)].as_py(), int(self.counts[i])) for i in order]

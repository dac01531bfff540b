"""The float-bit histogram: log-spaced bins that need no range in advance and merge exactly.

The bits of a float64, read as a sign-corrected int64, sort like the number itself. Dropping the lowest ``shift`` bits of that
key gives bins whose width is relative to the magnitude. ``shift`` is 0 (every value exactly) while at most ``bins`` distinct
values are seen, else the smallest of 32, 33, … that leaves at most ``bins`` non-empty bins. The number of non-empty bins
never grows with ``shift``, so the result does not depend on the order in which values or partial histograms arrive.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from workers.analysis.profile.limits import EXACT_BINS

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

COARSE = 32  # the first shift after the exact state
_MAGNITUDE = np.int64(0x7FFFFFFFFFFFFFFF)


def keys_of(values: Floats) -> Ints:
    """Order-preserving int64 keys of finite float64 values; both zeros get the same key."""
    bits = (values + 0.0).view(np.int64)
    return bits ^ ((bits >> 63) & _MAGNITUDE)


def values_of(keys: Ints) -> Floats:
    """The inverse of :func:`keys_of`."""
    return (keys ^ ((keys >> 63) & _MAGNITUDE)).view(np.float64)


def _counted(keys: Ints) -> tuple[Ints, Ints]:
    """Distinct keys, ascending, with their counts; by counting when the keys lie close together, else by sorting."""
    if len(keys) == 0:
        return keys, np.zeros(0, np.int64)
    low, high = int(keys.min()), int(keys.max())
    if high - low < max(4 * len(keys), 1 << 16):
        counts = np.bincount(keys - low)
        present = np.flatnonzero(counts)
        return present.astype(np.int64) + low, counts[present].astype(np.int64)
    distinct, counts = np.unique(keys, return_counts=True)
    return distinct, counts.astype(np.int64)


def _summed(keys: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Add the counts of equal keys; the result is ascending."""
    if len(keys) == 0:
        return keys, counts
    order = np.argsort(keys, kind="stable")
    return _collapsed(keys[order], counts[order])


def _collapsed(keys: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Add the counts of equal neighbours."""
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[first], np.add.reduceat(counts, first)


@dataclass
class FloatBits:
    """Counts per bin. ``keys`` are ascending int64 (shifted), ``counts`` positive; at most ``bins`` of them."""

    bins: int = EXACT_BINS
    shift: int = 0
    keys: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    counts: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def exact(self) -> bool:
        """Whether every value is kept with its count."""
        return self.shift == 0

    def add(self, values: Floats) -> None:
        """Count finite values."""
        keys, counts = _counted(keys_of(values) >> self.shift)
        self._absorb(keys, counts, self.shift)

    def add_weighted(self, values: Floats, counts: Ints) -> None:
        """Count finite values that occur ``counts`` times each."""
        keys, summed = _summed(keys_of(values) >> self.shift, counts)
        self._absorb(keys, summed, self.shift)

    def merge(self, other: "FloatBits") -> None:
        """Add another histogram; the coarser of the two resolutions holds."""
        self.bins = min(self.bins, other.bins)
        self._absorb(other.keys, other.counts, other.shift)

    def _absorb(self, keys: Ints, counts: Ints, shift: int) -> None:
        target = max(shift, self.shift)
        mine, theirs = self.keys >> (target - self.shift), keys >> (target - shift)
        self.keys, self.counts = _summed(
            np.concatenate([mine, theirs]), np.concatenate([self.counts, counts])
        )
        self.shift = target
        while len(self.keys) > self.bins:
            step = COARSE - self.shift if self.shift < COARSE else 1
            self.keys, self.counts = _collapsed(self.keys >> step, self.counts)
            self.shift += step

    def intervals(self, minimum: float, maximum: float, *, integral: bool) -> tuple[Floats, Floats, Ints]:
        """The bins as value intervals ``[low, high]`` with their counts; ``low == high`` is a point mass.

        The outer edges are the true extremes (a bin's own edge next to them can be infinite or not a number). In a column of
        whole numbers the edges are tightened to whole numbers.
        """
        if self.exact or len(self.keys) == 0:
            values = values_of(self.keys)
            return values, values.copy(), self.counts
        low = values_of(self.keys << self.shift)
        high = values_of(((self.keys + 1) << self.shift) - 1)
        low[0], high[-1] = minimum, maximum
        if integral:
            inner_low, inner_high = np.ceil(low), np.floor(high)
            holds = inner_low <= inner_high
            low, high = np.where(holds, inner_low, low), np.where(holds, inner_high, high)
        return low, np.maximum(low, high), self.counts

"""One column's profile: what kind of values it holds and how they are distributed."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from workers.analysis.errors import known
from workers.analysis.profile.categories import Categories
from workers.analysis.profile.floatbits import FloatBits, Floats, Ints
from workers.analysis.profile.limits import EXACT_BINS
from workers.analysis.profile.numbers import Numbers

MICROSECONDS = {"hour": 3_600_000_000, "day": 86_400_000_000}
_TEXT_DISTINCT_SHARE = 0.5
_TEXT_LENGTH = 25


class Kind(StrEnum):
    """What a column holds. ``EMPTY`` (only missing values) merges with every kind; two other kinds merge to ``MIXED``."""

    EMPTY = "empty"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    STRING = "string"
    OTHER = "other"
    MIXED = "mixed"


def kind_of(data_type: pa.DataType) -> Kind:
    """The kind of an Arrow type. Decimals, times and durations count as numbers; nested and binary types as other."""
    types = pa.types
    if types.is_dictionary(data_type):
        return kind_of(data_type.value_type)
    if types.is_null(data_type):
        return Kind.EMPTY
    if types.is_boolean(data_type):
        return Kind.BOOLEAN
    if types.is_timestamp(data_type) or types.is_date(data_type):
        return Kind.DATETIME
    if types.is_integer(data_type) or types.is_floating(data_type) or types.is_decimal(data_type):
        return Kind.NUMBER
    if types.is_time(data_type) or types.is_duration(data_type):
        return Kind.NUMBER
    if types.is_string(data_type) or types.is_large_string(data_type) or types.is_string_view(data_type):
        return Kind.STRING
    return Kind.OTHER


def as_floats(values: pa.Array) -> Floats:
    """Null-free numbers, booleans, dates or times as float64; times in microseconds, as UTC where they carry a zone.

    Whole numbers beyond 2^53 are rounded to the nearest float64.
    """
    data_type = values.type
    if pa.types.is_boolean(data_type):
        values = values.cast(pa.int8())
    elif pa.types.is_timestamp(data_type) or pa.types.is_date(data_type):
        # an unsafe cast of nanoseconds drops what lies below a microsecond
        values = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    elif pa.types.is_time(data_type):
        wide = pa.time64("us")
        values = values.cast(wide, safe=False).cast(pa.int64())
    elif pa.types.is_duration(data_type):
        values = values.cast(pa.duration("us"), safe=False).cast(pa.int64())
    elif pa.types.is_decimal(data_type):
        values = values.cast(pa.float64(), safe=False)
    numbers: npt.NDArray[np.generic] = values.to_numpy(zero_copy_only=False)
    return numbers.astype(np.float64, copy=False)


@dataclass
class Column:
    """Counts and distributions of one column. Which of the optional parts exist follows from ``kind``.

    ``n`` + ``null`` + ``nan`` + ``infinite`` is the number of its rows. ``types`` names the storage types that were seen.
    """

    name: str
    kind: Kind = Kind.EMPTY
    types: set[str] = field(default_factory=set)
    n: int = 0
    null: int = 0
    nan: int = 0
    infinite: int = 0
    numbers: Numbers | None = None
    categories: Categories | None = None
    lengths: Numbers | None = None
    words: Numbers | None = None
    hours: Ints | None = None
    weekdays: Ints | None = None
    bins: int = EXACT_BINS

    @property
    def rows(self) -> int:
        """All rows, missing ones included."""
        return self.n + self.null + self.nan + self.infinite

    @property
    def missing(self) -> int:
        """Rows without a value: null or not a number."""
        return self.null + self.nan

    @property
    def is_text(self) -> bool:
        """Whether a string column reads as free text: mostly distinct values, and long ones."""
        if self.categories is None or self.lengths is None or self.n == 0:
            return False
        return self.categories.distinct > _TEXT_DISTINCT_SHARE * self.n and self.lengths.mean > _TEXT_LENGTH

    def add(self, values: pa.Array) -> None:
        """Count one batch of values of one Arrow type."""
        kind = kind_of(values.type)
        if kind is not Kind.EMPTY:
            self.types.add(
                str(values.type.value_type if pa.types.is_dictionary(values.type) else values.type)
            )
        self._become(kind)
        if self.kind in {Kind.MIXED, Kind.OTHER, Kind.EMPTY}:
            self.null += values.null_count
            self.n += len(values) - values.null_count
        elif kind is Kind.STRING:
            self._add_strings(values)
        elif kind is not Kind.EMPTY:
            self._add_numbers(values, kind)
        else:
            self.null += len(values)

    def _become(self, kind: Kind) -> None:
        if kind in {self.kind, Kind.EMPTY} or self.kind is Kind.MIXED:
            return
        if self.kind is not Kind.EMPTY:
            self.n += (
                self.infinite + self.nan
            )  # what counts as "no number" is a value once the column holds no numbers
            self.infinite = self.nan = 0
            self.kind = Kind.MIXED
            self.numbers = self.categories = self.lengths = self.words = self.hours = self.weekdays = None
            return
        self.kind = kind
        if kind in {Kind.NUMBER, Kind.BOOLEAN, Kind.DATETIME}:
            self.numbers = Numbers(FloatBits(self.bins))
        if kind is Kind.DATETIME:
            self.hours, self.weekdays = np.zeros(24, np.int64), np.zeros(7, np.int64)
        if kind is Kind.STRING:
            self.categories = Categories()
            self.lengths, self.words = Numbers(FloatBits(self.bins)), Numbers(FloatBits(self.bins))

    def _add_numbers(self, values: pa.Array, kind: Kind) -> None:
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        self.null += values.null_count
        numbers = as_floats(values.drop_null() if values.null_count else values)
        finite = np.isfinite(numbers)
        if not finite.all():
            nan = int(np.isnan(numbers).sum())
            self.nan += nan
            self.infinite += int(len(numbers) - finite.sum()) - nan
            numbers = numbers[finite]
        self.n += len(numbers)
        known(self.numbers).add(numbers)
        if kind is Kind.DATETIME and len(numbers):
            moments = numbers.astype(np.int64)
            hours = (moments // MICROSECONDS["hour"]) % 24
            weekdays = (moments // MICROSECONDS["day"] + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
            self.hours = known(self.hours) + np.bincount(hours, minlength=24)
            self.weekdays = known(self.weekdays) + np.bincount(weekdays, minlength=7)

    def _add_strings(self, values: pa.Array) -> None:
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        if encoded.dictionary.null_count:  # a null may hide in the dictionary
            encoded = encoded.dictionary_decode().dictionary_encode()
        self.null += encoded.null_count
        indices = encoded.indices.drop_null() if encoded.null_count else encoded.indices
        counts = np.bincount(indices.to_numpy().astype(np.int64), minlength=len(encoded.dictionary)).astype(
            np.int64
        )
        present = counts > 0
        distinct = encoded.dictionary.cast(pa.string())
        if not present.all():
            distinct, counts = distinct.filter(pa.array(present)), counts[present]
        if len(distinct) == 0:
            return
        self.n += int(counts.sum())
        known(self.categories).add(distinct, counts)
        lengths = pc.utf8_length(distinct)
        spaces = pc.add(pc.count_substring(distinct, " "), 1)
        words = pc.if_else(pc.equal(lengths, 0), 0, spaces)  # words are what single spaces separate
        known(self.lengths).add_weighted(lengths.to_numpy().astype(np.float64), counts)
        known(self.words).add_weighted(words.to_numpy().astype(np.float64), counts)

    def add_mixed(self, types: set[str], n: int, null: int) -> None:
        """Count values of several kinds, of these Arrow types: nothing else is kept of such a column."""
        self._become(Kind.MIXED)
        self.types |= types
        self.n, self.null = self.n + n, self.null + null

    def settle(self) -> None:
        """Finish what additions left pending; call before reading."""
        if self.categories is not None:
            self.categories.settle()

    def merge(self, other: "Column") -> None:
        """Add the same column of another file."""
        self.bins = min(self.bins, other.bins)
        self.types |= other.types
        self._become(other.kind)
        self.null += other.null
        if self.kind is Kind.MIXED:
            self.n += other.n + other.nan + other.infinite
            return
        self.n += other.n
        self.nan += other.nan
        self.infinite += other.infinite
        for mine, theirs in (
            (self.numbers, other.numbers),
            (self.lengths, other.lengths),
            (self.words, other.words),
        ):
            if mine is not None and theirs is not None:
                mine.merge(theirs)
        if self.categories is not None and other.categories is not None:
            self.categories.merge(other.categories)
        if self.hours is not None and other.hours is not None:
            self.hours = self.hours + other.hours
        if self.weekdays is not None and other.weekdays is not None:
            self.weekdays = self.weekdays + other.weekdays

"""A table's profile: its columns, its rows, a sample; and how profiles of several files become one."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from workers.analysis.profile.columns import Column
from workers.analysis.profile.limits import EXACT_BINS, bins_for, sample_rows_for
from workers.analysis.profile.sample import RowSample

PROFILE_VERSION = 1


@dataclass
class TableProfile:
    """What is known of a table. ``files`` counts the files it was merged from."""

    columns: dict[str, Column] = field(default_factory=dict)
    rows: int = 0
    files: int = 1
    bins: int = EXACT_BINS
    sample: RowSample | None = None

    @classmethod
    def for_width(cls, columns: int, *, sample: bool = True) -> "TableProfile":
        """An empty profile whose resolution suits a table of this many columns."""
        kept = RowSample(sample_rows_for(columns)) if sample else None
        return cls(bins=bins_for(columns), sample=kept)

    def add(self, rows: pa.Table, *, seed: int = 0, first_row: int | None = None) -> None:
        """Count a batch of rows. ``seed`` and ``first_row`` number them for the sample (default: after those seen)."""
        for name in rows.column_names:
            column = self.columns.setdefault(name, Column(name, bins=self.bins))
            for chunk in rows[name].chunks:
                column.add(chunk)
        if self.sample is not None:
            self.sample.add(rows, seed, self.rows if first_row is None else first_row)
        self.rows += rows.num_rows

    def settle(self) -> "TableProfile":
        """Finish what additions left pending; call before reading."""
        for column in self.columns.values():
            column.settle()
        return self

    def absorb(self, other: "TableProfile") -> None:
        """Add another file's profile."""
        self.rows += other.rows
        self.files += other.files
        self.bins = min(self.bins, other.bins)
        for name, column in other.columns.items():
            self.columns.setdefault(name, Column(name, bins=self.bins)).merge(column)
        if self.sample is not None and other.sample is not None:
            self.sample.merge(other.sample)


def merge(profiles: Iterable[TableProfile]) -> TableProfile:
    """One profile of all rows together. The given profiles are not changed; their order only decides the columns' order."""
    profiles = list(profiles)
    keep_sample = any(profile.sample is not None for profile in profiles)
    merged = TableProfile(files=0, sample=RowSample() if keep_sample else None)
    for profile in profiles:
        merged.absorb(profile)
    return merged.settle()

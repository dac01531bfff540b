"""What a profile may cost: every bound in one place."""

from dataclasses import dataclass

EXACT_BINS = 8192  # distinct numbers kept exactly, and bins beyond them
WIDE_TABLE = 200  # columns; above it a quarter of the bins
WIDE_BINS = 2048
EXACT_CATEGORIES = 100_000
EXACT_CATEGORY_BYTES = 8 << 20
HASH_BUCKETS = 16_384
DISTINCT_SKETCH = 4096
SAMPLE_ROWS = 2000
SAMPLE_CELLS = 200_000
SAMPLE_TEXT = 512  # characters kept of one sampled cell


@dataclass(frozen=True)
class Limits:
    """Bounds on hostile or oversized input; each has its own error code.

    Bytes, except ``columns`` and ``rows``. ``block`` bounds one CSV row too, because a row must lie inside one block.
    """

    columns: int = 2000
    rows: int = 1_000_000_000
    decompressed: int = 64 << 30
    ratio: int = 1000
    ratio_from: int = 1 << 30
    block: int = 8 << 20
    column_chunk: int = 2 << 30
    batch: int = 32 << 20


def bins_for(columns: int) -> int:
    """How many bins each numeric column of a table of this width gets."""
    return EXACT_BINS if columns <= WIDE_TABLE else WIDE_BINS


def sample_rows_for(columns: int) -> int:
    """How many rows a table of this width keeps as a sample."""
    return max(50, min(SAMPLE_ROWS, SAMPLE_CELLS // max(columns, 1)))

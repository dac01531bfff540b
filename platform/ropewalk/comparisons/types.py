"""Frozen values of comparisons, and the kind of their job."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.types import JobView

COMPARE_RUNS = JobKind("compare_runs", version=2, time_limit=300)
MOST_RUNS = 200


@dataclass(frozen=True)
class ComparisonSummary:
    """A comparison in a list. ``state`` is its job's: ``queued``, ``running``, ``succeeded`` or ``failed``."""

    number: int
    run_ids: tuple[str, ...]
    state: str
    created_at: datetime
    computed_at: datetime | None
    requested_by: str


@dataclass(frozen=True)
class ComparisonDetail:
    """One comparison with its result, None while none was computed. ``stale``: its runs have changed since the result."""

    number: int
    run_ids: tuple[str, ...]
    created_at: datetime
    computed_at: datetime | None
    requested_by: str
    result: dict[str, Any] | None
    stale: bool
    job: JobView | None

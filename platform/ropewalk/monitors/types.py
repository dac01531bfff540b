"""Frozen values of drift reports and profiles, and the kinds of their jobs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.types import JobView

PROFILE_DATA = JobKind("profile_data", version=2, time_limit=7200)
PROFILE_OUTSIDE = JobKind("profile_outside", version=1, time_limit=3600)
COMPARE_DATA = JobKind("compare_data", version=1, time_limit=7200)


@dataclass(frozen=True)
class Side:
    """One side of a report: what was asked for, what it meant, and which content that is (empty until known).

    A file of a connected bucket has a ``pin`` and no commit; ``revision`` is then what the bucket was called, ``path`` the key.
    """

    revision: str
    commit: str
    path: str
    content_hash: str = ""
    pin: str = ""

    @property
    def identity(self) -> tuple[str, str]:
        """What tells it from any other side."""
        return self.pin or self.commit, self.path

    @property
    def mark(self) -> str:
        """The beginning of the commit's name, or of the pinned content's."""
        return self.pin.removeprefix("s3-")[:8] or self.commit[:8]


@dataclass(frozen=True)
class DriftReportSummary:
    """A report in a list. ``state`` is its job's; ``verdict`` and ``sentence`` are empty until there is a result."""

    number: int
    reference: Side
    current: Side
    state: str
    verdict: str
    sentence: str
    drifted_columns: int | None
    compared_columns: int | None
    created_at: datetime
    computed_at: datetime | None
    requested_by: str


@dataclass(frozen=True)
class DriftReportDetail:
    """One report with its result (None while none was computed) and its job."""

    summary: DriftReportSummary
    result: dict[str, Any] | None
    job: JobView | None


@dataclass(frozen=True)
class ContentKey:
    """What a profile is a profile of: content by hash, read with certain options."""

    algorithm: str
    content_hash: str
    options: str


@dataclass(frozen=True)
class StoredProfile:
    """A profile in the object store. ``summary``: {rows, columns: [{name, kind, role, missing_share, …}]}."""

    content: ContentKey
    key: str
    size: int
    rows: int
    columns: int
    summary: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class MediaBatch:
    """Stored measurements: the object's key, and the marks of the contents that it holds."""

    key: str
    marks: bytes


@dataclass(frozen=True)
class DataProfile:
    """The columns of one version of a dataset: ``summary`` as the runner stored it, None while ``job`` makes it."""

    id: int
    summary: dict[str, Any] | None
    job: JobView | None

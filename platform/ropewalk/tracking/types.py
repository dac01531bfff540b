"""What the tracking reads hand outward: frozen values, never model instances.

Times are aware UTC datetimes, durations milliseconds, metric values floats (NaN and infinities too, see :func:`stored_value`).
"""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

COMMIT_TAG = "mlflow.source.git.commit"
PARENT_TAG = "mlflow.parentRunId"
NOTE_TAG = "mlflow.note.content"
# Ours, as tags, so that every client can read, set and search them: runs that somebody marked, and those put out of sight.
STAR_TAG = "ropewalk.star"
ARCHIVED_TAG = "ropewalk.archived"
SYSTEM_TAGS = ("mlflow.", "ropewalk.")
# MLflow's limits.
MAX_TAG_KEY = 250
MAX_TAG_VALUE = 8000
# MLflow's SQL store writes ±infinity as the largest double of that sign.
LARGEST = 1.7976931348623157e308


def workspace_name(project_id: int) -> str:
    """The MLflow workspace that holds one project's experiments, models and traces (``[a-z0-9-]``, at most 63 characters)."""
    return f"project-{project_id}"


def artifact_prefix(project_id: int) -> str:
    """Where the object store keeps a project's MLflow artifacts; ends with a slash."""
    return f"p/{project_id}/mlflow/"


def stored_value(value: float, is_nan: bool) -> float:
    """The number a client logged, from MLflow's columns (NaN is stored as 0 with a flag, infinity as the largest double)."""
    if is_nan:
        return math.nan
    if abs(value) >= LARGEST:
        return math.copysign(math.inf, value)
    return value


def moment(milliseconds: int | None) -> datetime | None:
    """MLflow's milliseconds since the epoch as an aware datetime; None for none and for values no calendar has."""
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None


class Shown(StrEnum):
    """Which runs a table shows."""

    ACTIVE = "active"
    STARRED = "starred"
    ARCHIVED = "archived"
    DELETED = "deleted"


class RunInfo(NamedTuple):
    """A run's own row in MLflow's words and units (milliseconds), as the protocol tells it."""

    run_id: str
    name: str | None
    experiment_id: int
    user_id: str | None
    status: str
    start_time: int | None
    end_time: int | None
    artifact_uri: str | None
    lifecycle_stage: str


@dataclass(frozen=True)
class ExperimentSummary:
    """One experiment with the number of its active runs."""

    id: str
    name: str
    lifecycle_stage: str
    created_at: datetime | None
    updated_at: datetime | None
    run_count: int
    last_run_at: datetime | None


@dataclass(frozen=True)
class RunRow:
    """One run as a table shows it: ``metrics`` are the latest values, ``tags`` include MLflow's own (``mlflow.…``)."""

    run_id: str
    name: str
    experiment_id: str
    experiment_name: str
    status: str
    user: str
    lifecycle_stage: str
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None
    artifact_uri: str
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def commit(self) -> str:
        """The git commit that the client recorded, or an empty string."""
        return self.tags.get(COMMIT_TAG, "")

    @property
    def parent_run_id(self) -> str:
        """The run that this one is nested in, or an empty string."""
        return self.tags.get(PARENT_TAG, "")

    @property
    def user_tags(self) -> dict[str, str]:
        """The tags that people set, without MLflow's own and ours."""
        return {key: value for key, value in self.tags.items() if not key.startswith(SYSTEM_TAGS)}

    @property
    def starred(self) -> bool:
        """Whether somebody marked it."""
        return STAR_TAG in self.tags

    @property
    def archived(self) -> bool:
        """Whether it was put out of sight."""
        return ARCHIVED_TAG in self.tags

    @property
    def note(self) -> str:
        """Its note, in Markdown."""
        return self.tags.get(NOTE_TAG, "")


@dataclass(frozen=True)
class SavedTable:
    """A table that somebody named: ``query`` is its query string, ``mine`` whether the viewer saved it."""

    id: int
    name: str
    query: str
    shared: bool
    owner: str
    mine: bool


@dataclass(frozen=True)
class GroupMetric:
    """A metric over a group's runs, of its finite values.

    ``half_width`` is half of the mean's 95 % confidence interval, None of fewer than two values.
    """

    mean: float
    half_width: float | None
    count: int
    least: float
    greatest: float


@dataclass(frozen=True)
class RunGroup:
    """Runs that have the same ``value`` (None: they have none); ``run_id`` is the newest of them."""

    value: str | None
    runs: int
    run_id: str
    started_at: datetime | None
    metrics: dict[str, GroupMetric]


@dataclass(frozen=True)
class RunColumns:
    """Keys that recent runs use: what a run table can offer as columns."""

    metrics: tuple[str, ...]
    params: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class LatestMetric:
    """The newest value of one metric of one run."""

    key: str
    value: float
    step: int
    at: datetime | None


@dataclass(frozen=True)
class DatasetInput:
    """A data set that a run declared as its input; ``source`` and ``schema`` are MLflow's JSON texts."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str
    profile: str
    context: str


@dataclass(frozen=True)
class LoggedModel:
    """A model that a run produced (MLflow 3's LoggedModel)."""

    model_id: str
    name: str
    model_type: str
    status: str
    source_run_id: str
    created_at: datetime | None


@dataclass(frozen=True)
class RunDetail:
    """Everything a run's own page shows, histories and artifacts apart."""

    run: RunRow
    latest: tuple[LatestMetric, ...]
    inputs: tuple[DatasetInput, ...]
    models: tuple[LoggedModel, ...]
    versions: "tuple[ModelVersion, ...]"
    children: tuple[RunRow, ...]


@dataclass(frozen=True)
class MetricPoint:
    """One logged value."""

    step: int
    timestamp_ms: int
    value: float


@dataclass(frozen=True)
class MetricHistory:
    """One metric of one run in order of (step, time); ``total`` points were logged, the extremes of each stretch are kept."""

    run_id: str
    key: str
    points: tuple[MetricPoint, ...]
    total: int

    @property
    def sampled(self) -> bool:
        """Whether points were left out."""
        return len(self.points) < self.total


@dataclass(frozen=True)
class ComparableRun:
    """One run with its curves, for the comparison runner."""

    run: RunRow
    histories: tuple[MetricHistory, ...]


@dataclass(frozen=True)
class ArtifactEntry:
    """A file or directory among a run's artifacts; ``path`` is relative to the run's root, ``size`` None for a directory."""

    path: str
    name: str
    is_dir: bool
    size: int | None


@dataclass(frozen=True)
class RegisteredModel:
    """A model of the registry with its aliases and newest version."""

    name: str
    description: str
    created_at: datetime | None
    updated_at: datetime | None
    version_count: int
    latest_version: int | None
    aliases: dict[str, int]
    tags: dict[str, str]


@dataclass(frozen=True)
class ModelVersion:
    """One version of a registered model."""

    name: str
    version: int
    description: str
    status: str
    stage: str
    source: str
    run_id: str
    created_at: datetime | None
    updated_at: datetime | None
    aliases: tuple[str, ...]
    tags: dict[str, str]

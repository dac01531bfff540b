"""Frozen values about removed data and the search for what nobody needs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ropewalk.core.types import JobView


@dataclass(frozen=True)
class RemovalView:
    """Objects that were removed and can be restored until ``kept_until``; ``size`` in bytes.

    ``source`` is ``client`` or ``collection``; ``removed_by`` is empty for somebody who is gone. ``job`` restores it, where
    somebody asked for that.
    """

    id: int
    source: str
    removed_by: str
    started_at: datetime
    last_at: datetime
    count: int
    size: int
    kept_until: datetime
    job: JobView | None = None


@dataclass(frozen=True)
class Dependent:
    """A commit that tracks something which is missing: one path of it, and of how many in all."""

    commit_sha: str
    subject: str
    committed_at: datetime
    path: str
    paths: int


class Keep(StrEnum):
    """Whose data a collection keeps: every commit's that a ref reaches, or only that of the commits that refs name."""

    COMMITS = "commits"
    TIPS = "tips"


class Unreadable(StrEnum):
    """What a collection does about commits whose DVC files can't be read: end, or keep all that they might name."""

    STOP = "stop"
    KEEP = "keep"


@dataclass(frozen=True)
class CollectionReport:
    """What a collection found: objects that nobody needs, of how many, and how many commits keep theirs. ``size`` in bytes.

    ``unreadable``: how many of the commits can't be read, so that all keep what their files might name.
    """

    objects: int
    size: int
    of: int
    commits: int
    unreadable: int = 0


@dataclass(frozen=True)
class CollectionView:
    """A collection; ``report`` is None until its search is done, ``removal_id`` until it ran."""

    id: int
    keep: str
    grace_days: int
    asked_at: datetime
    report: CollectionReport | None
    removal_id: int | None
    search: JobView | None
    run: JobView | None

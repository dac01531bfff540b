"""Frozen values that the kernel hands outward."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class JobView:
    """A job as a page shows it: no private detail."""

    id: uuid.UUID
    kind: str
    subject: str
    state: str
    progress: float
    message: str
    error_code: str
    error_message: str
    attempts: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    requested_by_id: int | None
    result: dict[str, Any] | None = None

    @property
    def percent(self) -> int:
        """Progress as a whole per cent, 0 to 100."""
        return round(self.progress * 100)

    @property
    def active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in {"queued", "running"}


@dataclass(frozen=True)
class AuditView:
    """One line of the record of security-relevant events."""

    id: int
    at: datetime
    action: str
    actor_id: int | None
    actor_name: str
    via: str
    address: str
    subject: str
    detail: dict[str, Any]

"""The record of security-relevant events: who did what, when, and from where.

The edge says once a request who asks (:func:`origin`); services then only name the event (:func:`record`), in the transaction of
the change that it tells of, so that neither exists without the other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog

from ropewalk.core import clock
from ropewalk.core.models import AuditEvent

log = structlog.get_logger("ropewalk.audit")


@dataclass(frozen=True)
class Origin:
    """Who asks and from where. Without a request it is the operator's command line."""

    actor_id: int | None = None
    actor_name: str = ""
    via: str = "command line"
    address: str = ""


_origin: ContextVar[Origin] = ContextVar("ropewalk_audit_origin", default=Origin())  # noqa: B039  # frozen


@contextmanager
def origin(who: Origin) -> Iterator[None]:
    """Every event recorded in the block comes from ``who``."""
    before = _origin.set(who)
    try:
        yield
    finally:
        _origin.reset(before)


def record(
    action: str,
    *,
    subject: str = "",
    owner_id: int | None = None,
    project_id: int | None = None,
    detail: dict[str, Any] | None = None,
    who: Origin | None = None,
) -> None:
    """Add one event. ``action`` is ``noun.verb`` (``token.created``); ``detail`` holds small plain values and never a secret."""
    by = who or _origin.get()
    AuditEvent.objects.create(
        at=clock.now(),
        action=action,
        actor_id=by.actor_id,
        actor_name=by.actor_name[:150],
        via=by.via[:16],
        address=by.address[:64],
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
        owner_id=owner_id,
        project_id=project_id,
        subject=subject.replace("\0", "")[:200],
        detail=detail or {},
    )
    log.info("audit", action=action, subject=subject, actor=by.actor_name, via=by.via, address=by.address)

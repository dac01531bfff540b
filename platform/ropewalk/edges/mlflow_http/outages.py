"""Outages under MLflow's hands: it makes answers of its own of what the driver raises (400, 500, or 503 with addresses).

So what the engine meets while a request runs is noted here, and whoever called MLflow looks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from ropewalk.core import outages
from ropewalk.core.errors import Unavailable

_met: ContextVar[list[Unavailable] | None] = ContextVar("ropewalk_mlflow_outages", default=None)


@contextmanager
def watched() -> Iterator[list[Unavailable]]:
    """The outages that MLflow's engine meets in this block."""
    met: list[Unavailable] = []
    token = _met.set(met)
    try:
        yield met
    finally:
        _met.reset(token)


def _meet(error: BaseException) -> None:
    away, met = outages.recognise(error), _met.get()
    if away is not None and met is not None:
        met.append(away)


def watch(engine: sqlalchemy.Engine) -> None:
    """Note what this engine meets. A stale connection that is replaced at once is no outage."""

    def note(context: ExceptionContext) -> None:
        if not context.is_pre_ping:
            _meet(context.original_exception)

    event.listen(engine, "handle_error", note)


class WatchedPool(QueuePool):
    """A pool that says so when it has no connection to give."""

    def connect(self) -> PoolProxiedConnection:
        """As SQLAlchemy's."""
        try:
            return super().connect()
        except sqlalchemy.exc.TimeoutError as error:
            outages.note("database", error)
            met = _met.get()
            if met is not None:
                met.append(outages.database_away())
            raise

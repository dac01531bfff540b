"""Telling an outage from a defect: PostgreSQL or the broker is away, starts, is full or was cut off in the middle.

A defect is 500 and a traceback. An outage is nobody's mistake and soon over: 503 in the edge's dialect, and a line in the log now
and then. Both drivers connect again by themselves.
"""

import threading
import time

import psycopg
import redis
import structlog

from ropewalk.core.errors import Unavailable

log = structlog.get_logger("ropewalk.outages")

LOG_EVERY = 10.0  # seconds between two lines about the same part, in each process
_DEPTH = 12
# SQLSTATE: lost connection, no room (connections, memory, disk), shutdown and start, I/O, a standby that takes no writes.
_STATES = ("08", "53", "57P", "58", "25006")
# How Redis says that it answers and yet can't serve: disk full, no master, a cluster in parts.
_REPLIES = ("MISCONF", "MASTERDOWN", "CLUSTERDOWN", "NOREPLICAS")
_lock = threading.Lock()
_next: dict[str, float] = {}
_unlogged: dict[str, int] = {}


def recognise(error: BaseException) -> Unavailable | None:
    """The outage that an exception stands for, itself or as its cause; None for any other. Tells the log."""
    for link in _chain(error):
        if _of_database(link):
            note("database", link)
            return database_away()
        if _of_broker(link):
            note("broker", link)
            return Unavailable(
                "A part of Ropewalk that this needs (its cache and queue) does not answer just now.",
                hint="Try again in a minute.",
            )
    return None


def database_away() -> Unavailable:
    """What people and programs are told."""
    return Unavailable("Ropewalk's database does not answer just now.", hint="Try again in a minute.")


def note(part: str, error: BaseException | str) -> None:
    """A line in the log, at most one in :data:`LOG_EVERY` seconds for each part: an outage meets every request."""
    now = time.monotonic()
    with _lock:
        if now < _next.get(part, 0.0):
            _unlogged[part] = _unlogged.get(part, 0) + 1
            return
        _next[part] = now + LOG_EVERY
        unlogged = _unlogged.pop(part, 0)
    text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    log.error("outage", part=part, error=text.strip(), unlogged=unlogged)


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in found and len(found) < _DEPTH:
        found.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return found


def _of_database(error: BaseException) -> bool:
    if not isinstance(error, psycopg.Error):  # Django and SQLAlchemy name it as their errors' cause
        return False
    if error.sqlstate:
        return error.sqlstate.startswith(_STATES)
    # libpq itself found the connection broken or could not make one; a pool had none to give.
    return isinstance(error, psycopg.OperationalError)


def _of_broker(error: BaseException) -> bool:
    if isinstance(error, redis.ResponseError):
        refusing = isinstance(error, redis.exceptions.ReadOnlyError | redis.exceptions.OutOfMemoryError)
        return refusing or str(error).startswith(_REPLIES)
    return isinstance(error, redis.ConnectionError | redis.TimeoutError)

"""Is everything that Ropewalk stands on there? Each part is asked for itself, in bounded time.

The worker's sign of life is a key in the broker that every worker renews (:func:`keep_recording_worker_heartbeat`).
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

import redis
import structlog
from django.conf import settings
from django.db import connection

from ropewalk.core import blobs

log = structlog.get_logger("ropewalk.health")

HEARTBEAT_KEY = "ropewalk:worker-heartbeat"
HEARTBEAT_EVERY = 5.0
# Four beats may be late before the worker counts as gone.
HEARTBEAT_STALE = 20.0
PATIENCE = 4.0


@dataclass(frozen=True)
class Check:
    """One part's state. ``detail`` is safe to show to anybody: it names neither addresses nor credentials."""

    name: str
    healthy: bool
    detail: str


class Unhealthy(Exception):
    """A part answered, but not as it should; the text is safe to show."""


@lru_cache(maxsize=1)
def _broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


@lru_cache(maxsize=1)
def _executor() -> ThreadPoolExecutor:
    # A check that hangs keeps its thread; when all hang, further checks wait here and are reported as hanging too.
    return ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")


def record_worker_heartbeat() -> None:
    """Say that a worker lives and reaches the broker."""
    _broker().set(HEARTBEAT_KEY, repr(time.time()), ex=3600)


def keep_recording_worker_heartbeat() -> threading.Thread:
    """Say so for as long as this process lives, whatever its jobs do. Called once in a worker's main process."""

    def forever() -> NoReturn:
        while True:
            try:
                record_worker_heartbeat()
            except redis.RedisError as error:
                log.warning("heartbeat.unsent", error=str(error))
            time.sleep(HEARTBEAT_EVERY)

    thread = threading.Thread(target=forever, name="worker-heartbeat", daemon=True)
    thread.start()
    return thread


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()  # this thread's own; it must not outlive the check
    return "answers"


def _queue() -> str:
    _broker().ping()
    return "answers"


def _object_store() -> str:
    blobs.store().stat("p/0/health")  # absent on purpose: the answer "no such object" is what counts
    return "answers"


def _worker() -> str:
    beat = _broker().get(HEARTBEAT_KEY)
    if beat is None:
        raise Unhealthy("no worker has started yet")
    age = max(time.time() - float(beat), 0.0)
    if age > HEARTBEAT_STALE:
        raise Unhealthy(f"no sign of life for {age:.0f} s")
    return f"alive {age:.0f} s ago"


def checks() -> list[Check]:
    """The state of every part, within about :data:`PATIENCE` seconds in all; never raises."""
    parts: dict[str, Callable[[], str]] = {
        "database": _database,
        "broker": _queue,
        "object store": _object_store,
        "worker": _worker,
    }
    running = {name: _executor().submit(check) for name, check in parts.items()}
    deadline = time.monotonic() + PATIENCE
    return [_outcome(name, future, deadline) for name, future in running.items()]


def _outcome(name: str, future: Future[str], deadline: float) -> Check:
    try:
        return Check(name, True, future.result(timeout=max(deadline - time.monotonic(), 0.0)))
    except Unhealthy as error:
        return Check(name, False, str(error))
    except TimeoutError:
        future.cancel()
        return Check(name, False, f"no answer within {PATIENCE:.0f} s")
    except Exception as error:  # noqa: BLE001  # whatever a driver raises is the finding
        log.warning("health.failed", part=name, error=f"{type(error).__name__}: {error}")
        return Check(name, False, "cannot be reached")

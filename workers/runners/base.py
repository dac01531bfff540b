"""Running one job: claim, heartbeat, time limit, and every ending as a value on the row.

A runner is a class with ``kind`` (the domain app's :class:`JobKind`) and ``run(job, report)``. It fetches inputs through
selectors, calls :mod:`workers.analysis`, saves through services and returns a small JSON dictionary for the row. It raises a
:class:`RopewalkError` for what a user can understand.
"""

import signal
import threading
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Protocol

import psycopg
import redis
import structlog
from django.db import Error, InterfaceError, OperationalError, close_old_connections

from ropewalk.core import jobs
from ropewalk.core.blobs import StoreUnavailable
from ropewalk.core.errors import RopewalkError
from ropewalk.core.models import Job

log = structlog.get_logger("ropewalk.jobs")
# What a service of ours raises when it was stopped or killed: not the work's fault, and soon over.
_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError, redis.RedisError, StoreUnavailable)
Report = Callable[[float, str], None]


class Runner(Protocol):
    """One kind of computation."""

    kind: jobs.JobKind

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Compute. ``report(progress, message)`` shows progress in 0..1 and raises when the job was taken away."""


class TimeLimit(BaseException):
    """Raised in the runner when its time is over; not an Exception, so that no ``except Exception`` swallows it."""


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    def expire(_number: int, _frame: FrameType | None) -> None:
        raise TimeLimit

    if threading.current_thread() is not threading.main_thread():  # tests that run a job in a thread
        yield
        return
    previous = signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


@contextmanager
def _heartbeat(job: Job) -> Iterator[None]:
    done = threading.Event()

    def keep_saying() -> None:
        while not done.wait(jobs.HEARTBEAT_SECONDS):
            try:
                close_old_connections()
                jobs.beat(job)
            except jobs.ClaimLost:
                return
            except Error as error:  # a passing database fault; the next beat tries again
                log.warning("job.beat_failed", error=str(error))
        close_old_connections()

    thread = threading.Thread(target=keep_saying, name="job-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=10)


def run(job_id: str, worker: str) -> None:
    """Run one attempt of a job, if it is still queued."""
    from workers.runners import RUNNERS  # the registry imports the runners, which import this module

    job = jobs.claim(uuid.UUID(job_id), worker)
    if job is None:
        return
    structlog.contextvars.bind_contextvars(
        request_id=job.request_id, job=str(job.pk), kind=job.kind, project=job.project_id
    )
    runner = RUNNERS.get(job.kind)
    try:
        if runner is None or runner.kind.version != job.runner_version:
            jobs.fail(
                job,
                code="unknown_kind",
                public_message="This kind of job is not known to this version of Ropewalk.",
            )
        else:
            _attempt(job, runner)
    except jobs.ClaimLost:
        log.warning("job.claim_lost")
    finally:
        structlog.contextvars.clear_contextvars()


def _give_back(job: Job, error: Exception) -> None:
    """Let another attempt run when what failed was a service of ours, not the work."""
    log.warning("job.given_back", error=f"{type(error).__name__}: {error}")
    try:
        close_old_connections()
        jobs.give_back(job, private_detail=traceback.format_exc())
    except Error as away:  # the sweep gives it back
        log.warning("job.not_given_back", error=str(away))


def _attempt(job: Job, runner: Runner) -> None:
    log.info("job.started", attempt=job.attempts)

    def report(progress: float, message: str) -> None:
        jobs.beat(job, progress=progress, message=message)

    try:
        with _time_limit(job.time_limit), _heartbeat(job):
            result = runner.run(job, report)
    except _AWAY as error:
        _give_back(job, error)
    except RopewalkError as error:
        jobs.fail(
            job,
            code=error.code,
            public_message=f"{error.message} {error.hint}".strip(),
            private_detail=traceback.format_exc(),
        )
    except TimeLimit:
        jobs.fail(
            job,
            code="time_limit",
            public_message=f"It took longer than {job.time_limit} seconds, which is the limit.",
        )
    except MemoryError:
        jobs.fail(job, code="memory_limit", public_message="It needed more memory than is allowed.")
    except jobs.ClaimLost:
        raise
    except Exception:  # a defect of ours: the user learns that it failed, the operator why
        log.exception("job.crashed")
        jobs.fail(
            job,
            code="internal_error",
            public_message="An unexpected error ended this job. It was logged; the operator finds it under the job's id.",
            private_detail=traceback.format_exc(),
        )
    else:
        jobs.succeed(job, result)
        log.info("job.succeeded")

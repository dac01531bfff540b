"""What beat asks for: repair and signs of life."""

from datetime import timedelta

import structlog
from celery import shared_task

from ropewalk.core import blobs, clock, health, jobs


@shared_task(name="ropewalk.sweep_jobs")
def sweep_jobs() -> None:
    """Re-send lost messages, end dead workers' jobs."""
    counts = jobs.sweep()
    if any(counts.values()):
        structlog.get_logger("ropewalk.sweep").info("jobs.swept", **counts)


@shared_task(name="ropewalk.worker_heartbeat")
def worker_heartbeat() -> None:
    """Say that messages reach a worker and are worked on; readiness reads it."""
    health.record_worker_heartbeat()


@shared_task(name="ropewalk.sweep_store")
def sweep_store() -> None:
    """Remove uploads that a killed process left half done."""
    blobs.store().sweep(clock.now() - timedelta(hours=24))

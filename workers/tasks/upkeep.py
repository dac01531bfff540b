"""What beat asks for: repair and signs of life."""

from datetime import timedelta

import structlog
from celery import shared_task

from ropewalk.core import blobs, clock, health, jobs
from workers.runners import maintain_repository


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


@shared_task(name="ropewalk.reconcile_repositories")
def reconcile_repositories() -> None:
    """Record and index pushes whose process died before it could."""
    maintain_repository.reconcile_all()


@shared_task(name="ropewalk.sweep_repositories")
def sweep_repositories() -> None:
    """Remove repositories that a killed process left half made or half removed."""
    maintain_repository.sweep()

"""What beat asks for: repair and signs of life."""

from datetime import timedelta

import structlog
from ropewalk.core import blobs, clock, health, jobs

from workers.app import app


@app.task(name="ropewalk.sweep_jobs")
def sweep_jobs() -> None:
    """Re-send lost messages, end dead workers' jobs."""
    counts = jobs.sweep()
    if any(counts.values()):
        structlog.get_logger("ropewalk.sweep").info("jobs.swept", **counts)


@app.task(name="ropewalk.worker_heartbeat")
def worker_heartbeat() -> None:
    """Say that messages reach a worker and are worked on; readiness reads it."""
    health.record_worker_heartbeat()


@app.task(name="ropewalk.sweep_store")
def sweep_store() -> None:
    """Remove uploads that a killed process left half done."""
    blobs.store().sweep(clock.now() - timedelta(hours=24))

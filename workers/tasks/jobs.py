"""The one task that runs jobs: the message carries an id, the row says the rest."""

from celery import Task, shared_task

from workers.runners.base import run


@shared_task(name="ropewalk.run_job", bind=True)
def run_job(self: Task, job_id: str) -> None:
    """Run one job; every outcome is written to its row."""
    run(job_id, worker=str(self.request.hostname))

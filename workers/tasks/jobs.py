"""The one task that runs jobs: the message carries an id, the row says the rest."""

import time

from celery import Task, shared_task
from celery.exceptions import Reject
from django.db import InterfaceError, OperationalError

from ropewalk.core import outages
from workers.runners.base import run

# Between two looks of each process at a queue whose database is away, in seconds.
PAUSE = 3.0


@shared_task(name="ropewalk.run_job", bind=True)
def run_job(self: Task, job_id: str) -> None:
    """Run one job; every outcome is written to its row.

    Raises :class:`Reject` while there is no database to ask for the row: the message goes back into the queue. Else an outage
    would use up all messages in seconds, and the jobs would wait for the sweep to miss them.
    """
    try:
        run(job_id, worker=str(self.request.hostname))
    except (OperationalError, InterfaceError) as error:
        outages.note("database", error)
        time.sleep(PAUSE)
        raise Reject(str(error), requeue=True) from None

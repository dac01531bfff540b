"""The Celery app of the workers and of beat: ``celery -A workers.app worker``."""

import os
import resource
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "platform"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ropewalk.conf.settings")

import django  # the path and settings must be set first

django.setup()

from celery import Celery  # noqa: E402
from celery.signals import setup_logging, worker_process_init, worker_ready  # noqa: E402
from django.conf import settings  # noqa: E402

from ropewalk.core import health  # noqa: E402
from workers import broker  # noqa: E402
from workers.schedule import SCHEDULE  # noqa: E402

broker.install()
app = Celery(
    "ropewalk", broker=settings.CELERY_BROKER_URL, include=["workers.tasks.jobs", "workers.tasks.upkeep"]
)
app.conf.update(
    beat_schedule=SCHEDULE,
    task_ignore_result=True,
    # A message is done when its task ended: a killed worker's message comes back, and the job row decides whether it still runs.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_max_memory_per_child=1_500_000,  # KiB: a child that grew is replaced after its job
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_connection_retry_on_startup=True,
    # Celery's own limit of 100 tries ends a worker, and beat, after 46 minutes without a broker. 0 would be none at all.
    broker_connection_max_retries=None,
    # A broker whose machine vanished says nothing, not even that it is gone: without an end, one would wait for it for ever.
    broker_transport_options={
        "visibility_timeout": 7200,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
    },
    timezone="UTC",
)


@setup_logging.connect
def keep_django_logging(**_: object) -> None:
    """Celery must not replace the structured logging that Django's settings configured."""


@worker_process_init.connect
def limit_memory(**_: object) -> None:
    """Bound each child's own memory: a hostile file ends its job with an error, not the machine with a swap storm."""
    limit = settings.ROPEWALK_JOB_MEMORY_MB << 20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


@worker_ready.connect
def give_signs_of_life(**_: object) -> None:
    """From the main process, so that a pool that is busy with long jobs still counts as alive."""
    health.keep_recording_worker_heartbeat()

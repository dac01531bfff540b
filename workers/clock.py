"""The Celery app of beat. It sends names on a schedule and runs no task, so it loads none of their code: half the memory."""

from workers.app import app

app.conf.include = ()

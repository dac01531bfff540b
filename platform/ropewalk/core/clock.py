"""The clock. Tests replace :func:`now` here and nowhere else."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The current time, aware, in UTC."""
    return timezone.now()

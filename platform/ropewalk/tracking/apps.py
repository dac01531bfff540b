"""Django application of the tracking reads."""

from django.apps import AppConfig


class TrackingConfig(AppConfig):
    """Unmanaged models over the schema ``mlflow`` plus our own indexes on it."""

    name = "ropewalk.tracking"
    label = "tracking"
